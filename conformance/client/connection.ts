/**
 * The wire side of one connection that a client has opened: frames in and out, and the oracle of the client's frames
 * (C-FR-01, C-FR-06). It answers what RFC 6455 obliges a server to answer, unless it is told not to, writes everything
 * into the transcript, and hands messages on. What they mean is the Peer's business.
 */
import { printable, sentBytes } from "../bytes.js";
import type { CaseViolation, CloseInfo, ReceivedPong } from "../check.js";
import { FLOOD } from "../connection.js";
import { kindOf, NOTED_FRAMES, notedFrames, sentFrame } from "../frame-note.js";
import { closeBody, parseClose } from "../frames/close.js";
import { createFrameReader, isData } from "../frames/decode.js";
import { encodeFrame } from "../frames/encode.js";
import { type FrameFault, type FrameSpec, OPCODE, opcodeName, type WireFrame } from "../frames/frame.js";
import { createAssembler, type WireMessage } from "../frames/message.js";
import type { TcpEnd } from "../frames/socket.js";
import { HarnessFault } from "../judge.js";
import type { WireNote } from "../line.js";
import { watchOwnFrames } from "../own-frames.js";
import type { Clock } from "../time.js";
import type { TranscriptEntry } from "../transcript.js";
import type { AcceptedLine } from "./accepted-line.js";
import type { MaskKeys } from "./mask-keys.js";

/** How many wire frames and pongs are remembered. */
const REMEMBERED = 1000;

/** Largest message that is read (bytes). */
const MAX_MESSAGE = 32 * 1024 * 1024;

/** Who is told what happens, in the order in which it happens. */
export interface ConnectionListener {
  entry(entry: TranscriptEntry): void;
  violation(violation: CaseViolation): void;
  /**
   * A frame of the contract: text, or the bytes of a binary frame; how it stands in a transcript, and under Socket.IO by
   * which number its acknowledgement is asked for.
   */
  frame(frame: string | Uint8Array, atMs: number, wire: WireNote, ackId?: number): void;
  /** The first frame came that nothing is wrong with. */
  sound(): void;
  /** A ping of the client came. */
  pinged(payload: Uint8Array, atMs: number): void;
  /** The session is over; told once. */
  ended(end: CloseInfo): void;
  /** Something that somebody may wait for has changed. */
  changed(): void;
}

export interface ConnectionOptions {
  readonly id: number;
  readonly line: AcceptedLine;
  readonly clock: Clock;
  readonly maskKeys: MaskKeys;
  /** Whether a ping, and a Close, is answered now. */
  answers(what: "ping" | "close"): boolean;
  readonly listener: ConnectionListener;
}

/** What a Peer needs of its connection, whatever carries it. */
export interface PeerConnection {
  /** The last 1000 of each. */
  readonly frames: readonly WireFrame[];
  readonly pongs: readonly ReceivedPong[];
  readonly end: CloseInfo | undefined;
  readonly tcpEnd: TcpEnd | undefined;
  /** Bytes sent that the system has not taken yet. */
  readonly unsentBytes: number;
  /** True when nothing of the session can come any more. */
  isOver(): boolean;
  /** The kit has sent its Close. */
  isClosing(): boolean;
  note(entry: Omit<TranscriptEntry, "connection" | "atMs">, atMs: number): void;
  sendText(text: string, names?: readonly string[]): void;
  sendFrame(spec: FrameSpec, label?: string): void;
  sendRaw(bytes: Uint8Array, label: string): void;
  /** True where the kit may send a text by itself: between messages, before any Close. */
  takesText(): boolean;
  /** Sends what the kit owes by itself: now, or once the message that a check has begun is whole. */
  whenText(act: () => void): void;
  /** Sends a ping of the transport. */
  ping(payload: Uint8Array): void;
  /** Socket.IO: acknowledges the command that asked for it by this number; `json` is the array of arguments. */
  acknowledge(id: number, json: string): void;
  /** Says goodbye, once: by a Close frame, or as Socket.IO has it. */
  close(code?: number, reason?: string): void;
  /** Ends TCP by itself. */
  leave(how: "fin" | "rst"): void;
  pause(): void;
  resume(): void;
}

/** The connection over a plain WebSocket. Whoever holds its line ends it. */
export interface ServerConnection extends PeerConnection {
  /** The line has read these bytes. */
  read(bytes: Uint8Array, atMs: number): void;
  /** The line has ended. */
  lineEnded(end: TcpEnd): void;
}

