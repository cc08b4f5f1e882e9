/**
 * One TCP or TLS connection that speaks RFC 6455 from the client's side, with nothing hidden: every frame and fault is
 * reported, FIN and RST are told apart, and any bytes can be written. It decides nothing and answers nothing by itself.
 */
import type { Socket } from "node:net";
import type { Clock } from "../time.js";
import { createFrameReader, isData } from "./decode.js";
import { createDeflater, createInflater } from "./deflate.js";
import { dial, type Target } from "./dial.js";
import { encodeFrame } from "./encode.js";
import { agreedDeflate } from "./extensions.js";
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
  /** Offsets at which they are cut, negative ones from the end; those that lie outside are ignored. */
  readonly cuts: readonly number[];
  /** Between two chunks (milliseconds); at 0 each is written in a turn of the loop of its own. */
  readonly pauseMs: number;
  /**
   * Only so many bytes are sent, a negative number: all but so many. The request stays unfinished until `finishRequest`.
   */
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
  /** Largest message kept (bytes), inflated where it came compressed. */
  readonly maxMessage?: number;
  /** permessage-deflate was offered: where the response takes it, compressed messages are read. */
  readonly offersDeflate?: boolean;
}

/** The socket. Whoever opens it must end in `reset()` or see `closed` resolve. */
export interface FrameSocket {
  readonly handshake: Promise<HandshakeOutcome>;
  /** Writes raw bytes. After the end of the connection it does nothing and returns false. */
  write(bytes: Uint8Array): boolean;
  /** Writes one frame and returns its bytes. */
  send(spec: FrameSpec): Uint8Array;
  /** Sends what `upTo` has held back, and these bytes with it. */
  finishRequest(more?: Uint8Array): void;
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
  /** Compresses a message of ours, where both sides agreed on it; its first frame then carries RSV1. */
  readonly deflate: ((bytes: Uint8Array) => Uint8Array) | undefined;
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
  let reader = createFrameReader("server", maxMessage);
  let assembler = createAssembler(maxMessage);
  let deflate: FrameSocket["deflate"];
  const head = createResponseReader();
  let phase: "connecting" | "handshake" | "open" | "over" = "connecting";
  let tcpEnd: TcpEnd | undefined;
  let bytesReceived = 0;
  let pause: NodeJS.Timeout | undefined;
  let heldBack: Uint8Array = new Uint8Array(0);
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

  /** The line once it stands; until then only `line` can be dropped. */
  let socket: Socket | undefined;
  let wantsPause = false;
  const line = dial(target, {
    ready: onReady,
    failed(message, code) {
      const atMs = clock();
      if (phase !== "connecting") return;
      end({ how: "local", atMs }, { kind: "unreachable", message, code, atMs });
    },
  });
  void line.closed.then(() => {
    over({ how: "local", atMs: clock() });
    clearTimeout(timer);
    clearTimeout(pause);
    announceRequested();
  });

  const give = (outcome: HandshakeOutcome): void => {
    clearTimeout(timer);
    settle(outcome);
  };
  const timeOut = (): void => {
    const atMs = clock();
    const connected = phase !== "connecting";
    const what = connected ? "no response to the upgrade request" : "no connection";
    const message = `${what} within ${options.timeoutMs} ms`;
    end(
      { how: "local", atMs },
      connected
        ? { kind: "timeout", message, atMs }
        : { kind: "unreachable", message, code: "ETIMEDOUT", atMs },
    );
    line.drop("gently");
  };
  let timer = setTimeout(timeOut, options.timeoutMs);

  /** No more bytes will come; `outcome` is what became of the handshake, where it is not yet settled. */
  function end(ended: TcpEnd, outcome: HandshakeOutcome): void {
    if (tcpEnd !== undefined) return;
    tcpEnd = ended;
    phase = "over";
    give(outcome);
    listener.ended(ended);
  }

