/**
 * The kit's own side of one connection: sends what it is told, answers what the protocols oblige it to answer, and lets
 * nothing pass unseen: transcript, judge, Monitor. It draws no conclusion.
 */
import type { Endpoint, Json } from "../src/contract/contract.js";
import { valueAt } from "../src/contract/pointer.js";
import { hex, printable } from "./bytes.js";
import type {
  Acknowledgement,
  CaseViolation,
  CloseInfo,
  ReceivedMessage,
  ReceivedPong,
  Tester,
} from "./check.js";
import type { Filling } from "./exchange.js";
import { closeBody, parseClose } from "./frames/close.js";
import { type FrameFault, OPCODE, opcodeName, type WireFrame } from "./frames/frame.js";
import { type HandshakeFault, type HandshakeRequest, judgeResponse } from "./frames/handshake.js";
import type { WireMessage } from "./frames/message.js";
import { type HandshakeOutcome, openFrameSocket, type Target, type TcpEnd } from "./frames/socket.js";
import { RunAborted } from "./interruption.js";
import { excerpt, HarnessFault, type Judge } from "./judge.js";
import { layerOf } from "./layer.js";
import type { ConnectionMonitor } from "./monitor.js";
import { ordinaryPayload } from "./payloads.js";
import { type Clock, delay, within } from "./time.js";
import type { TranscriptEntry } from "./transcript.js";
import { createWaiting, reasonOf } from "./waiting.js";

/** After so much from one connection the kit stops reading and ends it: a flood is no reason to run out of memory. */
export const FLOOD = { messages: 20_000, bytes: 96 * 1024 * 1024 } as const;

/** How many wire frames and pongs a Tester remembers. */
const REMEMBERED = 1000;

/** How long a teardown waits for the answer to its Close (milliseconds). */
const GOODBYE_MS = 200;

/** What {@link openTester} needs. */
export interface TesterOptions {
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly judge: Judge;
  readonly monitor: ConnectionMonitor;
  readonly target: Target;
  readonly request: HandshakeRequest;
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly early?: Uint8Array;
  readonly handshakeMs: number;
  readonly answerHeartbeat: boolean;
  /** What an answer to the subject's heartbeat is filled with. */
  readonly filling: Filling;
  readonly clock: Clock;
  readonly drawMask: () => Uint8Array;
  readonly signal: AbortSignal;
  /** All time (milliseconds) that the kit's own loop has lost: it is not the subject's. */
  readonly lost: () => number;
  /** Silence after which the subject may give this connection up (milliseconds), if it declares any. */
  readonly patienceMs: number | undefined;
  readonly observer: TesterObserver;
}

/** Who is told what the Tester sees. */
export interface TesterObserver {
  entry(entry: TranscriptEntry): void;
  violation(violation: CaseViolation): void;
  /** A message was judged. */
  judged(valid: boolean): void;
  /** The subject took so long (milliseconds) for the first message after something was sent. */
  answered(ms: number): void;
}

/** A Tester with the handles that only its Case uses. */
export interface OwnedTester extends Tester {
  /** Resolves once the session is open, refused or over. */
  readonly opened: Promise<void>;
  /** True once frames of the contract may be sent. */
  readonly ready: boolean;
  /** Ends the connection and says whether the system has let its socket go. */
  dispose(): Promise<boolean>;
}

