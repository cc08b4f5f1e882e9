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
  min?: number,
  max?: number,
  differ: (items: readonly unknown[]) => boolean = anything,
): Check {
  const fits = items(min, max);
  return (value) =>
    fits(value) &&
    Array.isArray(value) &&
    value.every((one, i) => inside(item, one, i)) &&
    (differ(value) || no(value, "unique"));
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
export const text: Check = /* @__PURE__ */ is(isText, "a string");

/** True or false. */
export const flag: Check = /* @__PURE__ */ is((value) => typeof value === "boolean", "a boolean");

/** A value whose size lies between two bounds; NaN where it has none. `what` says it in words that the bounds end. */
function bounded(sizeOf: (value: unknown) => number, what: string) {
  return (min = -Infinity, max = Infinity): Check =>
    is(
      (value) => sizeOf(value) >= min && sizeOf(value) <= max,
      // The largest exact integers bound nothing that a reader would send.
      what + (min > -9e15 ? ` ≥ ${min}` : "") + (max < 9e15 ? ` ≤ ${max}` : ""),
    );
}

const items = /* @__PURE__ */ bounded(
  (value) => (Array.isArray(value) ? value.length : NaN),
  "a list of length",
);

/** A text of `min` to `max` characters. */
export const chars = /* @__PURE__ */ bounded(
  (value) => (isText(value) ? characters(value) : NaN),
  "a string of length",
);

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** A text of a format. */
export function format(test: (text: string) => boolean, name: string): Check {
  return is((value) => isText(value) && test(value), `a string (${name})`);
}

export const uuid: Check = /* @__PURE__ */ format(isUuid, "uuid");

export const dateTime: Check = /* @__PURE__ */ format(isMoment, "date-time");

/** A finite number from `min` to `max`. */
export const number = /* @__PURE__ */ bounded(
  (value) => (Number.isFinite(value) ? Number(value) : NaN),
  "a number",
);

/** An integer from `min` to `max`. */
export const int = /* @__PURE__ */ bounded(
  (value) => (Number.isInteger(value) ? Number(value) : NaN),
  "an integer",
);

/** One of some constants. */
export function values(...wanted: readonly unknown[]): Check {
  return is((value) => wanted.includes(value), `one of ${wanted.join(", ")}`);
}
