import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { seededRandom } from "../random.js";
import { monotonic } from "../time.js";
import { closeBody } from "./close.js";
import { OPCODE, type WireFrame } from "./frame.js";
import { acceptFor, upgradeHeaders } from "./handshake.js";
import type { WireMessage } from "./message.js";
import { type FrameSocket, openFrameSocket } from "./socket.js";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const random = seededRandom(1);
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Opened {
  readonly socket: FrameSocket;
  readonly frames: WireFrame[];
  readonly messages: WireMessage[];
  readonly faults: string[];
}

function open(port: number, timeoutMs = 2000): Opened {
  const frames: WireFrame[] = [];
  const messages: WireMessage[] = [];
  const faults: string[] = [];
  const socket = openFrameSocket({
    target: { host: "127.0.0.1", port },
    request: { target: "/", headers: upgradeHeaders({ host: `127.0.0.1:${port}`, key }) },
    clock: monotonic,
    drawMask: () => random.bytes(4),
    timeoutMs,
    listener: {
      frame: (frame) => frames.push(frame),
      message: (message) => messages.push(message),
      fault: (fault) => faults.push(fault.code),
      ended: () => undefined,
    },
  });
  cleanups.push(async () => {
    socket.reset();
    await socket.closed;
  });
  return { socket, frames, messages, faults };
}

/** A `ws` server: a stranger to our frames. */
async function wsServer(onConnection: (socket: import("ws").WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", onConnection);
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  );
  return (server.address() as AddressInfo).port;
}

/** A TCP server that does what it is told with each connection. */
async function tcpServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return (server.address() as AddressInfo).port;
}

const accepted = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`;

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !holds(); turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

describe("a connection to a `ws` server", () => {
  it("exchanges texts of every length form", async () => {
    const port = await wsServer((socket) => socket.on("message", (data) => socket.send(String(data))));
    const { socket, messages, faults } = open(port);
    expect((await socket.handshake).kind).toBe("accepted");
    const texts = [0, 1, 125, 126, 65_535, 65_536, 300_000].map((length) => "x".repeat(length));
    for (const text of texts) socket.send({ opcode: OPCODE.text, payload: new TextEncoder().encode(text) });
    await until(() => messages.length === texts.length);
    expect(messages.map(({ text }) => text)).toEqual(texts);
    expect(faults).toEqual([]);
  });

  it("has its fragments joined and its pings answered", async () => {
    const port = await wsServer((socket) => socket.on("message", (data) => socket.send(String(data))));
    const { socket, messages, frames } = open(port);
    await socket.handshake;
    socket.send({ opcode: OPCODE.text, fin: false, payload: Uint8Array.of(0xc3) });
    socket.send({ opcode: OPCODE.ping, payload: Uint8Array.of(1, 2, 3) });
    socket.send({ opcode: OPCODE.continuation, payload: Uint8Array.of(0xa9) });
    await until(() => messages.length === 1);
    expect(messages[0]?.text).toBe("é");
    expect(frames[0]).toMatchObject({ opcode: OPCODE.pong, payload: Uint8Array.of(1, 2, 3) });
  });

  it("ends with a Close frame, then FIN, when it asks to close", async () => {
    const port = await wsServer(() => undefined);
    const { socket, frames } = open(port);
    await socket.handshake;
    socket.send({ opcode: OPCODE.close, payload: closeBody(1000, "bye") });
    await until(() => socket.tcpEnd !== undefined);
    expect(frames[0]?.opcode).toBe(OPCODE.close);
    expect(socket.tcpEnd?.how).toBe("fin");
  });

  it("is failed by the server for a frame with a reserved bit", async () => {
    const port = await wsServer((socket) => socket.on("error", () => undefined));
    const { socket, frames } = open(port);
    await socket.handshake;
    socket.send({ opcode: OPCODE.text, rsv: 4 });
    await until(() => socket.tcpEnd !== undefined);
    expect(frames[0]?.opcode).toBe(OPCODE.close);
  });
});

describe("a connection to any TCP server", () => {
  it("tells a reset from an end", async () => {
    const fin = await tcpServer((socket) => socket.once("data", () => socket.end(accepted)));
    const rst = await tcpServer((socket) => {
      socket.once("data", () => {
        socket.write(accepted);
        socket.once("data", () => socket.resetAndDestroy());
      });
    });
    const one = open(fin);
    await one.socket.handshake;
    await until(() => one.socket.tcpEnd !== undefined);
    const two = open(rst);
    await two.socket.handshake;
    two.socket.send({ opcode: OPCODE.ping });
    await until(() => two.socket.tcpEnd !== undefined);
    expect([one.socket.tcpEnd?.how, two.socket.tcpEnd?.how]).toEqual(["fin", "rst"]);
  });

  it("does not lose a frame in the segment of the 101", async () => {
    const port = await tcpServer((socket) =>
      socket.once("data", () => socket.write(`${accepted}\x81\x02hi`, "latin1")),
    );
    const { socket, messages } = open(port);
    await socket.handshake;
    expect(messages.map(({ text }) => text)).toEqual(["hi"]);
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ["a refusal", (socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n"), "refused"],
    ["garbage", (socket) => socket.write("\x00\x01\x02garbage"), "broken"],
    ["an end without a word", (socket) => socket.end(), "broken"],
    ["a reset", (socket) => socket.resetAndDestroy(), "broken"],
    ["silence", () => undefined, "timeout"],
  ])("calls %s by its name", async (_, act, kind) => {
    const port = await tcpServer((socket) => socket.once("data", () => act(socket)));
    const { socket } = open(port, 300);
    expect((await socket.handshake).kind).toBe(kind);
    await socket.closed;
  });

  it("says that nobody listens", async () => {
    const { socket } = open(1);
    const outcome = await socket.handshake;
    expect(outcome).toMatchObject({ kind: "unreachable", code: "ECONNREFUSED" });
    await socket.closed;
  });

  it("stops at a frame that announces more than is kept", async () => {
    const port = await tcpServer((socket) =>
      socket.once("data", () => {
        socket.write(accepted);
        socket.write(Buffer.from("817f4000000000000000", "hex"));
      }),
    );
    const { socket, faults } = open(port);
    await socket.handshake;
    await socket.closed;
    expect(faults).toEqual(["too-large"]);
  });

  it("survives frames without end, and stops when told", async () => {
    const port = await tcpServer((socket) =>
      socket.once("data", () => {
        socket.write(accepted);
        const flood = Buffer.from("810161", "hex");
        const many = Buffer.concat(Array.from({ length: 5000 }, () => flood));
        const pour = (): void => {
          while (!socket.destroyed && socket.write(many));
          if (!socket.destroyed) socket.once("drain", pour);
        };
        pour();
      }),
    );
    const { socket, messages } = open(port);
    await socket.handshake;
    await until(() => messages.length > 10_000);
    socket.reset();
    await socket.closed;
  });
});
