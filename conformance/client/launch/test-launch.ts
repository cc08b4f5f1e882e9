/** Programs that tests of launching write down and start, a server for them to connect to, and what a case would tell a launcher. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type WebSocket, WebSocketServer } from "ws";
import { sampleContract, sampleEndpoint } from "../../test-subject.js";
import { monotonic } from "../../time.js";
import type { LaunchOptions } from "../launcher.js";
import type { KitHello } from "./driver-line.js";

/** Where `ws` is, for programs outside of the repository. */
export const WS = import.meta.resolve("ws");

/** A folder of programs of one test file; whoever opens it removes it. */
export interface Programs {
  readonly folder: string;
  /** Writes a program down; gives its path. */
  write(name: string, text: string): string;
  remove(): void;
}

export function createPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-launch-"));
  return {
    folder,
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A server that keeps what it gets. */
export interface Listening {
  readonly url: string;
  readonly sockets: readonly WebSocket[];
  readonly received: readonly string[];
  stop(): Promise<void>;
}

export async function listen(): Promise<Listening> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  const sockets: WebSocket[] = [];
  const received: string[] = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("message", (data) => received.push(String(data)));
  });
  await once(server, "listening");
  // The address of a listening TCP server is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    sockets,
    received,
    async stop() {
      for (const socket of sockets) socket.terminate();
      server.close();
      await once(server, "close");
    },
  };
}

let cases = 0;

/** What a case tells a launcher; its notes go to `notes`. */
export function launchOptions(url: string, more: Partial<LaunchOptions> = {}): LaunchOptions {
  cases += 1;
  return {
    url,
    caseId: `case-${cases}`,
    seed: 7,
    timeScale: 1,
    contract: sampleContract(),
    endpoint: sampleEndpoint,
    clock: monotonic,
    note: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}

/** What a driver is told first. */
export const HELLO: Omit<KitHello, "type" | "protocol"> = {
  channel: sampleEndpoint.name,
  commands: sampleEndpoint.commands.map(({ name }) => name),
  timeScale: 1,
  seed: 7,
};

/** Waits until something holds; a test that it never does ends by its own time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
