/** Why a check said no: left here by the check that did, made into a DecodeError by whoever asked. */

import type { DecodeError, DecodeErrorCode } from "../protocol.js";

/** A JSON object, seen from outside. */
export type Fields = { readonly [name: string]: unknown };

/** Says whether a value is what it should be, and leaves behind why not. */
export type Check = (value: unknown) => boolean;

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
  return no(value[name], "absent", step(name));
}

/** Passes on the no of a check one level down. */
export function at(path: string): false {
  refusedPath = path + refusedPath;
  return false;
}

/** One step of a JSON pointer (RFC 6901). */
export function step(name: string | number): string {
  return `/${name}`.replace(/~/g, "~0").replace(/(?!^)\//g, "~1");
}

/** The DecodeError of the last no; `base` is where the checked value stands in the frame. */
export function invalidPayload(base = ""): DecodeError {
  const value = refusedValue;
  refusedValue = undefined; // not kept alive by the last mistake of a connection
  return decodeError("invalid-payload", refusedWish, value, base + refusedPath);
}

/** Makes a DecodeError; of the value that was there it shows at most 80 characters. */
export function decodeError(
  code: DecodeErrorCode,
  expected: string,
  value: unknown,
  path = "",
  hint = `Make ${path || "it"} ${expected}.`,
): DecodeError {
  const text = JSON.stringify(value) ?? "nothing";
  return { code, path, expected, received: text.length > 80 ? `${text.slice(0, 79)}…` : text, hint };
}
