/** What a schema says for certain about the values at a place: constants, and which fields must be there. */

import type { Contract, Json, JsonSchema, Pointer } from "./contract.js";
import { describesObject, isSchema, resolveSchema } from "./payload.js";
import { formatPointer, isObject, parsePointer } from "./pointer.js";

type Definitions = Contract["definitions"];

// A name deeper than this is no name; a longer enum is a vocabulary, not a kind of message.
const MAX_POINTER_DEPTH = 3;
const MAX_VALUES = 64;
// Combiners and `$ref`s on the way; bounds the walk through recursive schemas.
const MAX_SCHEMA_DEPTH = 12;

/** The pointers at which every valid value holds one of a few scalars (when it holds anything there), with these. */
export function constantsOf(schema: JsonSchema, definitions: Definitions): Map<Pointer, readonly Json[]> {
  return collect(schema, definitions, [], 0);
}

function collect(
  schema: JsonSchema,
  definitions: Definitions,
  parts: readonly string[],
  depth: number,
): Map<Pointer, readonly Json[]> {
  const found = new Map<Pointer, readonly Json[]>();
  const at = resolveSchema(schema, definitions);
  if (typeof at === "boolean" || depth > MAX_SCHEMA_DEPTH) return found;

  const here = ownConstants(at);
  if (here !== undefined) found.set(formatPointer(parts), here);
  if (parts.length < MAX_POINTER_DEPTH) {
    const [properties, items] = [at["properties"], at["items"]];
    const children: [string, unknown][] = isObject(properties) ? Object.entries(properties) : [];
    if (Array.isArray(items))
      children.push(...items.map((item, at): [string, unknown] => [String(at), item]));
    for (const [name, child] of children) {
      if (isSchema(child)) union(found, collect(child, definitions, [...parts, name], depth + 1));
    }
  }
  for (const branch of schemasOf(at["allOf"])) union(found, collect(branch, definitions, parts, depth + 1));
  for (const keyword of ["oneOf", "anyOf"]) {
    const branches = schemasOf(at[keyword]).map((branch) => collect(branch, definitions, parts, depth + 1));
    union(found, inEveryBranch(branches));
  }
  return found;
}

function ownConstants(schema: { [keyword: string]: unknown }): readonly Json[] | undefined {
  if ("const" in schema) return isScalar(schema["const"]) ? [schema["const"]] : undefined;
  const values = schema["enum"];
  if (Array.isArray(values)) {
    return values.length > 0 && values.length <= MAX_VALUES && values.every(isScalar) ? values : undefined;
  }
  return schema["type"] === "null" ? [null] : undefined;
}

/** Two demands on one place: the shorter list is the sharper one. */
function union(into: Map<Pointer, readonly Json[]>, more: Map<Pointer, readonly Json[]>): void {
  for (const [pointer, values] of more) {
    const known = into.get(pointer);
    if (known === undefined || values.length < known.length) into.set(pointer, values);
  }
}

function inEveryBranch(branches: readonly Map<Pointer, readonly Json[]>[]): Map<Pointer, readonly Json[]> {
  const found = new Map<Pointer, readonly Json[]>();
  const [first, ...others] = branches;
  for (const pointer of first?.keys() ?? []) {
    if (!others.every((branch) => branch.has(pointer))) continue;
    found.set(pointer, [...new Set(branches.flatMap((branch) => branch.get(pointer) ?? []))]);
  }
  return found;
}

/** True when every valid value holds something at the pointer. */
export function alwaysPresent(schema: JsonSchema, definitions: Definitions, pointer: Pointer): boolean {
  return presentAt(schema, definitions, parsePointer(pointer), { strict: true, depth: 0 });
}

/** True when every valid object or array holds something at the pointer; the schema may allow other types as well. */
export function isRequired(schema: JsonSchema, definitions: Definitions, pointer: Pointer): boolean {
  return presentAt(schema, definitions, parsePointer(pointer), { strict: false, depth: 0 });
}

/** `strict`: only a schema that says so describes objects. */
interface PresenceWalk {
  readonly strict: boolean;
  readonly depth: number;
}

