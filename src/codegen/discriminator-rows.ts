/** Questions about the rows of a discriminator and the schemas behind them. */

import type { DiscriminatorRow, Json } from "../contract/contract.js";
import { parsePointer } from "../contract/pointer.js";
import { literal } from "./literal.js";
import type { Definitions } from "./schema.js";

/** The values of a field with the rows that each leaves, values with the same rows together. */
export function groups(
  rows: readonly DiscriminatorRow[],
  index: number,
): [values: string[], rows: DiscriminatorRow[]][] {
  const found = new Map<string, [string[], DiscriminatorRow[]]>();
  for (const value of valuesAt(rows, index)) {
    // A switch compares by identity: an object or array never fits.
    if (typeof value === "object" && value !== null) continue;
    const left = rows.filter((row) => row.values[index]?.includes(value));
    const key = names(left).join("\0");
    const group = found.get(key);
    if (group === undefined) found.set(key, [[literal(value)], left]);
    else group[0].push(literal(value));
  }
  return [...found.values()];
}

/** The values that name a row by one field, each once. */
export function valuesAt(rows: readonly DiscriminatorRow[], index: number): Json[] {
  return [...new Set(rows.flatMap((row) => row.values[index] ?? []))];
}

/** The messages of some rows. */
export function names(rows: readonly DiscriminatorRow[]): string[] {
  return rows.map((row) => row.message);
}

/** A schema whose constant is all that it says. */
export function onlyNames(schema: { [keyword: string]: unknown }): boolean {
  const silent = ["const", "enum", "type", "title", "description", "default", "examples"];
  return Object.keys(schema).every((keyword) => silent.includes(keyword) || keyword.startsWith("x-"));
}

/** True when a schema has a property of this name, by itself or through what it combines. */
export function describes(schema: unknown, name: string, definitions: Definitions, depth: number): boolean {
  if (typeof schema !== "object" || schema === null || depth > 32) return false;
  const at = schema as { readonly [keyword: string]: unknown }; // an object that is not null has members by name
  const { properties, $ref } = at;
  if (typeof properties === "object" && properties !== null && Object.hasOwn(properties, name)) return true;
  if (typeof $ref === "string") {
    const key = parsePointer($ref.slice(1))[1] ?? "";
    if (Object.hasOwn(definitions, key) && describes(definitions[key], name, definitions, depth + 1))
      return true;
  }
  return ["allOf", "anyOf", "oneOf"].some((keyword) => {
    const branches = at[keyword];
    return (
      Array.isArray(branches) && branches.some((branch) => describes(branch, name, definitions, depth + 1))
    );
  });
}
