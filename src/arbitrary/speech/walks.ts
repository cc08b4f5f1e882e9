/** Where each lifecycle of a connection stands, and what it remembers, stepped by the judge's own automaton. */

import type { Endpoint, Json, Lifecycle } from "../../contract/contract.js";
import { Automaton, CLOSED, keyOf, type Memory, NO_MEMORY } from "../../contract/lifecycle/automaton.js";
import { canonicalJson } from "../../contract/same-json.js";

/** A state and the values remembered on the way to it. */
export interface Standing {
  readonly state: string;
  readonly remembered: ReadonlyMap<string, unknown>;
}

/** The instances of one connection. */
export interface Walks {
  at(lifecycle: Lifecycle, key: Json | undefined): Standing;
  /** A legal message has passed: the instances that it touches step. True when one of them is closed by it. */
  passed(message: string, payload: unknown): boolean;
}

interface Place {
  readonly state: string;
  readonly memory: Memory;
}

/** Instances that are followed for one lifecycle; over it the oldest is as if new. The guard of the connection decides anyway. */
const INSTANCES = 4096;

/** Walks of a new connection: every lifecycle is in its initial state. */
export function createWalks(endpoint: Endpoint): Walks {
  const rows = endpoint.lifecycles.map((lifecycle) => ({
    lifecycle,
    automaton: new Automaton(lifecycle),
    start: { state: lifecycle.initial, memory: NO_MEMORY } satisfies Place,
    places: new Map<string, Place>(),
  }));
  return {
    at(lifecycle, key) {
      const row = rows.find((candidate) => candidate.lifecycle === lifecycle);
      const text = lifecycle.scope === "connection" || key === undefined ? "" : canonicalJson(key);
      const { state, memory } = row?.places.get(text) ?? { state: lifecycle.initial, memory: NO_MEMORY };
      return { state, remembered: memory.values };
    },
    passed(message, payload) {
      let closed = false;
      for (const { lifecycle, automaton, start, places } of rows) {
        if (!automaton.names(message)) continue;
        const key = lifecycle.scope === "connection" ? "" : keyOf(lifecycle.scope.key, payload);
        if (key === undefined) continue;
        const { state, memory } = places.get(key) ?? start;
        const step = automaton.first(state, memory, automaton.move(message, payload));
        if (step === undefined) continue;
        places.delete(key);
        if (step.state !== lifecycle.initial || step.memory.values.size > 0) places.set(key, step);
        const [oldest] = places.keys();
        if (places.size > INSTANCES && oldest !== undefined) places.delete(oldest);
        closed ||= step.state === CLOSED;
      }
      return closed;
    },
  };
}
