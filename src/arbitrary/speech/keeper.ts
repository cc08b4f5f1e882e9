/** Keeps the invariants of a document: changes composed payloads so that they hold over the connection's events. */

import type { Endpoint, Invariant, Json, Pointer } from "../../contract/contract.js";
import { isObject, valueAt } from "../../contract/pointer.js";
import { canonicalJson, sameJson } from "../../contract/same-json.js";
import type { Claims } from "./claims.js";
import { jsonAt, withoutValue, withValues } from "./compose.js";

/** The invariants of one connection. */
export interface Keeper {
  /** A payload like this one under which every invariant holds, or undefined; the schema is the caller's to check. */
  adjust(event: string, payload: Json): Json | undefined;
  /** Whether an event of another connection of the endpoint keeps the invariants here as it is. */
  allows(event: string, payload: Json): boolean;
  /** The event was sent. */
  sent(event: string, payload: Json): void;
  /** A command was taken: its values may be echoed. */
  taken(command: string, payload: unknown): void;
}

interface Kept {
  readonly invariant: Invariant;
  /** Scope of this invariant among the claims of the endpoint. */
  readonly scope: string;
  /** The last value sent, by group. */
  readonly last: Map<string, Json>;
  /** `echoes`: what commands held, the latest last. */
  readonly heard: Json[];
  /** `echoes`: the last command held nothing, so any value is right. */
  free: boolean;
}

/** How many different `by` values are remembered for one invariant; the oldest is forgotten. */
const REMEMBERED = 1024;
/** Values that may still be echoed: commands that are answered while later ones were taken. */
const HEARD = 64;

/** A keeper for one connection; `claims` are those of its endpoint. */
export function createKeeper(endpoint: Endpoint, claims: Claims): Keeper {
  const kept = endpoint.invariants.map(
    (invariant, index): Kept => ({
      invariant,
      scope: `invariant ${index}`,
      last: new Map(),
      heard: [],
      free: false,
    }),
  );

  function adjustOne(row: Kept, payload: Json): Json | undefined {
    const { invariant } = row;
    const value = jsonAt(payload, invariant.field);
    if (invariant.kind === "echoes") return echo(row, payload, value);
    if (value === undefined) return payload;
    const wanted = wantedValue(row, payload, value, claims);
    if (wanted === undefined || sameJson(wanted, value)) return wanted === undefined ? undefined : payload;
    return withValues(payload, new Map([[invariant.field, wanted]]));
  }

  return {
    adjust(event, payload) {
      let adjusted: Json | undefined = payload;
      for (const row of kept) {
        if (adjusted === undefined) return undefined;
        if (row.invariant.on.includes(event)) adjusted = adjustOne(row, adjusted);
      }
      return adjusted;
    },
    allows: (event, payload) =>
      kept.every(
        (row) =>
          // Claims are the endpoint's: the value is used because the other connection has sent it.
          row.invariant.kind === "unique" ||
          !row.invariant.on.includes(event) ||
          sameJson(adjustOne(row, payload), payload),
      ),
    sent(event, payload) {
      for (const { invariant, last, scope } of kept) {
        const { resetOn, by } = invariant;
        if (resetOn?.message === event && fits(resetOn.when, payload)) {
          if (by !== undefined && valueAt(payload, by) !== undefined)
            last.delete(groupOf(invariant, payload));
          else last.clear();
        }
        const value = jsonAt(payload, invariant.field);
        if (!invariant.on.includes(event) || value === undefined) continue;
        if (invariant.kind === "unique") claims.use(scope + groupOf(invariant, payload), value);
        last.set(groupOf(invariant, payload), value);
        const [oldest] = last.keys();
        if (last.size > REMEMBERED && oldest !== undefined) last.delete(oldest);
      }
    },
    taken(command, payload) {
      for (const row of kept) {
        if (row.invariant.kind !== "echoes" || !row.invariant.command?.includes(command)) continue;
        const value = jsonAt(payload, row.invariant.from ?? "");
        row.free = value === undefined;
        if (value === undefined) continue;
        row.heard.push(value);
        if (row.heard.length > HEARD) row.heard.shift();
      }
    },
  };
}

/** Without a command that held a value there is nothing to echo, so the field stays away. */
function echo(row: Kept, payload: Json, value: Json | undefined): Json | undefined {
  const { field } = row.invariant;
  if (row.free || row.heard.some((one) => sameJson(one, value))) return payload;
  const latest = row.heard.at(-1);
  return latest === undefined
    ? withoutValue(payload, field)
    : withValues(payload, new Map([[field, latest]]));
}

function wantedValue(row: Kept, payload: Json, value: Json, claims: Claims): Json | undefined {
  const { invariant, last } = row;
  const group = groupOf(invariant, payload);
  const before = last.get(group);
  switch (invariant.kind) {
    case "echoes":
      return value;
    case "unique":
      return claims.isUsed(row.scope + group, value) ? claims.fresh(value) : value;
    case "constant":
      return before ?? value;
    case "increasing":
      return typeof before === "number" ? before + (invariant.step ?? 1) : value;
    case "nondecreasing":
      return isLess(value, before) ? before : value;
    case "prefix-growing":
      return typeof before === "string" && typeof value === "string" && !value.startsWith(before)
        ? before + value
        : value;
    case "at-most": {
      const bound = jsonAt(payload, invariant.bound ?? "");
      return isLess(bound, value) ? bound : value;
    }
  }
}

function isLess(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a === "number" && typeof b === "number") return a < b;
  return typeof a === "string" && typeof b === "string" && a < b;
}

/** True when each pointer of `when` holds its value, or one of its values. */
export function fits(when: Readonly<Record<Pointer, Json>> | undefined, payload: unknown): boolean {
  return Object.entries(when ?? {}).every(([pointer, wanted]) => {
    const got = valueAt(payload, pointer);
    const values: readonly Json[] = Array.isArray(wanted) ? wanted : [wanted];
    return got !== undefined && values.some((value) => sameJson(value, got));
  });
}

function groupOf(invariant: Invariant, payload: unknown): string {
  if (invariant.by === undefined) return "";
  const value = valueAt(payload, invariant.by);
  return isObject(value) ? canonicalJson(value) : JSON.stringify(value ?? null);
}
