/**
 * A server between the kit and a correct server, which alters what passes: the means of most mutants.
 *
 * It works on the bytes: what a mutant does not ask for goes through as it came, frame by frame, so that nothing but
 * the one altered thing differs.
 */

import { connect, createServer, type Socket } from "node:net";

/** What happens to the frames of one connection. A handler that is absent, or gives undefined, lets them through. */
export interface Alteration {
  /** The head of the HTTP response. */
  readonly response?: (head: string) => string;
  /** A text message of the server: the texts that the client gets instead. */
  readonly event?: (text: string, line: Line) => readonly string[] | undefined;
  /** A text message of the client: the texts that the server gets instead. */
  readonly command?: (text: string, line: Line) => readonly string[] | undefined;
  /** A control frame: the payload that goes on instead, or null for none. */
  readonly control?: (frame: ControlFrame) => Uint8Array | null | undefined;
}

/** A Close (8), Ping (9) or Pong (10) frame. */
export interface ControlFrame {
  readonly from: "client" | "server";
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** The connection that an alteration sits in. */
export interface Line {
  /** Sends the client a text message that the server has not sent. */
  toClient(text: string): void;
  /** Sends the server a text message that the client has not sent. */
  toServer(text: string): void;
  /** Sends the client a Close frame, and ends both sides. */
  close(code: number): void;
  /** Ends both sides without a Close frame. */
  reset(): void;
}

/** A running proxy. */
export interface FrameProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a proxy before a server on this machine; `alter` is called for each connection. */
export async function startFrameProxy(upstreamPort: number, alter: () => Alteration): Promise<FrameProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ host: "127.0.0.1", port: upstreamPort });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once("close", () => sockets.delete(socket));
      // The other side learns of it by the close that follows.
      socket.on("error", () => socket.destroy());
    }
    join(client, upstream, alter());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const TEXT = 1;
const CLOSE = 8;

function join(client: Socket, upstream: Socket, alteration: Alteration): void {
  const line: Line = {
    toClient: (text) => void client.write(frameOf(TEXT, Buffer.from(text), false)),
    toServer: (text) => void upstream.write(frameOf(TEXT, Buffer.from(text), true)),
    close(code) {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      client.end(frameOf(CLOSE, payload, false));
      upstream.destroy();
    },
    reset() {
      client.resetAndDestroy();
      upstream.destroy();
    },
  };
  const down = createReader("server", alteration, line, client);
  const up = createReader("client", alteration, line, upstream);
  upstream.on("data", (bytes) => down(bytes));
  client.on("data", (bytes) => up(bytes));
  upstream.on("end", () => client.end());
  client.on("end", () => upstream.end());
  upstream.on("close", () => client.destroy());
  client.on("close", () => upstream.destroy());
}

/** Reads one direction: first an HTTP head, then frames; writes to `to` what the alteration leaves of them. */
function createReader(
  from: "client" | "server",
  alteration: Alteration,
  line: Line,
  to: Socket,
): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let inHead = true;
  let passing = false;
  return (bytes) => {
    if (passing) {
      to.write(bytes);
      return;
    }
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    if (inHead) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = rest.subarray(0, end + 4).toString("latin1");
      rest = rest.subarray(end + 4);
      inHead = false;
      to.write(from === "server" ? (alteration.response?.(head) ?? head) : head, "latin1");
      // Anything but an upgrade carries no frames: the rest is HTTP and none of ours.
      if (from === "server" && !head.startsWith("HTTP/1.1 101")) passing = true;
    }
    if (passing) {
      to.write(rest);
      rest = Buffer.alloc(0);
      return;
    }
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      rest = rest.subarray(frame.bytes.length);
      pass(from, frame, alteration, line, to);
    }
  };
}

interface Frame {
  readonly bytes: Buffer;
  readonly whole: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

function pass(from: "client" | "server", frame: Frame, alteration: Alteration, line: Line, to: Socket): void {
  const masked = from === "client";
  if (frame.opcode >= CLOSE) {
    const payload = alteration.control?.({ from, opcode: frame.opcode, payload: frame.payload });
    if (payload === undefined) to.write(frame.bytes);
    else if (payload !== null) to.write(frameOf(frame.opcode, payload, masked));
    return;
  }
  const handler = from === "server" ? alteration.event : alteration.command;
  const texts =
    frame.opcode === TEXT && frame.whole ? handler?.(frame.payload.toString("utf8"), line) : undefined;
  if (texts === undefined) {
    if (to.writable) to.write(frame.bytes);
    return;
  }
  for (const text of texts) to.write(frameOf(TEXT, Buffer.from(text), masked));
}

/** The first frame of some bytes (RFC 6455 section 5.2), or undefined while it is incomplete. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  let length = second & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const masked = (second & 0x80) !== 0;
  const end = at + (masked ? 4 : 0) + length;
  if (bytes.length < end) return undefined;
  const payload = Buffer.from(bytes.subarray(at + (masked ? 4 : 0), end));
  if (masked) mask(payload, bytes.subarray(at, at + 4));
  return {
    bytes: bytes.subarray(0, end),
    whole: (first & 0x80) !== 0 && (first & 0x70) === 0,
    opcode: first & 0x0f,
    payload,
  };
}

/** A whole frame; one towards the server is masked, with a key that need not be unpredictable here. */
export function frameOf(opcode: number, payload: Uint8Array, masked: boolean): Buffer {
  const { length } = payload;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.alloc(size + (masked ? 4 : 0));
  head[0] = 0x80 | opcode;
  if (size === 2) head[1] = length;
  else if (size === 4) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  const body = Buffer.from(payload);
  if (masked) {
    head[1] = (head[1] ?? 0) | 0x80;
    const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
    key.copy(head, size);
    mask(body, key);
  }
  return Buffer.concat([head, body]);
}

function mask(payload: Buffer, key: Uint8Array): void {
  for (let index = 0; index < payload.length; index++) {
    payload[index] = (payload[index] ?? 0) ^ (key[index % 4] ?? 0);
  }
}
