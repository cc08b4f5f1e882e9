/** What a schema wants, in a few words: the `expected` of a DecodeError. */

import type { Contract, JsonSchema } from "../contract/contract.js";
import { resolveSchema } from "../contract/payload.js";
import { numberOf, type SchemaObject, schemaList, typesOf, valuesOf } from "./schema.js";

/** `a string of 1 to 128 characters`, `one of "running", "paused"`, `an integer ≥ 0`. */
export function expectedOf(given: JsonSchema, definitions: Contract["definitions"] = {}): string {
  const schema = resolveSchema(given, definitions);
  if (schema === false) return "nothing";
  if (schema === true) return "any value";
  const values = valuesOf(schema);
  if (values !== undefined) {
    const shown = values.slice(0, 8).map((value) => JSON.stringify(value));
    if (values.length > 8) shown.push("…");
    return values.length === 1 ? (shown[0] ?? "nothing") : `one of ${shown.join(", ")}`;
  }
  const types = typesOf(schema);
  if (types === undefined) {
    const branches = [...schemaList(schema, "anyOf"), ...schemaList(schema, "oneOf")];
    if (branches.length > 0)
      return [...new Set(branches.map((branch) => branchName(branch, definitions)))].slice(0, 8).join(" or ");
    return typeof schema["title"] === "string" ? schema["title"] : "what the contract describes";
  }
  return types.map((type) => typeWords(schema, type)).join(" or ");
}

function branchName(schema: JsonSchema, definitions: Contract["definitions"]): string {
  if (typeof schema === "boolean") return expectedOf(schema);
  if (typeof schema["title"] === "string") return schema["title"];
  if (typeof schema["$ref"] === "string") return schema["$ref"].slice(schema["$ref"].lastIndexOf("/") + 1);
  return expectedOf(schema, definitions);
}

function typeWords(schema: SchemaObject, type: string): string {
  switch (type) {
    case "string": {
      const words = `a string${range(schema, "Length", "character")}`;
      const format = typeof schema["format"] === "string" ? ` (${schema["format"]})` : "";
      const pattern = typeof schema["pattern"] === "string" ? ` that matches ${schema["pattern"]}` : "";
      return words + format + pattern;
    }
    case "number":
    case "integer":
      return (type === "integer" ? "an integer" : "a number") + bounds(schema);
    case "array":
      return `an array${range(schema, "Items", "item")}`;
    case "object":
      return `an object${range(schema, "Properties", "field")}`;
    case "null":
      return "null";
    default:
      return `a ${type}`;
  }
}

function range(schema: SchemaObject, what: string, unit: string): string {
  const min = numberOf(schema, `min${what}`) ?? 0;
  const max = numberOf(schema, `max${what}`);
  const units = max === 1 || (max === undefined && min === 1) ? unit : `${unit}s`;
  if (max === undefined) return min > 0 ? ` of at least ${min} ${units}` : "";
  if (min === max) return ` of ${max} ${units}`;
  return min > 0 ? ` of ${min} to ${max} ${units}` : ` of at most ${max} ${units}`;
}

function bounds(schema: SchemaObject): string {
  const signs = { minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<" };
  const words = Object.entries(signs).flatMap(([keyword, sign]) => {
    const bound = numberOf(schema, keyword);
    // The largest exact integer bounds nothing that a reader would send.
    return bound === undefined || bound === Number.MAX_SAFE_INTEGER ? [] : [`${sign} ${bound}`];
  });
  const step = numberOf(schema, "multipleOf");
  const multiple = step === undefined ? "" : `${words.length > 0 ? "," : ""} a multiple of ${step}`;
  return (words.length > 0 ? ` ${words.join(" and ")}` : "") + multiple;
}
