/** The port of one case: accepts whatever connects to it, as Attempts in the order in which they came. */
import { createServer, type Server } from "node:net";
import { HarnessFault } from "../judge.js";
import { delay, within } from "../time.js";
import type { LineCertificate } from "./accepted-line.js";
import { type AttemptOptions, type OwnedAttempt, openAttempt } from "./attempt.js";
import type { Attempt } from "./check.js";

/** Connections of one case: whoever opens more of them storms it, and is let in no longer. */
export const MAX_ATTEMPTS = 2000;

/** How long a port may still be taken by the case before (milliseconds). */
const PORT_MS = 2000;

/** How long the system may take to let a port go (milliseconds). */
export const GONE_MS = 2000;

export interface HostOptions extends Omit<AttemptOptions, "authority" | "certificate"> {
  /** The name in the URL: the port listens on the loop-back where that is meant by it, else on every address. */
  readonly hostName: string;
  /** A port that cases share one after another; absent: one that is free. */
  readonly port?: number | undefined;
  readonly certificate?: LineCertificate | undefined;
  /** Gives each connection of the case its number. */
  readonly nextId: () => number;
}

/** An open port. Whoever opens it closes it. */
export interface Host {
  readonly port: number;
  /** `host:port`, as a Host header has it. */
  readonly authority: string;
  readonly attempts: readonly Attempt[];
  /** Closes the port and ends every connection; false when the system did not let one go. */
  close(): Promise<boolean>;
}

/** Opens a port. Rejects with HarnessFault when none can be opened. */
export async function openHost(options: HostOptions): Promise<Host> {
  const attempts: OwnedAttempt[] = [];
  let stormed = false;
  let authority = "";
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (attempts.length >= MAX_ATTEMPTS) {
      socket.resetAndDestroy();
      if (stormed) return;
      stormed = true;
      const text = `more than ${MAX_ATTEMPTS} connections: no further one is let in`;
      const atMs = options.clock();
      options.observer.entry({ atMs, connection: 0, direction: "note", kind: "tcp", text });
      return;
    }
    const { certificate } = options;
    attempts.push(openAttempt(socket, options.nextId(), { ...options, authority, certificate }));
    options.changed();
  });
  const port = await listen(
    server,
    isLoopBack(options.hostName) ? "127.0.0.1" : "0.0.0.0",
    options.port ?? 0,
  );
  const standard = options.certificate === undefined ? 80 : 443;
  authority = port === standard ? options.hostName : `${options.hostName}:${port}`;
  return {
    port,
    authority,
    attempts,
    async close() {
      const down = new Promise<boolean>((resolve) => server.close(() => resolve(true)));
      const gone = await Promise.all(attempts.map((attempt) => attempt.dispose()));
      return !gone.includes(false) && (await within(down, GONE_MS)) === true;
    },
  };
}

export function isLoopBack(name: string): boolean {
  return name === "localhost" || name.startsWith("127.");
}

/** A port that the case before has used is free at once, or soon. Rejects with HarnessFault. */
export async function listen(server: Server, address: string, port: number): Promise<number> {
  for (let waited = 0; ; waited += 50) {
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once("error", resolve);
      server.listen({ host: address, port }, () => {
        server.off("error", resolve);
        resolve(undefined);
      });
    });
    const bound = server.address();
    if (failure === undefined && bound !== null && typeof bound === "object") return bound.port;
    if (failure?.code !== "EADDRINUSE" || waited >= PORT_MS) {
      throw new HarnessFault(
        `The kit cannot listen on ${address}:${port}: ${failure?.message ?? "no address"}. Choose another port.`,
      );
    }
    await delay(50);
  }
}
