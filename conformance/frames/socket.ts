/**
 * One TCP or TLS connection that speaks RFC 6455 from the client's side, with nothing hidden: every frame and fault is
 * reported, FIN and RST are told apart, and any bytes can be written. It decides nothing and answers nothing by itself.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../time.js";
import { createFrameReader, isData } from "./decode.js";
import { encodeFrame } from "./encode.js";
import type { FrameFault, FrameSpec, WireFrame } from "./frame.js";
import {
  createResponseReader,
  type HandshakeRequest,
  type HandshakeResponse,
  writeRequest,
} from "./handshake.js";
import { createAssembler, type WireMessage } from "./message.js";

/** How the TCP connection ended: `fin` and `rst` by the peer, `local` by us. */
export interface TcpEnd {
  readonly how: "fin" | "rst" | "local";
  readonly atMs: number;
  /** The system's word for it, when there is one (`ECONNRESET`). */
  readonly detail?: string;
}

/** What became of the opening handshake. */
export type HandshakeOutcome =
  | { readonly kind: "accepted"; readonly response: HandshakeResponse }
  | { readonly kind: "refused"; readonly response: HandshakeResponse }
  /** The peer answered with something that is no HTTP response, or ended before one was complete. */
  | { readonly kind: "broken"; readonly message: string; readonly atMs: number }
  /** No TCP (or TLS) connection came about. */
  | { readonly kind: "unreachable"; readonly message: string; readonly code: string; readonly atMs: number }
  /** Connected, but no response came in time. */
  | { readonly kind: "timeout"; readonly message: string; readonly atMs: number };

/** Where to connect, and how TLS is checked. */
export interface Target {
  /** Named by the URL: TLS is held against it. */
  readonly host: string;
  readonly port: number;
  /** The IP address to connect to, where the user knows better than the resolver. */
  readonly address?: string;
  /** A proxy that is asked to CONNECT there. */
  readonly proxy?: ProxyTarget;
  /** Certificates and key are PEM texts; `ca` is trusted beside what the system trusts. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly insecure?: boolean;
  };
}

/** An HTTP proxy. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
  /** The Proxy-Authorization header. */
  readonly authorization?: string;
}

/** What the socket reports, in the order of the wire. */
export interface FrameSocketListener {
  /** The response head is complete, whatever it says: told before any frame that shares its segment. */
  response?(response: HandshakeResponse): void;
  frame(frame: WireFrame): void;
  message(message: WireMessage): void;
  /** A fault of a frame or of how frames join; frame and message are still reported where there is one. */
  fault(fault: FrameFault, atMs: number): void;
  /** No more bytes will come. */
  ended(end: TcpEnd): void;
}

/** How the bytes of a request are cut. */
export interface RequestChunks {
  /** Offsets at which they are cut; those that lie outside are ignored. */
  readonly cuts: readonly number[];
  /** Between two chunks (milliseconds); at 0 each is written in a turn of the loop of its own. */
  readonly pauseMs: number;
  /** Only so many bytes are sent: the request stays unfinished, and whoever opens it goes on by `write`. */
  readonly upTo?: number;
}

/** What {@link openFrameSocket} needs. */
export interface FrameSocketOptions {
  readonly target: Target;
  readonly request: HandshakeRequest;
  readonly clock: Clock;
  /** Gives the key of each frame that names none. */
  readonly drawMask: () => Uint8Array;
  readonly listener: FrameSocketListener;
  /** For TCP, TLS and the response head together (milliseconds). */
  readonly timeoutMs: number;
  /** Bytes written together with the request, in the same segment where the system allows it. */
  readonly early?: Uint8Array;
  /** How the bytes of the request and of `early` are cut; absent: they are written at once. */
  readonly chunks?: RequestChunks;
  /** Largest message kept (bytes). */
  readonly maxMessage?: number;
}

/** The socket. Whoever opens it must end in `reset()` or see `closed` resolve. */
export interface FrameSocket {
  readonly handshake: Promise<HandshakeOutcome>;
  /** Writes raw bytes. After the end of the connection it does nothing and returns false. */
  write(bytes: Uint8Array): boolean;
  /** Writes one frame and returns its bytes. */
  send(spec: FrameSpec): Uint8Array;
  /** Stops and resumes reading: the peer's sends back up. */
  pause(): void;
  resume(): void;
  /** Sends FIN. */
  finish(): void;
  /** Ends at once, by RST on plain TCP. */
  reset(): void;
  readonly tcpEnd: TcpEnd | undefined;
  /** Bytes read so far, the response head among them. */
  readonly bytesReceived: number;
  /** Resolves when the request (or as much of it as is sent) has been written, or the connection is over. */
  readonly requested: Promise<void>;
  /** Resolves when the system has let the socket go. */
  readonly closed: Promise<void>;
}