/** Opens the wire side; the handshake is the Attempt's. */
export function openServerConnection(options: ConnectionOptions): ServerConnection {
  const { answers, clock, id, line, listener } = options;
  const reader = createFrameReader("client", MAX_MESSAGE);
  const assembler = createAssembler(MAX_MESSAGE);
  const maskFault = options.maskKeys.open();
  const ownFrames = watchOwnFrames(clock);
  const frames: WireFrame[] = [];
  const pongs: ReceivedPong[] = [];
  const received = { messages: 0, bytes: 0 };
  let end: CloseInfo | undefined;
  let wasSound = false;
  let closeSent = false;
  let closeReceived = false;
  /** The first frames of the message in progress. */
  let unfinished: WireFrame[] = [];

  const note: ServerConnection["note"] = (entry, atMs) => listener.entry({ atMs, connection: id, ...entry });

  function charge(check: string, fault: Omit<FrameFault, "code">, atMs: number): void {
    listener.violation({
      check,
      connection: id,
      atMs,
      clause: fault.clause,
      expected:
        check === "C-FR-01" ? "frames as RFC 6455 has them" : "a closing handshake as RFC 6455 has it",
      got: fault.message,
      mend: `Write frames as ${fault.clause} has them; most libraries do so by themselves.`,
    });
  }

  function chargeFrame(fault: FrameFault, atMs: number): void {
    note({ direction: "note", kind: "note", text: fault.message, fault: fault.code }, atMs);
    // What is longer than the kit keeps breaks a rule of the kit, not of the protocol.
    if (fault.code !== "too-large") charge("C-FR-01", fault, atMs);
  }

  function endWith(info: CloseInfo): void {
    if (end !== undefined) return;
    end = info;
    listener.ended(info);
    listener.changed();
  }

  function read(bytes: Uint8Array, atMs: number): void {
    for (const frame of reader.push(bytes, atMs)) onFrame(frame);
    if (reader.broken === undefined) return;
    chargeFrame(reader.broken, atMs);
    note({ direction: "sent", kind: "tcp", text: "RST" }, atMs);
    endWith({ by: "kit", how: "rst", atMs });
    line.reset();
  }

  function onFrame(frame: WireFrame): void {
    const { atMs, maskKey } = frame;
    remember(frames, frame);
    for (const fault of frame.faults) chargeFrame(fault, atMs);
    if (!wasSound && frame.faults.length === 0) {
      wasSound = true;
      listener.sound();
    }
    const masked = maskKey === undefined ? undefined : maskFault(maskKey);
    if (masked !== undefined) charge("C-FR-01", { clause: "RFC 6455 5.3", message: masked }, atMs);
    if (closeReceived) {
      note(
        { direction: "received", kind: "raw", text: printable(frame.payload), ...notedFrames([frame]) },
        atMs,
      );
      const message = `a ${opcodeName(frame.opcode)} frame after the Close frame`;
      if (isData(frame)) charge("C-FR-06", { clause: "RFC 6455 5.5.1", message }, atMs);
      return;
    }
    if (isData(frame)) {
      if (frame.opcode !== OPCODE.continuation) unfinished = [];
      if (unfinished.length < NOTED_FRAMES) unfinished.push(frame);
      const { message, faults } = assembler.push(frame);
      for (const fault of faults) chargeFrame(fault, atMs);
      if (message !== undefined) onMessage(message);
    } else onControl(frame);
    listener.changed();
  }

  function onControl(frame: WireFrame): void {
    const { atMs, payload } = frame;
    const shown = { direction: "received", text: printable(payload), ...notedFrames([frame]) } as const;
    switch (frame.opcode) {
      case OPCODE.ping:
        note({ ...shown, kind: "ping" }, atMs);
        listener.pinged(payload, atMs);
        ownFrames.whenControl(() => {
          if (answers("ping") && !closeSent) sendFrame({ opcode: OPCODE.pong, payload });
        });
        break;
      case OPCODE.pong:
        note({ ...shown, kind: "pong" }, atMs);
        remember(pongs, { atMs, payload });
        break;
      case OPCODE.close:
        onClose(frame);
        break;
      default:
        note({ ...shown, kind: "raw" }, atMs);
    }
  }

  function onClose(frame: WireFrame): void {
    const { atMs } = frame;
    const { code, reason, faults } = parseClose(frame.payload);
    const ours = closeSent;
    closeReceived = true;
    const text = code === undefined ? "no code" : `${code} ${reason}`.trim();
    note({ direction: "received", kind: "close", text, ...notedFrames([frame]) }, atMs);
    for (const fault of faults) charge("C-FR-06", fault, atMs);
    if (answers("close")) {
      ownFrames.whenControl(() => {
        if (!ours) sendClose(faults.length > 0 ? 1002 : code, "");
        // The server is the one who ends TCP (§7.1.1).
        line.finish();
      });
    }
    endWith({
      by: ours ? "kit" : "subject",
      how: "close",
      ...(code === undefined ? {} : { code }),
      ...(reason === "" ? {} : { reason }),
      atMs,
    });
  }

  function onMessage(message: WireMessage): void {
    const { atMs, text } = message;
    const wire = notedFrames(unfinished);
    unfinished = [];
    received.messages += 1;
    received.bytes += message.bytes.length;
    if (received.messages > FLOOD.messages || received.bytes > FLOOD.bytes) {
      if (end !== undefined) return;
      const flood = `flood: more than ${FLOOD.messages} messages or ${FLOOD.bytes} bytes; the kit ends the connection`;
      note({ direction: "note", kind: "note", text: flood }, atMs);
      endWith({ by: "kit", how: "rst", atMs });
      line.reset();
      return;
    }
    listener.frame(text ?? message.bytes, atMs, wire);
  }

  function sendFrame(spec: FrameSpec, label?: string): void {
    if (spec.opcode === OPCODE.close) closeSent = true;
    // A server does not mask, unless a check wants it to.
    const bytes = encodeFrame({ mask: false, ...spec }, () => new Uint8Array(4));
    line.write(bytes);
    // A length that lies makes the next bytes a part of it.
    if (spec.declaredLength === undefined && ownFrames.isWhole()) ownFrames.sent(spec);
    else ownFrames.wrote(bytes);
    const text = label ?? printable(spec.payload ?? new Uint8Array(0));
    note({ direction: "sent", kind: kindOf(spec.opcode), text, ...sentFrame(bytes) }, clock());
  }

  function sendClose(code: number | undefined, reason: string): void {
    if (closeSent) return;
    const label = code === undefined ? "no code" : `${code} ${reason}`.trim();
    sendFrame({ opcode: OPCODE.close, payload: closeBody(code, reason) }, label);
  }

  return {
    frames,
    pongs,
    get end() {
      return end;
    },
    get tcpEnd() {
      return line.tcpEnd;
    },
    get unsentBytes() {
      return line.unsentBytes;
    },
    isOver: () => end !== undefined || line.tcpEnd !== undefined,
    isClosing: () => closeSent,
    note,
    sendText(text, names) {
      const payload = new TextEncoder().encode(text);
      const bytes = encodeFrame({ opcode: OPCODE.text, payload, mask: false }, () => new Uint8Array(4));
      line.write(bytes);
      const named = names === undefined ? {} : { names };
      note({ direction: "sent", kind: "text", text, ...named, ...sentFrame(bytes) }, clock());
    },
    sendFrame,
    sendRaw(bytes, label) {
      line.write(bytes);
      ownFrames.wrote(bytes);
      note({ direction: "sent", kind: "raw", text: label, ...sentBytes(bytes) }, clock());
    },
    takesText: () => ownFrames.takesText() && !closeSent && end === undefined,
    whenText: ownFrames.whenText,
    ping: (payload) => sendFrame({ opcode: OPCODE.ping, payload }),
    acknowledge() {
      throw new HarnessFault("Only Socket.IO has acknowledgements.");
    },
    close(code, reason = "") {
      if (end === undefined && line.tcpEnd === undefined) sendClose(code, reason);
    },
    read,
    lineEnded(tcpEnd) {
      if (unfinished.length > 0) {
        const text = `${unfinished.length} frames of an unfinished message`;
        note({ direction: "received", kind: "raw", text, ...notedFrames(unfinished) }, tcpEnd.atMs);
      }
      if (tcpEnd.how === "local") endWith({ by: "kit", how: "rst", atMs: tcpEnd.atMs });
      else endWith({ by: closeSent ? "kit" : "subject", how: tcpEnd.how, atMs: tcpEnd.atMs });
      if (tcpEnd.how === "fin" && answers("close")) line.finish();
      listener.changed();
    },
    leave(how) {
      note({ direction: "sent", kind: "tcp", text: how === "rst" ? "RST" : "FIN" }, clock());
      if (how === "fin") {
        line.finish();
        return;
      }
      endWith({ by: "kit", how, atMs: clock() });
      line.reset();
    },
    pause: line.pause,
    resume: line.resume,
  };
}

function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > REMEMBERED) list.shift();
}
