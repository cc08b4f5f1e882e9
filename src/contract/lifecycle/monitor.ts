/**
 * The Monitor behind `openLifecycles`: many instances, refusals, frames that do not decode, the close.
 *
 * This file is long because what a refusal, a bad frame and a close mean for all instances is one story: told in several
 * files, each would need the state of the others.
 */

import type { Endpoint } from "../contract.js";
import { Automaton, CLOSED, fitsWhen, keyOf, type Move } from "./automaton.js";
import type { Bounds, Configuration, Deadline } from "./configuration.js";
import { Instance, type RefusalReach, statesOf, type Visits } from "./instance.js";
import { Ledger } from "./ledger.js";
import type {
  InstanceView,
  Legality,
  LifecycleMonitor,
  LifecycleOptions,
  LifecycleViolation,
  ReceivedFrame,
  SentFrame,
  TakenBy,
} from "./lifecycle-monitor.js";
import {
  causelessRefusal,
  type Fault,
  refusalCode,
  silentServer,
  unexpectedEvent,
  unexplainedClose,
  unrefusedFrame,
  violationOf,
  wrongCloseCode,
} from "./violation.js";

// A connection that breaks a rule with every frame is understood after so many.
const MAX_VIOLATIONS = 100;

// A stream of ever new keys: what is beyond is not judged, and the verdict is inconclusive.
const MAX_INSTANCES = 100_000;

/** Watches one connection; see {@link LifecycleMonitor}. */
export class Monitor implements LifecycleMonitor {
  readonly violations: LifecycleViolation[] = [];
  readonly visited = { states: new Map<string, Set<string>>(), transitions: new Map<string, Set<number>>() };
  overflow = false;

  readonly #endpoint: Endpoint;
  readonly #automata: readonly Watched[];
  readonly #instances: Instance[] = [];
  readonly #timed = new Set<Instance>();
  readonly #ledger: Ledger;
  readonly #openedAtMs: number;
  /** Some instance may be past a command towards `$closed`. */
  readonly #closing = new Set<Instance>();
  #others: boolean;
  #nextDueMs = Number.POSITIVE_INFINITY;
  #unnamedSent = false;
  #closeExcused = false;
  #anyLost = false;
  #over = false;

