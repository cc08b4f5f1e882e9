/** Looks at the events of one connection from outside: which invariants of the document they break. */

import type { Endpoint, Invariant, Json } from "../../contract/contract.js";
import { valueAt } from "../../contract/pointer.js";
import { fits } from "./keeper.js";

/** A message that crossed the wire, and which way. */
export interface Seen {
  readonly from: "client" | "server";
  readonly names: readonly string[];
  readonly payload: unknown;
}

/** One sentence for each invariant and event that breaks it. */
export function brokenInvariants(endpoint: Pick<Endpoint, "invariants">, seen: readonly Seen[]): string[] {
  return endpoint.invariants.flatMap((invariant) => broken(invariant, seen));
}

function broken(invariant: Invariant, seen: readonly Seen[]): string[] {
  const found: string[] = [];
  const before = new Map<string, unknown[]>();
  const heard: unknown[] = [];
  let free = false;
  for (const { from, names, payload } of seen) {
    if (from === "client") {
      if (!names.some((name) => invariant.command?.includes(name))) continue;
      const value = valueAt(payload, invariant.from ?? "");
      free = value === undefined;
      heard.push(value);
      continue;
    }
    const group = JSON.stringify(invariant.by === undefined ? null : valueAt(payload, invariant.by));
    if (names.includes(invariant.resetOn?.message ?? "") && fits(invariant.resetOn?.when, payload)) {
      before.delete(group);
    }
    const value = valueAt(payload, invariant.field);
    if (value === undefined || !names.some((name) => invariant.on.includes(name))) continue;
    const earlier = before.get(group) ?? [];
    const right =
      invariant.kind === "echoes"
        ? free || heard.includes(value)
        : holds(invariant, value, earlier, payload as Json);
    if (!right) found.push(`${invariant.kind} ${invariant.field}: ${JSON.stringify([...earlier, value])}`);
    before.set(group, [...earlier, value]);
  }
  return found;
}

function holds(invariant: Invariant, value: unknown, earlier: readonly unknown[], payload: Json): boolean {
  const last = earlier.at(-1);
  switch (invariant.kind) {
    case "echoes":
      return true;
    case "unique":
      return !earlier.includes(value);
    case "constant":
      return earlier.length === 0 || last === value;
    case "prefix-growing":
      return last === undefined || String(value).startsWith(String(last));
    case "nondecreasing":
      return last === undefined || Number(value) >= Number(last);
    case "increasing":
      return (
        last === undefined ||
        (invariant.step === undefined
          ? Number(value) > Number(last)
          : Number(value) === Number(last) + invariant.step)
      );
    case "at-most":
      return Number(value) <= Number(valueAt(payload, invariant.bound ?? ""));
  }
}
