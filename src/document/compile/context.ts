/** What the steps of one compilation share. */

import type { Finding } from "../finding.js";
import { findingAt, type Place } from "../place.js";
import type { SchemaCompiler } from "./schemas.js";

/** One compilation of one document. */
export interface Compilation {
  /** The document in the shape of AsyncAPI 3. */
  readonly root: Place;
  /** In 2.x a trait overrides what it is applied to, in 3.x it does not. */
  readonly traitsOverride: boolean;
  readonly perspective: "server" | "client";
  /** Names of messages by `channel/key`, where the key is not the name. */
  readonly names: ReadonlyMap<string, string>;
  readonly schemas: SchemaCompiler;
  readonly findings: Finding[];
  /** Where each part of the Contract was written: messages, examples, lifecycles, transitions, … */
  readonly places: Map<object, Place>;
}

/** Notes an error: the document cannot be used until it is mended. */
export function refuse(
  compilation: Compilation,
  place: Place,
  rule: string,
  message: string,
  mend: string,
): void {
  compilation.findings.push(findingAt(place, rule, "error", message, mend));
}

/** Remembers where a part of the Contract was written, and returns it. */
export function placed<T extends object>(compilation: Compilation, place: Place | undefined, part: T): T {
  if (place !== undefined) compilation.places.set(part, place);
  return part;
}
