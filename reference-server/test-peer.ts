/** What the tests of this folder talk with: a client that knows no contract, and a server that must leave nothing. */

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { WebSocket } from "ws";
import type { Clock } from "../src/wire/clock.js";
import type { RunningServer } from "./running-server.js";
import { type ServerOptions, startServer } from "./server.js";

/** A frame that was received, as plain data. */
export type Frame = Readonly<Record<string, unknown>>;

/** A client of one connection; every wait ends after fifteen seconds. */
export interface Peer {
  readonly socket: WebSocket;
  readonly received: Frame[];
  /** Sends a value as JSON, a string as it is. */
  send(frame: unknown): void;
  /** The next frame that fits, those before it included in `received`. */
  next(fits?: Frame): Promise<Frame>;
  /** All frames up to and with the one that fits. */
  until(fits: Frame): Promise<Frame[]>;
  /** What arrives in that time. */
  during(ms: number): Promise<Frame[]>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

const WAIT_MS = 15_000;

/** Connects; rejects with the HTTP status of a refused handshake. */
export async function connect(
  url: string,
  options: { headers?: Record<string, string>; subprotocols?: string[] } = {},
): Promise<Peer> {
  const socket = new WebSocket(url, options.subprotocols ?? [], { headers: options.headers ?? {} });
  const received: Frame[] = [];
  let read = 0;
  let wake = (): void => {};
  socket.on("message", (data) => {
    const frame: Frame = JSON.parse(data.toString());
    received.push(frame);
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
      wake();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      response.resume();
      reject(new Error(`HTTP ${response.statusCode}`));
    });
  });
  socket.on("error", () => {});

  async function until(fits: Frame | undefined): Promise<Frame[]> {
    const from = read;
    const end = performance.now() + WAIT_MS;
    for (;;) {
      while (read < received.length) {
        const frame = received[read++];
        if (fits === undefined || matches(frame, fits)) return received.slice(from, read);
      }
      const left = end - performance.now();
      const state = socket.readyState === socket.OPEN ? "" : ", and the connection is closed";
      if (left <= 0 || state !== "") {
        const got = received.slice(from).map((frame) => JSON.stringify(frame).slice(0, 200));
        throw new Error(`nothing like ${JSON.stringify(fits)} came${state}; got\n${got.join("\n")}`);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, left);
      });
    }
  }

  return {
    socket,
    received,
    closed,
    send: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    until,
    async next(fits) {
      const frame = (await until(fits)).at(-1);
      if (frame === undefined) throw new Error("unreachable: until returns what fits");
      return frame;
    },
    async during(ms) {
      const from = received.length;
      await new Promise((resolve) => setTimeout(resolve, ms));
      read = received.length;
      return received.slice(from);
    },
  };
}

/** Starts servers for one test each; after it they are closed, and nothing may be left of them. */
export function serveForEachTest(): (
  options?: ServerOptions,
  load?: Parameters<typeof startServer>[1],
) => Promise<RunningServer> {
  const running: RunningServer[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) {
      await server.close();
      expect(server.stats()).toMatchObject({ connections: 0, timers: 0 });
    }
  });
  return async (options, load) => {
    const server = await startServer(
      { port: 0, seed: 1, timeScale: 0.05, channels: ["workflow"], ...options },
      load,
    );
    running.push(server);
    return server;
  };
}

/** Fails unless the peer's connection to `workflow` still answers. */
export async function expectAlive(peer: Peer): Promise<void> {
  peer.send({ cmd: "ping", data: { token: "alive" } });
  await peer.next({ event: "pong", data: { token: "alive" } });
}

/** A clock that runs with the platform's, and can be moved on: what falls due in between runs at once, in order. */
export function createJumpClock(): Clock & { jump(ms: number): void } {
  let offset = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  const now = (): number => performance.now() + offset;
  return {
    now,
    date: () => new Date(Date.now() + offset),
    after(ms, action) {
      const timer = {
        at: now() + ms,
        run(): void {
          if (timers.delete(timer)) action();
        },
      };
      timers.add(timer);
      const handle = setTimeout(timer.run, ms);
      return () => {
        clearTimeout(handle);
        timers.delete(timer);
      };
    },
    jump(ms) {
      offset += ms;
      for (;;) {
        const due = [...timers].sort((a, b) => a.at - b.at)[0];
        if (due === undefined || due.at > now()) return;
        due.run();
      }
    },
  };
}

/** The `data` of a frame; empty when it has none. */
export function dataOf(frame: Frame): Frame {
  const data = frame["data"];
  return typeof data === "object" && data !== null ? { ...data } : {};
}

/** Every field of `fits` is in the value, deeply. */
function matches(value: unknown, fits: unknown): boolean {
  if (typeof fits !== "object" || fits === null) return Object.is(value, fits);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(fits).every(
    ([name, part]) =>
      Object.hasOwn(value, name) && matches(Object.entries(value).find(([key]) => key === name)?.[1], part),
  );
}

/** A server for the tests of a file, and clients that are gone with it; afterwards nothing may be left of either. */
export function serveForTests(options: ServerOptions = {}): {
  readonly server: () => RunningServer;
  connect(path: string, options?: Parameters<typeof connect>[1]): Promise<Peer>;
  readonly faults: unknown[];
} {
  const peers: Peer[] = [];
  const faults: unknown[] = [];
  let running: RunningServer | undefined;
  const server = (): RunningServer => {
    if (running === undefined) throw new Error("the server is not up yet");
    return running;
  };
  beforeAll(async () => {
    running = await startServer({
      port: 0,
      seed: 7,
      timeScale: 0.05,
      ...options,
      onFault: (fault) => faults.push(fault),
    });
  });
  afterAll(async () => {
    await server().close();
    for (const peer of peers) peer.socket.terminate();
    expect(server().stats()).toMatchObject({ connections: 0, timers: 0 });
    expect(faults).toEqual([]);
  });
  return {
    server,
    faults,
    async connect(path, connectOptions) {
      const peer = await connect(server().url + path, connectOptions);
      peers.push(peer);
      return peer;
    },
  };
}
