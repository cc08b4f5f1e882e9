/**
 * Checks that say what a schema says: the words of which generated code makes one for each message.
 *
 * Small before fast: what is to be fast has code of its own, printed for its schema, and comes here only with what
 * that code has refused.
 */

import { isMoment, isUuid } from "./format.js";
import { characters } from "./keyword.js";
import { at, type Check, isObject, no, step } from "./refusal.js";

/** Checks by the names of fields. */
export type Checks = { readonly [name: string]: Check };

/** Makes something when it is first asked for. */
export function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** An object: fields that must be there, fields that may be, and what any other has to be. */
export function fields(required: Checks, optional: Checks = {}, rest?: Check): Check {
  const known: Checks = { ...required, ...optional };
  return (value) => {
    if (!isObject(value)) return no(value, "an object");
    for (const name in known) {
      const isAbsent = value[name] === undefined && !(name in required);
      if (!isAbsent && !inside(known[name], value[name], name)) return false;
    }
    for (const name in rest && value) {
      if (!Object.hasOwn(known, name) && !inside(rest, value[name], name)) return false;
    }
    return true;
  };
}

/** A list of `min` to `max` items. `differ` says whether they all differ, where they must. */
export function list(
  item: Check,
  min = 0,
  max = Infinity,
  differ: (items: readonly unknown[]) => boolean = anything,
): Check {
  return (value) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      return no(value, `a list of ${min} to ${max} items`);
    }
    return value.every((one, i) => inside(item, one, i)) && (differ(value) || no(value, "without doubles"));
  };
}

function inside(check: Check | undefined, value: unknown, name: string | number): boolean {
  return !check || check(value) || at(step(name));
}

/** What the expression `test` accepts; `wish` says it in words. */
export function is(test: Check, wish: string): Check {
  return (value) => test(value) || no(value, wish);
}

/** Any value. */
export function anything(_value?: unknown): boolean {
  return true;
}

/** A value that is there, and what `check` says of it. */
export function given(check: Check = anything): Check {
  return (value) => (value === undefined ? no(value, "there") : check(value));
}

/** No value at all. */
export const nothing: Check = /* @__PURE__ */ is(() => false, "absent");

/** A text. */
export const text: Check = /* @__PURE__ */ is((value) => typeof value === "string", "a string");

/** True or false. */
export const flag: Check = /* @__PURE__ */ is((value) => typeof value === "boolean", "a boolean");

/** A text of `min` to `max` characters. */
export function chars(min: number, max = Infinity): Check {
  return is(
    (value) => typeof value === "string" && between(characters(value), min, max),
    `a string of ${min} to ${max} characters`,
  );
}

/** A text of a format. */
export function format(test: (text: string) => boolean, name: string): Check {
  return is((value) => typeof value === "string" && test(value), `a string (${name})`);
}

export const uuid: Check = /* @__PURE__ */ format(isUuid, "uuid");

export const dateTime: Check = /* @__PURE__ */ format(isMoment, "date-time");

/** A finite number from `min` to `max`. */
export function number(min = -Infinity, max = Infinity): Check {
  return is((value) => Number.isFinite(value) && between(value, min, max), `a number from ${min} to ${max}`);
}

/** An integer from `min` to `max`. */
export function int(min = -Infinity, max = Infinity): Check {
  return is(
    (value) => Number.isInteger(value) && between(value, min, max),
    `an integer from ${min} to ${max}`,
  );
}

function between(value: unknown, min: number, max: number): boolean {
  // Only numbers come here.
  return Number(value) >= min && Number(value) <= max;
}

/** One of some constants. */
export function values(...wanted: readonly unknown[]): Check {
  return is((value) => wanted.includes(value), `one of ${wanted.join(", ")}`);
}
