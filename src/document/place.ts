/** A place in a document: a value, with the file and path at which it was written. */

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatPointer, isObject, memberOf, parsePointer } from "../contract/pointer.js";
import type { Finding, Severity } from "./finding.js";
import type { SourceFile } from "./source.js";

/** A value of a document and where it stands. */
export interface Place {
  readonly file: SourceFile;
  readonly path: readonly string[];
  readonly value: unknown;
}

// More hops than any document needs; an endless chain is found long before.
const MAX_HOPS = 64;

/** The place of a whole file. */
export function rootOf(file: SourceFile): Place {
  return { file, path: [], value: file.root };
}

/** The member of a place by key or index, `$ref`s on the way followed; undefined when there is none. */
export function memberAt(place: Place | undefined, ...keys: readonly string[]): Place | undefined {
  let at = place;
  for (const key of keys) {
    if (at === undefined) return undefined;
    at = ownMember(follow(at), key);
  }
  return at;
}

function ownMember(place: Place, key: string): Place | undefined {
  const value = memberOf(place.value, key);
  return value === undefined ? undefined : { file: place.file, path: [...place.path, key], value };
}

/** The members of an object or array with their places, in document order; `$ref`s of the place itself followed. */
export function entriesAt(place: Place | undefined): [string, Place][] {
  if (place === undefined) return [];
  const from = follow(place);
  const { value } = from;
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, member]) => [
    key,
    { file: from.file, path: [...from.path, key], value: member },
  ]);
}

/** The members of an array, or the value itself as the only one: where one or a list may stand. */
export function listAt(place: Place | undefined): Place[] {
  if (place === undefined) return [];
  const from = follow(place);
  return Array.isArray(from.value) ? entriesAt(from).map(([, item]) => item) : [place];
}

/** The place that a chain of `$ref`s ends at, or the place itself; its value is undefined where the chain breaks. */
export function follow(place: Place): Place {
  return followWithin(place, MAX_HOPS) ?? { ...place, value: undefined };
}

function followWithin(place: Place, hops: number): Place | undefined {
  let at = place;
  for (let left = hops; left > 0; left--) {
    const ref = refOf(at.value);
    if (ref === undefined) return at;
    const target = resolveWithin(at.file, ref, left - 1);
    if (target === undefined) return undefined;
    at = target;
  }
  return undefined;
}

/** The `$ref` of a reference object. */
export function refOf(value: unknown): string | undefined {
  const ref = isObject(value) && Object.hasOwn(value, "$ref") ? value["$ref"] : undefined;
  return typeof ref === "string" ? ref : undefined;
}

/** What a `$ref` says: a file by its absolute path, and a path in it; or why it is none that is followed. */
export type RefTarget =
  | { readonly kind: "place"; readonly file: string; readonly path: string[] }
  | { readonly kind: "network" }
  | { readonly kind: "malformed"; readonly why: string };

/** Reads a `$ref` that stands in a file. */
export function parseRef(from: string, ref: string): RefTarget {
  const hash = ref.indexOf("#");
  const address = hash < 0 ? ref : ref.slice(0, hash);
  const fragment = hash < 0 ? "" : ref.slice(hash + 1);
  if (/^https?:/i.test(address)) return { kind: "network" };
  if (/^[a-z][a-z0-9+.-]+:/i.test(address) && !/^file:/i.test(address)) {
    return { kind: "malformed", why: "only a file and a pointer into it can be referred to" };
  }
  try {
    const path = parsePointer(decodeURIComponent(fragment));
    if (address === "") return { kind: "place", file: from, path };
    const target = /^file:/i.test(address) ? fileURLToPath(address) : decodeURIComponent(address);
    return { kind: "place", file: resolve(dirname(from), target), path };
  } catch (error) {
    return { kind: "malformed", why: error instanceof Error ? error.message : String(error) };
  }
}

/** The place that a `$ref` names, before any `$ref` that stands there is followed; undefined when there is none. */
export function resolveRef(from: SourceFile, ref: string): Place | undefined {
  return resolveWithin(from, ref, MAX_HOPS);
}

function resolveWithin(from: SourceFile, ref: string, hops: number): Place | undefined {
  const target = parseRef(from.path, ref);
  if (target.kind !== "place") return undefined;
  const file = target.file === from.path ? from : from.files.get(target.file);
  let at = file === undefined ? undefined : rootOf(file);
  for (const part of target.path) {
    if (at === undefined) return undefined;
    // A pointer is about the text as it stands; only where that has no such part does a `$ref` on the way count.
    const own: Place | undefined = ownMember(at, part);
    const through: Place | undefined = own === undefined && hops > 0 ? followWithin(at, hops - 1) : undefined;
    at = own ?? (through === undefined ? undefined : ownMember(through, part));
  }
  return at;
}

/** What makes two places the same: file and path, every `$ref` followed. */
export function identityOf(place: Place): string {
  const at = follow(place);
  return `${at.file.path}#${formatPointer(at.path)}`;
}

/** A finding about a place. */
export function findingAt(
  place: Place,
  rule: string,
  severity: Severity,
  message: string,
  mend: string,
): Finding {
  return {
    rule,
    severity,
    message,
    mend,
    file: place.file.name,
    ...place.file.position(place.path),
    pointer: formatPointer(place.path),
  };
}
