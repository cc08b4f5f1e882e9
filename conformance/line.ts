/** What one connection of the kit is to those who use it: what it needs, what it tells, and what can be done with it. */
import type { CaseViolation, CloseInfo, ReceivedPong } from "./check.js";
import type { Target } from "./frames/dial.js";
import type { FrameSpec, WireFrame } from "./frames/frame.js";
import type { HandshakeFault, HandshakeRequest } from "./frames/handshake.js";
import type { HandshakeOutcome, RequestChunks, TcpEnd } from "./frames/socket.js";
import type { Layer } from "./layer.js";
import type { Clock } from "./time.js";
import type { TranscriptEntry } from "./transcript.js";

/** What opening a connection needs. */
export interface ConnectionOptions {
  readonly id: number;
  readonly layer: Layer;
  readonly target: Target;
  readonly request: HandshakeRequest;
  /** The Sec-WebSocket-Key and the subprotocols of the request: the response is held against them. */
  readonly key: string;
  readonly subprotocols: readonly string[];
  /** The Sec-WebSocket-Extensions of the request, if any. */
  readonly extensions?: string;
  /** Bytes sent together with the request. */
  readonly early?: Uint8Array;
  /** How the bytes of the request are cut. */
  readonly chunks?: RequestChunks;
  /** A text that the transport has the client say first. */
  readonly opening?: string;
  /** For the opening handshake, and again for the transport's own (milliseconds). */
  readonly handshakeMs: number;
  readonly answerPings: boolean;
  readonly clock: Clock;
  readonly drawMask: () => Uint8Array;
  readonly signal: AbortSignal;
  readonly listener: ConnectionListener;
}

/** Who is told what happens, in the order in which it happens. */
export interface ConnectionListener {
  entry(entry: TranscriptEntry): void;
  violation(violation: CaseViolation): void;
  /** A frame of the contract: text, or the bytes of a binary frame; and how it stands in a transcript. */
  frame(frame: string | Uint8Array, atMs: number, wire: WireNote): void;
  acknowledgement(id: number, json: string, atMs: number): void;
  /** The session is over; told once. */
  ended(end: CloseInfo): void;
  /** Something that somebody may wait for has changed. */
  changed(): void;
}

/** How a message came over the wire. */
export type WireNote = Pick<TranscriptEntry, "bytes" | "frames">;

/** One connection. Whoever opens it disposes of it. */
export interface Connection {
  /** Resolves once the session is open, refused or over; never rejects. */
  readonly opened: Promise<void>;
  /** Resolves once as much of the request as is to be sent has been sent, or the connection is over. */
  readonly requested: Promise<void>;
  /** Bytes read so far, the response head among them. */
  readonly bytesReceived: number;
  readonly handshake: HandshakeOutcome;
  readonly handshakeFaults: readonly HandshakeFault[];
  readonly end: CloseInfo | undefined;
  readonly tcpEnd: TcpEnd | undefined;
  /** The last 1000 of each. */
  readonly frames: readonly WireFrame[];
  readonly pongs: readonly ReceivedPong[];
  /** True when nothing can come any more. */
  isOver(): boolean;
  /** Writes an entry of this connection into the transcript. */
  note(entry: Omit<TranscriptEntry, "connection" | "atMs">, atMs: number): void;
  /** Sends a frame of the contract; `ackId` asks for an acknowledgement. */
  send(text: string, ackId?: number): void;
  /** Sends a text of the transport's own. */
  sendText(text: string): void;
  /** Compresses a message, where permessage-deflate was agreed on; `send` does so by itself. */
  readonly deflate?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  sendFrame(spec: FrameSpec, label?: string): void;
  sendRaw(bytes: Uint8Array, label: string): void;
  /** Sends a ping frame by itself, unless a check is in the middle of a frame; its pong is not among `pongs`. */
  signOfLife?(): void;
  /** False where no text may be sent: in the middle of a frame or of a message that a check has begun, and after a Close. */
  takesText?(): boolean;
  /** Sends what the kit owes by itself: now, or once the message that a check has begun is whole. */
  whenText?(act: () => void): void;
  /** Since when the kit has held back what it owes. */
  readonly heldSince?: number | undefined;
  /** Says goodbye as the transport has it, then sends a Close frame; once. */
  close(code?: number, reason?: string): void;
  /** Sends what the request has held back, and these bytes with it. */
  finishRequest(more: Uint8Array, label: string): void;
  /** Stops reading and reads on: the subject's sends back up. */
  pause(): void;
  resume(): void;
  /** Sends FIN. */
  finish(): void;
  /** Resets the connection. */
  reset(): void;
  /** Ends the connection and says whether the system has let its socket go. */
  dispose(): Promise<boolean>;
}
