/**
 * A server that keeps a lifecycle, for tests of the interpreter: written from the rules, not from the interpreter.
 *
 * It works in virtual time on one connection: reads commands in order and one at a time, sends the events of its state
 * when it likes, writes refusals late enough that events overtake them. With a `fault` it breaks one rule once.
 */

import type { Json, Lifecycle, Reject, Transition } from "../contract.js";

/** What crossed the wire, in the order in which the client's side saw it. */
export interface TraceEntry {
  readonly atMs: number;
  readonly kind: "sent" | "undecodable" | "received" | "closed";
  readonly name: string;
  readonly payload: { readonly [field: string]: Json };
}

/** A rule to break once. */
export type Fault =
  | "event after the terminal one"
  | "terminal event twice"
  | "event missing"
  | "refusal swallowed"
  | "refusal twice"
  | "legal command refused as illegal"
  | "refused command taken"
  | "broken frame ignored"
  | "close for no reason"
  | "close missing";

export interface ModelOptions {
  readonly lifecycle: Lifecycle;
  readonly reject: Reject;
  readonly answerMs: number;
  /** Commands that the client sends: names with payloads to choose from. */
  readonly commands: readonly (readonly [string, { readonly [field: string]: Json }])[];
  /** Payloads of events by name; those without are `{}`. */
  readonly payloads?: Readonly<Record<string, readonly { readonly [field: string]: Json }[]>>;
  /** Events that end something, for the faults about them. */
  readonly terminal: readonly string[];
  readonly fault?: Fault;
}

/** One run: what was sent and received, and whether the fault had its chance. */
export function runModel(
  options: ModelOptions,
  random: (below: number) => number,
): { trace: TraceEntry[]; faulty: boolean } {
  return new Model(options, random).run();
}

interface Command {
  readonly name: string;
  readonly payload: { readonly [field: string]: Json };
  readonly sentAtMs: number;
  readonly readable: boolean;
}

const STEPS = 24;
const LAST_MS = 40_000;

class Model {
  readonly #options: ModelOptions;
  readonly #random: (below: number) => number;
  readonly #trace: TraceEntry[] = [];
  #faulty = false;
  #state: string;
  #memory: Record<string, Json> = {};
  #now = 0;
  /** When the state must have been left, or (rearm) something said. */
  #dueMs = Number.POSITIVE_INFINITY;
  #inbox: Command[] = [];
  #waiting: Command[] = [];
  /** Refusals that are written but still under way. */
  #refusals: { readonly name: string; readonly payload: { code: string }; readonly latestMs: number }[] = [];
  #stuck = false;

  constructor(options: ModelOptions, random: (below: number) => number) {
    this.#options = options;
    this.#random = random;
    this.#state = options.lifecycle.initial;
  }