/** Opens a connection. Never rejects: a refused one has an `end`. */
export function openTester(options: TesterOptions): OwnedTester {
  const { clock, endpoint, id, judge, monitor, observer, signal } = options;
  const layer = layerOf(endpoint, options.answerHeartbeat);
  const waiting = createWaiting(signal, options.lost);
  const messages: ReceivedMessage[] = [];
  const frames: WireFrame[] = [];
  const pongs: ReceivedPong[] = [];
  const acknowledgements = new Map<number, Acknowledgement>();
  let handshake: HandshakeOutcome = { kind: "timeout", message: "not yet answered", atMs: clock() };
  let handshakeFaults: readonly HandshakeFault[] = [];
  let end: CloseInfo | undefined;
  let tcpEnd: TcpEnd | undefined;
  let ready = false;
  let closeSentAt: number | undefined;
  let closeReceived = false;
  let disposing = false;
  let cursor = 0;
  let floodBytes = 0;
  let nextAck = 0;
  const openedAt = clock();
  let lastSentAt: number | undefined;
  let unansweredSince: number | undefined;

  const write = (entry: Omit<TranscriptEntry, "connection" | "atMs">, atMs = clock()): void => {
    observer.entry({ atMs, connection: id, ...entry });
  };

  const endWith = (given: CloseInfo): void => {
    if (end !== undefined) return;
    // A side that hears nothing may give the connection up: that close needs no other explanation.
    const silentMs = given.atMs - (lastSentAt ?? openedAt);
    const patient = options.patienceMs !== undefined && silentMs >= 0.9 * options.patienceMs;
    const explained = given.by === "subject" && (patient || !options.answerHeartbeat);
    const info: CloseInfo = explained ? { ...given, explained: true } : given;
    end = info;
    if (!disposing) monitor.closed({ ...info, atMs: monitorTime(info.atMs) });
    waiting.changed();
  };

  // A frame may wait in the kernel while the kit's loop is late: the clocks of the contract stand still meanwhile.
  const monitorTime = (atMs: number): number => atMs - options.lost();

  const charge = (check: string, fault: FrameFault, atMs: number): void => {
    observer.violation({
      check,
      connection: id,
      atMs,
      clause: fault.clause,
      expected: "frames as RFC 6455 has them",
      got: fault.message,
    });
  };

  const socket = openFrameSocket({
    target: options.target,
    request: options.request,
    clock,
    drawMask: options.drawMask,
    timeoutMs: options.handshakeMs,
    ...(options.early === undefined ? {} : { early: options.early }),
    listener: {
      frame: onFrame,
      message: onMessage,
      fault: (fault, atMs) => {
        write({ direction: "note", kind: "note", text: fault.message, fault: fault.code }, atMs);
        charge("S-FR-13", fault, atMs);
      },
      ended: onTcpEnd,
    },
  });
  write({
    direction: "sent",
    kind: "handshake",
    text: `${options.request.method ?? "GET"} ${options.request.target}`,
  });

  const opened = socket.handshake.then(async (outcome) => {
    handshake = outcome;
    if (outcome.kind === "accepted") {
      handshakeFaults = judgeResponse(outcome.response, options.key, options.subprotocols);
      if (layer.readyAtOpen) ready = true;
      else
        await waiting
          .until(() => (ready ? true : undefined), options.handshakeMs, isOver)
          .catch(() => undefined);
      return;
    }
    const atMs = outcome.kind === "refused" ? outcome.response.atMs : outcome.atMs;
    const text = outcome.kind === "refused" ? outcome.response.statusLine : outcome.message;
    write({ direction: outcome.kind === "refused" ? "received" : "note", kind: "handshake", text }, atMs);
    const status = outcome.kind === "refused" ? { status: outcome.response.status } : {};
    endWith({ by: "subject", how: "refused", atMs, ...status });
  });

  function isOver(): boolean {
    return end !== undefined || tcpEnd !== undefined;
  }

  function onFrame(frame: WireFrame): void {
    frames.push(frame);
    if (frames.length > REMEMBERED) frames.shift();
    if (frame.opcode === OPCODE.ping) {
      write(
        { direction: "received", kind: "ping", text: printable(frame.payload), bytes: hexOf(frame) },
        frame.atMs,
      );
      if (options.answerHeartbeat && closeSentAt === undefined) {
        sendFrame({ opcode: OPCODE.pong, payload: frame.payload }, "pong");
      }
    } else if (frame.opcode === OPCODE.pong) {
      write(
        { direction: "received", kind: "pong", text: printable(frame.payload), bytes: hexOf(frame) },
        frame.atMs,
      );
      pongs.push({ atMs: frame.atMs, payload: frame.payload });
      if (pongs.length > REMEMBERED) pongs.shift();
    } else if (frame.opcode === OPCODE.close) {
      onClose(frame);
    } else if (closeReceived) {
      const fault = {
        code: "data-after-close",
        clause: "RFC 6455 5.5.1",
        message: `a ${opcodeName(frame.opcode)} frame after the Close frame`,
      } as const;
      charge("S-FR-19", fault, frame.atMs);
    }
    waiting.changed();
  }

  function onClose(frame: WireFrame): void {
    const body = parseClose(frame.payload);
    closeReceived = true;
    const said = body.code === undefined ? "no code" : `${body.code} ${body.reason}`.trim();
    write({ direction: "received", kind: "close", text: said, bytes: hexOf(frame) }, frame.atMs);
    for (const fault of body.faults) charge("S-FR-13", fault, frame.atMs);
    const mine = closeSentAt !== undefined;
    if (!mine) sendClose(body.faults.length > 0 ? 1002 : body.code, "");
    endWith({
      by: mine ? "kit" : "subject",
      how: "close",
      ...(body.code === undefined ? {} : { code: body.code }),
      ...(body.reason === "" ? {} : { reason: body.reason }),
      atMs: frame.atMs,
    });
  }

  function onTcpEnd(ended: TcpEnd): void {
    tcpEnd = ended;
    const word = { fin: "FIN", rst: "RST", local: "ended by the kit" }[ended.how];
    write({ direction: ended.how === "local" ? "note" : "received", kind: "tcp", text: word }, ended.atMs);
    if (ended.how === "local") endWith({ by: "kit", how: "rst", atMs: ended.atMs });
    else if (handshake.kind === "accepted" || frames.length > 0) {
      endWith({ by: closeSentAt === undefined ? "subject" : "kit", how: ended.how, atMs: ended.atMs });
    }
    waiting.changed();
  }

  function onMessage(message: WireMessage): void {
    if (closeReceived) return;
    floodBytes += message.bytes.length;
    if (messages.length >= FLOOD.messages || floodBytes > FLOOD.bytes) {
      if (end === undefined) {
        write({
          direction: "note",
          kind: "note",
          text: `flood: more than ${FLOOD.messages} messages or ${FLOOD.bytes} bytes; the kit ends the connection`,
        });
        socket.reset();
      }
      return;
    }
    if (message.text === undefined) {
      onFrameOfContract(message.bytes, message.atMs, "binary");
      return;
    }
    const reading = layer.read(message.text);
    switch (reading.kind) {
      case "frame":
        onFrameOfContract(reading.text, message.atMs, "text");
        return;
      case "transport":
        write({ direction: "received", kind: "text", text: message.text }, message.atMs);
        if (reading.answer !== undefined) sendText(reading.answer);
        if (reading.ready === true) ready = true;
        break;
      case "acknowledgement":
        write({ direction: "received", kind: "text", text: message.text }, message.atMs);
        acknowledgements.set(reading.id, { atMs: message.atMs, payload: firstArgument(reading.json) });
        break;
      case "goodbye":
        write({ direction: "received", kind: "text", text: message.text }, message.atMs);
        endWith({
          by: closeSentAt === undefined ? "subject" : "kit",
          how: "close",
          reason: reading.reason,
          atMs: message.atMs,
        });
        break;
      case "fault":
        write(
          { direction: "received", kind: "text", text: message.text, fault: reading.message },
          message.atMs,
        );
        observer.violation({
          check: "S-CD-02",
          connection: id,
          atMs: message.atMs,
          clause: "Socket.IO protocol 5",
          expected: reading.message,
          got: excerpt(message.text),
        });
    }
    waiting.changed();
  }

  function onFrameOfContract(frame: string | Uint8Array, atMs: number, kind: "text" | "binary"): void {
    if (unansweredSince !== undefined) {
      observer.answered(atMs - unansweredSince);
      unansweredSince = undefined;
    }
    const judgement = judge.received(frame);
    // Where the document declares no event there is nothing to hold the frame against.
    const fault = endpoint.events.length === 0 ? undefined : judgement.fault;
    observer.judged(fault === undefined);
    const text = typeof frame === "string" ? frame : excerpt(frame);
    messages.push({
      atMs,
      connection: id,
      text,
      result: judgement.result,
      names: judgement.names,
      payload: judgement.payload,
    });
    write(
      {
        direction: "received",
        kind,
        text,
        names: judgement.names,
        ...(fault === undefined ? {} : { fault: `${fault.check}: ${fault.got}` }),
      },
      atMs,
    );
    if (!disposing) {
      if (fault !== undefined) observer.violation({ connection: id, atMs, ...fault });
      monitor.received(judgement, monitorTime(atMs));
      answerHeartbeat(judgement.names, judgement.payload);
    }
    waiting.changed();
  }

  function answerHeartbeat(names: readonly string[], payload: unknown): void {
    const beat = endpoint.heartbeat;
    if (!options.answerHeartbeat || beat?.mode !== "application" || beat.initiator !== "server") return;
    if (beat.ping === undefined || beat.pong === undefined || !names.includes(beat.ping) || isOver()) return;
    const ping = endpoint.events.find((message) => message.name === beat.ping);
    const token = ping?.correlation === undefined ? undefined : valueAt(payload, ping.correlation);
    // The token came out of JSON.parse: it is Json, or absent.
    const answer = ordinaryPayload(judge, beat.pong, options.filling, 1, token as Json | undefined);
    if (answer !== undefined) tester.command(beat.pong, answer);
  }

  function sendText(text: string): void {
    sendFrame({ opcode: OPCODE.text, payload: new TextEncoder().encode(text) }, undefined, text);
  }

  function sendFrame(spec: Parameters<typeof socket.send>[0], label?: string, text?: string): void {
    const bytes = socket.send(spec);
    const kind =
      spec.opcode === OPCODE.ping
        ? "ping"
        : spec.opcode === OPCODE.pong
          ? "pong"
          : spec.opcode === OPCODE.close
            ? "close"
            : spec.opcode === OPCODE.text && text !== undefined
              ? "text"
              : "raw";
    write({
      direction: "sent",
      kind,
      text: text ?? label ?? printable(spec.payload ?? new Uint8Array(0)),
      bytes: hex(bytes),
    });
  }

  function sendClose(code: number | undefined, reason: string): void {
    if (closeSentAt !== undefined) return;
    closeSentAt = clock();
    const label = code === undefined ? "no code" : `${code} ${reason}`.trim();
    sendFrame({ opcode: OPCODE.close, payload: closeBody(code, reason) }, label);
  }

  function markSent(): void {
    lastSentAt = clock();
    unansweredSince ??= lastSentAt;
  }

  const tester: OwnedTester = {
    id,
    opened,
    get ready() {
      return ready;
    },
    monitor: monitor.lifecycle,
    messages,
    frames,
    pongs,
    get end() {
      return end;
    },
    get tcpEnd() {
      return tcpEnd;
    },
    get handshake() {
      return handshake;
    },
    get handshakeFaults() {
      return handshakeFaults;
    },
    get headers() {
      return handshake.kind === "accepted" || handshake.kind === "refused" ? handshake.response.headers : {};
    },
    command(name, payload) {
      const text = judge.frameOf(name, payload);
      tester.text(text, "command", commandIn(judge, text, name));
    },
    text(text, kind, what) {
      tester.tell(kind, what);
      markSent();
      sendText(layer.write(text));
    },
    tell(kind, what) {
      if (kind !== "none") monitor.sent(kind, what, monitorTime(clock()));
    },
    async ack(name, payload, timeoutMs) {
      if (endpoint.protocol.transport !== "socket.io") {
        throw new HarnessFault(`"${name}" cannot be acknowledged: only Socket.IO has acknowledgements.`);
      }
      const text = judge.frameOf(name, payload);
      const ackId = nextAck;
      nextAck += 1;
      tester.tell("command", commandIn(judge, text, name));
      markSent();
      sendText(layer.write(text, ackId));
      return waiting.until(() => acknowledgements.get(ackId), timeoutMs, isOver);
    },
    raw(bytes, label) {
      markSent();
      socket.write(bytes);
      write({ direction: "sent", kind: "raw", text: label, bytes: hex(bytes) });
    },
    frame(spec, label) {
      if (spec.opcode === OPCODE.close) closeSentAt ??= clock();
      markSent();
      sendFrame(spec, label);
    },
    ping(payload) {
      sendFrame({ opcode: OPCODE.ping, payload });
    },
    async pong(payload, timeoutMs) {
      const wanted = Buffer.from(payload);
      const found = await waiting.until(
        () => pongs.find((pong) => wanted.equals(pong.payload)),
        timeoutMs,
        isOver,
      );
      return found !== undefined;
    },
    close(code, reason = "") {
      if (isOver()) return;
      if (layer.goodbye !== undefined && ready) sendText(layer.goodbye);
      sendClose(code, reason);
      if (!disposing) monitor.closed({ by: "kit", how: "close", atMs: monitorTime(clock()) });
    },
    destroy() {
      endWith({ by: "kit", how: "rst", atMs: clock() });
      socket.reset();
    },
    async next(fits, timeoutMs, from) {
      let index = from ?? cursor;
      const found = await waiting.until(
        () => {
          for (; index < messages.length; index += 1) {
            const message = messages[index];
            if (message !== undefined && fits(message)) {
              cursor = Math.max(cursor, index + 1);
              return message;
            }
          }
          return undefined;
        },
        timeoutMs,
        isOver,
      );
      return found;
    },
    ended(timeoutMs) {
      return waiting.until(() => end, timeoutMs);
    },
    async wait(ms) {
      await delay(ms, signal);
      if (signal.aborted) throw new RunAborted(reasonOf(signal));
    },
    now: clock,
    async dispose() {
      disposing = true;
      if (tcpEnd === undefined && handshake.kind === "accepted" && closeSentAt === undefined) {
        if (layer.goodbye !== undefined && ready) sendText(layer.goodbye);
        sendClose(1000, "");
      }
      if (tcpEnd === undefined && handshake.kind === "accepted")
        await within(socket.closed, GOODBYE_MS, signal);
      socket.reset();
      return (
        (await within(
          socket.closed.then(() => true),
          2000,
        )) === true
      );
    },
  };
  return tester;
}

function commandIn(judge: Judge, text: string, name: string): { names: readonly string[]; payload: unknown } {
  const result = judge.commands.judge(text);
  const value = result.ok ? result.value : undefined;
  // frameOf has judged the same text: it is accepted, and under Socket.IO element 1 is the payload.
  const payload =
    judge.endpoint.protocol.transport === "socket.io" && Array.isArray(value) ? value[1] : value;
  return { names: result.ok ? result.messages : [name], payload };
}

function firstArgument(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value[0] : undefined;
  } catch {
    return undefined;
  }
}

function hexOf(frame: WireFrame): string {
  return hex(Buffer.concat([frame.header, frame.payload.subarray(0, 1024)]));
}
