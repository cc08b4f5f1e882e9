/** One machine of a lifecycle as it is seen from outside: the set of all configurations that explain the traffic. */

import { type Automaton, CLOSED, type Move, NO_MEMORY } from "./automaton.js";
import {
  afterStep,
  type Bounds,
  type Configuration,
  clockOf,
  configurationKey,
  type Deadline,
  deadlineOf,
  hasOthers,
  mergeConfigurations,
  type PendingCommand,
  review,
} from "./configuration.js";
import type { Legality } from "./lifecycle-monitor.js";

/** More configurations than this decide nothing; correct servers were seen to need 30, faulty ones 49. */
export const MAX_CONFIGURATIONS = 256;

/** What a refusal may remove: a `state` code only what could be refused as illegal, any other code any command. */
export type RefusalReach = "state" | "any";

/** Coverage of one lifecycle: what certainly happened. */
export interface Visits {
  readonly states: Set<string>;
  readonly transitions: Set<number>;
}

/** One machine. Its methods mutate it; an empty set is for the caller to report. */
export class Instance {
  readonly automaton: Automaton;
  /** The value of the key as JSON text; absent for scope `connection`. */
  readonly key: string | undefined;
  readonly #bounds: Bounds;
  readonly #visits: Visits;
  #configurations: readonly Configuration[];
  #others = false;
  /** Nothing is known any more: an empty set was reported, or there were too many configurations. */
  lost = false;
  overflow = false;
  /** The earliest deadline of any configuration. */
  nextDueMs = Number.POSITIVE_INFINITY;

