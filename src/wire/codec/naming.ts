/** The field rule: which message a frame names, and what is wrong when it names none (PROTOCOL.md#field-rule). */

import type { DecodeError } from "../protocol.js";
import { decodeError, invalidPayload, isObject, shorten } from "./refusal.js";

/** What names the messages of one direction: data for the errors, in the words of the document. */
export interface Naming {
  /** `event` or `command`. */
  readonly of: string;
  /** Where the name stands in the frame, as a JSON pointer. */
  readonly path: string;
  readonly names: readonly unknown[];
  /** Names of the other direction. */
  readonly across?: readonly unknown[];
  /** Fields that name messages elsewhere; below the same object. */
  readonly foreign?: readonly string[];
  /** Where the payload stands in the frame: `/1` under Socket.IO. */
  readonly base?: string;
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/** The own member of an object or array; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return INDEX.test(name) ? value[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The value at a JSON pointer, own members only. */
export function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce((found: unknown, part) => member(found, part.replace(/~1/g, "/").replace(/~0/g, "~")), value);
}

/** The error of a frame whose name is `found`: of the wrong type, absent, under another field, or unknown. */
export function unnamed(frame: unknown, found: unknown, naming: Naming): DecodeError {
  const { names, path, base = "", foreign = [] } = naming;
  if (typeof found === "string" || names.some((name) => kind(name) === kind(found))) {
    return unknownName(found, naming);
  }
  if (found === undefined) {
    const payload = valueAt(frame, base);
    const other = foreign.find((pointer) => typeof valueAt(payload, pointer) === "string");
    if (other !== undefined) {
      const [right, wrong] = [label(path.slice(base.length)), label(other)];
      const name = shorten(valueAt(payload, other));
      return decodeError(
        "wrong-discriminator",
        base + other,
        `${right}: one of ${list(names)}`,
        valueAt(payload, other),
        `This channel names its ${naming.of}s with ${right}; the frame has ${wrong}: ${name}. Rename the field.`,
      );
    }
  }
  return nameless(frame, found, naming);
}

/** The error of a frame whose field tells no message apart; a name that is there but not known counts as unknown. */
export function untold(frame: unknown, found: unknown, naming: Naming): DecodeError {
  return found === undefined ? nameless(frame, found, naming) : unknownName(found, naming);
}

function nameless(frame: unknown, found: unknown, { path, names, of, base }: Naming): DecodeError {
  // The name of a Socket.IO event has a place of its own, whether it is there or not.
  const parent = base !== undefined && path === "/0" ? path : path.slice(0, path.lastIndexOf("/"));
  return decodeError(
    "missing-discriminator",
    found === undefined ? parent : path,
    `${label(path)}: one of ${list(names)}`,
    found === undefined ? valueAt(frame, parent) : found,
    `Add ${label(path)} with the name of the ${of}: one of ${list(names)}.`,
  );
}

function unknownName(found: unknown, { of, path, names, across = [] }: Naming): DecodeError {
  const name = shorten(found);
  return decodeError(
    "unknown-message",
    path,
    `one of ${list(names)}`,
    found,
    across.includes(found)
      ? `${name} travels the other way on this channel.`
      : `No ${of} of this channel is named ${name}: correct the name, or add the message to the document.`,
  );
}

/** The error of a frame that is no JSON object (under Socket.IO: no array) on a channel that has nothing else. */
export function notObject(value: unknown, expected: string): DecodeError {
  return decodeError("not-object", "", expected, value, `Send ${expected}.`);
}

/** The error of a Socket.IO event that is not `[name, payload]`; undefined when it is. */
export function eventShape(frame: unknown, naming: Naming): DecodeError | undefined {
  if (!Array.isArray(frame) || typeof frame[0] !== "string") {
    return decodeError(
      "missing-discriminator",
      "/0",
      "an array of the event name and one payload",
      frame,
      `A Socket.IO event starts with its name: one of ${list(naming.names)}.`,
    );
  }
  if (frame.length === 2) return undefined;
  return decodeError(
    "invalid-payload",
    frame.length < 2 ? "" : "/2",
    "an array of the event name and one payload",
    frame,
    "Emit the event with exactly one argument.",
  );
}

/** A message that a frame may be: its name and the check of its payload. */
export type Candidate = readonly [name: string, check: (payload: unknown) => boolean];

/** The first candidate whose check accepts the payload, by name; else the error of the one that got furthest. */
export function oneOf(payload: unknown, candidates: readonly Candidate[], base = ""): string | DecodeError {
  let furthest = decodeError(
    "invalid-payload",
    base,
    "no message",
    payload,
    "This direction has no messages.",
  );
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
export function shapeless(
  payload: unknown,
  error: DecodeError,
  foreign: readonly string[],
  base = "",
): DecodeError {
  const other = foreign.find((pointer) => typeof valueAt(payload, pointer) === "string");
  if (other === undefined) return error;
  const name = valueAt(payload, other);
  return decodeError(
    "invalid-payload",
    base + other,
    error.expected,
    name,
    `These messages have no name field: they are told by their shape. Remove ${label(other)}.`,
  );
}

function label(pointer: string): string {
  return `\`${/^\/[^/]+$/.test(pointer) ? pointer.slice(1) : pointer}\``;
}

/** At most eight names: an error is read by people. */
function list(names: readonly unknown[]): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name));
  return shown.join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
}

function kind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
