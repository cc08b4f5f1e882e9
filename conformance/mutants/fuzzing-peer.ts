/**
 * A server that keeps nothing at all: random bytes, random ends, heads and frames without end, garbage for TLS. Whatever it
 * does, the kit comes to a verdict and an exit code, in bounded time and memory.
 */
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { type Random, seededRandom } from "../random.js";

/** What it does to its connections. */
export const FUZZ_KINDS = [
  "random bytes",
  "random bytes after the handshake",
  "random frames",
  "random ends",
  "a head without end",
  "a frame without end",
  "frames without end",
  "announces frames that never come",
  "garbage for TLS",
  "a mixture",
] as const;

/** One of {@link FUZZ_KINDS}. */
export type FuzzKind = (typeof FUZZ_KINDS)[number];

/** One that runs. */
export interface FuzzingPeer {
  /** `wss:` where it answers TLS with garbage. */
  readonly url: string;
  close(): Promise<void>;
}

/** How much is written at once (bytes), and how soon more follows (milliseconds). */
const FLOW = { bytes: 16 * 1024, everyMs: 10 } as const;

/** Starts one on a free port of this machine. */
export async function startFuzzingPeer(kind: FuzzKind, seed: number): Promise<FuzzingPeer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    const random = seededRandom(seed).fork(`${connections++}`);
    const timer = setInterval(() => flow?.(), FLOW.everyMs);
    const flow = act(kind, socket, random);
    socket.once("close", () => {
      clearInterval(timer);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The fuzzing peer has no port.");
  return {
    url: `${kind === "garbage for TLS" ? "wss" : "ws"}://127.0.0.1:${address.port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Begins with a connection; what it returns is done again and again while the client takes it. */
function act(kind: FuzzKind, socket: Socket, random: Random): (() => void) | undefined {
  const pour = (bytes: () => Uint8Array) => (): void => {
    // A client that reads nothing must not fill this process either.
    if (socket.writable && !socket.writableNeedDrain) socket.write(bytes());
  };
  switch (kind) {
    case "random bytes":
    case "garbage for TLS":
      return pour(() => random.bytes(1 + random.below(FLOW.bytes)));
    case "random ends":
      setTimeout(() => (random.below(2) === 0 ? socket.end() : socket.resetAndDestroy()), random.below(40));
      upgrade(socket, () => undefined);
      return undefined;
    case "a head without end":
      socket.write("HTTP/1.1 101 Switching Protocols\r\n");
      return pour(() => Buffer.from(`X-${random.uint32()}: ${"x".repeat(1000)}\r\n`));
    case "a mixture": {
      const others = FUZZ_KINDS.filter((one) => one !== kind && one !== "garbage for TLS");
      return act(others[random.below(others.length)] ?? "random ends", socket, random);
    }
    default: {
      let flow: (() => void) | undefined;
      upgrade(socket, () => {
        flow = pour(framesOf(kind, socket, random));
      });
      return () => flow?.();
    }
  }
}

function framesOf(kind: FuzzKind, socket: Socket, random: Random): () => Uint8Array {
  const text = (length: number): Buffer => {
    const head = Buffer.from([0x81, 126, length >> 8, length & 255]);
    return Buffer.concat([head, Buffer.alloc(length, "x")]);
  };
  switch (kind) {
    case "random frames":
      return () => {
        const length = random.below(126);
        return Buffer.concat([Buffer.from([random.below(256), length]), random.bytes(length)]);
      };
    case "a frame without end": {
      // Eight bytes of length that announce 2^40.
      socket.write(Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]));
      return () => random.bytes(FLOW.bytes);
    }
    case "frames without end":
      return () => Buffer.concat(Array.from({ length: 16 }, () => text(1000)));
    case "announces frames that never come":
      return () => Buffer.from([0x81, 126, 0xff]);
    default:
      return () => random.bytes(1 + random.below(FLOW.bytes));
  }
}

/** Accepts a handshake correctly, then goes on. */
function upgrade(socket: Socket, then: () => void): void {
  let head = "";
  const onData = (chunk: Buffer): void => {
    head = (head + chunk.toString("latin1")).slice(-16 * 1024);
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
    if (!head.includes("\r\n\r\n") || key === undefined) return;
    socket.off("data", onData);
    // What the client says from now on is read and dropped.
    socket.resume();
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write(`${lines.join("\r\n")}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    then();
  };
  socket.on("data", onData);
}