const DEFAULT_MAX_MESSAGE = 32 * 1024 * 1024;

/** Opens a connection and sends the request. Never rejects, never throws: what happens is told. */
export function openFrameSocket(options: FrameSocketOptions): FrameSocket {
  const { clock, listener, target } = options;
  const maxMessage = options.maxMessage ?? DEFAULT_MAX_MESSAGE;
  const reader = createFrameReader("server", maxMessage);
  const assembler = createAssembler(maxMessage);
  const head = createResponseReader();
  let phase: "connecting" | "handshake" | "open" | "over" = "connecting";
  let tcpEnd: TcpEnd | undefined;
  let bytesReceived = 0;
  let pause: NodeJS.Timeout | undefined;
  /** What was written before the whole request was; undefined once it was. */
  let behindRequest: Uint8Array[] | undefined = [];
  let announceRequested: () => void = () => undefined;
  const requested = new Promise<void>((resolve) => {
    announceRequested = resolve;
  });
  let settle: (outcome: HandshakeOutcome) => void = () => undefined;
  const handshake = new Promise<HandshakeOutcome>((resolve) => {
    settle = resolve;
  });

  const socket: Socket = dial(target);
  socket.setNoDelay(true);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });

  const give = (outcome: HandshakeOutcome): void => {
    clearTimeout(timer);
    settle(outcome);
  };
  const timer = setTimeout(() => {
    const atMs = clock();
    const connected = phase !== "connecting";
    const what = connected ? "no response to the upgrade request" : "no connection";
    const message = `${what} within ${options.timeoutMs} ms`;
    // Settled before the socket is let go: the end that follows is not the reason.
    give(
      connected
        ? { kind: "timeout", message, atMs }
        : { kind: "unreachable", message, code: "ETIMEDOUT", atMs },
    );
    over({ how: "local", atMs });
    socket.destroy();
  }, options.timeoutMs);

  const over = (end: TcpEnd): void => {
    if (tcpEnd !== undefined) return;
    tcpEnd = end;
    const before = phase;
    phase = "over";
    if (before !== "open") {
      const got = end.how === "rst" ? "reset the connection" : "ended the connection";
      give({
        kind: "broken",
        message: `the server ${got} instead of answering the upgrade request`,
        atMs: end.atMs,
      });
    }
    listener.ended(end);
  };

  const readFrames = (bytes: Uint8Array, atMs: number): void => {
    for (const frame of reader.push(bytes, atMs)) {
      for (const fault of frame.faults) listener.fault(fault, atMs);
      listener.frame(frame);
      if (!isData(frame)) continue;
      const { message, faults } = assembler.push(frame);
      for (const fault of faults) listener.fault(fault, atMs);
      if (message !== undefined) listener.message(message);
    }
    if (reader.broken !== undefined) {
      listener.fault(reader.broken, atMs);
      over({ how: "local", atMs, detail: reader.broken.code });
      socket.destroy();
    }
  };

  socket.once(target.tls === undefined ? "connect" : "secureConnect", () => {
    if (phase !== "connecting") return;
    phase = "handshake";
    const request = Buffer.from(writeRequest(options.request), "latin1");
    const bytes = options.early === undefined ? request : Buffer.concat([request, options.early]);
    writeInChunks(piecesOf(bytes, options.chunks));
  });
  socket.on("data", (chunk: Buffer) => {
    const atMs = clock();
    bytesReceived += chunk.length;
    if (phase === "open") {
      readFrames(chunk, atMs);
      return;
    }
    if (phase !== "handshake") return;
    const read = head.push(chunk, atMs);
    if (read === undefined) return;
    if ("broken" in read) {
      tcpEnd = { how: "local", atMs };
      phase = "over";
      give({ kind: "broken", message: read.broken, atMs });
      listener.ended(tcpEnd);
      socket.destroy();
      return;
    }
    listener.response?.(read.response);
    if (read.response.status !== 101) {
      tcpEnd = { how: "local", atMs };
      phase = "over";
      give({ kind: "refused", response: read.response });
      listener.ended(tcpEnd);
      socket.destroy();
      return;
    }
    phase = "open";
    give({ kind: "accepted", response: read.response });
    // Frames may share the segment of the response; they are reported before anybody hears of the response.
    if (read.rest.length > 0) readFrames(read.rest, atMs);
  });
  socket.on("end", () => {
    over({ how: "fin", atMs: clock() });
    socket.end();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    const atMs = clock();
    const code = error.code ?? "";
    if (phase === "connecting") {
      phase = "over";
      tcpEnd = { how: "local", atMs };
      give({ kind: "unreachable", message: reachMessage(error), code, atMs });
      listener.ended(tcpEnd);
      return;
    }
    over({ how: "rst", atMs, ...(code === "" ? {} : { detail: code }) });
  });
  socket.once("close", () => {
    over({ how: "local", atMs: clock() });
    clearTimeout(timer);
    clearTimeout(pause);
    announceRequested();
  });

  /** Writes the request piece by piece; what is written meanwhile waits for its end. */
  function writeInChunks(pieces: readonly Uint8Array[]): void {
    const [piece, ...rest] = pieces;
    if (piece !== undefined && tcpEnd === undefined) {
      socket.write(piece);
      if (rest.length > 0) {
        pause = setTimeout(() => writeInChunks(rest), options.chunks?.pauseMs ?? 0);
        return;
      }
    }
    const waiting = behindRequest ?? [];
    behindRequest = undefined;
    for (const bytes of waiting) write(bytes);
    announceRequested();
  }

  const write = (bytes: Uint8Array): boolean => {
    if (behindRequest !== undefined && phase !== "over") {
      behindRequest.push(bytes);
      return true;
    }
    if (tcpEnd?.how === "rst" || tcpEnd?.how === "local" || socket.destroyed || !socket.writable)
      return false;
    socket.write(bytes);
    return true;
  };

  return {
    handshake,
    closed,
    requested,
    get tcpEnd() {
      return tcpEnd;
    },
    get bytesReceived() {
      return bytesReceived;
    },
    write,
    send(spec) {
      const bytes = encodeFrame(spec, options.drawMask);
      write(bytes);
      return bytes;
    },
    pause: () => {
      socket.pause();
    },
    resume: () => {
      socket.resume();
    },
    finish: () => {
      if (socket.writable) socket.end();
    },
    reset: () => {
      over({ how: "local", atMs: clock() });
      if (socket.destroyed) return;
      // TLS has no reset of its own; there the socket is dropped without its goodbye. A socket that was half-closed is
      // dropped as well: libuv refuses to reset it (EINVAL), its handle then never closes, and the process cannot exit.
      const halfClosed = socket.writableEnded;
      if (
        target.tls === undefined &&
        !socket.connecting &&
        !halfClosed &&
        socket.remoteAddress !== undefined
      ) {
        socket.resetAndDestroy();
      }
      // resetAndDestroy() waits until what was written has been taken; a peer that reads nothing never takes it.
      socket.destroy();
    },
  };
}

