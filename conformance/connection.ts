/**
 * The wire side of one connection of the kit: opening and closing handshake, control frames, and the transport's own
 * packets. It answers what RFC 6455 and the transport oblige it to answer, writes everything into the transcript, and
 * hands frames of the contract on. What they mean is the Tester's business.
 */
import { printable, sentBytes } from "./bytes.js";
import type { CloseInfo, ReceivedPong } from "./check.js";
import { kindOf, NOTED_FRAMES, notedFrames, sentFrame, sentRequest } from "./frame-note.js";
import { closeBody, parseClose } from "./frames/close.js";
import { isData } from "./frames/decode.js";
import { DEFLATE, parseExtensions } from "./frames/extensions.js";
import { type FrameFault, type FrameSpec, OPCODE, opcodeName, type WireFrame } from "./frames/frame.js";
import { type HandshakeFault, judgeResponse } from "./frames/handshake.js";
import type { WireMessage } from "./frames/message.js";
import { type HandshakeOutcome, openFrameSocket, type TcpEnd } from "./frames/socket.js";
import { excerpt } from "./judge.js";
import type { Connection, ConnectionOptions } from "./line.js";
import { watchOwnFrames } from "./own-frames.js";
import { within } from "./time.js";

/** After so much from one connection the kit stops reading and ends it: a flood is no reason to run out of memory. */
export const FLOOD = { messages: 20_000, bytes: 96 * 1024 * 1024 } as const;

/** How many wire frames and pongs are remembered. */
const REMEMBERED = 1000;

/** How long a teardown waits for the answer to its Close, and for the system to let the socket go (milliseconds). */
const GOODBYE = { closeMs: 200, socketMs: 2000 } as const;

/** The payload of the kit's own pings: no check waits for their pongs. */
const SIGN_OF_LIFE = Buffer.from("still here");

