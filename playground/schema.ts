/** Reads draft-07 schemas as far as a form needs it. What it cannot draw it says so: then the person writes JSON. */

import type { Json, JsonSchema } from "../src/contract/contract.js";

/** The keywords that a form looks at. Anything else is the codec's business. */
export interface FormSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly default?: Json;
  readonly examples?: readonly Json[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

export type Definitions = Readonly<Record<string, JsonSchema>>;

/** A chain of `$ref`s that is longer than this leads nowhere. */
const MAX_REFERENCES = 32;

/** The schema without `$ref` and `allOf` at its top: what stands beside or in them is joined. */
export function resolve(schema: JsonSchema, definitions: Definitions, depth = 0): FormSchema {
  if (typeof schema === "boolean" || depth > MAX_REFERENCES) return {};
  const { $ref: reference, allOf, ...own } = schema;
  // The compiler of contracts has checked every keyword against the meta-schema of draft-07.
  let resolved = own as FormSchema;
  if (typeof reference === "string") {
    const target = definitions[decodeURIComponent(reference.replace("#/definitions/", ""))];
    return target === undefined ? {} : { ...resolve(target, definitions, depth + 1), ...described(resolved) };
  }
  for (const part of Array.isArray(allOf) ? allOf : []) {
    resolved = joined(resolve(part, definitions, depth + 1), resolved);
  }
  return resolved;
}

/** What may stand beside a `$ref`, although draft-07 gives it no meaning. */
function described({ title, description }: FormSchema): FormSchema {
  return { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
}

function joined(a: FormSchema, b: FormSchema): FormSchema {
  const required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  return {
    ...a,
    ...b,
    ...(a.properties === undefined && b.properties === undefined
      ? {}
      : { properties: { ...a.properties, ...b.properties } }),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** The JSON types that a schema allows; empty: it does not say. */
export function typesOf({ type, properties, items }: FormSchema): readonly string[] {
  if (typeof type === "string") return [type];
  if (type !== undefined) return type;
  if (properties !== undefined) return ["object"];
  return items === undefined ? [] : ["array"];
}

/** What is wanted, in a few words: for the hint beside a field. */
export function wish(schema: FormSchema): string {
  const types = typesOf(schema);
  const { format, minLength = 0, maxLength, minimum, maximum, minItems = 0, maxItems } = schema;
  const parts = [schema.format === undefined ? types.join(" or ") : (format ?? "")];
  if (types.includes("string")) parts.push(range(minLength, maxLength, "characters"));
  if (types.includes("number") || types.includes("integer")) parts.push(range(minimum, maximum, ""));
  if (types.includes("array")) parts.push(range(minItems, maxItems, "items"));
  return parts.filter((part) => part !== "").join(", ");
}

function range(min: number | undefined, max: number | undefined, unit: string): string {
  // Bounds of what a JSON number can hold exactly say nothing to a person.
  const low = min === undefined || min === 0 || min <= Number.MIN_SAFE_INTEGER ? undefined : min;
  const high = max === undefined || max >= Number.MAX_SAFE_INTEGER ? undefined : max;
  const zero = min === 0 && unit === "" ? 0 : undefined;
  const from = low ?? zero;
  if (from === undefined && high === undefined) return "";
  const text = from === undefined ? `≤ ${high}` : high === undefined ? `≥ ${from}` : `${from}–${high}`;
  return unit === "" ? text : `${text} ${unit}`;
}

/** True when both are the same JSON value, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([key, value]) => Object.hasOwn(b, key) && sameJson(value, Reflect.get(b, key)))
  );
}
