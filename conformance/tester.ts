/**
 * The kit's own side of one connection, as checks see it: sends commands by name, judges what comes, and tells the
 * Monitor. It answers the subject's heartbeat and draws no conclusion.
 */
import type { Endpoint, Json } from "../src/contract/contract.js";
import { valueAt } from "../src/contract/pointer.js";
import type { Acknowledgement, CaseViolation, CloseInfo, ReceivedMessage, Tester } from "./check.js";
import { openConnection } from "./connection.js";
import type { Filling } from "./exchange.js";
import { OPCODE } from "./frames/frame.js";
import { RunAborted } from "./interruption.js";
import { excerpt, HarnessFault, type Judge } from "./judge.js";
import { layerOf } from "./layer.js";
import type { ConnectionOptions, WireNote } from "./line.js";
import type { ConnectionMonitor } from "./monitor.js";
import { type Findings, openPassiveWatch } from "./passive-watch.js";
import { ordinaryPayload } from "./payloads.js";
import { openPollingConnection, type PollingTransport } from "./socket-io/polling-connection.js";
import { delay } from "./time.js";
import type { TranscriptEntry } from "./transcript.js";
import { createWaiting, reasonOf } from "./waiting.js";

/** What {@link openTester} needs, beside what its connection needs. */
export interface TesterOptions extends Omit<ConnectionOptions, "layer" | "listener" | "answerPings"> {
  readonly endpoint: Endpoint;
  readonly judge: Judge;
  readonly monitor: ConnectionMonitor;
  /** Whether the subject's pings are answered: of its heartbeat, of its transport, of RFC 6455. */
  readonly answerHeartbeat: boolean;
  /** False: signs of life are the check's own business. */
  readonly beats?: boolean;
  /** What an answer to the subject's heartbeat is filled with. */
  readonly filling: Filling;
  /** All time (milliseconds) that the kit's own loop has lost: it is not the subject's. */
  readonly lost: () => number;
  /** Silence after which the subject may give this connection up (milliseconds), if it declares any. */
  readonly patienceMs: number | undefined;
  /** A ping of the subject left unanswered for so long lets it give this connection up (milliseconds), if it declares that. */
  readonly answerWithinMs?: number | undefined;
  /** Under Socket.IO: the session begins by long polling, and stays there or is upgraded. */
  readonly transport?: PollingTransport;
  readonly observer: TesterObserver;
}

/** Who is told what the Tester sees. */
export interface TesterObserver {
  entry(entry: TranscriptEntry): void;
  violation(violation: CaseViolation): void;
  /** A message was judged. */
  judged(valid: boolean, names: readonly string[]): void;
  /** What is judged on every connection had something to judge, or noticed something that is no verdict. */
  passively(check: string, notice?: string): void;
  /** The subject took so long (milliseconds) for the first message after something was sent. */
  answered(ms: number): void;
}

/** A Tester with the handles that only its Case uses. */
export interface OwnedTester extends Tester {
  /** Resolves once the session is open, refused or over. */
  readonly opened: Promise<void>;
  /** Resolves once as much of the request as is to be sent has been sent, or the connection is over. */
  readonly requested: Promise<void>;
  /** Ends the connection and says whether the system has let its socket go. What comes now is not judged. */
  dispose(): Promise<boolean>;
}

