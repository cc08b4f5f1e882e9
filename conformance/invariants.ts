/** The passive oracle of `x-ws-invariants`: what must hold over the events of one connection (PROTOCOL.md#invariants). */

import type { Endpoint, Invariant } from "../src/contract/contract.js";
import { valueAt } from "../src/contract/pointer.js";
import { canonicalJson, sameJson } from "../src/contract/same-json.js";
import { holds } from "./exchange.js";
import { refusalOf } from "./judge.js";

/** An invariant that an event broke. */
export interface BrokenInvariant {
  readonly invariant: Invariant;
  readonly expected: string;
  readonly got: string;
  readonly mend: string;
}

/** Watches the invariants of one connection. */
export interface InvariantWatch {
  /** A command was sent: its values are those that may be echoed. */
  sent(names: readonly string[], payload: unknown): void;
  /** An event came; gives what it broke. */
  received(names: readonly string[], payload: unknown): readonly BrokenInvariant[];
}

/** Values that `unique` remembers for each connection: beyond them a value that comes back is not noticed. */
const REMEMBERED = 100_000;

/** Opens the watch of one connection. */
export function watchInvariants(endpoint: Endpoint): InvariantWatch {
  const watched = endpoint.invariants.map((invariant) => new Watched(invariant));
  return {
    sent(names, payload) {
      for (const one of watched) one.sent(names, payload);
    },
    received(names, payload) {
      // A refusal speaks of a command, not of what the invariant is about.
      if (watched.length === 0 || refusalOf(endpoint, names, payload) !== undefined) return [];
      return watched.flatMap((one) => one.received(names, payload) ?? []);
    },
  };
}

/** What one invariant knows of one key. */
interface Group {
  last: unknown;
  readonly seen: Set<string>;
}

class Watched {
  readonly #groups = new Map<string, Group>();
  readonly #echoed: unknown[] = [];
  #free = false;
  #remembered = 0;

  constructor(readonly invariant: Invariant) {}

  sent(names: readonly string[], payload: unknown): void {
    const { command, from } = this.invariant;
    if (from === undefined || !names.some((name) => command?.includes(name))) return;
    const value = valueAt(payload, from);
    // Whether the server took this command or one before it, nobody tells: once free it stays so.
    if (value === undefined) this.#free = true;
    else if (!this.#echoed.some((one) => sameValue(one, value))) this.#echoed.push(value);
  }

  received(names: readonly string[], payload: unknown): BrokenInvariant | undefined {
    const { invariant } = this;
    this.#reset(names, payload);
    // An event that may be another message as well accuses nobody.
    if (names.length === 0 || !names.every((name) => invariant.on.includes(name))) return undefined;
    const value = valueAt(payload, invariant.field);
    const key = this.#keyOf(payload);
    if (value === undefined || key === undefined) return undefined;
    const group = this.#groups.get(key) ?? { last: undefined, seen: new Set<string>() };
    if (this.#remembered < REMEMBERED && !this.#groups.has(key)) this.#groups.set(key, group);
    const issue = this.#issue(group, value, payload);
    group.last = value;
    if (invariant.kind === "unique" && this.#remembered < REMEMBERED) group.seen.add(canonicalJson(value));
    this.#remembered += 1;
    if (issue === undefined) return undefined;
    const about =
      invariant.by === undefined ? "" : ` for ${invariant.by} ${short(valueAt(payload, invariant.by))}`;
    return {
      invariant,
      expected: `${invariant.field} of ${names.map((name) => `"${name}"`).join(" or ")} ${issue.expected}${about} (invariant ${invariant.kind})`,
      got: `${short(value)}${issue.after ?? ""}`,
      mend: MENDS[invariant.kind],
    };
  }

  #reset(names: readonly string[], payload: unknown): void {
    const { resetOn, by } = this.invariant;
    if (resetOn === undefined || !names.includes(resetOn.message) || !holds(resetOn.when, payload)) return;
    const key = this.#keyOf(payload);
    if (by === undefined || key === undefined) this.#groups.clear();
    else this.#groups.delete(key);
  }

  #keyOf(payload: unknown): string | undefined {
    if (this.invariant.by === undefined) return "";
    const key = valueAt(payload, this.invariant.by);
    return key === undefined ? undefined : canonicalJson(key);
  }

  #issue(
    { last, seen }: Group,
    value: unknown,
    payload: unknown,
  ): { readonly expected: string; readonly after?: string } | undefined {
    const { kind, step, bound } = this.invariant;
    const after = ` after ${short(last)}`;
    switch (kind) {
      case "unique":
        return seen.has(canonicalJson(value))
          ? { expected: "is never used again", after: " for the second time" }
          : undefined;
      case "constant":
        return last === undefined || sameJson(last, value)
          ? undefined
          : { expected: "stays what it was", after };
      case "increasing": {
        if (last === undefined) return undefined;
        if (step !== undefined && typeof last === "number" && typeof value === "number") {
          return value === last + step ? undefined : { expected: `grows by ${step} each time`, after };
        }
        return compare(value, last) <= 0 ? { expected: "grows each time", after } : undefined;
      }
      case "nondecreasing":
        return last !== undefined && compare(value, last) < 0
          ? { expected: "never falls", after }
          : undefined;
      case "prefix-growing":
        return last === undefined ||
          typeof last !== "string" ||
          (typeof value === "string" && value.startsWith(last))
          ? undefined
          : { expected: "begins with what it was before", after };
      case "at-most": {
        const most = bound === undefined ? undefined : valueAt(payload, bound);
        if (typeof most !== "number" || typeof value !== "number" || value <= most) return undefined;
        return { expected: `is at most ${bound} (${most})` };
      }
      case "echoes":
        if (this.#free || this.#echoed.some((one) => sameValue(one, value))) return undefined;
        return {
          expected: `is the value of a command that was sent on this connection (${this.#echoed.map(short).join(", ") || "none was sent"})`,
        };
    }
  }
}

const MENDS: Readonly<Record<Invariant["kind"], string>> = {
  unique:
    "Draw a fresh value for each event, and never draw one again after a reset or a restart of a count.",
  constant: "Keep the field what it was in the first event of the same key.",
  increasing: "Count up with each event, on each connection, without going back.",
  nondecreasing: "Do not let the count fall, unless the event that starts it anew came before.",
  "prefix-growing": "Repeat the text so far in each event and add to its end: send the whole, not the piece.",
  "at-most": "Do not count beyond the bound that stands beside the field.",
  echoes: "Give back the value of the command that this connection sent, and send no event of another's.",
};

/** Numbers by size, texts by their characters; what cannot be compared is equal. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return 0;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Equal; a uuid in any case (RFC 9562 section 4: output lower case, input in any). */
function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a === "string" && typeof b === "string" && UUID.test(a) && UUID.test(b)) {
    return a.toLowerCase() === b.toLowerCase();
  }
  return sameJson(a, b);
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
