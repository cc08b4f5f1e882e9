/** One lifecycle as a machine: which transition a message takes from a state, and what it remembers. */

import type { Json, Lifecycle, Transition } from "../contract.js";
import { parsePointer, valueAt } from "../pointer.js";
import { canonicalJson, sameJson } from "../same-json.js";

/** The state in which the server closes the connection. */
export const CLOSED = "$closed";

/** What another connection did: in `on`, it stands for no message. */
export const OTHER = "$other";

/** Values that transitions remembered by name. */
export interface Memory {
  readonly values: ReadonlyMap<string, unknown>;
  /** The same for the same values. */
  readonly key: string;
}

/** Nothing is remembered yet. */
export const NO_MEMORY: Memory = { values: new Map(), key: "" };

/** A message as the automaton sees it: only what its transitions look at. */
export interface Move {
  readonly name: string;
  /** The same for moves that no `when`, `bound` or `set` tells apart. */
  readonly signature: string;
  /** The transitions on this name whose `when` fits, in document order. */
  readonly candidates: readonly Candidate[];
}

interface Candidate {
  readonly index: number;
  readonly transition: Transition;
  /** What the message holds at the pointers of `bound`, by remembered name. */
  readonly bound: readonly (readonly [string, unknown])[];
  /** What it holds at the pointers of `set`. */
  readonly set: readonly (readonly [string, unknown])[];
}

/** Where a transition leads. */
export interface Step {
  /** Position in the lifecycle's transitions. */
  readonly index: number;
  readonly state: string;
  readonly memory: Memory;
  /** It may be refused as illegal as well. */
  readonly may: boolean;
}

/** Reads one lifecycle. Pure: states and memories are values that the caller keeps. */
export class Automaton {
  readonly lifecycle: Lifecycle;
  readonly #byName = new Map<string, { index: number; transition: Transition }[]>();
  readonly #plain = new Map<string, Move>();

  constructor(lifecycle: Lifecycle) {
    this.lifecycle = lifecycle;
    lifecycle.transitions.forEach((transition, index) => {
      for (const name of transition.on) {
        const list = this.#byName.get(name) ?? [];
        list.push({ index, transition });
        this.#byName.set(name, list);
      }
    });
    for (const [name, list] of this.#byName) {
      if (list.every(({ transition: { when, bound, set } }) => !when && !bound && !set)) {
        this.#plain.set(name, this.#prepare(name, undefined));
      }
    }
  }

  /** Whether some transition is on this message. */
  names(name: string): boolean {
    return name !== OTHER && this.#byName.has(name);
  }

  /** The message as this automaton sees it. */
  move(name: string, payload: unknown): Move {
    return this.#plain.get(name) ?? this.#prepare(name, payload);
  }

  /** The first transition in document order that fits, or undefined. */
  first(state: string, memory: Memory, move: Move): Step | undefined {
    for (const candidate of move.candidates) {
      if (leaves(candidate.transition, state) && isBound(candidate, memory)) {
        return takeCandidate(candidate, state, memory);
      }
    }
    return undefined;
  }

  /** Every step that `$other` allows: which one another connection caused, nobody tells. */
  others(state: string, memory: Memory): Step[] {
    if (state === CLOSED || !this.#byName.has(OTHER)) return [];
    return this.move(OTHER, undefined)
      .candidates.filter((candidate) => leaves(candidate.transition, state) && isBound(candidate, memory))
      .map((candidate) => takeCandidate(candidate, state, memory));
  }

  /** Names of the messages that some transition from this state is on. */
  from(state: string): string[] {
    const names = this.lifecycle.transitions
      .filter((transition) => leaves(transition, state))
      .flatMap((transition) => transition.on);
    return [...new Set(names)].filter((name) => name !== OTHER);
  }

  /** Whether this state takes commands that wait elsewhere. */
  takesQueued(state: string): boolean {
    return this.lifecycle.queued.some((name) =>
      (this.#byName.get(name) ?? []).some(({ transition }) => leaves(transition, state)),
    );
  }

  #prepare(name: string, payload: unknown): Move {
    const candidates = (this.#byName.get(name) ?? [])
      .filter(({ transition }) => fitsWhen(transition.when, payload))
      .map(
        ({ index, transition }): Candidate => ({
          index,
          transition,
          bound: Object.entries(transition.bound ?? {}).map(([pointer, kept]) => [
            kept,
            valueAt(payload, pointer),
          ]),
          set: Object.entries(transition.set ?? {}).map(([kept, pointer]) => [
            kept,
            valueAt(payload, pointer),
          ]),
        }),
      );
    const told = candidates.map(({ index, bound, set }) => [index, bound.map(orNull), set.map(orNull)]);
    return { name, candidates, signature: canonicalJson([name, told]) };
  }
}

/** Whether a payload holds what `when` asks for: a scalar means equal, a list one of; an absent pointer fits nothing. */
export function fitsWhen(when: { readonly [pointer: string]: Json } | undefined, payload: unknown): boolean {
  if (when === undefined) return true;
  return Object.entries(when).every(([pointer, wanted]) => {
    const found = valueAt(payload, pointer);
    if (found === undefined) return false;
    return Array.isArray(wanted) ? wanted.some((one) => sameJson(one, found)) : sameJson(wanted, found);
  });
}

/** The value of an instance's key, as text; undefined where the payload has none. */
export function keyOf(pointer: string, payload: unknown): string | undefined {
  // Parsed each time: pointers are short, and a payload is looked at once.
  const value = parsePointer(pointer).length === 0 ? payload : valueAt(payload, pointer);
  return value === undefined ? undefined : canonicalJson(value);
}

function leaves(transition: Transition, state: string): boolean {
  return state !== CLOSED && (transition.from.includes(state) || transition.from.includes("*"));
}

function isBound(candidate: Candidate, memory: Memory): boolean {
  return candidate.bound.every(([name, value]) => {
    const kept = memory.values.get(name);
    return value === undefined || kept === undefined || sameValue(kept, value);
  });
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Equal; a uuid in any case (RFC 9562 section 4: output lower case, input in any). */
function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a === "string" && typeof b === "string" && UUID.test(a) && UUID.test(b)) {
    return a.toLowerCase() === b.toLowerCase();
  }
  return sameJson(a, b);
}

function takeCandidate(candidate: Candidate, state: string, memory: Memory): Step {
  const { index, transition } = candidate;
  return {
    index,
    state: transition.to === "=" ? state : transition.to,
    memory: candidate.set.length === 0 ? memory : remember(memory, candidate.set),
    may: transition.may === true,
  };
}

function remember(memory: Memory, set: readonly (readonly [string, unknown])[]): Memory {
  const values = new Map(memory.values);
  for (const [name, value] of set) {
    if (value === undefined) values.delete(name);
    else values.set(name, value);
  }
  return { values, key: values.size === 0 ? "" : canonicalJson(Object.fromEntries(values)) };
}

function orNull([name, value]: readonly [string, unknown]): [string, unknown] {
  // An absent value and null are not the same to a transition.
  return [name, value === undefined ? { absent: true } : [value]];
}
