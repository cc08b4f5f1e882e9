/**
 * A WebSocket of a client on bare TCP, for faults in handshakes and frames: under a client it takes the place of that of
 * `ws`, and keeps RFC 6455 but for the switches it is given. It shares no code with the kit, nor with `ws`.
 */

import { createHash, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { SocketConstructor, SocketLike } from "../../../src/client/client.js";
import { createRawReader, type RawInput, type RawReading } from "../raw-reader.js";

/** The head of the server's response. */
export interface ResponseHead {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A part of the response that is not looked at. */
export type UncheckedPart = "status" | "accept" | "upgrade" | "connection" | "extensions" | "subprotocol";

/** How the socket differs from one that keeps RFC 6455. Without a switch it is correct. */
export interface RawSocketFaults extends Omit<RawReading, "from"> {
  /** Makes the `Sec-WebSocket-Key`. */
  readonly key?: () => string;
  /** Changes the lines of the request. */
  readonly request?: (lines: readonly string[]) => readonly string[];
  /** What of the response is not looked at. */
  readonly ignores?: readonly UncheckedPart[];
  /** Drops what comes behind the response in its chunk. */
  readonly losesBehindHead?: boolean;
  /** Takes the first chunk for the whole response. */
  readonly wantsHeadWhole?: boolean;
  /** Makes the mask keys. */
  readonly maskKey?: () => Uint8Array;
  /** Changes each frame before it is written: `bytes` is the right one. */
  readonly write?: (frame: {
    readonly opcode: number;
    readonly payload: Uint8Array;
    readonly bytes: Buffer;
  }) => Uint8Array;
  /** What answers a ping; undefined: nothing. */
  readonly pong?: (payload: Buffer) => Buffer | undefined;
  /** Ends the connection at a pong that it did not ask for. */
  readonly diesOfPong?: boolean;
  /** The code of the Close frame that answers the server's; default the server's own. `null`: it is not answered. */
  readonly answerToClose?: number | null;
  /** A text that is sent after the Close frame. */
  readonly afterClose?: string;
}

/** `SocketLike` by its readyState. */
const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

/** The GUID of RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** How long it waits for the server's Close, and for the server to end TCP (milliseconds). */
const CLOSE_MS = 2000;

/** A limit where it is told none (bytes). */
const NO_LIMIT = 2 ** 40;

/** What the errors are called that `ws` gives these names; any other rule of a frame is `WS_ERR_PROTOCOL`. */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  1007: "WS_ERR_INVALID_UTF8",
  1009: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
};

/** The part of the options of `ws` that it knows. */
interface Options {
  readonly maxPayload?: number;
  readonly ca?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A constructor of such sockets, with the events of `ws` that a client of ours listens to. */
export function rawSocket(faults: RawSocketFaults = {}): SocketConstructor {
  return class RawSocket extends EventEmitter implements SocketLike {
    binaryType = "arraybuffer";
    readyState: number = CONNECTING;
    onopen: SocketLike["onopen"] = null;
    onmessage: SocketLike["onmessage"] = null;
    onerror: SocketLike["onerror"] = null;
    onclose: SocketLike["onclose"] = null;
    readonly #socket: Socket;
    readonly #key: string;
    readonly #protocols: readonly string[];
    readonly #read: (chunk: Buffer) => RawInput[];
    #head: Buffer = Buffer.alloc(0);
    #closeSent = false;
    #isOver = false;
    /** Of the Close frame that came. */
    #end: { readonly code: number; readonly reason: string } | undefined;

    constructor(url: string, protocols: string[] = [], options: object = {}) {
      super();
      // Whoever passes other options means another constructor.
      const { ca, headers = {}, maxPayload = NO_LIMIT } = options as Options;
      const { host, hostname, pathname, port, protocol, search } = new URL(url);
      this.#protocols = protocols;
      this.#key = faults.key?.() ?? randomBytes(16).toString("base64");
      this.#read = createRawReader({ ...faults, from: "server" }, maxPayload);
      const isSecure = protocol === "wss:";
      const lines = [
        `GET ${pathname}${search} HTTP/1.1`,
        `Host: ${host}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${this.#key}`,
        ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]),
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ];
      const target = { host: hostname, port: Number(port || (isSecure ? 443 : 80)) };
      this.#socket = isSecure
        ? connectTls({ ...target, servername: "localhost", ...(ca === undefined ? {} : { ca }) })
        : connectTcp(target);
      this.#socket.setNoDelay(true);
      this.#socket.once(isSecure ? "secureConnect" : "connect", () => {
        this.#socket.write(`${(faults.request?.(lines) ?? lines).join("\r\n")}\r\n\r\n`);
      });
      this.#socket.on("data", (chunk) => this.#hear(chunk));
      this.#socket.on("error", (error) => this.#fail(error.message));
      this.#socket.on("end", () => this.#socket.end());
      this.#socket.once("close", () => this.#close());
    }

    get bufferedAmount(): number {
      return this.#socket.writableLength;
    }

    send(frame: string | Uint8Array): void {
      if (this.readyState !== OPEN) return;
      if (typeof frame === "string") this.#write(1, Buffer.from(frame));
      else this.#write(2, frame);
    }

    /** As that of `ws`. */
    ping(payload: string): void {
      if (this.readyState === OPEN) this.#write(9, Buffer.from(payload));
    }

    close(code?: number, reason = ""): void {
      if (this.readyState >= CLOSING) return;
      if (this.readyState === CONNECTING) {
        this.readyState = CLOSING;
        this.#socket.destroy();
        return;
      }
      this.readyState = CLOSING;
      this.#sendClose(code === undefined ? Buffer.alloc(0) : closeBody(code, reason));
      this.#later(CLOSE_MS);
    }

    /** Lets nobody wait for TCP for ever. */
    #later(ms: number): void {
      const timer = setTimeout(() => this.#socket.destroy(), ms);
      this.#socket.once("close", () => clearTimeout(timer));
    }

    #write(opcode: number, payload: Uint8Array): void {
      if (!this.#socket.writable) return;
      const bytes = maskedFrame(opcode, payload, faults.maskKey?.() ?? randomBytes(4));
      this.#socket.write(faults.write?.({ opcode, payload, bytes }) ?? bytes);
    }

    #sendClose(payload: Uint8Array): void {
      if (this.#closeSent) return;
      this.#closeSent = true;
      this.#write(8, payload);
      if (faults.afterClose !== undefined) this.#write(1, Buffer.from(faults.afterClose));
    }

    #hear(chunk: Buffer): void {
      if (this.readyState === CONNECTING) this.#respond(chunk);
      else this.#take(chunk);
    }

    /** Reads the response. */
    #respond(chunk: Buffer): void {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) {
        if (faults.wantsHeadWhole === true) this.#refuse("half of a response");
        return;
      }
      const head = headOf(this.#head.subarray(0, end).toString("latin1"));
      const rest = this.#head.subarray(end + 4);
      const wrong = this.#faultOf(head);
      if (wrong !== undefined) {
        if (wrong === "status" && this.listenerCount("unexpected-response") > 0) {
          const response = { statusCode: head.status, headers: head.headers };
          this.emit("unexpected-response", undefined, response);
        }
        this.#refuse(`the response is wrong: ${wrong}`);
        return;
      }
      this.readyState = OPEN;
      this.onopen?.({});
      if (rest.length > 0 && faults.losesBehindHead !== true) this.#take(rest);
    }

    /** The part of the response that is wrong. */
    #faultOf({ headers, status }: ResponseHead): UncheckedPart | undefined {
      const ignored = new Set(faults.ignores);
      const accept = createHash("sha1").update(`${this.#key}${GUID}`).digest("base64");
      const { connection = "", upgrade = "" } = headers;
      const chosen = headers["sec-websocket-protocol"];
      const wrong: readonly (readonly [UncheckedPart, boolean])[] = [
        ["status", status !== 101],
        ["upgrade", upgrade.toLowerCase() !== "websocket"],
        ["connection", !/(^|,)\s*upgrade\s*(,|$)/i.test(connection)],
        ["accept", headers["sec-websocket-accept"] !== accept],
        ["extensions", headers["sec-websocket-extensions"] !== undefined],
        ["subprotocol", chosen !== undefined && !this.#protocols.includes(chosen)],
      ];
      return wrong.find(([part, isWrong]) => isWrong && !ignored.has(part))?.[0];
    }

    #refuse(why: string): void {
      this.#fail(why);
      this.#socket.destroy();
    }

    #take(chunk: Buffer): void {
      if (this.#isOver) return;
      for (const input of this.#read(chunk)) if (!this.#isOver) this.#act(input);
    }

    #act(input: RawInput): void {
      switch (input.kind) {
        case "message":
          if (this.readyState === OPEN || faults.readsBehindClose === true)
            this.onmessage?.({ data: input.text });
          break;
        case "ping": {
          this.emit("ping", input.payload);
          const pong = faults.pong === undefined ? input.payload : faults.pong(input.payload);
          if (pong !== undefined && this.readyState === OPEN) this.#write(10, pong);
          break;
        }
        case "pong":
          this.emit("pong", input.payload);
          if (faults.diesOfPong === true) this.#socket.destroy();
          break;
        case "close":
          this.#leave(input.payload);
          break;
        case "broken":
          this.#isOver = true;
          this.readyState = CLOSING;
          this.#sendClose(closeBody(input.code));
          this.#fail(`a frame breaks a rule: ${input.rule}`, ERROR_NAMES[input.code] ?? "WS_ERR_PROTOCOL");
          this.#socket.end();
          this.#later(CLOSE_MS);
      }
    }

    /** Answers the server's Close, or has had its answer; the server is to end TCP. */
    #leave(payload: Buffer): void {
      this.#end =
        payload.length < 2
          ? { code: 1005, reason: "" }
          : { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
      this.readyState = CLOSING;
      this.#isOver = faults.readsBehindClose !== true;
      if (faults.answerToClose !== null) {
        const { answerToClose: code } = faults;
        this.#sendClose(code === undefined ? payload : closeBody(code));
      }
      this.#later(CLOSE_MS);
    }

    #fail(message: string, code?: string): void {
      if (this.listenerCount("error") > 0) this.emit("error", Object.assign(new Error(message), { code }));
      this.onerror?.({ message });
    }

    #close(): void {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      this.onclose?.(this.#end ?? { code: 1006, reason: "" });
    }
  };
}

/** A response head, its values as they came. */
function headOf(text: string): ResponseHead {
  const [first = "", ...lines] = text.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).trim().toLowerCase();
    const value = line.slice(at + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers };
}

function closeBody(code: number, reason = ""): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** A whole frame of a client: masked, its length in the shortest form. */
function maskedFrame(opcode: number, payload: Uint8Array, key: Uint8Array): Buffer {
  const { length } = payload;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.alloc(size);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (size === 2 ? length : size === 4 ? 126 : 127);
  if (size === 4) head.writeUInt16BE(length, 2);
  if (size === 10) head.writeBigUInt64BE(BigInt(length), 2);
  const body = Buffer.from(payload);
  for (let index = 0; index < length; index++) body[index] = (body[index] ?? 0) ^ (key[index & 3] ?? 0);
  return Buffer.concat([head, key, body]);
}
