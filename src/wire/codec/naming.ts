/** The field rule: which message a frame names, and what is wrong when it names none (PROTOCOL.md#field-rule). */

import type { DecodeError } from "../protocol.js";
import { decodeError, invalidPayload, isObject } from "./refusal.js";

/** What names the messages of one direction: data for the errors, in the words of the document. */
export interface Naming {
  /** `event` or `command`. */
  readonly of: string;
  /** Where the name stands in the frame, as a JSON pointer. */
  readonly path: string;
  readonly names: readonly unknown[];
}

/** A field that names messages elsewhere: where it stands, and what the frame has there. */
export type Stray = readonly [path: string, value: unknown];

/** A message that a frame may be: its name and the check of its payload. */
export type Candidate = readonly [name: string, check: (payload: unknown) => boolean];

/** The own member of an object or array; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/**
 * The error of a frame whose name is `found`. `isName`: it has the type of a name, so it is one that nobody knows;
 * else it is absent, under the field of another channel, or of the wrong type. `across` are the names of the other
 * direction.
 */
export function unnamed(
  frame: unknown,
  found: unknown,
  isName: boolean,
  { of, path, names }: Naming,
  across: readonly unknown[] = [],
  strays: readonly Stray[] = [],
): DecodeError {
  const wish = `one of ${names.join(", ")}`;
  if (isName) {
    const hint = across.includes(found) ? "travels the other way" : "is not in the contract";
    return decodeError("unknown-message", path, wish, found, `This ${of} ${hint}: correct the name.`);
  }
  const parent = path.slice(0, path.lastIndexOf("/"));
  const field = path.slice(parent.length + 1);
  const stray = found === undefined && strays.find(([, value]) => typeof value === "string");
  if (stray) {
    const [place, name] = stray;
    const hint = `This channel names its ${of}s with \`${field}\`; the frame has \`${place.slice(1)}\`: "${name}". Rename the field.`;
    return decodeError("wrong-discriminator", place, `\`${field}\`: ${wish}`, name, hint);
  }
  const place = found === undefined ? parent : path;
  return decodeError(
    "missing-discriminator",
    place,
    `\`${field}\`: ${wish}`,
    found ?? frame,
    `Name the ${of}.`,
  );
}

/** The error of a frame that is no JSON object (under Socket.IO: no array) on a channel that has nothing else. */
export function notObject(value: unknown, expected: string): DecodeError {
  return decodeError("not-object", "", expected, value, `Send ${expected}.`);
}

/** The error of a Socket.IO event that is not `[name, payload]`; undefined when it is. */
export function eventShape(frame: unknown): DecodeError | undefined {
  const named = Array.isArray(frame) && typeof frame[0] === "string";
  if (named && frame.length === 2) return undefined;
  return decodeError(
    named ? "invalid-payload" : "missing-discriminator",
    named ? (frame.length < 2 ? "" : "/2") : "/0",
    "an array of the event name and one payload",
    frame,
    "Emit the event with its name and exactly one argument.",
  );
}

/** The first candidate whose check accepts the payload, by name; else the error of the one that got furthest. */
export function oneOf(payload: unknown, candidates: readonly Candidate[], base = ""): string | DecodeError {
  let furthest = decodeError("invalid-payload", base, "no message", payload, "Nothing may be sent this way.");
  let depth = 0;
  for (const [name, check] of candidates) {
    if (check(payload)) return name;
    const error = invalidPayload(base);
    const steps = error.path.split("/").length;
    if (steps > depth) [furthest, depth] = [error, steps];
  }
  return { ...furthest, expected: `one of: ${candidates.map(([name]) => name).join(", ")}` };
}

/** The error of a frame told by shape; it says so where the frame names itself as other channels do. */
export function shapeless(error: DecodeError, strays: readonly Stray[]): DecodeError {
  const stray = strays.find(([, value]) => typeof value === "string");
  if (stray === undefined) return error;
  const [path, name] = stray;
  const hint = `These messages have no name field: they are told by their shape. Remove \`${path.slice(1)}\`.`;
  return decodeError("invalid-payload", path, error.expected, name, hint);
}
