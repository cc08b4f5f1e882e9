/**
 * What the kit does by itself as a server, from the document alone, so that any correct client can go through its life:
 * the first event, pongs and pings of the application, answers to commands, refusals. Each part can be switched off.
 */
import { createAnswerer, type Speaker } from "../../src/arbitrary/speech/answerer.js";
import type { Claims } from "../../src/arbitrary/speech/claims.js";
import { jsonAt } from "../../src/arbitrary/speech/compose.js";
import { createPacer } from "../../src/arbitrary/speech/pacer.js";
import { refusalPayload } from "../../src/arbitrary/speech/refuser.js";
import { createSpeech, type Goal, type Speech } from "../../src/arbitrary/speech/speech.js";
import type { Stock } from "../../src/arbitrary/speech/stock.js";
import type { Passage } from "../../src/arbitrary/speech/walks.js";
import type { Endpoint, Json, Lifecycle } from "../../src/contract/contract.js";
import { keyOf } from "../../src/contract/lifecycle/automaton.js";
import { HarnessFault } from "../judge.js";
import type { Clock } from "../time.js";
import type { Obliging, ReceivedCommand } from "./check.js";
import type { NamedMessage, ServerPlace } from "./client-monitor.js";

/** A command may wait behind so many; a further one is refused. */
const WAITING = 16;

/** Between two beats of the kit (milliseconds): a document that says less would make a flood of them. */
const LEAST_BEAT_MS = 20;

/** The kit's own side of one connection, as a server of the contract. */
export interface ObligingServer {
  readonly speech: Speech;
  /** The connection is open: what comes first, unless that is out already, and what is owed without any command. */
  begin(isFirstDue: boolean): void;
  /** A command came; what is owed for it follows in its own time. */
  heard(command: ReceivedCommand): void;
  /** Takes a command back, where it was taken, and says the refusal with exactly this code; false where the document has none. */
  refuse(command: ReceivedCommand, code: string, text: string): boolean;
  /** An event was sent, by itself or by a check: beats and waiting commands may follow from it. */
  said(event: string, payload: Json): void;
  /** A payload for an event as it can be said now; undefined where none can be made. */
  compose(event: string, values?: ReadonlyMap<string, Json>): Json | undefined;
  /** Where an instance stands, and what waits there. */
  place(lifecycle: Lifecycle, key: string): ServerPlace;
  /** Nothing more is said. */
  stop(): void;
}

export interface ObligingOptions {
  readonly endpoint: Endpoint;
  readonly stock: Stock;
  readonly claims: Claims;
  readonly timeScale: number;
  readonly clock: Clock;
  /** What is done by itself now. */
  readonly does: () => Obliging;
  /** The interval of a heartbeat that an event of the server says (milliseconds, as it is); default: as the payload has it, scaled. */
  readonly advertisedMs: number | undefined;
  /** Sends an event that is legal now and valid; false once nothing can be sent. */
  readonly emit: (event: string, payload: Json) => boolean;
  /** How often the kit beats over Socket.IO (milliseconds): whatever the document says of a heart, Engine.IO has one. */
  readonly engineMs: number | undefined;
  /** Sends a ping of the transport by itself. */
  readonly ping: () => void;
  /** A payload that acknowledges a command, or with a code its refusal; undefined where none is declared. */
  readonly acknowledgement: (command: string, code?: string) => Json | undefined;
  /** Sends an acknowledgement. */
  readonly acknowledge: (id: number, payload: Json) => void;
  readonly close: (code: number) => void;
  /** A refusal of this command is about to be sent: what it moved has been put back. */
  readonly refused: (command: ReceivedCommand) => void;
  /** The kit itself failed in its own time. */
  readonly failed: (error: unknown) => void;
  /** What could not be done, for the transcript. */
  readonly note: (text: string) => void;
}

