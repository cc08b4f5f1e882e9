/** Where and how a schema can be violated: one site for each keyword and place, read from the schema alone. */

import type { Json, JsonSchema, Pointer } from "../contract/contract.js";
import { formatPointer } from "../contract/pointer.js";
import type { Flat, Flattener } from "./flatten.js";

/** What is violated, and where. */
export interface ViolationKind {
  /** A draft-07 keyword, or `null` (null for an object), `renamed` (a field name in another case), `false schema`. */
  readonly keyword: string;
  /** The place in the payload; for a missing or forbidden member, where it would stand. */
  readonly pointer: Pointer;
}

/** A kind with what is needed to do it. */
export interface ViolationSite extends ViolationKind {
  /** What the place must hold so that it can be violated: a payload is made that does. */
  readonly needs: Pointer;
  /** The place that is changed: that of the keyword, which for members is the object that holds them. */
  readonly at: readonly string[];
  /** The member in question, for keywords of members. */
  readonly member?: string;
  /** What holds at the place, in each branch that has the keyword. */
  readonly flats: Flat[];
}

// Deeper places repeat what shallower ones say; documents met so far need six.
const DEEPEST_SITE = 8;
const LONGEST_STRING = 131_072;
const LONGEST_ARRAY = 2_000;

/** All sites of a schema, outer places first. */
export function violationSites(schema: JsonSchema, flattener: Flattener): ViolationSite[] {
  const sites = new Map<string, ViolationSite>();
  const visit = (at: JsonSchema, parts: readonly string[], above: readonly JsonSchema[]) => {
    for (const flat of flattener.alternatives(at)) {
      for (const [keyword, member] of keywordsOf(flat, flattener)) add(sites, flat, parts, keyword, member);
      // A schema inside itself has the same sites again.
      if (parts.length >= DEEPEST_SITE || above.includes(at)) continue;
      const below = [...above, at];
      for (const name of describedMembers(flat)) {
        const child = flattener.member(flat, name);
        if (child !== false) visit(child, [...parts, name], below);
      }
      if (flat.kinds.has("array") && flat.items.length > 0 && flat.maxItems !== 0) {
        visit(flattener.item(flat, 0), [...parts, "0"], below);
      }
    }
  };
  visit(schema, [], []);
  return [...sites.values()];
}

function add(
  sites: Map<string, ViolationSite>,
  flat: Flat,
  at: readonly string[],
  keyword: string,
  member: string | undefined,
): void {
  const pointer = formatPointer(member === undefined ? at : [...at, member]);
  const key = `${keyword} ${pointer}`;
  const known = sites.get(key);
  if (known !== undefined) {
    known.flats.push(flat);
    return;
  }
  const inside = keyword === "renamed" ? [member ?? ""] : ITEM_KEYWORDS.has(keyword) ? ["0"] : [];
  const needs = formatPointer([...at, ...inside]);
  sites.set(key, { keyword, pointer, needs, at, ...(member === undefined ? {} : { member }), flats: [flat] });
}

const ITEM_KEYWORDS: ReadonlySet<string> = new Set(["maxItems", "uniqueItems"]);

function describedMembers(flat: Flat): string[] {
  if (!flat.kinds.has("object")) return [];
  return [...new Set([...flat.shapes.flatMap((shape) => [...shape.properties.keys()]), ...flat.required])];
}

function* keywordsOf(flat: Flat, flattener: Flattener): Generator<[string, string?]> {
  if (flat.allowed !== undefined) yield [flat.allowed.length === 1 ? "const" : "enum"];
  if (flat.kinds.size < 6 || flat.integer) yield ["type"];
  if (flat.kinds.has("object") && !flat.kinds.has("null")) yield ["null"];
  if (flat.kinds.has("number")) {
    for (const keyword of ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] as const) {
      if (flat[keyword] !== undefined) yield [keyword];
    }
    if (flat.multiples.length > 0) yield ["multipleOf"];
  }
  if (flat.kinds.has("string")) {
    if (flat.minLength > 0) yield ["minLength"];
    if ((flat.maxLength ?? Number.POSITIVE_INFINITY) <= LONGEST_STRING) yield ["maxLength"];
    if (flat.patterns.length > 0) yield ["pattern"];
  }
  if (flat.formats.length > 0) yield ["format"];
  if (flat.kinds.has("array")) {
    if (flat.minItems > 0) yield ["minItems"];
    if ((flat.maxItems ?? Number.POSITIVE_INFINITY) <= LONGEST_ARRAY) yield ["maxItems"];
    if (flat.unique) yield ["uniqueItems"];
    if (flat.contains.length > 0) yield ["contains"];
    if (flat.items.some((shape) => shape.rest === false)) yield ["additionalItems"];
  }
  if (flat.kinds.has("object")) yield* memberKeywords(flat, flattener);
}

function* memberKeywords(flat: Flat, flattener: Flattener): Generator<[string, string?]> {
  if (flat.minProperties > 0) yield ["minProperties"];
  if ((flat.maxProperties ?? Number.POSITIVE_INFINITY) <= LONGEST_ARRAY) yield ["maxProperties"];
  if (flat.names.length > 0) yield ["propertyNames"];
  const closed = flattener.alternatives(flattener.member(flat, UNEXPECTED)).length === 0;
  if (closed) yield ["additionalProperties"];
  for (const name of describedMembers(flat)) {
    if (flattener.member(flat, name) === false) yield ["false schema", name];
    else if (closed || flat.required.has(name)) yield ["renamed", name];
    if (flat.required.has(name)) yield ["required", name];
  }
}

/** The name of a member that no document describes. */
export const UNEXPECTED = "unexpected";

/** What is put where a member is taken away. */
export const REMOVED = Symbol("removed");

/** A payload with another value at a place (or none), all else as it was. */
export function replaceAt(
  value: Json,
  parts: readonly string[],
  made: Json | typeof REMOVED,
): Json | undefined {
  const [head, ...rest] = parts;
  if (head === undefined) return made === REMOVED ? undefined : made;
  if (Array.isArray(value)) {
    const items: Json[] = [...value];
    const inner = rest.length === 0 ? made : replaceAt(items[Number(head)] ?? null, rest, made);
    if (inner === undefined || inner === REMOVED) return undefined;
    items[Number(head)] = inner;
    return items;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const entries: [string, Json][] = [];
  let replaced = false;
  for (const [name, member] of Object.entries(value)) {
    if (name !== head) entries.push([name, member]);
    else {
      replaced = true;
      const inner = rest.length === 0 ? made : replaceAt(member, rest, made);
      if (inner === undefined) return undefined;
      if (inner !== REMOVED) entries.push([name, inner]);
    }
  }
  if (!replaced && rest.length === 0 && made !== REMOVED) entries.push([head, made]);
  return Object.fromEntries(entries);
}
