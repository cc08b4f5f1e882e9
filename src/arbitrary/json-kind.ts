/** The kinds of JSON value, as `type` of JSON Schema names them. */

import type { Json } from "../contract/contract.js";

/** An integer is a number; a schema that wants one says so beside its kinds. */
export type JsonKind = "null" | "boolean" | "number" | "string" | "array" | "object";

/** All of them, those with content first. */
export const KINDS: readonly JsonKind[] = ["object", "string", "number", "array", "boolean", "null"];

/** The kind of a JSON value. */
export function kindOf(value: Json): JsonKind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}
