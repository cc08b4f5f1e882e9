/**
 * What was wrong with a value: the last refusal of a check, and the DecodeError that is made of it.
 *
 * A generated check only says yes or no. Where it says no it leaves the place and the wish here, on the way out, so
 * that the code that decides and the code that explains can never disagree.
 */

import type { DecodeError, DecodeErrorCode } from "../protocol.js";

/** A JSON object, seen from outside. */
export type Fields = { readonly [name: string]: unknown };

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Checks run to their end without giving way to other code, so one place for the last refusal is enough.
let refusedValue: unknown;
let refusedWish = "";
let refusedPath = "";

/** Says no to `value`, which should have been what `wish` says. */
export function no(value: unknown, wish: string, path = ""): false {
  refusedValue = value;
  refusedWish = wish;
  refusedPath = path;
  return false;
}

/** Says no to an object for the field `name`, which the contract does not know. */
export function stray(value: Fields, name: string): false {
  return no(value[name], `no field ${shorten(name)}`, step(name));
}

/** Passes on the no of a check one level down. */
export function at(path: string): false {
  refusedPath = path + refusedPath;
  return false;
}

/** One step of a JSON pointer (RFC 6901). */
export function step(name: string | number): string {
  return `/${`${name}`.replace(/~/g, "~0").replace(/\//g, "~1")}`;
}

/** The DecodeError of the last no; `base` is where the checked value stands in the frame. */
export function invalidPayload(base = "", code: DecodeErrorCode = "invalid-payload"): DecodeError {
  const value = refusedValue;
  refusedValue = undefined; // not kept alive by the last mistake of a connection
  const path = base + refusedPath;
  return decodeError(code, path, refusedWish, value, `Give ${path || "the message"} ${refusedWish}.`);
}

/** Makes a DecodeError. */
export function decodeError(
  code: DecodeErrorCode,
  path: string,
  expected: string,
  value: unknown,
  hint: string,
): DecodeError {
  return { code, path, expected, received: shorten(value), hint };
}

/** A value in at most 80 characters. */
export function shorten(value: unknown): string {
  let text = `${typeof value}`;
  try {
    text = JSON.stringify(value) ?? (value === undefined ? "nothing" : text);
  } catch {
    // A cycle or a BigInt has no JSON text; its type is all that can be said.
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
