/**
 * Valid payloads that stand exactly at a bound: one for each bounded string, number and array of a schema, at any depth.
 * They depend on the schema and a seed for the rest of the payload; the bounds themselves are never left to chance.
 */

import fc from "fast-check";
import type { Contract, Json, JsonSchema, Pointer } from "../contract/contract.js";
import { formatPointer, valueAt } from "../contract/pointer.js";
import { UnsatisfiableError } from "./bounded-filter.js";
import type { Flat } from "./flatten.js";
import type { Placement } from "./placement.js";
import { codePoints, strings } from "./scalar.js";
import { PayloadBuilder } from "./valid-payload.js";
import { replaceAt, type ViolationKind, type ViolationSite, violationSites } from "./violation-site.js";

/** A valid payload at a bound, and at which. */
export interface Boundary extends ViolationKind {
  readonly value: Json;
}

/** What {@link boundaryPayloads} needs beside the schema. */
export interface BoundaryOptions {
  /** What is to stand at other places; no bound of these places is tried. */
  readonly at?: Readonly<Record<Pointer, Placement>>;
  /** A further condition on the payload. */
  readonly fits?: (value: Json) => boolean;
  readonly seed: number;
}

/** Keywords that have a last value on their valid side. */
const BOUNDS: ReadonlySet<string> = new Set([
  "maxLength",
  "minLength",
  "maximum",
  "minimum",
  "maxItems",
  "minItems",
]);

/** How many payloads are drawn to put a bound into: the shortest that takes it is used. */
const DRAWN = 8;

/** Longer than this no text is made from a pattern: that takes seconds. */
const LONGEST_BY_PATTERN = 1024;

/** Payloads at the bounds of a schema, outer places first; bounds that no payload was found for are left out. */
export function* boundaryPayloads(
  schema: JsonSchema,
  definitions: Contract["definitions"],
  { at = {}, fits = () => true, seed }: BoundaryOptions,
): Generator<Boundary> {
  const builder = new PayloadBuilder(schema, definitions);
  for (const site of violationSites(schema, builder.flattener)) {
    if (!BOUNDS.has(site.keyword) || Object.hasOwn(at, site.pointer)) continue;
    const bases = basesFor(builder, site, at, seed);
    const seen = new Set<string>();
    for (const flat of site.flats) {
      const isGood = (value: Json): boolean => builder.accepts(value) && fits(value);
      const edges = [
        (found: Json) => atBound(site.keyword, flat, found, seed),
        (found: Json) => astralAtBound(site.keyword, flat, found),
      ];
      for (const edge of edges) {
        const made = firstAt(bases, site, edge, isGood);
        if (made === undefined || seen.has(made.text)) continue;
        seen.add(made.text);
        yield { keyword: site.keyword, pointer: site.pointer, value: made.value };
      }
    }
  }
}

/** Valid payloads that hold the place, the shortest first. */
function basesFor(
  builder: PayloadBuilder,
  site: ViolationSite,
  at: Readonly<Record<Pointer, Placement>>,
  seed: number,
): readonly Json[] {
  const places = { ...at, [site.needs]: { ...at[site.needs], required: true } };
  try {
    return fc
      .sample(builder.payload(places), { seed, numRuns: DRAWN })
      .map((value) => ({ value, length: JSON.stringify(value).length }))
      .sort((a, b) => a.length - b.length)
      .map(({ value }) => value);
  } catch (error) {
    if (error instanceof UnsatisfiableError) return [];
    throw error;
  }
}

function firstAt(
  bases: readonly Json[],
  site: ViolationSite,
  edge: (found: Json) => readonly Json[],
  isGood: (value: Json) => boolean,
): { readonly value: Json; readonly text: string } | undefined {
  for (const base of bases) {
    const found = valueAt(base, formatPointer(site.at));
    if (found === undefined) continue;
    // What stands in a JSON value is JSON.
    for (const bound of edge(found as Json)) {
      const value = replaceAt(base, site.at, bound);
      if (value !== undefined && isGood(value)) return { value, text: JSON.stringify(bound) };
    }
  }
  return undefined;
}

function atBound(keyword: string, flat: Flat, found: Json, seed: number): readonly Json[] {
  switch (keyword) {
    case "maxLength":
    case "minLength": {
      const length = keyword === "maxLength" ? flat.maxLength : flat.minLength;
      return typeof found === "string" && length !== undefined ? textsOf(flat, found, length, seed) : [];
    }
    case "maximum":
    case "minimum": {
      const bound = keyword === "maximum" ? flat.maximum : flat.minimum;
      if (typeof found !== "number" || bound === undefined) return [];
      return [flat.integer ? (keyword === "maximum" ? Math.floor(bound) : Math.ceil(bound)) : bound];
    }
    default: {
      const length = keyword === "maxItems" ? flat.maxItems : flat.minItems;
      if (!Array.isArray(found) || found.length === 0 || length === undefined) return [];
      return [Array.from({ length }, (_, index): Json => found[index % found.length] ?? null)];
    }
  }
}

/** JSON Schema counts characters, not the units of UTF-16: as long as allowed in characters that take two of them. */
function astralAtBound(keyword: string, { maxLength }: Flat, found: Json): readonly Json[] {
  return keyword === "maxLength" && typeof found === "string" && maxLength !== undefined
    ? ["\u{1d11e}".repeat(maxLength)]
    : [];
}

/** Texts of exactly this length: a plain one, what stands there made to fit, one made from pattern and format. */
function textsOf(flat: Flat, found: string, length: number, seed: number): readonly string[] {
  const characters = [...found];
  const fitted = characters.slice(0, length).join("") + "a".repeat(Math.max(0, length - characters.length));
  const texts = ["a".repeat(length), fitted, "0".repeat(length)];
  if (length > LONGEST_BY_PATTERN || (flat.patterns.length === 0 && flat.formats.length === 0)) return texts;
  try {
    const exact = { ...flat, minLength: length, maxLength: length };
    const [made] = fc.sample(strings(exact, {}), { seed, numRuns: 1 });
    if (made !== undefined && codePoints(made) === length) texts.push(made);
  } catch (error) {
    if (!(error instanceof UnsatisfiableError)) throw error;
  }
  return texts;
}
