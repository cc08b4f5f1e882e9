/** Which message of the old contract became which of the new one. */

import type { Direction, Endpoint, Message } from "../contract.js";
import { discriminatorOf, messagesOf } from "../discriminate.js";
import { canonicalJson } from "../same-json.js";

/** The messages of one direction: those that are in both contracts, and those of one alone. */
export interface MessagePairs {
  readonly both: readonly { readonly old: Message; readonly new: Message }[];
  readonly removed: readonly Message[];
  readonly added: readonly Message[];
}

/** Pairs messages: those of one key and wire name, then those of one wire name, then those of one key. */
export function pairMessages(old: Endpoint, next: Endpoint, direction: Direction): MessagePairs {
  const left = new Set(messagesOf(old, direction));
  const right = new Set(messagesOf(next, direction));
  const both: { old: Message; new: Message }[] = [];
  const pass = (fits: (a: Message, b: Message) => boolean) => {
    for (const a of left) {
      const b = [...right].find((other) => fits(a, other));
      if (b === undefined) continue;
      left.delete(a);
      right.delete(b);
      both.push({ old: a, new: b });
    }
  };
  const wire = (endpoint: Endpoint) => {
    const { rows } = discriminatorOf(endpoint, direction);
    const names = new Map(
      rows.map((row) => [
        row.message,
        row.values.some((values) => values.length > 0) ? canonicalJson(row.values) : undefined,
      ]),
    );
    return (message: Message) => names.get(message.name);
  };
  const [oldWire, newWire] = [wire(old), wire(next)];
  const sameWire = (a: Message, b: Message) => oldWire(a) !== undefined && oldWire(a) === newWire(b);
  pass((a, b) => a.name === b.name && sameWire(a, b));
  pass(sameWire);
  pass((a, b) => a.name === b.name);
  return { both, removed: [...left], added: [...right] };
}

/** The names that messages of the old contract have in the new one. */
export function newNames(old: Endpoint, next: Endpoint): ReadonlyMap<string, string> {
  const pairs = (["command", "event"] as const).flatMap((way) => pairMessages(old, next, way).both);
  return new Map(pairs.map((pair) => [pair.old.name, pair.new.name]));
}