/** Opens a connection. Never rejects: a refused one has an `end`. */
export function openTester(options: TesterOptions): OwnedTester {
  const { clock, endpoint, id, judge, monitor, observer, signal } = options;
  const waiting = createWaiting(signal, options.lost);
  const messages: ReceivedMessage[] = [];
  const acknowledgements = new Map<number, Acknowledgement>();
  const watch = openPassiveWatch(judge);
  if (options.early !== undefined) watch.sentBytes();
  const openedAt = clock();
  let end: CloseInfo | undefined;
  let disposing = false;
  let cursor = 0;
  let nextAck = 0;
  let lastSentAt: number | undefined;
  let lastBeatAt: number | undefined;
  let lastWrittenAt = openedAt;
  let unansweredSince: number | undefined;

  // A frame may wait in the kernel while the kit's loop is late: the clocks of the contract stand still meanwhile.
  const monitorTime = (atMs: number): number => atMs - options.lost();

  const { transport } = options;
  const connectionOptions: ConnectionOptions = {
    ...options,
    answerPings: options.answerHeartbeat,
    layer: layerOf(endpoint, options.answerHeartbeat),
    listener: {
      entry: (entry) => {
        if (entry.direction === "sent") lastWrittenAt = entry.atMs;
        observer.entry(entry);
      },
      violation: observer.violation,
      frame: onFrame,
      acknowledgement: (ackId, json, atMs) => {
        acknowledgements.set(ackId, { atMs, payload: firstArgument(json) });
      },
      ended: onEnd,
      changed: waiting.changed,
    },
  };
  const connection =
    transport === undefined
      ? openConnection(connectionOptions)
      : openPollingConnection(connectionOptions, transport);

  function onEnd(info: CloseInfo): void {
    end = explained(info);
    if (!disposing) monitor.closed({ ...end, atMs: monitorTime(end.atMs) });
    if (info.reason !== undefined) settle(watch.said("the reason of a close", info.reason), info.atMs);
  }

  function settle({ violations, judged, notices }: Findings, atMs: number): void {
    for (const check of judged) observer.passively(check);
    for (const { check, text } of notices) observer.passively(check, text);
    for (const violation of violations) observer.violation({ connection: id, atMs, ...violation });
  }

  /** A side that hears nothing may give the connection up: that end needs no other explanation. */
  function explained(info: CloseInfo): CloseInfo {
    const { answerHeartbeat, answerWithinMs, patienceMs } = options;
    const { patience } = endpoint.heartbeat ?? {};
    const { handshake } = connection;
    // A session is silent from its handshake on: what went before it is the subject's time.
    const begun = handshake.kind === "accepted" ? handshake.response.atMs : openedAt;
    const since = (from: number | undefined, bound: number | undefined): boolean =>
      bound !== undefined && info.atMs - (from ?? begun) >= NEARLY * bound;
    const ranOut = since(patience?.life === "ping" ? lastBeatAt : lastSentAt, patienceMs);
    const owed = connection.heldSince !== undefined && since(connection.heldSince, answerWithinMs);
    // Where time runs faster than declared, a server that gets no processor may read a sign of life too late.
    const hurried = patienceMs !== undefined && patience !== undefined && patienceMs < patience.ms;
    const starved =
      hurried && info.code !== undefined && info.code === patience.close && since(begun, patienceMs);
    // A session that never was owes nothing, and nobody gave it up for being silent.
    if (info.by === "kit" || info.how === "refused") return info;
    if (answerHeartbeat && !ranOut && !owed && !starved) return info;
    return { ...info, explained: true };
  }

  function onFrame(frame: string | Uint8Array, atMs: number, wire: WireNote): void {
    if (unansweredSince !== undefined) {
      observer.answered(atMs - unansweredSince);
      unansweredSince = undefined;
    }
    const judgement = judge.received(frame);
    const { names, payload, result } = judgement;
    // Where the document declares no event there is nothing to hold the frame against.
    const fault = endpoint.events.length === 0 ? undefined : judgement.fault;
    const text = typeof frame === "string" ? frame : excerpt(frame);
    observer.judged(fault === undefined, names);
    messages.push({ atMs, connection: id, text, result, names, payload });
    // The Monitor looks first: what it finds stands beside the message in the transcript.
    const seen = disposing ? [] : monitor.received(judgement, monitorTime(atMs));
    const broken = seen.find(({ late }) => late !== true);
    const found = fault ?? broken;
    const shown = found === undefined ? {} : { fault: `${found.check}: ${found.got}` };
    connection.note(
      {
        direction: "received",
        kind: typeof frame === "string" ? "text" : "binary",
        text,
        names,
        ...wire,
        ...shown,
      },
      atMs,
    );
    if (!disposing) {
      if (fault !== undefined) observer.violation({ connection: id, atMs, ...fault });
      settle(watch.received({ names, payload, text }), atMs);
      answerHeartbeat(names, payload);
    }
    waiting.changed();
  }

  function answerHeartbeat(names: readonly string[], payload: unknown): void {
    const beat = endpoint.heartbeat;
    if (!options.answerHeartbeat || beat?.mode !== "application" || beat.initiator !== "server") return;
    const { ping, pong } = beat;
    if (ping === undefined || pong === undefined || !names.includes(ping) || connection.isOver()) return;
    const pointer = endpoint.events.find((message) => message.name === ping)?.correlation;
    // The token came out of JSON.parse: it is Json, or absent.
    const token = pointer === undefined ? undefined : (valueAt(payload, pointer) as Json | undefined);
    const answer = ordinaryPayload(judge, pong, options.filling, 1, token);
    if (answer === undefined) return;
    const send = (): void => {
      if (!connection.isOver()) tester.command(pong, answer);
    };
    if (connection.whenText === undefined) send();
    else connection.whenText(send);
  }

  function markSent(): void {
    lastSentAt = clock();
    unansweredSince ??= lastSentAt;
  }

  const tester: OwnedTester = {
    id,
    opened: connection.opened,
    requested: connection.requested,
    get monitor() {
      return monitor.lifecycle;
    },
    messages,
    get frames() {
      return connection.frames;
    },
    get pongs() {
      return connection.pongs;
    },
    get end() {
      return end;
    },
    get tcpEnd() {
      return connection.tcpEnd;
    },
    get handshake() {
      return connection.handshake;
    },
    get deflate() {
      return connection.deflate;
    },
    target: options.request.target,
    get handshakeFaults() {
      return connection.handshakeFaults;
    },
    get headers() {
      const { handshake } = connection;
      return handshake.kind === "accepted" || handshake.kind === "refused" ? handshake.response.headers : {};
    },
    command(name, payload) {
      const text = judge.frameOf(name, payload);
      tester.text(text, "command", commandIn(judge, text, name));
    },
    text(text, kind, what) {
      const ping = endpoint.heartbeat?.ping;
      if (ping !== undefined && what?.names.includes(ping) === true) lastBeatAt = clock();
      tester.tell(kind, what);
      watch.sent(kind, { text });
      markSent();
      connection.send(text);
    },
    tell(kind, what) {
      if (kind !== "none") monitor.sent(kind, what, monitorTime(clock()));
      if (what !== undefined || kind === "anything") watch.sent(kind, { payload: what?.payload });
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
      connection.send(text, ackId);
      return waiting.until(() => acknowledgements.get(ackId), timeoutMs, connection.isOver);
    },
    raw(bytes, label) {
      watch.sentBytes();
      markSent();
      connection.sendRaw(bytes, label);
    },
    frame(spec, label) {
      if (spec.opcode < OPCODE.close) watch.sentBytes();
      markSent();
      connection.sendFrame(spec, label);
    },
    ping(payload) {
      if (endpoint.heartbeat?.mode === "frame") lastBeatAt = clock();
      connection.sendFrame({ opcode: OPCODE.ping, payload });
    },
    async pong(payload, timeoutMs) {
      const wanted = Buffer.from(payload);
      const look = () => connection.pongs.find((pong) => wanted.equals(pong.payload));
      return (await waiting.until(look, timeoutMs, connection.isOver)) !== undefined;
    },
    close(code, reason = "") {
      if (connection.isOver()) return;
      connection.close(code, reason);
      if (!disposing) monitor.closed({ by: "kit", how: "close", atMs: monitorTime(clock()) });
    },
    destroy: connection.reset,
    finishRequest(more, label) {
      markSent();
      connection.finishRequest(more, label);
    },
    pause: connection.pause,
    resume: connection.resume,
    finish: connection.finish,
    get bytesReceived() {
      return connection.bytesReceived;
    },
    next(fits, timeoutMs, from) {
      let index = from ?? cursor;
      const look = (): ReceivedMessage | undefined => {
        for (; index < messages.length; index += 1) {
          const message = messages[index];
          if (message === undefined || !fits(message)) continue;
          cursor = Math.max(cursor, index + 1);
          return message;
        }
        return undefined;
      };
      return waiting.until(look, timeoutMs, connection.isOver);
    },
    ended: (timeoutMs) => waiting.until(() => end, timeoutMs),
    async wait(ms) {
      await delay(ms, signal);
      if (signal.aborted) throw new RunAborted(reasonOf(signal));
    },
    now: clock,
    dispose() {
      disposing = true;
      clearInterval(beats);
      return connection.dispose();
    },
  };
  const beats = keepAlive();

  /** A check that is busy with other things, or slow, must not be cut off for it. */
  function keepAlive(): ReturnType<typeof setInterval> | undefined {
    const { heartbeat } = endpoint;
    const { patienceMs } = options;
    if (heartbeat?.patience === undefined || heartbeat.initiator !== "client") return undefined;
    if (options.beats === false || !options.answerHeartbeat || patienceMs === undefined) return undefined;
    const { life } = heartbeat.patience;
    return setInterval(
      life === "ping" ? beat : () => breathe(patienceMs / 2),
      Math.max(BEAT_MS, patienceMs / (life === "ping" ? 3 : 8)),
    );
  }

  /** Where any frame proves that a client lives, one that means nothing is sent after so long a silence. */
  function breathe(silenceMs: number): void {
    if (connection.isOver()) clearInterval(beats);
    else if (connection.handshake.kind !== "accepted" || clock() - lastWrittenAt < silenceMs) return;
    else connection.signOfLife?.();
  }

  /** Where only pings prove it, one is sent each time. */
  function beat(): void {
    const ping = endpoint.heartbeat?.ping;
    if (connection.isOver()) clearInterval(beats);
    else if (connection.handshake.kind !== "accepted" || connection.takesText?.() === false) return;
    else if (endpoint.heartbeat?.mode === "frame") tester.ping(new Uint8Array(0));
    else if (ping !== undefined) {
      const payload = ordinaryPayload(judge, ping, options.filling, 1);
      const legal = payload !== undefined && monitor.lifecycle.legalNow({ name: ping, payload }) === "legal";
      if (legal) tester.command(ping, payload);
    }
  }

  return tester;
}

/** A silence that comes so near to the declared patience, or further, explains a close (as a share of it). */
const NEARLY = 0.9;

/** The shortest time between two beats that keep a connection alive (milliseconds). */
const BEAT_MS = 100;

/** What the Monitor is told of a frame that the judge accepts: the commands that it may be, and their payload. */
export function commandIn(
  judge: Judge,
  text: string,
  name?: string,
): { names: readonly string[]; payload: unknown } {
  const result = judge.commands.judge(text);
  const value = result.ok ? result.value : undefined;
  // frameOf has judged the same text: it is accepted, and under Socket.IO element 1 is the payload.
  const payload =
    judge.endpoint.protocol.transport === "socket.io" && Array.isArray(value) ? value[1] : value;
  return { names: result.ok ? result.messages : name === undefined ? [] : [name], payload };
}

function firstArgument(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value[0] : undefined;
  } catch {
    return undefined;
  }
}
