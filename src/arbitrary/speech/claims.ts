/** Values that must not come twice on an endpoint: ids of messages, keys of instances. */

import type { Json } from "../../contract/contract.js";

/** Shared by the connections of an endpoint, because an event may reach several of them. */
export interface Claims {
  isUsed(scope: string, value: Json): boolean;
  use(scope: string, value: Json): void;
  /** A value of the same kind that was never used, in whatever scope; undefined where the kind has no more. */
  fresh(like: Json): Json | undefined;
}

/** Values that are remembered; over it the oldest is forgotten, and only a value of the document can come again. */
const REMEMBERED = 65_536;
const TRIES = 64;
const ANY = "";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Claims of a new endpoint: nothing is used. */
export function createClaims(): Claims {
  const used = new Set<string>();
  const made = new Set<string>();
  let serial = 0;
  const mark = (scope: string, value: Json): string => `${scope}\n${JSON.stringify(value)}`;

  function remember(marks: Set<string>, text: string): void {
    marks.add(text);
    const [oldest] = marks;
    if (marks.size > REMEMBERED && oldest !== undefined) marks.delete(oldest);
  }

  return {
    isUsed: (scope, value) => used.has(mark(scope, value)) || made.has(mark(ANY, value)),
    use(scope, value) {
      remember(used, mark(scope, value));
      remember(used, mark(ANY, value));
    },
    fresh(like) {
      for (let tries = 0; tries < TRIES; tries++) {
        serial += 1;
        const value = variant(like, serial);
        if (value === undefined) return undefined;
        if (used.has(mark(ANY, value))) continue;
        remember(made, mark(ANY, value));
        return value;
      }
      return undefined;
    },
  };
}

/** Another value of the same kind: a number, a UUID, digits, or a text with a number behind it. */
function variant(like: Json, serial: number): Json | undefined {
  if (typeof like === "number") return serial;
  if (typeof like !== "string") return undefined;
  if (UUID.test(like)) return `${like.slice(0, 24)}${serial.toString(16).padStart(12, "0")}`;
  return /^\d+$/.test(like) ? String(serial) : `${like}-${serial}`;
}