  run(): { trace: TraceEntry[]; faulty: boolean } {
    for (let step = 0; step < STEPS && !this.#closed(); step++) {
      this.#now += this.#random(3) === 0 ? this.#random(400) : this.#random(20);
      const choice = this.#random(10);
      if (choice < 4 && this.#unanswered() < 6) this.#clientSends();
      else if (choice < 7) this.#serverReads();
      else if (choice < 9) this.#serverSpeaks();
      else this.#flushRefusal();
      this.#inTime();
    }
    this.#finish();
    return { trace: this.#trace, faulty: this.#faulty };
  }

  #clientSends(): void {
    const readable = this.#random(12) > 0;
    const [name, payload] = pick(this.#options.commands, this.#random) ?? ["", {}];
    this.#trace.push({ atMs: this.#now, kind: readable ? "sent" : "undecodable", name, payload });
    this.#inbox.push({ name, payload, sentAtMs: this.#now, readable });
  }

  #serverReads(): void {
    const command = this.#inbox.shift();
    if (command === undefined || this.#closed()) return;
    if (!command.readable) {
      if (this.#breaks("broken frame ignored")) return;
      this.#refuse(this.#options.reject.payload[0] ?? "", command);
      return;
    }
    if (this.#waiting.length > 0 && this.#queues(command.name)) {
      this.#waiting.push(command);
      return;
    }
    this.#handle(command, command.sentAtMs);
  }

  #handle(command: Command, clockMs: number): void {
    const transition = this.#find(command.name, command.payload);
    const named = this.#options.lifecycle.transitions.some(({ on }) => on.includes(command.name));
    if (!named) return;
    if (transition === undefined && this.#queues(command.name)) {
      this.#waiting.push(command);
      return;
    }
    const illegal = transition === undefined;
    if (illegal || (transition.may === true && this.#random(2) === 0)) {
      if (illegal && this.#breaks("refusal swallowed")) return;
      if (illegal && this.#breaks("refused command taken")) {
        const like = this.#options.lifecycle.transitions.find(({ on }) => on.includes(command.name));
        if (like !== undefined) this.#take(like, command.payload, clockMs);
      }
      this.#refuse(this.#options.reject.state[0] ?? "", command);
      return;
    }
    if (transition.may !== true && this.#breaks("legal command refused as illegal")) {
      this.#refuse(this.#options.reject.state[0] ?? "", command);
      return;
    }
    if (this.#random(15) === 0) {
      this.#refuse("rate-limited", command);
      return;
    }
    // Events overtake refusals, but nothing that a later command brings about does.
    while (this.#refusals.length > 0) this.#flushRefusal();
    this.#take(transition, command.payload, clockMs);
    if (this.#state === "$closed") this.#close();
  }

  #close(): void {
    this.#now += this.#random(300);
    if (this.#breaks("close missing")) return;
    this.#trace.push({ atMs: this.#now, kind: "closed", name: "", payload: {} });
  }

  #serverSpeaks(): void {
    if (this.#closed() || this.#stuck) return;
    if (this.#breaks("close for no reason")) {
      this.#trace.push({ atMs: this.#now, kind: "closed", name: "", payload: {} });
      this.#state = "$closed";
      return;
    }
    const events = this.#legalEvents();
    const chosen = pick(events, this.#random);
    if (chosen === undefined) return;
    const [name, payload, transition] = chosen;
    if (this.#dueMs < Number.POSITIVE_INFINITY && this.#breaks("event missing")) {
      this.#stuck = true;
      return;
    }
    this.#event(name, payload);
    this.#take(transition, payload, this.#now);
    if (!this.#options.terminal.includes(name)) return;
    if (this.#breaks("terminal event twice")) this.#event(name, payload);
    else if (this.#breaks("event after the terminal one"))
      this.#event(pick(events, this.#random)?.[0] ?? name, payload);
  }

  /** Time is nearly up for something: a correct server does it now. */
  #inTime(): void {
    if (this.#closed()) return;
    const { answerMs } = this.#options;
    const patience = answerMs / 2;
    while (this.#refusals.some(({ latestMs }) => latestMs - this.#now < patience)) this.#flushRefusal();
    while (this.#inbox.some(({ sentAtMs }) => sentAtMs + answerMs - this.#now < 0.8 * answerMs))
      this.#serverReads();
    for (let i = 0; i < 50 && this.#dueMs - this.#now < 2500 && !this.#stuck && !this.#closed(); i++)
      this.#serverSpeaks();
  }

  #finish(): void {
    while (this.#now < LAST_MS && !this.#closed()) {
      while (this.#inbox.length > 0) this.#serverReads();
      while (this.#refusals.length > 0) this.#flushRefusal();
      this.#now += 400;
      if (this.#random(2) === 0 || this.#waiting.length > 0) this.#serverSpeaks();
      this.#inTime();
    }
  }

  #take(transition: Transition, payload: { readonly [field: string]: Json }, clockMs: number): void {
    for (const [kept, pointer] of Object.entries(transition.set ?? {})) {
      const value = payload[pointer.slice(1)];
      if (value === undefined) delete this.#memory[kept];
      else this.#memory[kept] = value;
    }
    const before = this.#state;
    if (transition.to !== "=") this.#state = transition.to;
    const obligation = this.#options.lifecycle.obligations.find((one) => one.in.includes(this.#state));
    if (obligation === undefined) this.#dueMs = Number.POSITIVE_INFINITY;
    else if (before !== this.#state) this.#dueMs = clockMs + obligation.withinMs;
    else if (obligation.rearm) this.#dueMs = Math.max(this.#dueMs, clockMs + obligation.withinMs);
    this.#goOn();
  }

  /** Whoever waits goes on as soon as the state allows it. */
  #goOn(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#find(next.name, next.payload) === undefined) return;
      this.#waiting.shift();
      this.#handle(next, this.#now);
    }
  }

  #refuse(code: string, command: Command): void {
    this.#refusals.push({
      name: this.#options.reject.message,
      payload: { code },
      latestMs: command.sentAtMs + this.#options.answerMs,
    });
    if (this.#breaks("refusal twice"))
      this.#refusals.push({
        name: this.#options.reject.message,
        payload: { code },
        latestMs: this.#now + 1000,
      });
  }

  #flushRefusal(): void {
    const refusal = this.#refusals.shift();
    if (refusal !== undefined && !this.#closed()) this.#event(refusal.name, refusal.payload);
  }

  #event(name: string, payload: { readonly [field: string]: Json }): void {
    this.#trace.push({ atMs: this.#now, kind: "received", name, payload });
  }

  #find(name: string, payload: { readonly [field: string]: Json }): Transition | undefined {
    if (this.#closed()) return undefined;
    return this.#options.lifecycle.transitions.find(
      ({ from, on, when = {}, bound = {} }) =>
        (from.includes(this.#state) || from.includes("*")) &&
        on.includes(name) &&
        Object.entries(when).every(([pointer, wanted]) => payload[pointer.slice(1)] === wanted) &&
        Object.entries(bound).every(([pointer, kept]) => {
          const [here, there] = [payload[pointer.slice(1)], this.#memory[kept]];
          return here === undefined || there === undefined || here === there;
        }),
    );
  }

  #legalEvents(): [string, { readonly [field: string]: Json }, Transition][] {
    const sent = new Set(this.#options.commands.map(([name]) => name));
    const names = new Set(this.#options.lifecycle.transitions.flatMap(({ on }) => on));
    return [...names].flatMap((name) => {
      if (sent.has(name)) return [];
      return (this.#options.payloads?.[name] ?? [{}]).flatMap((payload) => {
        const transition = this.#find(name, payload);
        return transition === undefined
          ? []
          : [[name, payload, transition] as const].map(
              (one) => [...one] as [typeof name, typeof payload, Transition],
            );
      });
    });
  }

  #queues(name: string): boolean {
    return this.#options.lifecycle.queued.includes(name);
  }

  #unanswered(): number {
    return this.#inbox.length + this.#waiting.length + this.#refusals.length;
  }

  #closed(): boolean {
    return this.#state === "$closed";
  }

  #breaks(fault: Fault): boolean {
    if (this.#options.fault !== fault || this.#faulty || this.#random(3) > 0) return false;
    this.#faulty = true;
    return true;
  }
}

function pick<T>(list: readonly T[], random: (below: number) => number): T | undefined {
  return list[random(Math.max(1, list.length))];
}
