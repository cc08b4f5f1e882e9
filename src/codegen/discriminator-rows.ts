/** Questions about the rows of a discriminator and the schemas behind them. */

import type { Direction, DiscriminatorRow, Endpoint, Json } from "../contract/contract.js";
import { discriminatorOf, messagesOf } from "../contract/discriminate.js";
import { describesObject } from "../contract/payload.js";
import { parsePointer } from "../contract/pointer.js";
import { literal } from "./literal.js";
import { isIdentifier } from "./names.js";
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

/** True for a direction whose messages are objects, told by a text in one field that is their name. */
export function isTold(endpoint: Endpoint, direction: Direction, definitions: Definitions): boolean {
  const { origin, fields, rows } = discriminatorOf(endpoint, direction);
  const messages = messagesOf(endpoint, direction);
  return (
    origin === "declared" &&
    endpoint.protocol.transport !== "socket.io" &&
    fields.length === 1 &&
    fields.every(isOneStep) &&
    rows.length === messages.length &&
    rows.every(({ message, values }) => values[0]?.length === 1 && values[0][0] === message) &&
    messages.length > 0 &&
    messages.every(({ name, payload }) => name !== "__proto__" && describesObject(payload, definitions))
  );
}

/** True for a pointer to a member that is an identifier, and that no object has by itself. */
export function isOneStep(pointer: string): boolean {
  const [name = "", ...deeper] = parsePointer(pointer);
  return deeper.length === 0 && isIdentifier(name) && !(name in Object.prototype);
}
