/**
 * A WebSocket server on bare TCP before a correct one, for faults in the frames themselves: it ends the client's
 * connection, keeps RFC 6455 but for the switches it is given, and hands whole messages on. What they mean is answered
 * by the server behind it, so every channel works.
 */

import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { WebSocket } from "ws";
import { createRawReader, type RawInput, type RawReading } from "./raw-reader.js";

/** How the server differs from one that keeps RFC 6455. Without a switch it is correct. */
export interface RawFaults extends RawReading {
  /** Largest message (bytes); default 1 MiB, as the five channels declare. */
  readonly maxBytes?: number;
  /** The code of the Close frame when a rule was broken, instead of the right one; `null`: TCP ends without a Close. */
  readonly failureCode?: number | null;
  /** Which pings are answered: all, only the first or the last of those that come in one chunk, or none. */
  readonly answers?: "all" | "first" | "last" | "none";
  /** Ends the connection at a pong. */
  readonly diesOfPong?: boolean;
  /** Changes each frame before it is written. */
  readonly write?: (frame: WrittenFrame) => Uint8Array;
  /** A text that is sent after the Close frame. */
  readonly afterClose?: string;
  /** The code of the Close frame that answers the client's; default the client's own. `null`: it is not answered. */
  readonly answerToClose?: number | null;
  /** Leaves TCP open after both Close frames. */
  readonly keepsTcp?: boolean;
}

/** A frame that is about to be written. */
export interface WrittenFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** The frame as it should be. */
  readonly bytes: Buffer;
}

/** A raw server that runs. */
export interface RawServer {
  readonly port: number;
  close(): Promise<void>;
}

/** How long TCP stays open for the client to end it, once this server has said all (milliseconds). */
const LINGER_MS = 300;

/** Starts a raw server before the server on this machine that listens on `upstreamPort`. */
export async function startRawServer(upstreamPort: number, faults: RawFaults = {}): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const upstreams = new Set<WebSocket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    greet(socket, upstreamPort, faults, upstreams);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The raw server has no port.");
  return {
    port: address.port,
    async close() {
      for (const upstream of upstreams) upstream.terminate();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads the request, opens the connection behind, and answers as that one was answered. */
function greet(socket: Socket, upstreamPort: number, faults: RawFaults, upstreams: Set<WebSocket>): void {
  let head: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    socket.off("data", onData);
    socket.pause();
    const request = head.subarray(0, end).toString("latin1");
    const rest = head.subarray(end + 4);
    const target = /^GET (\S+) /.exec(request)?.[1] ?? "/";
    const key = headerOf(request, "sec-websocket-key") ?? "";
    const protocols = (headerOf(request, "sec-websocket-protocol") ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
    const upstream = new WebSocket(`ws://127.0.0.1:${upstreamPort}${target}`, protocols, {
      perMessageDeflate: false,
    });
    upstreams.add(upstream);
    upstream.once("close", () => upstreams.delete(upstream));
    upstream.on("error", () => socket.destroy());
    upstream.once("unexpected-response", (_request, response) => {
      socket.end(`HTTP/1.1 ${response.statusCode ?? 500} Refused\r\nContent-Length: 0\r\n\r\n`);
      upstream.terminate();
    });
    // The first event may follow the open at once: it must not find the client without its 101.
    upstream.once("upgrade", () => {
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      const lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${accept}`,
        ...(protocols[0] === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocols[0]}`]),
      ];
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    });
    upstream.once("open", () => {
      relay(socket, upstream, faults, rest);
      socket.resume();
    });
  };
  socket.on("data", onData);
}

function headerOf(request: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "im").exec(request)?.[1];
}

/** An open connection: frames of the client are read and acted upon, messages of the server behind are framed. */
function relay(socket: Socket, upstream: WebSocket, faults: RawFaults, early: Buffer): void {
  const read = createRawReader(faults, faults.maxBytes ?? 1_048_576);
  let closeSent = false;
  let over = false;

  const write = (opcode: number, payload: Uint8Array): void => {
    if (!socket.writable) return;
    const bytes = frameOf(opcode, payload);
    socket.write(faults.write?.({ opcode, payload, bytes }) ?? bytes);
  };
  const end = (): void => {
    over = true;
    upstream.close();
    if (faults.keepsTcp === true) return;
    socket.end();
    // What is unread when a socket is let go resets it, and the reset overtakes the Close frame: read on for a while.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
  const sendClose = (payload: Uint8Array): void => {
    if (closeSent) return;
    closeSent = true;
    write(8, payload);
    if (faults.afterClose !== undefined) write(1, Buffer.from(faults.afterClose));
  };

  function act(input: RawInput): void {
    switch (input.kind) {
      case "message":
        if (upstream.readyState === upstream.OPEN) upstream.send(input.text);
        break;
      case "ping":
        // A ping is life: the server behind must hear of it.
        if (upstream.readyState === upstream.OPEN) upstream.ping();
        write(10, input.payload);
        break;
      case "pong":
        if (faults.diesOfPong === true) end();
        break;
      case "close": {
        if (faults.answerToClose === null) {
          over = true;
          break;
        }
        sendClose(faults.answerToClose === undefined ? input.payload : codeOf(faults.answerToClose));
        end();
        break;
      }
      case "broken":
        if (faults.failureCode !== null) sendClose(codeOf(faults.failureCode ?? input.code));
        end();
    }
  }

  const onChunk = (chunk: Buffer): void => {
    // The client may still be writing: what comes after the end is read and dropped.
    if (over) return;
    const inputs = read(chunk);
    for (const input of inputs) if (!over && isAnswered(input, inputs, faults.answers)) act(input);
  };
  socket.on("data", onChunk);
  socket.on("end", () => socket.end());
  socket.once("close", () => upstream.close());
  upstream.on("message", (data, isBinary) => {
    if (over || closeSent) return;
    if (Buffer.isBuffer(data)) write(isBinary ? 2 : 1, data);
  });
  upstream.once("close", (code, reason) => {
    if (over) return;
    if (code === 1006) {
      socket.destroy();
      return;
    }
    sendClose(code === 1005 ? new Uint8Array(0) : Buffer.concat([codeOf(code), reason]));
    setTimeout(end, LINGER_MS).unref();
  });
  if (early.length > 0) onChunk(early);
}

function isAnswered(input: RawInput, inputs: readonly RawInput[], answers: RawFaults["answers"]): boolean {
  if (input.kind !== "ping" || answers === undefined || answers === "all") return true;
  const pings = inputs.filter(({ kind }) => kind === "ping");
  if (answers === "none") return false;
  return (answers === "first" ? pings[0] : pings.at(-1)) === input;
}

function codeOf(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}

/** A whole frame of a server: unmasked, its length in the shortest form. */
function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
