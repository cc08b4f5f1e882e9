/** Keeps the invariants of a document: changes composed payloads so that they hold over the connection's events. */

import type { Endpoint, Invariant, Json, Pointer } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { jsonAt, withoutValue, withValues } from "./compose.js";

export interface Keeper {
  /** A payload like this one under which every invariant holds; the schema is the caller's to check. */
  adjust(event: string, payload: Json): Json;
  /** The event was sent. */
  sent(event: string, payload: Json): void;
  /** A command was taken: its values may be echoed. */
  taken(command: string, payload: unknown): void;
}

/** How many different `by` values are remembered for one invariant; the oldest is forgotten. */
const REMEMBERED = 1024;

/** A keeper for one connection. */
export function createKeeper(endpoint: Endpoint): Keeper {
  const kept = endpoint.invariants.map((invariant) => ({
    invariant,
    last: new Map<string, Json>(),
    serial: 0,
  }));
  const echoed = new Map<string, Json | undefined>();

  function wanted(row: (typeof kept)[number], payload: Json): Json | undefined {
    const { invariant, last } = row;
    const value = jsonAt(payload, invariant.field);
    const before = last.get(groupOf(invariant, payload));
    switch (invariant.kind) {
      case "echoes":
        return echoed.get(invariant.field);
      case "constant":
        return before ?? value;
      case "unique":
        row.serial += 1;
        return typeof value === "number" ? row.serial : `${String(value)}-${row.serial}`;
      case "increasing":
        return typeof before === "number" ? before + (invariant.step ?? 1) : value;
      case "nondecreasing":
        return typeof before === "number" && typeof value === "number" ? Math.max(before, value) : value;
      case "prefix-growing":
        return typeof before === "string" && typeof value === "string" && !value.startsWith(before)
          ? before + value
          : value;
      case "at-most": {
        const bound = jsonAt(payload, invariant.bound ?? "");
        return typeof bound === "number" && typeof value === "number" ? Math.min(bound, value) : value;
      }
    }
  }

  return {
    adjust(event, payload) {
      let adjusted = payload;
      for (const row of kept) {
        const { invariant } = row;
        if (!invariant.on.includes(event)) continue;
        if (jsonAt(adjusted, invariant.field) === undefined && invariant.kind !== "echoes") continue;
        const value = wanted(row, adjusted);
        adjusted =
          value === undefined
            ? withoutValue(adjusted, invariant.field)
            : (withValues(adjusted, new Map([[invariant.field, value]])) ?? adjusted);
      }
      return adjusted;
    },
    sent(event, payload) {
      for (const { invariant, last } of kept) {
        const { resetOn } = invariant;
        if (resetOn?.message === event && fits(resetOn.when, payload)) last.clear();
        const value = jsonAt(payload, invariant.field);
        if (!invariant.on.includes(event) || value === undefined) continue;
        last.set(groupOf(invariant, payload), value);
        const [oldest] = last.keys();
        if (last.size > REMEMBERED && oldest !== undefined) last.delete(oldest);
      }
    },
    taken(command, payload) {
      for (const { invariant } of kept) {
        if (invariant.kind !== "echoes" || !invariant.command?.includes(command)) continue;
        echoed.set(invariant.field, jsonAt(payload, invariant.from ?? ""));
      }
    },
  };
}

/** True when each pointer of `when` holds its value, or one of its values. */
export function fits(when: Readonly<Record<Pointer, Json>> | undefined, payload: unknown): boolean {
  return Object.entries(when ?? {}).every(([pointer, wanted]) => {
    const got = JSON.stringify(valueAt(payload, pointer));
    const values: readonly Json[] = Array.isArray(wanted) ? wanted : [wanted];
    return values.some((value) => JSON.stringify(value) === got);
  });
}

function groupOf(invariant: Invariant, payload: unknown): string {
  return invariant.by === undefined ? "" : JSON.stringify(valueAt(payload, invariant.by) ?? null);
}