/** The pieces in which the bytes are written. */
function piecesOf(bytes: Uint8Array, chunks: RequestChunks | undefined): Uint8Array[] {
  if (chunks === undefined) return [bytes];
  const end = Math.min(bytes.length, chunks.upTo ?? bytes.length);
  const cuts = [...new Set(chunks.cuts)].filter((cut) => cut > 0 && cut < end).sort((a, b) => a - b);
  return [...cuts, end].map((cut, index) => bytes.subarray(cuts[index - 1] ?? 0, cut));
}

function dial(target: Target): Socket {
  const where = { host: target.host, port: target.port, allowHalfOpen: true };
  if (target.tls === undefined) return connectTcp(where);
  return connectTls({
    ...where,
    // SNI names hosts only: an address must not stand there (RFC 6066 §3).
    ...(/^[\d.]+$|:/.test(target.host) ? {} : { servername: target.host }),
    ...(target.tls.ca === undefined ? {} : { ca: target.tls.ca }),
    rejectUnauthorized: target.tls.insecure !== true,
  });
}

function reachMessage(error: NodeJS.ErrnoException): string {
  // With several addresses for one name Node gives an AggregateError whose own message is empty.
  const parts = "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  const texts = parts.map((part: unknown) => (part instanceof Error ? part.message : String(part)));
  return texts.filter((text) => text !== "").join("; ") || error.code || "connection failed";
}