/** Opens the server side of one connection. */
export function createObligingServer(options: ObligingOptions): ObligingServer {
  const { clock, does, endpoint, note, timeScale } = options;
  const { first, reject } = endpoint.protocol;
  const { heartbeat } = endpoint;
  const speech = createSpeech(endpoint, options.stock, options.claims);
  const pacer = createPacer({ now: clock, date: () => new Date(), after }, timeScale);
  const waiting: ReceivedCommand[] = [];
  const taken = new WeakMap<ReceivedCommand, Passage>();
  const acknowledged = new WeakSet<ReceivedCommand>();
  const timers = new Set<NodeJS.Timeout>();
  let current: ReceivedCommand | undefined;
  let beat: (() => void) | undefined;
  let stopped = false;

  const speaker: Speaker = {
    events: speech.events,
    standing: speech.standing,
    send,
    took(command) {
      const passage = speech.took(command.name, command.payload);
      if (current !== undefined) taken.set(current, passage);
    },
  };
  const answerer = createAnswerer({
    endpoint,
    stock: options.stock,
    claims: options.claims,
    speaker,
    pacer,
  });

  function after(ms: number, action: () => void): () => void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      try {
        action();
      } catch (error) {
        options.failed(error);
      }
    }, ms);
    timers.add(timer);
    return () => {
      clearTimeout(timer);
      timers.delete(timer);
    };
  }

  function send(goal: Goal): boolean {
    if (stopped) return false;
    const payload = speech.payloadFor(withInterval(goal));
    if (payload === undefined) {
      note(`no payload of ${goal.event} can be made; an example in the document would help`);
      return false;
    }
    if (speech.walks.verdict(goal.event, payload) !== "legal") {
      note(`${goal.event} is not said: it is illegal now`);
      return false;
    }
    return options.emit(goal.event, payload);
  }

  /** The event that says how often the heart beats says what the run wants it to say. */
  function withInterval(goal: Goal): Goal {
    const told = heartbeat?.intervalMs;
    if (typeof told !== "object" || told.message !== goal.event || options.advertisedMs === undefined)
      return goal;
    return { ...goal, must: new Map([...goal.must, [told.field, options.advertisedMs]]) };
  }

  function beatEvery(ms: number): void {
    beat?.();
    beat = after(Math.max(LEAST_BEAT_MS, ms), () => {
      beatEvery(ms);
      if (!does().heartbeat) return;
      if (heartbeat?.mode === "frame" || options.engineMs !== undefined) options.ping();
      else if (heartbeat?.ping !== undefined) {
        send({ event: heartbeat.ping, must: new Map(), may: new Map() });
      }
    });
  }

  const nameOf = ({ names }: ReceivedCommand): string =>
    names.find((name) =>
      endpoint.operations.some(({ reply, messages }) => reply && messages.includes(name)),
    ) ??
    names[0] ??
    "";

  /** Answers a ping with its token at once: a pong stands in no line. */
  function pong(command: ReceivedCommand): void {
    const { ping: pingName = "", pong: pongName } = heartbeat ?? {};
    if (pongName === undefined) return;
    const from = endpoint.commands.find(({ name }) => name === pingName)?.correlation;
    const to = endpoint.events.find(({ name }) => name === pongName)?.correlation;
    const token = from === undefined ? undefined : jsonAt(command.payload, from);
    const must = new Map(to === undefined || token === undefined ? [] : [[to, token]]);
    send({ event: pongName, must, may: new Map() });
  }

  function offer(command: ReceivedCommand, waited: boolean): "done" | "waits" {
    const name = nameOf(command);
    const isQueued = endpoint.lifecycles.some(({ queued }) => queued.includes(name));
    const behind = !waited && isQueued && waiting.length > 0;
    const verdict = behind ? "waits" : speech.walks.verdict(name, command.payload);
    if (verdict === "waits") {
      if (waited) return "waits";
      if (waiting.length < WAITING) waiting.push(command);
      else if (does().commands) refuse(command, "rate-limited", "Too many commands wait already.");
      return "done";
    }
    if (verdict === "illegal") {
      if (does().commands) refuse(command, "illegal-state", `${name} is not possible now.`);
      return "done";
    }
    current = command;
    if (!does().commands) speaker.took({ name, payload: command.payload });
    else {
      const refusal = answerer.take({ name, payload: command.payload });
      if (refusal !== undefined) refuse(command, refusal.code, refusal.text);
      else acknowledge(command, options.acknowledgement(name));
    }
    current = undefined;
    if (taken.get(command)?.closed === true && does().commands) options.close(codeFor("done", 1000));
    return "done";
  }

  /** Acknowledges a command that asks for it, once: taken, or with a code refused. */
  function acknowledge(command: ReceivedCommand, payload: Json | undefined): void {
    if (command.ackId === undefined || payload === undefined || acknowledged.has(command)) return;
    acknowledged.add(command);
    options.acknowledge(command.ackId, payload);
  }

  function refuse(command: ReceivedCommand, code: string, text: string, exactly = false): boolean {
    taken.get(command)?.undo();
    taken.delete(command);
    const at = waiting.indexOf(command);
    if (at >= 0) waiting.splice(at, 1);
    const about =
      command.names.length === 0 ? undefined : { name: nameOf(command), payload: command.payload };
    const payload = refusalPayload({ endpoint, speech, note, exactly }, { code, text }, about);
    if (payload === undefined || reject === undefined) return false;
    options.refused(command);
    const isSaid = options.emit(reject.message, payload);
    // It is the same refusal, said a second time to whoever asked for it (PROTOCOL.md#socket-io-3).
    if (about !== undefined) acknowledge(command, options.acknowledgement(about.name, code));
    return isSaid;
  }

  /** The code that the document has for a cause, where a server may send it. */
  function codeFor(cause: string, otherwise: number): number {
    const rows = Object.entries(endpoint.closeCodes ?? {});
    const row = rows.find(([, { by, cause: causes }]) => by !== "client" && causes.includes(cause));
    return row === undefined ? otherwise : Number(row[0]);
  }

  /** An unreadable command: refused, or answered by a close where no text could say so. */
  function misheard(command: ReceivedCommand): void {
    const { result } = command.judgement;
    if (result.ok) return;
    const { code, expected, received } = result.error;
    if (code === "unknown-message" && endpoint.protocol.unknown?.receive === "ignore") return;
    if (code === "not-text") options.close(codeFor("binary", 1003));
    else refuse(command, code, `Expected ${expected}, got ${received}.`);
  }

  return {
    speech,
    begin(isFirstDue) {
      if (isFirstDue && does().first && first) {
        const goal = { event: first.message, must: new Map(), may: new Map() };
        if (!send(goal)) {
          throw new HarnessFault(
            `The kit cannot say the first event "${first.message}": no payload of it can be made. Give the document an example.`,
          );
        }
      }
      if (does().commands) answerer.begin();
      if (options.engineMs !== undefined) beatEvery(options.engineMs);
      else if (heartbeat?.initiator === "server" && typeof heartbeat.intervalMs === "number") {
        beatEvery(heartbeat.intervalMs * timeScale);
      }
    },
    heard(command) {
      if (stopped) return;
      if (!command.judgement.result.ok) {
        if (does().commands) misheard(command);
        return;
      }
      const isPing =
        heartbeat?.mode === "application" &&
        heartbeat.initiator === "client" &&
        heartbeat.ping !== undefined &&
        command.names.includes(heartbeat.ping);
      if (!isPing) {
        offer(command, false);
        return;
      }
      speech.took(nameOf(command), command.payload);
      if (does().heartbeat) pong(command);
    },
    refuse: (command, code, text) => refuse(command, code, text, true),
    said(event, payload) {
      if (speech.said(event, payload)) options.close(codeFor("done", 1000));
      const told = heartbeat?.intervalMs;
      if (heartbeat?.initiator === "server" && typeof told === "object" && told.message === event) {
        const ms = jsonAt(payload, told.field);
        if (typeof ms === "number" && ms > 0) {
          beatEvery(options.advertisedMs === undefined ? ms * timeScale : ms);
        }
      }
      // No command starts in the middle of another's answer: what waits is looked at afterwards.
      if (waiting.length > 0) after(0, drain);
    },
    compose: (event, values = new Map()) => speech.payloadFor({ event, must: values, may: new Map() }),
    place(lifecycle, key) {
      const { scope } = lifecycle;
      const own = waiting.filter(
        ({ payload }) => scope === "connection" || keyOf(scope.key, payload) === key,
      );
      return { ...speech.walks.placeOf(lifecycle, key), waiting: own satisfies readonly NamedMessage[] };
    },
    stop() {
      stopped = true;
      pacer.stop();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      waiting.length = 0;
    },
  };

  function drain(): void {
    for (let head = waiting.shift(); head !== undefined && !stopped; head = waiting.shift()) {
      if (offer(head, true) === "done") continue;
      waiting.unshift(head);
      return;
    }
  }
}
