/** What a draft-07 schema says, as Ajv reads it: which kinds of value it allows and which keywords bear on them. */

import type { Contract, Json, JsonSchema } from "../contract/contract.js";
import { definitionName, isSchema } from "../contract/payload.js";

export type SchemaObject = { [keyword: string]: unknown };
export type Definitions = Contract["definitions"];

/** A kind of JSON value; what `typeof` would say if arrays and null had their own word. */
export type Kind = "string" | "number" | "boolean" | "null" | "object" | "array";

export const KINDS: readonly Kind[] = ["string", "number", "boolean", "null", "object", "array"];

/** A document that no codec can be generated for; `message` names the message and the place in its schema. */
export class CodegenError extends Error {
  override readonly name = "CodegenError";
}

/** The kind of a JSON value. */
export function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "number";
  return typeof value === "boolean" ? "boolean" : "object";
}

/** The `type`s of a schema with `nullable`; undefined when it has none. */
export function typesOf(schema: SchemaObject): readonly string[] | undefined {
  const type = schema["type"];
  if (type === undefined) return undefined;
  const listed = (Array.isArray(type) ? type : [type]).map(String);
  if (listed.length === 0) return undefined;
  const types = listed.includes("number") ? listed.filter((name) => name !== "integer") : listed;
  return schema["nullable"] === true && !types.includes("null") ? [...types, "null"] : types;
}

/** The values that `enum` and `const` leave, of the types that `type` leaves; undefined when there is neither. */
export function valuesOf(schema: SchemaObject): readonly Json[] | undefined {
  const lists: (readonly unknown[])[] = [];
  if (Array.isArray(schema["enum"])) lists.push(schema["enum"]);
  if (schema["const"] !== undefined) lists.push([schema["const"]]);
  const [first, second] = lists;
  if (first === undefined) return undefined;
  const types = typesOf(schema);
  const left = first.filter(
    (value) =>
      (second === undefined || second.some((other) => JSON.stringify(other) === JSON.stringify(value))) &&
      (types === undefined || types.some((type) => isOfType(value, type))),
  );
  // Values of a schema are JSON: the contract was read from JSON.
  return left as Json[];
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return Number.isFinite(value);
  return kindOf(value) === type;
}

/** The kinds of value that `type`, `enum` and `const` leave. */
export function kindsOf(schema: SchemaObject): ReadonlySet<Kind> {
  const values = valuesOf(schema);
  if (values !== undefined) return new Set(values.map(kindOf));
  const types = typesOf(schema);
  if (types === undefined) return new Set(KINDS);
  return new Set(
    KINDS.filter((kind) => types.includes(kind) || (kind === "number" && types.includes("integer"))),
  );
}

/** The subschemas by name of a keyword like `properties`. Ajv ignores the name `__proto__` there. */
export function schemaMap(schema: SchemaObject, keyword: string): [name: string, schema: JsonSchema][] {
  const map = schema[keyword];
  if (typeof map !== "object" || map === null) return [];
  return Object.entries(map).flatMap(([name, sub]): [string, JsonSchema][] =>
    name !== "__proto__" && isSchema(sub) ? [[name, sub]] : [],
  );
}

/** The subschemas of a keyword like `allOf`. */
export function schemaList(schema: SchemaObject, keyword: string): JsonSchema[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list.filter(isSchema) : [];
}

/** The subschema of a keyword like `not`. */
export function subschema(schema: SchemaObject, keyword: string): JsonSchema | undefined {
  const sub = schema[keyword];
  return isSchema(sub) ? sub : undefined;
}

/** The names in `required`. */
export function requiredOf(schema: SchemaObject): string[] {
  const names = schema["required"];
  return Array.isArray(names) ? names.map(String) : [];
}

/** A numeric keyword, or undefined. */
export function numberOf(schema: SchemaObject, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === "number" ? value : undefined;
}

const COMBINERS = ["$ref", "allOf", "anyOf", "oneOf", "not", "if"];
const RULES: { readonly [kind in Kind]: readonly string[] } = {
  string: [
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "formatMinimum",
    "formatMaximum",
    "formatExclusiveMinimum",
    "formatExclusiveMaximum",
  ],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"],
  object: [
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependencies",
  ],
  array: ["minItems", "maxItems", "items", "additionalItems", "contains", "uniqueItems"],
  boolean: [],
  null: [],
};

/** The keywords of a schema that bear on values of this kind alone. */
export function rulesOf(schema: SchemaObject, kind: Kind): readonly string[] {
  return RULES[kind].filter((keyword) => schema[keyword] !== undefined);
}

/** True when a schema has keywords that bear on values of this kind alone. */
export function hasRules(schema: SchemaObject, kind: Kind): boolean {
  return rulesOf(schema, kind).length > 0;
}

/** True when a schema has keywords that combine other schemas. */
export function hasCombiners(schema: SchemaObject): boolean {
  return COMBINERS.some((keyword) => schema[keyword] !== undefined);
}

/** True for a schema that every value meets. */
export function isAny(schema: JsonSchema): boolean {
  if (typeof schema === "boolean") return schema;
  return (
    schema["type"] === undefined &&
    schema["enum"] === undefined &&
    schema["const"] === undefined &&
    !hasCombiners(schema) &&
    !KINDS.some((kind) => hasRules(schema, kind))
  );
}

/** The name and schema that a `$ref` points at. Throws {@link CodegenError} when there is none. */
export function definitionOf(ref: unknown, definitions: Definitions): { name: string; schema: JsonSchema } {
  const name = definitionName(ref);
  const schema = name !== undefined && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (name === undefined || schema === undefined) {
    throw new CodegenError(`The contract has no definition for the $ref ${JSON.stringify(ref)}.`);
  }
  return { name, schema };
}