  constructor(endpoint: Endpoint, options: LifecycleOptions) {
    this.#endpoint = endpoint;
    this.#openedAtMs = options.openedAtMs ?? 0;
    this.#others = options.otherAlways === true;
    const bound = (declaredMs: number) =>
      Math.max(options.minimumMs ?? 1000, declaredMs * options.timeScale) + (options.graceMs ?? 0);
    const answerMs = bound(endpoint.protocol.answerMs);
    this.#ledger = new Ledger(answerMs);
    this.#automata = endpoint.lifecycles.map((lifecycle) => {
      const visits: Visits = { states: new Set(), transitions: new Set() };
      this.visited.states.set(lifecycle.name, visits.states);
      this.visited.transitions.set(lifecycle.name, visits.transitions);
      const obligationMs = lifecycle.obligations.map((obligation) => bound(obligation.withinMs));
      return {
        automaton: new Automaton(lifecycle),
        keyPointer: lifecycle.scope === "connection" ? undefined : lifecycle.scope.key,
        bounds: { answerMs, obligationMs },
        visits,
        byKey: new Map(),
        otherKeys: new Set(),
        others: false,
      };
    });
    for (const watched of this.#automata) {
      if (watched.keyPointer === undefined) this.#open(watched, undefined, this.#openedAtMs);
    }
  }

  sent(frame: SentFrame, atMs: number): void {
    if (this.#over) return;
    this.advance(atMs);
    if (frame.kind === "command") {
      let named = false;
      for (const [instance, moves, none] of this.#touched(frame.names, frame.payload, atMs)) {
        named = true;
        if (instance.lost) continue;
        instance.send(moves, none, atMs);
        this.#changed(instance);
      }
      if (!named) this.#unnamedSent = true;
    } else this.#owe(frame.kind, atMs);
  }

  received(frame: ReceivedFrame, atMs: number): void {
    if (this.#over) return;
    this.advance(atMs);
    const { reject } = this.#endpoint.protocol;
    const refusal =
      reject !== undefined && frame.names.includes(reject.message) && this.#isRefusal(frame.payload);
    const names = refusal ? frame.names.filter((name) => name !== reject.message) : frame.names;
    // A frame that may be another message as well accuses nobody as a refusal.
    if (refusal) this.#refused(frame, names.length === 0, atMs);
    for (const [instance, moves, none] of this.#touched(names, frame.payload, atMs)) {
      if (instance.lost) continue;
      if (instance.receive(moves, none || refusal, atMs)) this.#changed(instance);
      else this.#unexplained(instance, frame, moves, atMs);
    }
    this.#runLedger(atMs);
  }

  advance(nowMs: number): void {
    if (this.#over || nowMs <= this.#nextDueMs) return;
    for (const instance of [...this.#timed]) {
      if (instance.nextDueMs >= nowMs) continue;
      const last = instance.expire(nowMs);
      if (last === undefined) this.#changed(instance);
      else this.#ranOut(instance, last);
    }
    for (const { dueMs, closes } of this.#ledger.expire(nowMs)) {
      if (this.#closing.size > 0) continue;
      const fault = unrefusedFrame(this.#endpoint, closes, this.#answerMs());
      this.#violate(undefined, { atMs: dueMs, ...fault });
    }
    this.#runLedger(nowMs);
    this.#findDue();
  }

  closed(
    info: { readonly by: "server" | "client"; readonly code?: number; readonly explained?: boolean },
    atMs: number,
  ): void {
    if (this.#over) return;
    this.advance(atMs);
    this.#over = true;
    if (info.by === "server") for (const instance of this.#closing) instance.countClosed();
    if (info.by === "client" || info.explained === true || this.#endpoint.lifecycles.length === 0) return;
    if (this.#ledger.closes || this.#closeExcused || this.#anyLost) return;
    if (this.#closing.size > 0) {
      const fault = wrongCloseCode(this.#endpoint, info.code);
      if (fault !== undefined) this.#violate(undefined, { atMs, ...fault });
      return;
    }
    this.#violate(undefined, { atMs, ...unexplainedClose(info.code) });
  }

  otherActed(lifecycle?: string, key?: unknown, atMs = this.#openedAtMs): void {
    if (this.#over) return;
    this.advance(atMs);
    if (lifecycle === undefined) this.#others = true;
    for (const watched of this.#automata) {
      if (lifecycle !== undefined && watched.automaton.lifecycle.name !== lifecycle) continue;
      const text = key === undefined ? undefined : keyOf("", key);
      if (text === undefined) watched.others = true;
      else watched.otherKeys.add(text);
      for (const instance of this.#instances) {
        if (instance.automaton !== watched.automaton || (text !== undefined && instance.key !== text))
          continue;
        instance.allowOthers(atMs);
        this.#changed(instance);
      }
    }
  }

  configurations(): readonly InstanceView[] {
    return this.#instances.map((instance) => ({
      lifecycle: instance.automaton.lifecycle.name,
      ...(instance.key === undefined ? {} : { key: instance.key }),
      states: statesOf(instance),
      configurations: instance.configurations.map(({ state, memory, pending }) => ({
        state,
        remembered: Object.fromEntries(memory.values),
        pending: pending.map(({ move }) => move.name),
      })),
      judged: !instance.lost,
    }));
  }

  legalNow(command: { readonly name: string; readonly payload: unknown }): Legality {
    if (this.#over || this.#closing.size > 0) return "undecided";
    const answers = this.#automata.flatMap((watched): Legality[] => {
      const { automaton } = watched;
      if (!automaton.names(command.name)) return [];
      const key = watched.keyPointer === undefined ? "" : keyOf(watched.keyPointer, command.payload);
      if (key === undefined) return [];
      // A key that was not seen yet: a fresh instance, which is not kept.
      const instance = watched.byKey.get(key) ?? this.#make(watched, key, this.#openedAtMs);
      return [instance.legality(automaton.move(command.name, command.payload))];
    });
    if (answers.includes("illegal")) return "illegal";
    return answers.includes("undecided") ? "undecided" : "legal";
  }

  taking(command: { readonly name: string; readonly payload: unknown }): readonly TakenBy[] {
    if (this.#over || this.#closing.size > 0) return [];
    return this.#automata.flatMap((watched): TakenBy[] => {
      const { automaton } = watched;
      if (!automaton.names(command.name)) return [];
      const key = watched.keyPointer === undefined ? "" : keyOf(watched.keyPointer, command.payload);
      if (key === undefined) return [];
      const instance = watched.byKey.get(key) ?? this.#make(watched, key, this.#openedAtMs);
      const index = instance.taking(automaton.move(command.name, command.payload));
      return index === undefined ? [] : [{ lifecycle: automaton.lifecycle.name, transition: index }];
    });
  }

  get settled(): boolean {
    return (
      this.#ledger.owed === 0 &&
      this.#instances.every(({ configurations }) =>
        configurations.every(({ pending }) => pending.length === 0),
      )
    );
  }

  get owes(): boolean {
    return this.#ledger.owed > 0 || this.#timed.size > 0;
  }

  // --- instances ---

  /** The instances that a message touches, with what it is to each; `none`: it may as well be no message of theirs. */
  *#touched(
    names: readonly string[],
    payload: unknown,
    atMs: number,
  ): Generator<[Instance, readonly Move[], boolean]> {
    for (const watched of this.#automata) {
      const own = names.filter((name) => watched.automaton.names(name));
      if (own.length === 0) continue;
      const key = watched.keyPointer === undefined ? "" : keyOf(watched.keyPointer, payload);
      if (key === undefined) continue;
      const instance = watched.byKey.get(key) ?? this.#open(watched, key, atMs);
      if (instance === undefined) continue;
      yield [instance, own.map((name) => watched.automaton.move(name, payload)), own.length < names.length];
    }
  }

  #open(watched: Watched, key: string | undefined, atMs: number): Instance | undefined {
    if (this.#instances.length >= MAX_INSTANCES) {
      this.overflow = true;
      return undefined;
    }
    const instance = this.#make(watched, key, atMs);
    watched.byKey.set(key ?? "", instance);
    this.#instances.push(instance);
    this.#changed(instance);
    return instance;
  }

  #make(watched: Watched, key: string | undefined, atMs: number): Instance {
    const keyed = watched.keyPointer !== undefined && key !== undefined;
    return new Instance(watched.automaton, {
      ...(keyed ? { key } : {}),
      bounds: watched.bounds,
      visits: watched.visits,
      openedAtMs: atMs,
      others: this.#others || watched.others || (key !== undefined && watched.otherKeys.has(key)),
    });
  }

  /** Keeps what is derived from an instance's set in step with it. */
  #changed(instance: Instance): void {
    if (instance.overflow) this.overflow = true;
    if (instance.lost) this.#anyLost = true;
    if (Number.isFinite(instance.nextDueMs)) {
      this.#timed.add(instance);
      this.#nextDueMs = Math.min(this.#nextDueMs, instance.nextDueMs);
    } else this.#timed.delete(instance);
    const closing = !instance.lost && instance.configurations.some(({ state }) => state === CLOSED);
    if (closing) this.#closing.add(instance);
    else if (this.#closing.size > 0) this.#closing.delete(instance);
  }

  #findDue(): void {
    let due = this.#ledger.nextDueMs;
    for (const instance of this.#timed) due = Math.min(due, instance.nextDueMs);
    this.#nextDueMs = due;
  }

  // --- refusals ---

  #isRefusal(payload: unknown): boolean {
    return fitsWhen(this.#endpoint.protocol.reject?.when, payload);
  }

  /** A refusal removes one pending command, or answers a frame that does not decode, or came unasked. */
  #refused(frame: ReceivedFrame, accusing: boolean, atMs: number): void {
    const code = refusalCode(this.#endpoint, frame.payload);
    const reaches = code.classes.has("state") ? "state" : undefined;
    const reach: RefusalReach | undefined = code.classes.has("other") ? "any" : reaches;
    const removals: [Instance, readonly Configuration[]][] = [];
    if (reach !== undefined) {
      for (const instance of this.#addressed(frame.payload)) {
        const removed = instance.refused(reach, atMs);
        if (removed.length > 0) removals.push([instance, removed]);
      }
    }
    // Without `code` any class is possible; an undecodable frame is the oldest cause and is settled first.
    const undecodable = code.classes.has("payload") && this.#ledger.settle();
    const { reject } = this.#endpoint.protocol;
    const unasked = code.classes.has("other") && (reject?.spontaneous === true || this.#unnamedSent);
    // Without any lifecycle nobody says which command a state allows.
    const undeclared =
      code.classes.has("state") && this.#unnamedSent && this.#endpoint.lifecycles.length === 0;
    const excused = unasked || undeclared || this.#anyLost || this.#closing.size > 0 || !accusing;
    const causes = removals.length + (undecodable ? 1 : 0) + (excused ? 1 : 0);
    for (const [instance, removed] of removals) {
      instance.refuse(removed, causes === 1, atMs);
      this.#changed(instance);
    }
    if (causes > 0) return;
    this.#violate(undefined, { atMs, ...causelessRefusal(frame, code) });
  }

  /** The instances that a refusal can be about: by its key where it carries one, else all. */
  *#addressed(payload: unknown): Generator<Instance> {
    for (const watched of this.#automata) {
      const key = watched.keyPointer === undefined ? undefined : keyOf(watched.keyPointer, payload);
      if (key === undefined) yield* [...watched.byKey.values()].filter((instance) => !instance.lost);
      else {
        const instance = watched.byKey.get(key);
        if (instance !== undefined && !instance.lost) yield instance;
      }
    }
  }

  // --- frames that do not decode ---

  #owe(kind: Exclude<SentFrame["kind"], "command">, atMs: number): void {
    const { reject, unknown } = this.#endpoint.protocol;
    const closes = kind === "unparseable";
    if (reject === undefined) {
      // Not declared: refused, ignored, or answered by a close.
      this.#closeExcused = true;
      return;
    }
    if (kind === "unknown-name" && unknown?.receive === "ignore") return;
    if (kind === "unknown-name" && unknown === undefined) {
      this.#ledger.allow();
      return;
    }
    this.#ledger.owe(atMs, { closes, running: this.#nothingWaits() });
    this.#nextDueMs = Math.min(this.#nextDueMs, this.#ledger.nextDueMs);
  }

  /** Where commands queue, a refusal waits its turn: until no command waits in any course of events. */
  #nothingWaits(): boolean {
    return this.#automata.every(
      ({ automaton, byKey }) =>
        automaton.lifecycle.queued.length === 0 ||
        [...byKey.values()].every(
          ({ configurations, lost }) =>
            lost ||
            configurations.every(
              ({ pending, state }) =>
                pending.length === 0 && (state === CLOSED || automaton.takesQueued(state)),
            ),
        ),
    );
  }

  #runLedger(atMs: number): void {
    if (!this.#ledger.waiting || !this.#nothingWaits()) return;
    this.#ledger.run(atMs);
    this.#nextDueMs = Math.min(this.#nextDueMs, this.#ledger.nextDueMs);
  }

  // --- violations ---

  #unexplained(instance: Instance, frame: ReceivedFrame, moves: readonly Move[], atMs: number): void {
    if (this.#closing.size === 0) {
      const got = moves.map(({ name }) => name).join(" or ");
      this.#violate(instance, { atMs, ...unexpectedEvent(this.#endpoint, instance, frame, got) });
    }
    this.#lose(instance);
  }

  #ranOut(instance: Instance, deadline: Deadline): void {
    // After a command towards `$closed` only the close is judged.
    if (deadline.reason === "close" || this.#closing.size === 0) {
      const silence = silentServer(this.#endpoint, instance, deadline.reason, this.#answerMs());
      this.#violate(instance, { atMs: deadline.atMs, ...silence });
    }
    this.#lose(instance);
  }

  #lose(instance: Instance): void {
    instance.lose();
    this.#changed(instance);
  }

  #violate(instance: Instance | undefined, what: Fault & { readonly atMs: number }): void {
    if (this.violations.length >= MAX_VIOLATIONS) return;
    this.violations.push(violationOf(this.#endpoint, instance, this.#instances, what));
  }

  #answerMs(): number {
    return this.#automata[0]?.bounds.answerMs ?? this.#endpoint.protocol.answerMs;
  }
}

/** A lifecycle of the endpoint with its instances. */
interface Watched {
  readonly automaton: Automaton;
  /** Absent for scope `connection`. */
  readonly keyPointer: string | undefined;
  readonly bounds: Bounds;
  readonly visits: Visits;
  readonly byKey: Map<string, Instance>;
  /** Keys that another connection of the case uses. */
  readonly otherKeys: Set<string>;
  others: boolean;
}
