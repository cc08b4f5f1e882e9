/**
 * The port of one case for clients of Socket.IO: a request that names no session is an Attempt, and what names one goes to
 * its session, over long polling or as a WebSocket that takes over.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { acceptFor } from "../../frames/handshake.js";
import { packetsOf } from "../../socket-io/polling.js";
import { within } from "../../time.js";
import { type AcceptedLine, holdLine } from "../accepted-line.js";
import { GONE_MS, type Host, type HostOptions, isLoopBack, listen, MAX_ATTEMPTS } from "../host.js";
import { type EngineAttemptOptions, type OwnedEngineAttempt, openEngineAttempt } from "./engine-attempt.js";
import type { EngineTimes } from "./engine-times.js";
import { type EngineSession, respond } from "./session.js";

/** Largest body of a POST that is read (bytes). */
const MAX_BODY = 32 * 1024 * 1024;

export interface EngineHostOptions extends HostOptions {
  readonly engine: EngineTimes;
  readonly newSid: () => string;
}

/** Opens a port. Rejects with HarnessFault when none can be opened. */
export async function openEngineHost(options: EngineHostOptions): Promise<Host> {
  const { clock } = options;
  const attempts: OwnedEngineAttempt[] = [];
  const sessions = new Map<string, EngineSession>();
  const sockets = new Map<Duplex, number>();
  let authority = "";
  const server = createServer({ keepAlive: false, requestTimeout: 0, headersTimeout: 0 });

  server.on("connection", (socket) => {
    sockets.set(socket, clock());
    socket.setNoDelay(true);
    // Whoever waits for it hears of it by its end.
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  // What is no HTTP is no attempt: no session begins with it.
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("request", (request, response) => {
    if (request.method === "OPTIONS") respond(response, 204, "");
    else if (request.method === "POST") post(request, response);
    else get(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    if (socket instanceof Socket) upgrade(request, socket, head);
    else socket.destroy();
  });

  function sessionOf({ url = "/" }: IncomingMessage): EngineSession | "none" | "unknown" {
    const sid = new URL(url, "http://kit").searchParams.get("sid");
    return sid === null ? "none" : (sessions.get(sid) ?? "unknown");
  }

  function attemptOptions(): EngineAttemptOptions {
    const register = (session: EngineSession): void => void sessions.set(session.sid, session);
    return { ...options, authority, certificate: undefined, register };
  }

  function arrived(socket: Duplex): number {
    return sockets.get(socket) ?? clock();
  }

  function get(request: IncomingMessage, response: ServerResponse): void {
    const session = sessionOf(request);
    if (session === "unknown") respond(response, 400, '{"code":1,"message":"Session ID unknown"}');
    else if (session !== "none") session.poll(response);
    else if (attempts.length >= MAX_ATTEMPTS) request.socket.resetAndDestroy();
    else {
      const opening = { by: "polling", request, response } as const;
      const attempt = openEngineAttempt(opening, options.nextId(), arrived(request.socket), attemptOptions());
      let how: "fin" | "rst" = "fin";
      request.socket.once("error", () => {
        how = "rst";
      });
      response.once("close", () => attempt.lineEnded({ how, atMs: clock() }));
      attempts.push(attempt);
      options.changed();
    }
  }

  function post(request: IncomingMessage, response: ServerResponse): void {
    const session = sessionOf(request);
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY) request.socket.destroy();
      else chunks.push(chunk);
    });
    request.once("end", () => {
      if (session === "none" || session === "unknown") {
        respond(response, 400, '{"code":1,"message":"Session ID unknown"}');
        return;
      }
      attend(() => session.post(packetsOf(Buffer.concat(chunks).toString("utf8")), response));
    });
  }

  /** A fault of the kit in what a client caused ends the case, not the process. */
  function attend(action: () => void): void {
    try {
      action();
    } catch (error) {
      options.observer.failed(error);
    }
  }

  function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const session = sessionOf(request);
    let attempt: OwnedEngineAttempt | undefined;
    let carried:
      | { read(bytes: Uint8Array, atMs: number): void; lineEnded: OwnedEngineAttempt["lineEnded"] }
      | undefined;
    const line: AcceptedLine = holdLine(socket, {
      clock,
      listener: {
        data: (bytes, atMs) => attend(() => (attempt ?? carried)?.read(bytes, atMs)),
        ended: (end) => (attempt ?? carried)?.lineEnded(end),
        noted: () => undefined,
      },
    });
    if (session === "unknown" || (session === "none" && attempts.length >= MAX_ATTEMPTS)) {
      line.reset();
      return;
    }
    if (session === "none") {
      const opening = { by: "websocket", request, line } as const;
      attempt = openEngineAttempt(opening, options.nextId(), arrived(socket), attemptOptions());
      attempts.push(attempt);
      options.changed();
    } else {
      const key = request.headers["sec-websocket-key"] ?? "";
      const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      line.write(
        Buffer.from(`${lines.join("\r\n")}\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`, "latin1"),
      );
      carried = session.carry(line, "an upgrade");
    }
    if (head.length > 0) socket.unshift(head);
  }

  const address = isLoopBack(options.hostName) ? "127.0.0.1" : "0.0.0.0";
  const port = await listen(server, address, options.port ?? 0);
  authority = port === 80 ? options.hostName : `${options.hostName}:${port}`;
  return {
    port,
    authority,
    attempts,
    async close() {
      const down = new Promise<boolean>((resolve) => server.close(() => resolve(true)));
      const gone = await Promise.all(attempts.map((attempt) => attempt.dispose()));
      for (const session of sessions.values()) session.dispose();
      for (const socket of sockets.keys()) socket.destroy();
      return !gone.includes(false) && (await within(down, GONE_MS)) === true;
    },
  };
}
