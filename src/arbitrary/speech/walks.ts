/** Where each lifecycle of a connection stands, and what it remembers, stepped by the judge's own automaton. */

import type { Endpoint, Json, Lifecycle } from "../../contract/contract.js";
import {
  Automaton,
  CLOSED,
  keyOf,
  type Memory,
  NO_MEMORY,
  type Step,
} from "../../contract/lifecycle/automaton.js";
import { canonicalJson } from "../../contract/same-json.js";

/** A state and the values remembered on the way to it. */
export interface Standing {
  readonly state: string;
  readonly remembered: ReadonlyMap<string, unknown>;
}

/** The same as the automaton knows it. */
export interface Place {
  readonly state: string;
  readonly memory: Memory;
}

/** What became of a message that has passed. */
export interface Passage {
  /** An instance that it touches is closed by it. */
  readonly closed: boolean;
  /** Puts back the instances that nothing has moved since. */
  undo(): void;
}

/** The instances of one connection. */
export interface Walks {
  at(lifecycle: Lifecycle, key: Json | undefined): Standing;
  /** The same, by the JSON text of the key; `""` where the lifecycle has none. */
  placeOf(lifecycle: Lifecycle, key: string): Place;
  /** Whether the instances that a message touches take it now; `waits`: a `queued` command that one of them takes later. */
  verdict(message: string, payload: unknown): "legal" | "waits" | "illegal";
  /** A legal message has passed: the instances that it touches step. */
  passed(message: string, payload: unknown): Passage;
}

/** Instances that are followed for one lifecycle; over it the oldest is as if new. The guard of the connection decides anyway. */
const INSTANCES = 4096;

interface Row {
  readonly lifecycle: Lifecycle;
  readonly automaton: Automaton;
  readonly start: Place;
  readonly places: Map<string, Place>;
}

/** Walks of a new connection: every lifecycle is in its initial state. */
export function createWalks(endpoint: Endpoint): Walks {
  const rows = endpoint.lifecycles.map(
    (lifecycle): Row => ({
      lifecycle,
      automaton: new Automaton(lifecycle),
      start: { state: lifecycle.initial, memory: NO_MEMORY },
      places: new Map(),
    }),
  );

  function placeOf(lifecycle: Lifecycle, key: string): Place {
    const row = rows.find((candidate) => candidate.lifecycle === lifecycle);
    return row?.places.get(key) ?? { state: lifecycle.initial, memory: NO_MEMORY };
  }

  /** The instances that a message touches, each with the step that it would take. */
  function* touched(
    message: string,
    payload: unknown,
  ): Generator<{
    readonly row: Row;
    readonly key: string;
    readonly before: Place;
    readonly step: Step | undefined;
  }> {
    for (const row of rows) {
      const { lifecycle, automaton, start, places } = row;
      if (!automaton.names(message)) continue;
      const key = lifecycle.scope === "connection" ? "" : keyOf(lifecycle.scope.key, payload);
      if (key === undefined) continue;
      const before = places.get(key) ?? start;
      const step = automaton.first(before.state, before.memory, automaton.move(message, payload));
      yield { row, key, before, step };
    }
  }

  return {
    at(lifecycle, key) {
      const text = lifecycle.scope === "connection" || key === undefined ? "" : canonicalJson(key);
      const { state, memory } = placeOf(lifecycle, text);
      return { state, remembered: memory.values };
    },
    placeOf,
    verdict(message, payload) {
      let verdict: "legal" | "waits" = "legal";
      for (const { row, step } of touched(message, payload)) {
        if (step !== undefined) continue;
        if (!row.lifecycle.queued.includes(message)) return "illegal";
        verdict = "waits";
      }
      return verdict;
    },
    passed(message, payload) {
      const moves = [...touched(message, payload)].flatMap(({ row, key, before, step }) =>
        step === undefined ? [] : [{ row, key, before, after: settle(row, key, step) }],
      );
      return {
        closed: moves.some(({ after }) => after.state === CLOSED),
        undo() {
          for (const { row, key, before, after } of moves) {
            if ((row.places.get(key) ?? row.start) === after) settle(row, key, before);
          }
        },
      };
    },
  };
}

/** An instance that is as new need not be remembered. */
function settle({ places, start }: Row, key: string, place: Place): Place {
  places.delete(key);
  if (place.state === start.state && place.memory.values.size === 0) return start;
  places.set(key, place);
  const [oldest] = places.keys();
  if (places.size > INSTANCES && oldest !== undefined) places.delete(oldest);
  return place;
}
