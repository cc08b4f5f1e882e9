/**
 * One accepted TCP connection, with TLS inside of it where it begins with that: bytes in, bytes out, in pieces where wanted.
 * It understands nothing of them, tells FIN and RST apart, and can send either.
 */
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { letGo } from "../frames/let-go.js";
import type { TcpEnd } from "../frames/socket.js";
import type { Clock } from "../time.js";

/** Who hears what comes, in order. */
export interface LineListener {
  data(bytes: Uint8Array, atMs: number): void;
  /** No more bytes will come. */
  ended(end: TcpEnd): void;
  /** Something about the line itself that a reader should know: TLS begun or failed, a peer that never reads. */
  noted(text: string): void;
}

/** The line. Whoever holds it must end in `reset()`, or see `closed` resolve. */
export interface AcceptedLine {
  /** It began with a TLS handshake; undefined until the first byte has come. */
  readonly secure: boolean | undefined;
  readonly tcpEnd: TcpEnd | undefined;
  readonly bytesReceived: number;
  /** Bytes that the system has not taken yet. */
  readonly unsentBytes: number;
  /** Writes bytes; false once nothing can be written. */
  write(bytes: Uint8Array): boolean;
  /** Holds back what is written from now on, to be written as one: `release` cuts it at these offsets, each piece in a write of its own. */
  gather(): { release(cuts: readonly number[], pauseMs: number): void };
  pause(): void;
  resume(): void;
  /** Sends FIN, after what is written. */
  finish(): void;
  /** Sends RST. */
  reset(): void;
  /** Resolves when the system has let the socket go. */
  readonly closed: Promise<void>;
}

/** A certificate and its key, PEM. */
export interface LineCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface LineOptions {
  readonly clock: Clock;
  /** Speaks TLS with a client that begins with it. */
  readonly certificate?: LineCertificate | undefined;
  readonly listener: LineListener;
}

/** The first byte of a TLS record that holds a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

/** More than this is kept for no client that does not read (bytes). */
const MAX_UNSENT = 96 * 1024 * 1024;

/** Takes over a socket that was just accepted, made with `allowHalfOpen`. */
export function holdLine(tcp: Socket, options: LineOptions): AcceptedLine {
  const { clock, certificate, listener } = options;
  /** What bytes are written to and read from: the socket, or TLS on it. */
  let top: Socket = tcp;
  let secure: boolean | undefined;
  let tcpEnd: TcpEnd | undefined;
  let bytesReceived = 0;
  let pieces: NodeJS.Timeout | undefined;
  /** What is written while something is gathered, or its pieces are under way; else undefined. */
  let behind: Uint8Array[] | undefined;
  let finishing = false;
  let isPaused = false;
  const closed = new Promise<void>((resolve) => tcp.once("close", () => resolve()));
  tcp.setNoDelay(true);

  function over(how: TcpEnd["how"], detail = ""): void {
    if (tcpEnd !== undefined) return;
    tcpEnd = { how, atMs: clock(), ...(detail === "" ? {} : { detail }) };
    listener.ended(tcpEnd);
  }

  function attach(socket: Socket): void {
    socket.on("data", onData);
    socket.on("end", () => over("fin"));
    socket.on("error", ({ code = "", message }: NodeJS.ErrnoException) => {
      if (secure === true && code.startsWith("ERR_SSL")) listener.noted(`TLS failed: ${message}`);
      over("rst", code);
    });
  }

  function onData(chunk: Buffer): void {
    const atMs = clock();
    if (secure === undefined) {
      secure = chunk[0] === TLS_HANDSHAKE;
      if (secure && certificate !== undefined) {
        encrypt(chunk, certificate);
        return;
      }
    }
    bytesReceived += chunk.length;
    listener.data(chunk, atMs);
  }

  /** What has come belongs to TLS: it is given back, and read again from there. */
  function encrypt(chunk: Buffer, { cert, key }: LineCertificate): void {
    tcp.off("data", onData);
    tcp.pause();
    tcp.unshift(chunk);
    const wrapped = new TLSSocket(tcp, { isServer: true, secureContext: createSecureContext({ cert, key }) });
    top = wrapped;
    // Node tells a server of a handshake that failed by this event alone.
    wrapped.on("_tlsError", ({ message }: Error) => listener.noted(`TLS failed: ${message}`));
    wrapped.once("secure", () => listener.noted("the TLS handshake succeeded"));
    attach(wrapped);
    if (isPaused) wrapped.pause();
  }

  attach(tcp);
  void closed.then(() => {
    clearTimeout(pieces);
    over("local");
  });

  const isWritable = (): boolean => tcpEnd?.how !== "rst" && tcpEnd?.how !== "local" && top.writable;

  const write = (bytes: Uint8Array): boolean => {
    if (!isWritable() || finishing) return false;
    if (behind !== undefined) {
      behind.push(bytes);
      return true;
    }
    return push(bytes);
  };

  function push(bytes: Uint8Array): boolean {
    if (!isWritable()) return false;
    top.write(bytes);
    if (top.writableLength > MAX_UNSENT) {
      listener.noted(`the client leaves more than ${MAX_UNSENT} bytes unread; the kit resets the connection`);
      reset();
      return false;
    }
    return true;
  }

  function writeNext(left: readonly Uint8Array[], pauseMs: number): void {
    const [piece, ...rest] = left;
    const waiting = behind ?? [];
    behind = undefined;
    if (piece !== undefined) push(piece);
    if (rest.length > 0 && tcpEnd?.how !== "local") {
      behind = waiting;
      pieces = setTimeout(() => writeNext(rest, pauseMs), pauseMs);
      return;
    }
    for (const bytes of waiting) push(bytes);
    if (finishing && isWritable()) top.end();
  }

  function reset(): void {
    clearTimeout(pieces);
    over("local");
    letGo(tcp, top === tcp ? [] : [top], "reset");
  }

  return {
    get secure() {
      return secure;
    },
    get tcpEnd() {
      return tcpEnd;
    },
    get bytesReceived() {
      return bytesReceived;
    },
    get unsentBytes() {
      return top.writableLength;
    },
    write,
    gather() {
      behind ??= [];
      return {
        release(cuts, pauseMs) {
          const bytes = Buffer.concat(behind ?? []);
          behind = [];
          const inside = [...new Set(cuts)].filter((cut) => cut > 0 && cut < bytes.length);
          const ends = [...inside.sort((a, b) => a - b), bytes.length];
          writeNext(
            ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)),
            pauseMs,
          );
        },
      };
    },
    pause() {
      isPaused = true;
      top.pause();
    },
    resume() {
      isPaused = false;
      top.resume();
    },
    finish() {
      if (finishing) return;
      finishing = true;
      if (behind === undefined && top.writable) top.end();
    },
    reset,
    closed,
  };
}
