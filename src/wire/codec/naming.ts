/** The field rule: which message a frame names, and what is wrong when it names none (PROTOCOL.md#field-rule). */

import type { DecodeError } from "../protocol.js";
import type { Checks } from "./checks.js";
import { type Check, decodeError, invalidPayload, isObject } from "./refusal.js";

/** What names the messages of one direction: data for the errors, in the words of the document. */
export interface Naming {
  /** `event` or `command`. */
  readonly of: string;
  /** The field that holds the name, as a step of a JSON pointer, and the pointer to what holds that. */
  readonly field: string;
  readonly holder?: string;
  readonly names: readonly unknown[];
}

/** A field that names messages elsewhere: where it stands, and what the frame has there. */
export type Stray = readonly [path: string, value: unknown];

/** A message that a frame may be: its name and the check of its payload. */
export type Candidate = readonly [name: string, check: Check];

/** The own member of an object or array; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/**
 * Judges a frame whose messages are objects named by a text in `field`: gives the name, or the error. `across` are the
 * checks of the other direction, `never` the fields that name messages elsewhere.
 */
export function named(
  frame: unknown,
  of: string,
  field: string,
  checks: () => Checks,
  across: () => object,
  never: readonly string[],
): string | DecodeError {
  if (!isObject(frame)) return decodeError("not-object", "one JSON object", frame);
  const name = frame[field];
  const known = checks();
  if (typeof name === "string" && Object.hasOwn(known, name)) {
    return known[name]?.(frame) ? name : invalidPayload();
  }
  const strays = never.map((other): Stray => [`/${other}`, frame[other]]);
  return unnamed(frame, name, { of, field, names: Object.keys(known) }, Object.keys(across()), strays);
}

/**
 * The error of a frame whose name is `found`. `isName`: it has the type of a name, so it is one that nobody knows;
 * else it is absent, under the field of another channel, or of the wrong type. `across` are the names of the other
 * direction.
 */
export function unnamed(
  frame: unknown,
  found: unknown,
  { of, field, holder = "", names }: Naming,
  across: readonly unknown[] = [],
  strays: readonly Stray[] = [],
  isName = typeof found === "string",
): DecodeError {
  const wish = `one of ${names.join(", ")}`;
  const path = found === undefined ? holder : `${holder}/${field}`;
  if (isName) {
    const where = across.includes(found) ? "travels the other way" : "is not in the contract";
    return decodeError("unknown-message", wish, found, path, `This ${of} ${where}.`);
  }
  const [other, name] = strays.find(([, value]) => found === undefined && typeof value === "string") ?? [];
  const named = `\`${field}\`: ${wish}`;
  return other
    ? decodeError(
        "wrong-discriminator",
        named,
        name,
        other,
        `This channel names its ${of}s with \`${field}\`: rename \`${other.slice(1)}\`.`,
      )
    : decodeError("missing-discriminator", named, found ?? frame, path, `Name the ${of}.`);
}

/** The error of a frame that is no JSON object (under Socket.IO: no array) on a channel that has nothing else. */
export function notObject(value: unknown, expected: string): DecodeError {
  return decodeError("not-object", expected, value);
}

/** The error of a Socket.IO event that is not `[name, payload]`; undefined when it is. */
export function eventShape(frame: unknown): DecodeError | undefined {
  const named = Array.isArray(frame) && typeof frame[0] === "string";
  if (named && frame.length === 2) return undefined;
  return decodeError(
    named ? "invalid-payload" : "missing-discriminator",
    "an array of the event name and one payload",
    frame,
    named ? (frame.length < 2 ? "" : "/2") : "/0",
    "Emit the event with its name and exactly one argument.",
  );
}

/** The first candidate whose check accepts the payload, by name; else the error of the one that got furthest. */
export function oneOf(payload: unknown, candidates: readonly Candidate[], base = ""): string | DecodeError {
  let furthest = decodeError("invalid-payload", "no message", payload, base, "Nothing may be sent this way.");
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
  return decodeError("invalid-payload", error.expected, name, path, hint);
}
