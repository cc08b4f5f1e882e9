/** Plain data as TypeScript source. */

import { isIdentifier } from "./names.js";

/** The widest line of generated code. */
export const LINE_WIDTH = 110;

/** Writes plain data as a literal whose first line starts at `column` characters and whose block has this indent. */
export function literal(value: unknown, indent = "", column = indent.length): string {
  if (typeof value === "number" && Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return scalar(value);
  const flat = flatLiteral(value);
  if (column + flat.length <= LINE_WIDTH - 2) return flat;
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item: unknown) => `${inner}${literal(item, inner)},\n`)
    : members(value).map(
        ([key, item]) => `${inner}${key}: ${literal(item, inner, inner.length + key.length + 2)},\n`,
      );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${lines.join("")}${indent}${close}`;
}

/** Writes plain data as a literal on one line. */
export function flatLiteral(value: unknown): string {
  if (typeof value !== "object" || value === null) return literal(value);
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(", ")}]`;
  const fields = members(value).map(([key, item]) => `${key}: ${flatLiteral(item)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** A text as a string literal. */
export function quote(text: string): string {
  // Line separators are legal in string literals since ES2019; older readers of the file may not know.
  const double = JSON.stringify(text);
  const quoted =
    /"/.test(text) && !/'/.test(text) ? `'${double.slice(1, -1).replaceAll('\\"', '"')}'` : double;
  return quoted.replace(/[\u2028\u2029]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}

function scalar(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === Infinity) return "Infinity";
  if (value === -Infinity) return "-Infinity";
  return String(value);
}

function members(value: object): [key: string, item: unknown][] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]) => [memberName(name), item]);
}

/**
 * The name of a member of an object literal. A plain `__proto__` sets the prototype there; a computed one is a member
 * like any other.
 */
export function memberName(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return isIdentifier(name) ? name : quote(name);
}
