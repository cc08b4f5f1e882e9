/**
 * Walks over the lifecycles of an endpoint, commands and events alike, made by walking the automata: each step is
 * chosen among what is legal (or, where wanted, illegal) after the one before. Nothing is filtered afterwards.
 *
 * A walk is a list of small numbers underneath, so it shrinks to a short walk of first choices.
 */

import fc from "fast-check";
import type { Contract, Direction, Endpoint, Json, Message, Pointer } from "../contract/contract.js";
import {
  Automaton,
  CLOSED,
  fitsWhen,
  keyOf,
  type Memory,
  type Move,
  NO_MEMORY,
} from "../contract/lifecycle/automaton.js";
import { canonicalJson } from "../contract/same-json.js";
import { UnsatisfiableError } from "./bounded-filter.js";
import type { Placement } from "./placement.js";
import { validPayload } from "./valid-payload.js";

/** One message of a walk. */
export interface WalkStep {
  readonly kind: Direction;
  readonly name: string;
  readonly payload: Json;
  /** `waits`: a `queued` command that its state cannot take yet; it ends the walk. Illegal steps change no state. */
  readonly verdict: "legal" | "may" | "illegal" | "waits";
  /** The states of the instances that it touches, after it: by lifecycle and key. */
  readonly states: Readonly<Record<string, string>>;
}

export interface WalkOptions {
  /** Steps of the longest walk; 16 unless given. */
  readonly maxLength?: number;
  /** Out of ten steps, how many try what is illegal; 0 unless given. */
  readonly illegal?: number;
  /** Decides the payloads that steps choose from. */
  readonly seed?: number;
}

/** Values that stand for identities: a walk with one of them only would never meet a stranger. */
const IDENTITIES: readonly [Json, Json] = [
  "00000000-0000-4000-8000-0000000000a1",
  "00000000-0000-4000-8000-0000000000b2",
];

const PAYLOADS_OF_A_KIND = 4;

/** Walks of one endpoint. Without lifecycles every message is legal at any time. */
export function lifecycleWalk(
  contract: Pick<Contract, "definitions">,
  endpoint: Endpoint,
  options: WalkOptions = {},
): fc.Arbitrary<readonly WalkStep[]> {
  const { maxLength = 16, illegal = 0, seed = 1 } = options;
  const pool = draftPool(contract, endpoint, seed);
  const choice = fc.record({
    // Shrinks towards a legal step, the first message and its first payload.
    illegal: fc.nat({ max: 9 }).map((value) => value > 9 - illegal),
    message: fc.nat({ max: 63 }),
    payload: fc.nat({ max: 15 }),
  });
  return fc.array(choice, { minLength: 1, maxLength }).map((choices) => new Walker(pool).walk(choices));
}

/** A payload with what it is to each automaton that it touches: worked out once, tried at each step. */
interface Draft {
  readonly payload: Json;
  readonly touches: readonly { readonly automaton: Automaton; readonly id: string; readonly move: Move }[];
}

/** Every message, with payloads that make a difference to the lifecycles; refusals are no steps of their own. */
type Pool = readonly { readonly kind: Direction; readonly name: string; readonly drafts: readonly Draft[] }[];

function draftPool(contract: Pick<Contract, "definitions">, endpoint: Endpoint, seed: number): Pool {
  const automata = endpoint.lifecycles.map((lifecycle) => new Automaton(lifecycle));
  const { reject } = endpoint.protocol;
  const of = (kind: Direction, messages: readonly Message[]) =>
    messages.flatMap((message) => {
      const { name } = message;
      const refuses = (payload: Json) =>
        kind === "event" && reject?.message === name && fitsWhen(reject.when, payload);
      const drafts = payloadsOf(contract, endpoint, message, seed)
        .filter((payload) => !refuses(payload))
        .map(
          (payload): Draft => ({ payload, touches: automata.flatMap((one) => touch(one, name, payload)) }),
        );
      return drafts.length === 0 ? [] : [{ kind, name, drafts }];
    });
  return [...of("command", endpoint.commands), ...of("event", endpoint.events)];
}

function touch(automaton: Automaton, name: string, payload: Json): Draft["touches"] {
  if (!automaton.names(name)) return [];
  const { lifecycle } = automaton;
  const key = lifecycle.scope === "connection" ? "" : keyOf(lifecycle.scope.key, payload);
  if (key === undefined) return [];
  const id = key === "" ? lifecycle.name : `${lifecycle.name} ${key}`;
  return [{ automaton, id, move: automaton.move(name, payload) }];
}

function payloadsOf(
  contract: Pick<Contract, "definitions">,
  endpoint: Endpoint,
  message: Message,
  seed: number,
): Json[] {
  const found = new Map<string, Json>();
  for (const at of placementsOf(endpoint, message.name)) {
    const arbitrary = validPayload(message.payload, contract.definitions, { at });
    try {
      const drawn = fc.sample(arbitrary, { numRuns: PAYLOADS_OF_A_KIND, seed });
      for (const payload of drawn)
        if (JSON.stringify(payload).length < 2000) found.set(canonicalJson(payload), payload);
    } catch (error) {
      // A condition that the schema does not allow to meet: the others remain.
      if (!(error instanceof UnsatisfiableError)) throw error;
    }
  }
  return [...found.values()];
}

