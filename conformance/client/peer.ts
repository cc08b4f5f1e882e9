/**
 * The kit's side of one open connection, as checks see it: judges the client's commands, keeps the contract by itself as
 * far as it is to, and says whatever a script wants said. It draws no conclusion.
 */
import type { Claims } from "../../src/arbitrary/speech/claims.js";
import type { Stock } from "../../src/arbitrary/speech/stock.js";
import type { Endpoint, Json } from "../../src/contract/contract.js";
import { payloadOf } from "../../src/contract/payload.js";
import { canonicalJson } from "../../src/contract/same-json.js";
import { hex } from "../bytes.js";
import type { CaseViolation, CloseInfo } from "../check.js";
import { excerpt, HarnessFault, type Judge } from "../judge.js";
import type { WireNote } from "../line.js";
import type { Clock } from "../time.js";
import type { TranscriptEntry } from "../transcript.js";
import { createWaiting } from "../waiting.js";
import type { Attempt, Obliging, Peer, ReceivedCommand } from "./check.js";
import { createClientMonitor, type IllegalCommand } from "./client-monitor.js";
import type { ConnectionOptions, PeerConnection } from "./connection.js";
import type { MaskKeys } from "./mask-keys.js";
import { createObligingServer } from "./obliging.js";
import { acknowledgementOf } from "./socket-io/acknowledgement.js";

/** Who is told what the Peer sees. */
export interface PeerObserver {
  entry(entry: TranscriptEntry): void;
  violation(violation: CaseViolation): void;
  /** A command was judged. */
  judged(valid: boolean, names: readonly string[]): void;
  /** What is judged on every connection had something to judge, or noticed something that is no verdict. */
  passively(check: string, notice?: string): void;
  /** The client has sent a right frame: it takes the connection for open. */
  connected(): void;
  /** The kit itself failed where no script could be told: the case is over with it. */
  failed(error: unknown): void;
  /** The client took so long (milliseconds) to answer a ping. */
  answered(ms: number): void;
  /** The client has ended a connection on which the kit owed it a pong for long. */
  late(what: string): void;
}

/** What the Peers of one case share. */
export interface PeerOptions {
  readonly endpoint: Endpoint;
  readonly judge: Judge;
  readonly stock: Stock;
  readonly claims: Claims;
  readonly maskKeys: MaskKeys;
  readonly timeScale: number;
  readonly advertisedMs: number | undefined;
  /** How often the kit beats over Socket.IO (milliseconds); undefined over a plain WebSocket. */
  readonly engineMs: number | undefined;
  readonly clock: Clock;
  /** All time (milliseconds) that the kit's own loop has lost. */
  readonly lost: () => number;
  readonly signal: AbortSignal;
  readonly observer: PeerObserver;
}

/** A Peer with the handles that only its Attempt uses. */
export interface OwnedPeer extends Peer {
  /** The session begins: what is owed without any command is said, the first event only if it is not out yet. */
  begin(first: boolean): void;
  /** Nothing more is said or judged. */
  dispose(): void;
}

/** Everything by itself, and nothing. */
const ALL: Obliging = { first: true, heartbeat: true, control: true, commands: true };
const NOTHING: Obliging = { first: false, heartbeat: false, control: false, commands: false };

/** Pings of each side that are remembered. */
const MAX_BEATS = 10_000;

/** A pong that is owed for more than this part of the declared time may have been given up. */
const LONG_OWED = 0.5;

/** What an `accept` says of it. */
export function obligingOf(given: boolean | Partial<Obliging> | undefined): Obliging {
  if (given === false) return NOTHING;
  return given === undefined || given === true ? ALL : { ...ALL, ...given };
}

/** Opens what carries a Peer: it answers, and tells, as it is told here. */
export type OpenPeerConnection = (hooks: Pick<ConnectionOptions, "answers" | "listener">) => PeerConnection;