function presentAt(
  schema: JsonSchema,
  definitions: Definitions,
  parts: readonly string[],
  { strict, depth }: PresenceWalk,
): boolean {
  const deeper = { strict, depth: depth + 1 };
  const [name, ...rest] = parts;
  if (name === undefined) return true;
  const at = resolveSchema(schema, definitions);
  if (typeof at === "boolean" || depth > MAX_SCHEMA_DEPTH) return false;
  const inBranches = (keyword: string, how: "some" | "every") => {
    const branches = schemasOf(at[keyword]);
    return branches.length > 0 && branches[how]((b) => presentAt(b, definitions, parts, deeper));
  };
  if (inBranches("allOf", "some") || inBranches("oneOf", "every") || inBranches("anyOf", "every"))
    return true;
  const [required, properties, items] = [at["required"], at["properties"], at["items"]];
  const isKnownObject = !strict || describesObject(at, definitions);
  if (Array.isArray(required) && required.includes(name) && isKnownObject) {
    if (rest.length === 0) return true;
    const child = isObject(properties) ? properties[name] : undefined;
    return isSchema(child) && presentAt(child, definitions, rest, deeper);
  }
  const least = at["minItems"];
  if (at["type"] === "array" && typeof least === "number" && least > Number(name)) {
    if (rest.length === 0) return true;
    const child = Array.isArray(items) ? items[Number(name)] : items;
    return isSchema(child) && presentAt(child, definitions, rest, deeper);
  }
  return false;
}

/** True unless a schema says nothing of the place at a pointer: then no value is known to hold anything there. */
export function isDescribed(schema: JsonSchema, definitions: Definitions, pointer: Pointer): boolean {
  return describesAt(schema, definitions, parsePointer(pointer), 0);
}

function describesAt(
  schema: JsonSchema,
  definitions: Definitions,
  parts: readonly string[],
  depth: number,
): boolean {
  const at = resolveSchema(schema, definitions);
  const [name, ...rest] = parts;
  // `true` allows everything everywhere; of what is nested too deeply, nothing bad is said.
  if (name === undefined || typeof at === "boolean" || depth > MAX_SCHEMA_DEPTH) return at !== false;
  const [properties, patterns, items] = [at["properties"], at["patternProperties"], at["items"]];
  const members = [
    isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined,
    ...(isObject(patterns) ? Object.values(patterns) : []),
    isObject(at["additionalProperties"]) ? at["additionalProperties"] : undefined,
    Array.isArray(items) ? (items[Number(name)] ?? at["additionalItems"]) : items,
  ];
  if (members.some((member) => isSchema(member) && describesAt(member, definitions, rest, depth + 1)))
    return true;
  if (rest.length === 0 && Array.isArray(at["required"]) && at["required"].includes(name)) return true;
  const layers = [
    ...["allOf", "oneOf", "anyOf"].flatMap((keyword) => schemasOf(at[keyword])),
    ...[at["then"], at["else"]].filter(isSchema),
  ];
  return layers.some(
    (layer) => typeof layer !== "boolean" && describesAt(layer, definitions, parts, depth + 1),
  );
}

/** Names of the fields that a schema's objects must have, at the top. */
export function requiredFields(schema: JsonSchema, definitions: Definitions): Set<string> {
  const names = new Set<string>();
  forEachLayer(schema, definitions, (layer) => {
    for (const name of Array.isArray(layer["required"]) ? layer["required"] : []) names.add(String(name));
  });
  return new Set([...names].filter((name) => alwaysPresent(schema, definitions, formatPointer([name]))));
}

/** Names of the fields that a schema speaks of, at the top: described or required, in any branch. */
export function describedFields(schema: JsonSchema, definitions: Definitions): Set<string> {
  const names = new Set<string>();
  forEachLayer(schema, definitions, (layer) => {
    if (isObject(layer["properties"])) for (const name of Object.keys(layer["properties"])) names.add(name);
    for (const name of Array.isArray(layer["required"]) ? layer["required"] : []) names.add(String(name));
  });
  return names;
}

/** Visits a schema and all that its combiners lay over it. */
function forEachLayer(
  schema: JsonSchema,
  definitions: Definitions,
  visit: (layer: { [keyword: string]: unknown }) => void,
  depth = 0,
): void {
  const at = resolveSchema(schema, definitions);
  if (typeof at === "boolean" || depth > MAX_SCHEMA_DEPTH) return;
  visit(at);
  for (const keyword of ["allOf", "oneOf", "anyOf"]) {
    for (const branch of schemasOf(at[keyword])) forEachLayer(branch, definitions, visit, depth + 1);
  }
}

function schemasOf(branches: unknown): JsonSchema[] {
  return Array.isArray(branches) ? branches.filter(isSchema) : [];
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