/** Opens a connection. Never rejects: a refused one has an `end`. */
export function openConnection(options: ConnectionOptions): Connection {
  const { clock, id, layer, listener } = options;
  const frames: WireFrame[] = [];
  const pongs: ReceivedPong[] = [];
  let handshake: HandshakeOutcome = { kind: "timeout", message: "not yet answered", atMs: clock() };
  let handshakeFaults: readonly HandshakeFault[] = [];
  let end: CloseInfo | undefined;
  let tcpEnd: TcpEnd | undefined;
  let ready = false;
  let announceReady: () => void = () => undefined;
  const readiness = new Promise<void>((resolve) => {
    announceReady = resolve;
  });
  let accepted = false;
  let closeSent = false;
  let closeReceived = false;
  let finished = false;
  const received = { messages: 0, bytes: 0 };
  /** The first frames of the message in progress. */
  let unfinished: WireFrame[] = [];
  const ownFrames = watchOwnFrames(clock);

  const note: Connection["note"] = (entry, atMs) => listener.entry({ atMs, connection: id, ...entry });
  const charge = (check: string, fault: FrameFault, atMs: number): void =>
    listener.violation({
      check,
      connection: id,
      atMs,
      clause: fault.clause,
      expected:
        fault.code === "data-after-close"
          ? "nothing but the end of TCP after a Close frame"
          : "frames as RFC 6455 has them",
      got: fault.message,
      mend: `Write frames as ${fault.clause} has them; most libraries do so by themselves.`,
    });

  const socket = openFrameSocket({
    target: options.target,
    request: options.request,
    clock,
    drawMask: options.drawMask,
    timeoutMs: options.handshakeMs,
    ...(options.early === undefined ? {} : { early: options.early }),
    ...(options.chunks === undefined ? {} : { chunks: options.chunks }),
    offersDeflate: parseExtensions(options.extensions ?? "")?.some(({ name }) => name === DEFLATE) === true,
    listener: {
      response: ({ status, statusLine, atMs }) => {
        accepted = status === 101;
        note({ direction: "received", kind: "handshake", text: statusLine }, atMs);
      },
      frame: onFrame,
      message: onMessage,
      fault: (fault, atMs) => {
        note({ direction: "note", kind: "note", text: fault.message, fault: fault.code }, atMs);
        // What compression is made of was agreed on in the handshake.
        charge(fault.clause.startsWith("RFC 7692") ? "S-HS-07" : "S-FR-13", fault, atMs);
      },
      ended: onTcpEnd,
    },
  });
  for (const entry of sentRequest(options)) note(entry, clock());

  const opened = socket.handshake.then(async (outcome) => {
    handshake = outcome;
    if (outcome.kind === "accepted") {
      handshakeFaults = judgeResponse(
        outcome.response,
        options.key,
        options.subprotocols,
        options.extensions,
      );
      if (options.opening !== undefined) sendText(options.opening);
      if (layer.readyAtOpen) ready = true;
      else await within(Promise.race([readiness, socket.closed]), options.handshakeMs, options.signal);
      return;
    }
    const refused = outcome.kind === "refused" ? outcome.response : undefined;
    const atMs = outcome.kind === "refused" ? outcome.response.atMs : outcome.atMs;
    if (outcome.kind !== "refused") {
      note({ direction: "note", kind: "handshake", text: outcome.message }, atMs);
    }
    endWith({
      by: "subject",
      how: "refused",
      atMs,
      ...(refused === undefined ? {} : { status: refused.status }),
    });
  });

  function isOver(): boolean {
    return end !== undefined || tcpEnd !== undefined;
  }

  function endWith(info: CloseInfo): void {
    if (end !== undefined) return;
    end = info;
    listener.ended(info);
    listener.changed();
  }

  function onFrame(frame: WireFrame): void {
    remember(frames, frame);
    if (isData(frame)) {
      if (frame.opcode !== OPCODE.continuation) unfinished = [];
      if (unfinished.length < NOTED_FRAMES) unfinished.push(frame);
      if (closeReceived) afterClose(frame);
      listener.changed();
      return;
    }
    const shown = {
      direction: "received",
      text: printable(frame.payload),
      ...notedFrames([frame]),
    } as const;
    switch (frame.opcode) {
      case OPCODE.ping:
        note({ ...shown, kind: "ping" }, frame.atMs);
        ownFrames.whenControl(() => {
          if (options.answerPings && !closeSent) sendFrame({ opcode: OPCODE.pong, payload: frame.payload });
        });
        break;
      case OPCODE.pong:
        note({ ...shown, kind: "pong" }, frame.atMs);
        if (!SIGN_OF_LIFE.equals(frame.payload))
          remember(pongs, { atMs: frame.atMs, payload: frame.payload });
        break;
      case OPCODE.close:
        onClose(frame);
        break;
      default:
        note({ ...shown, kind: "raw" }, frame.atMs);
        if (closeReceived) afterClose(frame);
    }
    listener.changed();
  }

  function afterClose(frame: WireFrame): void {
    const message = `a ${opcodeName(frame.opcode)} frame after the Close frame`;
    charge("S-FR-19", { code: "data-after-close", clause: "RFC 6455 5.5.1", message }, frame.atMs);
  }

  /** What came of a message that never became whole stands in the transcript as well. */
  function noteUnfinished(atMs: number): void {
    if (unfinished.length === 0) return;
    const text = `${unfinished.length} frames of an unfinished message`;
    note({ direction: "received", kind: "raw", text, ...notedFrames(unfinished) }, atMs);
    unfinished = [];
  }

  function onClose(frame: WireFrame): void {
    const { code, reason, faults } = parseClose(frame.payload);
    const ours = closeSent;
    closeReceived = true;
    const text = code === undefined ? "no code" : `${code} ${reason}`.trim();
    note({ direction: "received", kind: "close", text, ...notedFrames([frame]) }, frame.atMs);
    for (const fault of faults) charge("S-FR-13", fault, frame.atMs);
    if (!ours) ownFrames.whenControl(() => sendClose(faults.length > 0 ? 1002 : code, ""));
    endWith({
      by: ours ? "kit" : "subject",
      how: "close",
      ...(code === undefined ? {} : { code }),
      ...(reason === "" ? {} : { reason }),
      atMs: frame.atMs,
    });
  }

  function onTcpEnd(ended: TcpEnd): void {
    tcpEnd = ended;
    noteUnfinished(ended.atMs);
    const text = { fin: "FIN", rst: "RST", local: "ended by the kit" }[ended.how];
    note({ direction: ended.how === "local" ? "note" : "received", kind: "tcp", text }, ended.atMs);
    // Without a session there is none to end: what became of the handshake is told when it is settled.
    if (accepted) {
      if (ended.how === "local") endWith({ by: "kit", how: "rst", atMs: ended.atMs });
      else endWith({ by: closeSent ? "kit" : "subject", how: ended.how, atMs: ended.atMs });
    }
    listener.changed();
  }

  function onMessage(message: WireMessage): void {
    const { atMs, text } = message;
    if (closeReceived) {
      noteUnfinished(atMs);
      return;
    }
    const wire = notedFrames(unfinished);
    unfinished = [];
    received.messages += 1;
    received.bytes += message.bytes.length;
    if (received.messages > FLOOD.messages || received.bytes > FLOOD.bytes) {
      if (end === undefined) flooded(atMs);
      return;
    }
    if (text === undefined) {
      listener.frame(message.bytes, atMs, wire);
      return;
    }
    const reading = layer.read(text);
    if (reading.kind === "frame") {
      listener.frame(reading.text, atMs, wire);
      answer(reading.answer);
      return;
    }
    const fault = reading.kind === "fault" ? { fault: reading.message } : {};
    note({ direction: "received", kind: "text", text, ...wire, ...fault }, atMs);
    switch (reading.kind) {
      case "transport":
        answer(reading.answer);
        if (reading.ready === true) {
          ready = true;
          announceReady();
        }
        break;
      case "acknowledgement":
        listener.acknowledgement(reading.id, reading.json, atMs);
        break;
      case "goodbye":
        endWith({ by: closeSent ? "kit" : "subject", how: "close", reason: reading.reason, atMs });
        break;
      case "fault":
        listener.violation({
          check: "S-CD-02",
          connection: id,
          atMs,
          clause: "Socket.IO protocol 5",
          expected: reading.message,
          got: excerpt(text),
        });
    }
    listener.changed();
  }

  /** What the transport is owed. */
  function answer(text: string | undefined): void {
    if (text === undefined) return;
    ownFrames.whenText(() => {
      if (!closeSent) sendText(text);
    });
  }

  function flooded(atMs: number): void {
    const text = `flood: more than ${FLOOD.messages} messages or ${FLOOD.bytes} bytes; the kit ends the connection`;
    note({ direction: "note", kind: "note", text }, atMs);
    socket.reset();
  }

  function sendText(text: string): void {
    const payload = new TextEncoder().encode(text);
    const { deflate } = socket;
    const bytes = socket.send(
      deflate === undefined
        ? { opcode: OPCODE.text, payload }
        : { opcode: OPCODE.text, rsv: 4, payload: deflate(payload) },
    );
    note({ direction: "sent", kind: "text", text, ...sentFrame(bytes) }, clock());
  }

  function sendFrame(spec: FrameSpec, label?: string): void {
    if (spec.opcode === OPCODE.close) closeSent = true;
    const bytes = socket.send(spec);
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

  function close(code?: number, reason = ""): void {
    if (isOver() || closeSent) return;
    if (layer.goodbye !== undefined && ready) sendText(layer.goodbye);
    sendClose(code, reason);
  }

  return {
    opened,
    requested: socket.requested,
    get bytesReceived() {
      return socket.bytesReceived;
    },
    frames,
    pongs,
    get handshake() {
      return handshake;
    },
    get handshakeFaults() {
      return handshakeFaults;
    },
    get end() {
      return end;
    },
    get tcpEnd() {
      return tcpEnd;
    },
    isOver,
    note,
    send: (text, ackId) => sendText(layer.write(text, ackId)),
    sendText,
    get deflate() {
      return socket.deflate;
    },
    sendFrame,
    signOfLife() {
      if (ownFrames.takesControl() && !closeSent && !finished) {
        sendFrame({ opcode: OPCODE.ping, payload: SIGN_OF_LIFE }, "a sign of life");
      }
    },
    takesText: () => ownFrames.takesText() && !closeSent && !finished,
    whenText: ownFrames.whenText,
    get heldSince() {
      return ownFrames.heldSince;
    },
    sendRaw(bytes, label) {
      socket.write(bytes);
      if (accepted) ownFrames.wrote(bytes);
      note({ direction: "sent", kind: "raw", text: label, ...sentBytes(bytes) }, clock());
    },
    close,
    finishRequest(more, label) {
      note({ direction: "sent", kind: "raw", text: label, ...sentBytes(more) }, clock());
      socket.finishRequest(more);
    },
    pause() {
      note({ direction: "note", kind: "tcp", text: "the kit stops reading" }, clock());
      socket.pause();
    },
    resume() {
      note({ direction: "note", kind: "tcp", text: "the kit reads on" }, clock());
      socket.resume();
    },
    finish() {
      finished = true;
      note({ direction: "sent", kind: "tcp", text: "FIN" }, clock());
      socket.finish();
    },
    reset() {
      note({ direction: "sent", kind: "tcp", text: "RST" }, clock());
      endWith({ by: "kit", how: "rst", atMs: clock() });
      socket.reset();
    },
    async dispose() {
      if (tcpEnd === undefined && handshake.kind === "accepted") {
        close(1000);
        await within(socket.closed, GOODBYE.closeMs, options.signal);
      }
      socket.reset();
      const gone = socket.closed.then(() => true);
      return (await within(gone, GOODBYE.socketMs)) === true;
    },
  };
}

function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > REMEMBERED) list.shift();
}