/** One set of placements for each condition that a transition puts on the message, and one without any. */
function placementsOf(endpoint: Endpoint, name: string): Record<Pointer, Placement>[] {
  const identities: Record<Pointer, Placement> = {};
  const conditions: Record<Pointer, Placement>[] = [{}];
  for (const { scope, transitions } of endpoint.lifecycles) {
    const own = transitions.filter(({ on }) => on.includes(name));
    if (own.length > 0 && scope !== "connection")
      identities[scope.key] = { values: IDENTITIES, required: true };
    for (const { when, bound, set } of own) {
      for (const pointer of [...Object.keys(bound ?? {}), ...Object.values(set ?? {})]) {
        identities[pointer] = { values: IDENTITIES };
      }
      if (when === undefined) continue;
      const placed = Object.entries(when).map(([pointer, wanted]) => [
        pointer,
        { values: Array.isArray(wanted) ? wanted : [wanted], required: true },
      ]);
      conditions.push(Object.fromEntries(placed));
    }
  }
  const { reject } = endpoint.protocol;
  if (reject?.message === name && reject.when !== undefined) {
    const placed = Object.entries(reject.when).map(([pointer, values]) => [
      pointer,
      { values, required: true },
    ]);
    conditions.push(Object.fromEntries(placed));
  }
  return conditions.map((condition) => ({ ...identities, ...condition }));
}

interface Choice {
  readonly illegal: boolean;
  readonly message: number;
  readonly payload: number;
}

interface Place {
  readonly state: string;
  readonly memory: Memory;
}

interface Attempt {
  readonly verdict: WalkStep["verdict"];
  readonly moved: ReadonlyMap<string, Place>;
}

/** Follows one walk: as a server knows its states, one for each instance. */
class Walker {
  readonly #pool: Pool;
  readonly #places = new Map<string, Place>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  walk(choices: readonly Choice[]): WalkStep[] {
    const steps: WalkStep[] = [];
    for (const choice of choices) {
      const step = this.#choose(choice);
      if (step === undefined) continue;
      steps.push(step);
      // What comes after a close, or while a command waits, is the server's to decide.
      if (step.verdict === "waits" || Object.values(step.states).includes(CLOSED)) break;
    }
    return steps;
  }

  #choose(choice: Choice): WalkStep | undefined {
    const wanted = (verdict: WalkStep["verdict"]) => (verdict === "illegal") === choice.illegal;
    const options = this.#pool.flatMap(({ kind, name, drafts }) => {
      const fitting = drafts.flatMap((draft) => {
        const attempt = this.#attempt(kind, draft);
        return wanted(attempt.verdict) ? [{ payload: draft.payload, attempt }] : [];
      });
      return fitting.length === 0 ? [] : [{ kind, name, fitting }];
    });
    const option = options[choice.message % Math.max(1, options.length)];
    const chosen = option?.fitting[choice.payload % option.fitting.length];
    if (option === undefined || chosen === undefined) return undefined;
    const { verdict, moved } = chosen.attempt;
    for (const [id, place] of moved) this.#places.set(id, place);
    const states = Object.fromEntries([...moved].map(([id, { state }]) => [id, state]));
    return { kind: option.kind, name: option.name, payload: chosen.payload, verdict, states };
  }

  /** What a message would do now. */
  #attempt(kind: Direction, { touches }: Draft): Attempt {
    const moved = new Map<string, Place>();
    let verdict: WalkStep["verdict"] = "legal";
    for (const { automaton, id, move } of touches) {
      const { initial, queued } = automaton.lifecycle;
      const place = this.#places.get(id) ?? { state: initial, memory: NO_MEMORY };
      const step = automaton.first(place.state, place.memory, move);
      if (step === undefined) {
        const waits = kind === "command" && queued.includes(move.name);
        return { verdict: waits ? "waits" : "illegal", moved: new Map([[id, place]]) };
      }
      if (step.may && kind === "command") verdict = "may";
      moved.set(id, { state: step.state, memory: step.memory });
    }
    return { verdict, moved };
  }
}

/** A command that a state does not allow. */
export interface IllegalPair {
  readonly lifecycle: string;
  readonly state: string;
  readonly command: string;
}

/** Each pair of a state that traffic can reach and a command, named by its lifecycle, that no transition takes there. */
export function illegalPairs(endpoint: Endpoint): IllegalPair[] {
  const commands = endpoint.commands.map(({ name }) => name);
  return endpoint.lifecycles.flatMap((lifecycle) => {
    const automaton = new Automaton(lifecycle);
    const named = commands.filter((name) => automaton.names(name) && !lifecycle.queued.includes(name));
    return reachableStates(endpoint, lifecycle.name).flatMap((state) => {
      const legal = new Set(automaton.from(state));
      return named.flatMap((command) =>
        legal.has(command) ? [] : [{ lifecycle: lifecycle.name, state, command }],
      );
    });
  });
}

/** The states of a lifecycle that commands and events lead to from the initial one, `$closed` left out. */
export function reachableStates(endpoint: Endpoint, lifecycleName: string): string[] {
  const lifecycle = endpoint.lifecycles.find(({ name }) => name === lifecycleName);
  if (lifecycle === undefined)
    throw new RangeError(`Endpoint ${endpoint.name} has no lifecycle "${lifecycleName}".`);
  const known = new Set([...endpoint.commands, ...endpoint.events].map(({ name }) => name));
  const found = new Set([lifecycle.initial]);
  // A set is walked in the order of insertion, those included that are added on the way.
  for (const state of found) {
    for (const { from, on, to } of lifecycle.transitions) {
      if (!from.includes(state) && !from.includes("*")) continue;
      if (to === "=" || to === CLOSED || !on.some((name) => known.has(name))) continue;
      found.add(to);
    }
  }
  return [...found];
}