  function over(ended: TcpEnd): void {
    const got = ended.how === "rst" ? "reset the connection" : "ended the connection";
    const message = `the server ${got} instead of answering the upgrade request`;
    end(ended, { kind: "broken", message, atMs: ended.atMs });
  }

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
      line.drop("gently");
    }
  };

  function onReady(standing: Socket): void {
    if (phase !== "connecting") return;
    phase = "handshake";
    socket = standing;
    if (wantsPause) socket.pause();
    socket.on("data", onData);
    socket.on("end", () => {
      over({ how: "fin", atMs: clock() });
      standing.end();
    });
    socket.on("error", ({ code = "" }: NodeJS.ErrnoException) => {
      over({ how: "rst", atMs: clock(), ...(code === "" ? {} : { detail: code }) });
    });
    const request = Buffer.from(writeRequest(options.request), "latin1");
    const bytes = options.early === undefined ? request : Buffer.concat([request, options.early]);
    const end = endOf(bytes, options.chunks);
    heldBack = bytes.subarray(end);
    writeInChunks(piecesOf(bytes.subarray(0, end), options.chunks));
  }

  function onData(chunk: Buffer): void {
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
      end({ how: "local", atMs }, { kind: "broken", message: read.broken, atMs });
      line.drop("gently");
      return;
    }
    listener.response?.(read.response);
    if (read.response.status !== 101) {
      end({ how: "local", atMs }, { kind: "refused", response: read.response });
      line.drop("gently");
      return;
    }
    phase = "open";
    const terms = options.offersDeflate === true ? agreedDeflate(extensionsOf(read.response)) : undefined;
    if (terms !== undefined) {
      reader = createFrameReader("server", maxMessage, true);
      assembler = createAssembler(maxMessage, createInflater(terms, maxMessage));
      deflate = createDeflater(terms);
    }
    give({ kind: "accepted", response: read.response });
    // Frames may share the segment of the response; they are reported before anybody hears of the response.
    if (read.rest.length > 0) readFrames(read.rest, atMs);
  }

  /** Writes the request piece by piece; what is written meanwhile waits for its end. */
  function writeInChunks(pieces: readonly Uint8Array[]): void {
    const [piece, ...rest] = pieces;
    if (piece !== undefined && tcpEnd === undefined) {
      socket?.write(piece);
      if (rest.length > 0) {
        pause = setTimeout(() => writeInChunks(rest), options.chunks?.pauseMs ?? 0);
        return;
      }
    }
    if ((options.chunks?.cuts.length ?? 0) > 0 && phase === "handshake") {
      // No response is due before the request has its end.
      clearTimeout(timer);
      timer = setTimeout(timeOut, options.timeoutMs);
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
    if (tcpEnd?.how === "rst" || tcpEnd?.how === "local" || socket?.writable !== true) return false;
    socket.write(bytes);
    return true;
  };

  return {
    handshake,
    closed: line.closed,
    requested,
    get tcpEnd() {
      return tcpEnd;
    },
    get bytesReceived() {
      return bytesReceived;
    },
    get deflate() {
      return deflate;
    },
    write,
    send(spec) {
      const bytes = encodeFrame(spec, options.drawMask);
      write(bytes);
      return bytes;
    },
    finishRequest: (more = new Uint8Array(0)) => {
      write(Buffer.concat([heldBack, more]));
      heldBack = new Uint8Array(0);
    },
    pause: () => {
      wantsPause = true;
      socket?.pause();
    },
    resume: () => {
      wantsPause = false;
      socket?.resume();
    },
    finish: () => {
      if (socket?.writable === true) socket.end();
    },
    reset: () => {
      over({ how: "local", atMs: clock() });
      line.drop("reset");
    },
  };
}

function extensionsOf(response: HandshakeResponse): string | undefined {
  return response.headers["sec-websocket-extensions"];
}

/** Where the bytes that are sent at first end. */
function endOf(bytes: Uint8Array, chunks: RequestChunks | undefined): number {
  const upTo = chunks?.upTo ?? bytes.length;
  return Math.max(0, Math.min(bytes.length, upTo < 0 ? bytes.length + upTo : upTo));
}

/** The pieces in which the bytes are written. */
function piecesOf(bytes: Uint8Array, chunks: RequestChunks | undefined): Uint8Array[] {
  const end = bytes.length;
  const offsets = (chunks?.cuts ?? []).map((cut) => (cut < 0 ? end + cut : cut));
  const cuts = [...new Set(offsets)].filter((cut) => cut > 0 && cut < end).sort((a, b) => a - b);
  return [...cuts, end].map((cut, index) => bytes.subarray(cuts[index - 1] ?? 0, cut));
}
