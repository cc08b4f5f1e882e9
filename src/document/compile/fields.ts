/** Reads fields of a document that a schema has checked, or that may be missing: a wrong type counts as absent. */

import { isObject } from "../../contract/pointer.js";
import { follow, memberAt, type Place } from "../place.js";

/** The string at a key. */
export function textAt(place: Place | undefined, ...keys: readonly string[]): string | undefined {
  const value = valueAtKey(place, keys);
  return typeof value === "string" ? value : undefined;
}

/** The number at a key. */
export function numberAt(place: Place | undefined, ...keys: readonly string[]): number | undefined {
  const value = valueAtKey(place, keys);
  return typeof value === "number" ? value : undefined;
}

/** The boolean at a key. */
export function booleanAt(place: Place | undefined, ...keys: readonly string[]): boolean | undefined {
  const value = valueAtKey(place, keys);
  return typeof value === "boolean" ? value : undefined;
}

/** The strings of the list at a key; one string counts as a list of one. */
export function textsAt(place: Place | undefined, ...keys: readonly string[]): string[] | undefined {
  const value = valueAtKey(place, keys);
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** The object at a key. */
export function objectAt(
  place: Place | undefined,
  ...keys: readonly string[]
): { [key: string]: unknown } | undefined {
  const value = valueAtKey(place, keys);
  return isObject(value) ? value : undefined;
}

/** The members of an object that are there: what is `undefined` is left out, as absent fields of a Contract are. */
export function present<T extends object>(members: { [K in keyof T]?: T[K] | undefined }): Partial<T> {
  const there = Object.entries(members).filter(([, value]) => value !== undefined);
  // Each kept member has its key and the type of that key in T; members that were undefined are absent.
  return Object.fromEntries(there) as Partial<T>;
}

function valueAtKey(place: Place | undefined, keys: readonly string[]): unknown {
  const found = memberAt(place, ...keys);
  return found === undefined ? undefined : follow(found).value;
}
