/** What differs between two contracts, and whom it breaks. */

import type { Direction, Endpoint, Pointer, Source } from "../contract.js";
import { shorten } from "../discriminate.js";

/**
 * `breaking`: an old client, which follows the old document, and a new server, which follows the new one, can no longer
 * talk. `may-break`: the documents do not decide it. `compatible`: they still understand each other.
 */
export type Effect = "breaking" | "may-break" | "compatible";

/** One difference. */
export interface Change {
  readonly effect: Effect;
  /** Stable name of what differs: a keyword of JSON Schema, or a name of docs/diff.md. */
  readonly rule: string;
  /** Name of the endpoint in the old contract, or in the new one where the old has none. */
  readonly endpoint: string;
  readonly direction?: Direction;
  /** Key of the message in the old contract, or in the new one where the old has none. */
  readonly message?: string;
  /** Place in the payload; `*` stands for any item, or any field that nothing names. */
  readonly pointer?: Pointer;
  readonly was: string;
  readonly is: string;
  /** Who breaks, or why nobody does. */
  readonly why: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly mend?: string;
  /** Where the message stands in the old document, and in the new one. */
  readonly oldSource?: Source;
  readonly newSource?: Source;
}

/** Two endpoints of which one became the other, and where what is found goes. */
export interface EndpointPair {
  readonly old: Endpoint;
  readonly new: Endpoint;
  readonly add: (change: Omit<Change, "endpoint">) => void;
}

/** A JSON value in at most 80 characters. */
export const show = shorten;

/** What a rule says, in words: a list, a text, a value; or that the document is silent. */
export function say(value: unknown): string {
  if (value === undefined) return "not declared";
  if (Array.isArray(value)) return value.length === 0 ? "none" : show(value);
  return typeof value === "string" ? value : show(value);
}
