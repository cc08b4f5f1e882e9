/** Clients that are not ours, behind one face: they send text frames and hand over what arrives, oldest first. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Browser, Page } from "playwright-core";
import { io } from "socket.io-client";
import WebSocket from "ws";
import { ROOT } from "../requirement.js";

export interface Peer {
  /** Sends one message: JSON text; for Socket.IO the array `["event name", payload]`. */
  send(text: string): Promise<void> | void;
  /** The next message, in the same form. Throws when none comes in time. */
  next(timeoutMs: number): Promise<string>;
  close(): Promise<void>;
}

/** Messages that arrived and nobody took yet, and the one reader who waits for more. */
class Inbox {
  readonly #arrived: string[] = [];
  #wake: (() => void) | undefined;

  put(text: string): void {
    this.#arrived.push(text);
    this.#wake?.();
  }

  async take(timeoutMs: number): Promise<string> {
    const end = performance.now() + timeoutMs;
    while (true) {
      const first = this.#arrived.shift();
      if (first !== undefined) return first;
      const left = end - performance.now();
      if (left <= 0) throw new Error(`No message within ${timeoutMs} ms.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** The `ws` package. */
export async function openWs(url: string): Promise<Peer> {
  const inbox = new Inbox();
  const socket = new WebSocket(url);
  socket.on("message", (data) => inbox.put(String(data)));
  await once(socket, "open");
  return {
    send: (text) => socket.send(text),
    next: (timeoutMs) => inbox.take(timeoutMs),
    close: async () => {
      const closed = once(socket, "close");
      socket.close(1000);
      await closed;
    },
  };
}

/** The official Socket.IO client, on one transport. */
export async function openSocketIo(url: string, transport: "websocket" | "polling"): Promise<Peer> {
  const inbox = new Inbox();
  const { origin, pathname } = new URL(url);
  const socket = io(origin, {
    path: pathname,
    transports: [transport],
    reconnection: false,
  });
  socket.onAny((name: string, ...payload: unknown[]) => inbox.put(JSON.stringify([name, ...payload])));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  if (socket.io.engine.transport.name !== transport)
    throw new Error(`It speaks ${socket.io.engine.transport.name}.`);
  return {
    send: (text) => {
      const [name, payload] = JSON.parse(text);
      socket.emit(name, payload);
    },
    next: (timeoutMs) => inbox.take(timeoutMs),
    close: async () => {
      socket.disconnect();
    },
  };
}

/** A program that turns lines of its standard input into frames and frames into lines of its standard output. */
export async function openProgram(program: string, args: readonly string[]): Promise<Peer> {
  const inbox = new Inbox();
  const child: ChildProcess = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("A child with pipes has its streams.");
  createInterface({ input: stdout }).on("line", (line) => inbox.put(line));
  const gone = once(child, "close");
  return {
    send: (text) => void stdin.write(`${text}\n`),
    next: (timeoutMs) => inbox.take(timeoutMs),
    close: async () => {
      stdin.end();
      const overdue = setTimeout(() => child.kill("SIGKILL"), 10_000);
      const [code] = await gone;
      clearTimeout(overdue);
      if (code !== 0) throw new Error(`${program} ended with ${code}.`);
    },
  };
}

/** A page in a browser, with the browser's own WebSocket or the browser build of the Socket.IO client. */
export async function openPage(
  browser: Browser,
  origin: string,
  url: string,
  transport: "websocket" | "socket.io",
): Promise<Peer> {
  const inbox = new Inbox();
  const page: Page = await browser.newPage();
  await page.goto(origin);
  await page.exposeFunction("arrived", (text: string) => inbox.put(text));
  if (transport === "socket.io") {
    await page.addScriptTag({ path: `${ROOT}node_modules/socket.io-client/dist/socket.io.min.js` });
  }
  const connect = transport === "socket.io" ? SOCKET_IO_PAGE : WEBSOCKET_PAGE;
  await page.evaluate(`(${connect})(${JSON.stringify(url)})`);
  return {
    send: (text) => page.evaluate(`peer.send(${JSON.stringify(text)})`),
    next: (timeoutMs) => inbox.take(timeoutMs),
    close: async () => {
      await page.evaluate("peer.close()");
      await page.close();
    },
  };
}

const WEBSOCKET_PAGE = `(url) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.onmessage = (event) => arrived(event.data);
  socket.onerror = () => reject(new Error("the page cannot connect to " + url));
  socket.onopen = () => resolve();
  globalThis.peer = {
    send: (text) => socket.send(text),
    close: () => new Promise((done) => {
      socket.onclose = () => done();
      socket.close(1000);
    }),
  };
})`;

const SOCKET_IO_PAGE = `(url) => new Promise((resolve, reject) => {
  const { origin, pathname } = new URL(url);
  const socket = io(origin, { path: pathname, reconnection: false });
  socket.onAny((name, ...payload) => arrived(JSON.stringify([name, ...payload])));
  socket.once("connect_error", reject);
  socket.once("connect", () => resolve());
  globalThis.peer = {
    send: (text) => socket.emit(...JSON.parse(text)),
    close: () => socket.disconnect() && undefined,
  };
})`;

/** The URL at which a client that knows only WebSocket reaches a Socket.IO server. */
export const engineIoUrl = (url: string): string => `${url.replace(/^http/, "ws")}?EIO=4&transport=websocket`;

/** Socket.IO over a client that knows only WebSocket: Engine.IO 4 packets `0` open, `2` ping, `3` pong, `4` message. */
export async function overEngineIo(peer: Peer): Promise<Peer> {
  const next = async (timeoutMs: number): Promise<string> => {
    while (true) {
      const packet = await peer.next(timeoutMs);
      if (packet === "2") await peer.send("3");
      else return packet;
    }
  };
  const expectPacket = async (start: string): Promise<void> => {
    const packet = await next(5000);
    if (!packet.startsWith(start)) throw new Error(`Expected a packet ${start}, got ${packet}.`);
  };
  await expectPacket("0{");
  await peer.send("40");
  await expectPacket("40");
  return {
    send: (text) => peer.send(`42${text}`),
    next: async (timeoutMs) => {
      const packet = await next(timeoutMs);
      if (!packet.startsWith("42")) throw new Error(`Expected an event, got ${packet}.`);
      return packet.slice(2);
    },
    close: () => peer.close(),
  };
}