/** Opens the kit's side of a connection whose handshake has been answered. */
export function openPeer(
  attempt: Attempt,
  open: OpenPeerConnection,
  obliging: Obliging,
  options: PeerOptions,
): OwnedPeer {
  const { clock, endpoint, judge, observer } = options;
  const { heartbeat } = endpoint;
  const { id } = attempt;
  const waiting = createWaiting(options.signal, options.lost);
  const commands: ReceivedCommand[] = [];
  const beats: { readonly atMs: number; readonly payload: unknown }[] = [];
  const pings = new Map<string, number>();
  let does = obliging;
  let cursor = 0;
  let blocked = false;
  /** When a ping came that the kit itself is to answer, and has not yet: a message that a check has begun holds its pong back. */
  let owedSince: number | undefined;
  let disposed = false;
  let heardFirst = endpoint.protocol.first === undefined || endpoint.protocol.first === null;

  const connection = open({
    answers: (what) => !disposed && does.control && (what === "close" || !isFrameBeat() || does.heartbeat),
    listener: {
      entry: observer.entry,
      violation: observer.violation,
      frame: onFrame,
      sound: observer.connected,
      pinged(payload, atMs) {
        if (isFrameBeat()) beaten(payload, atMs);
      },
      ended(end) {
        const owedMs = owedSince === undefined ? 0 : end.atMs - owedSince;
        if (end.by === "subject" && owedMs > LONG_OWED * (heartbeat?.timeoutMs ?? 0) * options.timeScale) {
          observer.late(
            `the kit owed a pong for ${Math.round(owedMs)} ms when the client ended the connection`,
          );
        }
        server.stop();
      },
      changed: waiting.changed,
    },
  });
  const server = createObligingServer({
    endpoint,
    stock: options.stock,
    claims: options.claims,
    timeScale: options.timeScale,
    advertisedMs: options.advertisedMs,
    clock,
    does: () => does,
    emit(name, payload) {
      if (connection.isOver() || connection.isClosing()) return false;
      const text = judge.eventFrameOf(name, payload);
      // Where a check has begun a message of its own, what is owed goes out behind it, and counts from then.
      connection.whenText(() => {
        if (connection.takesText()) say(text);
      });
      return true;
    },
    ping() {
      if (connection.takesText()) connection.ping(new Uint8Array(0));
    },
    engineMs: options.engineMs,
    acknowledgement: (command, code) => acknowledgementOf(judge, command, code),
    acknowledge: (id, payload) => connection.acknowledge(id, JSON.stringify([payload])),
    close: (code) => connection.close(code),
    refused: (command) => monitor.refused(command),
    failed: observer.failed,
    note: (text) => connection.note({ direction: "note", kind: "note", text }, clock()),
  });
  const monitor = createClientMonitor({ endpoint, place: server.place });

  function isFrameBeat(): boolean {
    return heartbeat?.mode === "frame" && heartbeat.initiator === "client";
  }

  function beaten(payload: unknown, atMs: number): void {
    if (heartbeat?.mode === "application" && does.heartbeat) owedSince ??= atMs;
    if (beats.length < MAX_BEATS) beats.push({ atMs, payload });
  }

  /** Sends a valid event and tells everybody who must know. */
  function say(text: string): void {
    if (connection.isOver()) return;
    const heard = understood(text);
    if (heard.names.includes(heartbeat?.pong ?? "")) owedSince = undefined;
    connection.sendText(text, heard.names);
    tell(heard);
  }

  /** What a text of ours is to the client. */
  function understood(text: string): { readonly names: readonly string[]; readonly payload: Json } {
    const result = judge.events.judge(text);
    if (!result.ok) {
      const { code, expected, received } = result.error;
      throw new HarnessFault(
        `The kit took a text for an event that is none: ${code}, expected ${expected}, got ${received}. Text: ${excerpt(text)}`,
      );
    }
    // What the oracle has parsed is JSON.
    return { names: result.messages, payload: payloadOf(endpoint, result.value) as Json };
  }

  function tell(event: { readonly names: readonly string[]; readonly payload: Json }): void {
    const [name = ""] = event.names;
    const { first } = endpoint.protocol;
    if (first && event.names.includes(first.message)) heardFirst = true;
    // A refusal speaks of a command, and is no step of any lifecycle.
    if (judge.refusalOf(event.names, event.payload) === undefined) server.said(name, event.payload);
    if (!blocked) monitor.sent(event, clock());
  }

  function demandLegal(name: string, payload: Json): void {
    if (judge.refusalOf([name], payload) !== undefined) return;
    if (server.speech.walks.verdict(name, payload) === "legal") return;
    const states = endpoint.lifecycles.map(({ name: one, scope }) => {
      const key = scope === "connection" ? undefined : scope.key;
      return `${one}${key === undefined ? "" : ` (by ${key})`}`;
    });
    throw new HarnessFault(
      `The kit was about to send "${name}" where its own lifecycle forbids it (${states.join(", ")}). Payload: ${excerpt(JSON.stringify(payload))}`,
    );
  }

  function onFrame(frame: string | Uint8Array, atMs: number, wire: WireNote, ackId?: number): void {
    const judgement = judge.receivedCommand(frame);
    const { names, payload, fault } = judgement;
    const text = typeof frame === "string" ? frame : excerpt(frame);
    const asked = ackId === undefined ? {} : { ackId };
    const command: ReceivedCommand = { atMs, connection: id, text, judgement, names, payload, ...asked };
    const illegal = blocked || disposed || names.length === 0 ? [] : monitor.received(command, atMs);
    const [first] = illegal;
    const shown = fault ?? (first === undefined ? undefined : violationOf(command, first));
    connection.note(
      {
        direction: "received",
        kind: typeof frame === "string" ? "text" : "binary",
        text,
        names,
        ...wire,
        ...(shown === undefined ? {} : { fault: `${shown.check}: ${shown.got}` }),
      },
      atMs,
    );
    commands.push(command);
    if (disposed) return;
    observer.judged(fault === undefined, names);
    for (const check of ["C-CD-01", "C-CD-06"]) observer.passively(check);
    if (fault !== undefined) observer.violation({ connection: id, atMs, ...fault });
    for (const one of illegal) observer.violation(violationOf(command, one));
    if (heartbeat?.initiator === "client" && heartbeat.ping !== undefined && names.includes(heartbeat.ping)) {
      beaten(payload, atMs);
    }
    server.heard(command);
    waiting.changed();
  }

  /** Before the first event it is the row about that time which owns the rule. */
  function violationOf(command: ReceivedCommand, illegal: IllegalCommand): CaseViolation {
    const { key, legal, lifecycle, states } = illegal;
    const where = states.map((state) => `\`${state}\``).join(" or ");
    const which = key === undefined ? "" : ` of ${key}`;
    return {
      check: heardFirst ? "C-CD-01" : "C-SM-01",
      connection: id,
      atMs: command.atMs,
      clause: "PROTOCOL.md#lifecycle-9",
      expected: `a command that the lifecycle \`${lifecycle}\`${which} allows in ${where}: ${legal.join(", ") || "none"}`,
      got: `${command.names.map((name) => `"${name}"`).join(" or ")}: ${excerpt(command.text)}`,
      mend: "Keep the state of the lifecycle in the client, and send a command only where a transition leads on with it.",
    };
  }

  const peer: OwnedPeer = {
    id,
    attempt,
    commands,
    frames: connection.frames,
    beats,
    get end() {
      return connection.end;
    },
    get tcpEnd() {
      return connection.tcpEnd;
    },
    get unsentBytes() {
      return connection.unsentBytes;
    },
    oblige(change) {
      does = { ...does, ...change };
    },
    event(name, payload) {
      const text = judge.eventFrameOf(name, payload);
      demandLegal(name, payload);
      say(text);
    },
    compose: (name, values) => server.compose(name, values),
    legality(name, payload) {
      const forClient = monitor.legality({ names: [name], payload });
      const forServer = server.speech.walks.verdict(name, payload) === "legal";
      if (forClient === "illegal" && !forServer) return "illegal";
      return forServer && forClient === "legal" ? "legal" : "undecided";
    },
    allows: (name, payload) => server.speech.walks.verdict(name, payload) === "legal",
    state(name, key) {
      const lifecycle = endpoint.lifecycles.find((one) => one.name === name);
      if (lifecycle === undefined) return undefined;
      return server.place(lifecycle, key === undefined ? "" : canonicalJson(key)).state;
    },
    acknowledge(command, payload) {
      if (command.ackId === undefined || connection.isOver()) return;
      connection.acknowledge(command.ackId, JSON.stringify([payload]));
    },
    refuse(command, code, text = "Refused.") {
      if (!server.refuse(command, code, text)) {
        throw new HarnessFault(`The document has no event that could refuse a command with "${code}".`);
      }
    },
    text(text, kind) {
      peer.tell(text, kind);
      connection.sendText(text);
    },
    tell(text, kind) {
      switch (kind) {
        case "event": {
          const event = understood(text);
          demandLegal(event.names[0] ?? "", event.payload);
          tell(event);
          return;
        }
        case "illegal": {
          const event = understood(text);
          if (monitor.legality(event) === "illegal") return;
          throw new HarnessFault(
            `The kit took an event for illegal that the client may take for legal: ${excerpt(text)}`,
          );
        }
        case "undecodable":
          if (!judge.events.judge(text).ok) return;
          throw new HarnessFault(
            `The kit took a valid event for one that cannot be decoded: ${excerpt(text)}`,
          );
        case "anything":
          blocked = true;
          monitor.stop();
          return;
        case "none":
          return;
      }
    },
    raw: connection.sendRaw,
    frame: connection.sendFrame,
    ping(payload) {
      if (pings.size < MAX_BEATS) pings.set(hex(payload), clock());
      connection.ping(payload);
    },
    async pong(payload, timeoutMs) {
      const wanted = Buffer.from(payload);
      const look = () => connection.pongs.find((pong) => wanted.equals(pong.payload));
      const pong = await waiting.until(look, timeoutMs, connection.isOver);
      const sentAt = pings.get(hex(payload));
      if (pong !== undefined && sentAt !== undefined) observer.answered(pong.atMs - sentAt);
      return pong !== undefined;
    },
    close: connection.close,
    destroy: () => connection.leave("rst"),
    finish: () => connection.leave("fin"),
    pause() {
      connection.note({ direction: "note", kind: "tcp", text: "the kit stops reading" }, clock());
      connection.pause();
    },
    resume() {
      connection.note({ direction: "note", kind: "tcp", text: "the kit reads on" }, clock());
      connection.resume();
    },
    next(fits, timeoutMs, from) {
      let index = from ?? cursor;
      const look = (): ReceivedCommand | undefined => {
        for (; index < commands.length; index += 1) {
          const command = commands[index];
          if (command === undefined || !fits(command)) continue;
          cursor = Math.max(cursor, index + 1);
          return command;
        }
        return undefined;
      };
      return waiting.until(look, timeoutMs, connection.isOver);
    },
    ended: (timeoutMs): Promise<CloseInfo | undefined> => waiting.until(() => connection.end, timeoutMs),
    begin: (first) => server.begin(first),
    dispose() {
      disposed = true;
      for (const lifecycle of monitor.overflown) {
        const notice = `too many states of the lifecycle \`${lifecycle}\` were possible to judge the commands of a connection`;
        observer.passively("C-CD-01", notice);
      }
      server.stop();
    },
  };
  return peer;
}