  constructor(
    automaton: Automaton,
    options: {
      readonly key?: string;
      readonly bounds: Bounds;
      readonly visits: Visits;
      readonly openedAtMs: number;
      readonly others: boolean;
    },
  ) {
    this.automaton = automaton;
    this.key = options.key;
    this.#bounds = options.bounds;
    this.#visits = options.visits;
    this.#configurations = [
      {
        state: automaton.lifecycle.initial,
        memory: NO_MEMORY,
        pending: [],
        enteredAtMs: options.openedAtMs,
        touchedAtMs: Number.NEGATIVE_INFINITY,
        via: [],
      },
    ];
    if (options.others) this.allowOthers(options.openedAtMs);
    else this.#settle();
  }

  get configurations(): readonly Configuration[] {
    return this.#configurations;
  }

  /** Another connection uses the same identity: `$other` may be taken from now on. */
  allowOthers(atMs: number): void {
    if (this.#others || !hasOthers(this.automaton)) return;
    this.#others = true;
    this.#replace(this.#configurations, atMs);
  }

  /** A named command was sent. `moves` holds one move for each message that it may be; `none`: or none of them. */
  send(moves: readonly Move[], none: boolean, atMs: number): void {
    const sent = this.#configurations.flatMap((configuration) => {
      if (configuration.state === CLOSED) return [configuration];
      const ways = moves.map((move) => {
        const command: PendingCommand = { move, sentAtMs: atMs, refusable: false, readyAtMs: undefined };
        const next = { ...configuration, pending: [...configuration.pending, command] };
        return review(this.automaton, next, atMs);
      });
      return none ? [...ways, configuration] : ways;
    });
    const [only] = moves;
    if (only !== undefined && moves.length === 1 && !none) this.#countMay(only);
    this.#replace(sent, atMs);
  }

  /** A named event came. False: no configuration explains it, and the set is left as it was. */
  receive(moves: readonly Move[], none: boolean, atMs: number): boolean {
    const [only] = moves;
    if (only !== undefined && moves.length === 1 && !none && this.#loop(only, atMs)) return true;
    const moved = this.#configurations.flatMap((configuration) => {
      if (configuration.state === CLOSED) return [configuration];
      const ways = moves.flatMap((move) => this.#afterEvent(configuration, move, atMs) ?? []);
      return none ? [...ways, configuration] : ways;
    });
    if (moved.length === 0) return false;
    this.#replace(moved, atMs);
    return true;
  }

  /** What the set would be after a refusal; empty where it removes nothing. */
  refused(reach: RefusalReach, atMs: number): readonly Configuration[] {
    const anyOfThem = this.automaton.lifecycle.queued.length > 0;
    return this.#configurations.flatMap((configuration) =>
      configuration.pending.flatMap((command, index) => {
        if ((index > 0 && !anyOfThem) || (reach === "state" && !command.refusable)) return [];
        const pending = configuration.pending.filter((_, position) => position !== index);
        return [review(this.automaton, { ...configuration, pending }, atMs)];
      }),
    );
  }

  /** Takes the outcome of {@link refused}; `certain`: nothing else explains the refusal. */
  refuse(removed: readonly Configuration[], certain: boolean, atMs: number): void {
    this.#replace(certain ? removed : [...this.#configurations, ...removed], atMs);
  }

  /** Drops what has run out. Gives the last deadline when nothing is left; the set stays as it was for the report. */
  expire(nowMs: number): Deadline | undefined {
    let last: Deadline | undefined;
    const left = this.#configurations.filter((configuration) => {
      const deadline = deadlineOf(this.automaton, configuration, this.#bounds);
      if (deadline === undefined || deadline.atMs >= nowMs) return true;
      // A close that is due is what the report is about, whatever else ran out with it.
      if (last?.reason === "close") return false;
      if (last === undefined || deadline.reason === "close" || deadline.atMs > last.atMs) last = deadline;
      return false;
    });
    if (left.length === 0) return last;
    if (left.length < this.#configurations.length) this.#configurations = left;
    this.#settle();
    return undefined;
  }

  /** Whether the server could take a command now, in each configuration. */
  legality(move: Move): Legality {
    if (this.lost) return "undecided";
    const answers = this.#configurations.map(({ state, memory }): Legality => {
      const step = this.automaton.first(state, memory, move);
      if (step === undefined)
        return this.automaton.lifecycle.queued.includes(move.name) ? "legal" : "illegal";
      return step.may ? "undecided" : "legal";
    });
    const [first = "undecided", ...others] = answers;
    return others.every((answer) => answer === first) ? first : "undecided";
  }

  /** Position of the transition that would take a command now; undefined where configurations differ. */
  taking(move: Move): number | undefined {
    if (this.lost) return undefined;
    const steps = this.#configurations.map(
      ({ state, memory }) => this.automaton.first(state, memory, move)?.index,
    );
    const [first] = steps;
    return steps.every((index) => index === first) ? first : undefined;
  }

  /** The server has closed the connection as it was told to: what led to that was taken. */
  countClosed(): void {
    if (this.lost) return;
    const closed = this.#configurations.filter(({ state }) => state === CLOSED);
    const [first, ...others] = closed;
    for (const index of first?.via ?? []) {
      if (others.every(({ via }) => via.includes(index))) this.#visits.transitions.add(index);
    }
  }

  /** Gives up: nothing that follows is judged. */
  lose(): void {
    this.lost = true;
    this.nextDueMs = Number.POSITIVE_INFINITY;
  }

  /** The settled case, a token of a stream: one configuration, nothing pending, a loop that tells nothing new. */
  #loop(move: Move, atMs: number): boolean {
    const [only] = this.#configurations;
    if (this.#configurations.length !== 1 || only === undefined) return false;
    if (only.pending.length > 0 || this.#others || only.via.length > 0 || only.state === CLOSED) return false;
    const step = this.automaton.first(only.state, only.memory, move);
    if (step === undefined || step.state !== only.state || step.memory !== only.memory) return false;
    if (!this.#visits.transitions.has(step.index)) return false;
    this.#configurations = [{ ...only, touchedAtMs: atMs, enteredAtMs: finite(only.enteredAtMs, atMs) }];
    this.#findDue();
    return true;
  }

  #afterEvent(configuration: Configuration, move: Move, atMs: number): Configuration | undefined {
    const step = this.automaton.first(configuration.state, configuration.memory, move);
    if (step === undefined) return undefined;
    const next = afterStep(configuration, step, { enteredAtMs: atMs });
    // After `$other` the clock starts at the first event, also where that event loops.
    const enteredAtMs = finite(next.enteredAtMs, atMs);
    return review(this.automaton, { ...next, enteredAtMs, touchedAtMs: atMs }, atMs);
  }

  /** Adds whatever can have happened silently: heads of the queue taken, `$other`. */
  #replace(seeds: readonly Configuration[], atMs: number): void {
    const found = new Map<string, Configuration>();
    const waiting: Configuration[] = [];
    const add = (configuration: Configuration) => {
      const key = configurationKey(configuration);
      const known = found.get(key);
      const merged = known === undefined ? configuration : mergeConfigurations(known, configuration);
      if (merged === known) return;
      found.set(key, merged);
      // A merged one has later clocks, and so have those that follow from it.
      waiting.push(merged);
    };
    for (const seed of seeds) add(seed);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (found.size > MAX_CONFIGURATIONS) {
        this.overflow = true;
        this.lose();
        return;
      }
      for (const follower of this.#silent(next, atMs)) add(follower);
    }
    this.#configurations = [...found.values()];
    this.#settle();
  }

  *#silent(from: Configuration, atMs: number): Generator<Configuration> {
    if (from.state === CLOSED) return;
    for (const [index, command] of from.pending.entries()) {
      const step = this.automaton.first(from.state, from.memory, command.move);
      // Only the head is taken; but a close may cut off the refusals of those before the command that it obeys.
      if (step === undefined || (index > 0 && step.state !== CLOSED)) continue;
      // A state entered by a command counts from its sending; under `queued` from when it could be taken.
      const clock = clockOf(this.automaton, command) ?? atMs;
      // What was sent after the command that ends the connection is no longer judged.
      const pending = step.state === CLOSED ? [] : from.pending.slice(1);
      yield review(this.automaton, afterStep(from, step, { enteredAtMs: clock, pending }), clock);
    }
    if (!this.#others) return;
    for (const step of this.automaton.others(from.state, from.memory)) {
      yield review(this.automaton, afterStep(from, step, { enteredAtMs: Number.POSITIVE_INFINITY }), atMs);
    }
  }

  #settle(): void {
    this.#count();
    this.#findDue();
  }

  #findDue(): void {
    let due = Number.POSITIVE_INFINITY;
    for (const configuration of this.#configurations) {
      due = Math.min(due, deadlineOf(this.automaton, configuration, this.#bounds)?.atMs ?? due);
    }
    this.nextDueMs = due;
  }

  /** Counts what all configurations agree on. */
  #count(): void {
    const [first, ...others] = this.#configurations;
    if (first === undefined) return;
    if (others.every(({ state }) => state === first.state)) this.#visits.states.add(first.state);
    const certain = first.via.filter((index) => others.every(({ via }) => via.includes(index)));
    if (certain.length === 0) return;
    for (const index of certain) this.#visit(index);
    this.#configurations = this.#configurations.map((configuration) => ({
      ...configuration,
      via: configuration.via.filter((index) => !certain.includes(index)),
    }));
  }

  /** Whoever took a transition has been in the state that it leads to, however soon that was left again. */
  #visit(index: number): void {
    this.#visits.transitions.add(index);
    const to = this.automaton.lifecycle.transitions[index]?.to;
    if (to !== undefined && to !== "=" && to !== CLOSED) this.#visits.states.add(to);
  }

  /** A transition with `may` is covered by sending its command: whether it was taken may never show. */
  #countMay(move: Move): void {
    const steps = this.#configurations.map(({ state, memory }) => this.automaton.first(state, memory, move));
    const [first] = steps;
    if (first?.may === true && steps.every((step) => step?.index === first.index)) {
      this.#visits.transitions.add(first.index);
    }
  }
}

function finite(timeMs: number, otherwise: number): number {
  return Number.isFinite(timeMs) ? timeMs : otherwise;
}

/** The states that an instance may be in. */
export function statesOf(instance: Pick<Instance, "configurations">): string[] {
  return [...new Set(instance.configurations.map(({ state }) => state))];
}
