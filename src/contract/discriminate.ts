/**
 * Which message a frame is, before its payload is looked at.
 *
 * A declared discriminator decides (the field rule); an inferred one narrows the candidates, of which at least one
 * must accept the value; without one every message of the direction is a candidate.
 */

import type { DecodeError } from "../wire/protocol.js";
import type { Direction, Discriminator, DiscriminatorRow, Endpoint, Json, Message } from "./contract.js";
import { payloadOf } from "./payload.js";
import { isObject, valueAt } from "./pointer.js";

export { declareDiscriminator, inferDiscriminator } from "./infer-discriminator.js";

/** The field that stands for the Socket.IO event name. */
export const EVENT_FIELD = "$event";

/** The messages that a value may be, by name and in document order; or why it can be none. */
export type Discrimination =
  | { readonly ok: true; readonly candidates: string[] }
  | { readonly ok: false; readonly error: DecodeError };

/** The messages of one direction. */
export function messagesOf(
  endpoint: Pick<Endpoint, "commands" | "events">,
  direction: Direction,
): readonly Message[] {
  return direction === "command" ? endpoint.commands : endpoint.events;
}

/** What tells the messages of one direction apart. */
export function discriminatorOf(endpoint: Pick<Endpoint, "protocol">, direction: Direction): Discriminator {
  return direction === "command" ? endpoint.protocol.receive : endpoint.protocol.send;
}

/** Names the messages that `value`, what JSON.parse gave for one frame, may be. */
export function discriminate(
  endpoint: Pick<Endpoint, "protocol" | "commands" | "events">,
  direction: Direction,
  value: unknown,
): Discrimination {
  const discriminator = discriminatorOf(endpoint, direction);
  const frame: FrameView = { endpoint, direction, value, payload: payloadOf(endpoint, value) };
  if (discriminator.origin === "declared") return byFieldRule(frame, discriminator);

  if (endpoint.protocol.transport === "socket.io") {
    const shape = socketIoShape(frame);
    if (shape !== undefined) return shape;
  }
  if (discriminator.origin === "inferred") return byNarrowing(frame, discriminator);
  return { ok: true, candidates: discriminator.rows.map((row) => row.message) };
}

/** A value in at most 80 characters, for the `received` of an error. */
export function shorten(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

interface FrameView {
  readonly endpoint: Pick<Endpoint, "protocol" | "commands" | "events">;
  readonly direction: Direction;
  readonly value: unknown;
  readonly payload: unknown;
}

function byFieldRule(frame: FrameView, discriminator: Discriminator): Discrimination {
  const [outer = ""] = discriminator.fields;
  const found = fieldValue(frame, outer);
  const names = valuesAt(discriminator.rows, 0);
  if (!couldName(found, names)) return unnamed(frame, outer, found, names);

  let rows: readonly DiscriminatorRow[] = discriminator.rows.filter((row) =>
    row.values[0]?.some((value) => value === found),
  );
  if (rows.length === 0) return refuse(unknownMessage(frame, outer, found, names));
  if (frame.endpoint.protocol.transport === "socket.io") {
    const shape = socketIoShape(frame);
    if (shape !== undefined) return shape;
  }
  for (const [index, field] of discriminator.fields.entries()) {
    if (index === 0 || rows.length < 2) continue;
    const narrowed = narrow(rows, index, fieldValue(frame, field), false);
    if (narrowed.length === 0) {
      const inner = fieldValue(frame, field);
      const known = valuesAt(rows, index);
      return couldName(inner, known)
        ? refuse(unknownMessage(frame, field, inner, known))
        : refuse(missing(frame, field, inner, known));
    }
    rows = narrowed;
  }
  return { ok: true, candidates: rows.map((row) => row.message) };
}

function byNarrowing(frame: FrameView, discriminator: Discriminator): Discrimination {
  let rows = discriminator.rows;
  for (const [index, field] of discriminator.fields.entries()) {
    const found = fieldValue(frame, field);
    const narrowed = narrow(rows, index, found, true);
    if (narrowed.length === 0) {
      const known = valuesAt(rows, index);
      return found === undefined
        ? refuse(missing(frame, field, found, known))
        : refuse(unknownMessage(frame, field, found, known));
    }
    rows = narrowed;
  }
  if (rows.length > 1) rows = byPresence(frame, discriminator, rows);
  return { ok: true, candidates: rows.map((row) => row.message) };
}

/** The rows that a value at field `index` leaves: those it names, else those that the field does not tell. */
function narrow(
  rows: readonly DiscriminatorRow[],
  index: number,
  found: unknown,
  inferred: boolean,
): readonly DiscriminatorRow[] {
  const named = rows.filter((row) => row.values[index]?.some((value) => value === found));
  if (named.length > 0) return named;
  return rows.filter((row) => {
    if ((row.values[index]?.length ?? 0) === 0) return true;
    return inferred && found === undefined && row.optional?.[index] === true;
  });
}

function byPresence(
  frame: FrameView,
  discriminator: Discriminator,
  rows: readonly DiscriminatorRow[],
): readonly DiscriminatorRow[] {
  const rules = discriminator.presence.filter((rule) => rows.some((row) => row.message === rule.message));
  const there = new Set(
    rules.filter((rule) => valueAt(frame.payload, rule.pointer) !== undefined).map((rule) => rule.message),
  );
  if (there.size > 0) return rows.filter((row) => there.has(row.message));
  const told = new Set(rules.map((rule) => rule.message));
  const rest = rows.filter((row) => !told.has(row.message));
  // Every candidate lacks the field that it requires: let the payload check say which.
  return rest.length > 0 ? rest : rows;
}

function fieldValue(frame: FrameView, field: string): unknown {
  if (field !== EVENT_FIELD) return valueAt(frame.payload, field);
  return Array.isArray(frame.value) ? frame.value[0] : undefined;
}

/** Where a field stands in the frame: payload pointers of Socket.IO are below element 1. */
function fieldPath(frame: FrameView, field: string): string {
  if (field === EVENT_FIELD) return "/0";
  return frame.endpoint.protocol.transport === "socket.io" ? `/1${field}` : field;
}

function valuesAt(rows: readonly DiscriminatorRow[], index: number): Json[] {
  return [...new Set(rows.flatMap((row) => row.values[index] ?? []))];
}

/** A string always names; another value only where a declared constant is of its type. */
function couldName(found: unknown, names: readonly Json[]): boolean {
  if (found === undefined) return false;
  return typeof found === "string" || names.some((name) => jsonType(name) === jsonType(found));
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** No usable name at the declared field: was it written under another field, or not at all? */
function unnamed(frame: FrameView, field: string, found: unknown, names: readonly Json[]): Discrimination {
  if (found === undefined && field !== EVENT_FIELD) {
    for (const other of foreignFields(frame, field)) {
      const stray = other.startsWith("/") ? valueAt(frame.payload, other) : ownField(frame.payload, other);
      if (typeof stray !== "string") continue;
      const [right, wrong] = [fieldLabel(field), fieldLabel(other)];
      const what = frame.direction === "event" ? "events" : "commands";
      return refuse({
        code: "wrong-discriminator",
        path: fieldPath(frame, other.startsWith("/") ? other : `/${other}`),
        expected: `${right}: one of ${list(names)}`,
        received: `${wrong}: ${shorten(stray)}`.slice(0, 80),
        hint: `This channel names its ${what} with ${right}; the frame has ${wrong}: ${shorten(stray)}. Rename the field.`,
      });
    }
  }
  return refuse(missing(frame, field, found, names));
}

/** Fields that name messages elsewhere: of the other direction, and those that the document lists under `never`. */
function foreignFields(frame: FrameView, field: string): string[] {
  const { send, receive, never } = frame.endpoint.protocol;
  const other = (frame.direction === "event" ? receive : send).fields[0];
  const foreign = other === undefined || other === EVENT_FIELD ? never : [other, ...never];
  return foreign.filter((name) => fieldLabel(name) !== fieldLabel(field));
}

function ownField(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function missing(frame: FrameView, field: string, found: unknown, names: readonly Json[]): DecodeError {
  const label = fieldLabel(field);
  return {
    code: "missing-discriminator",
    path: found === undefined && field !== EVENT_FIELD ? parentPath(frame, field) : fieldPath(frame, field),
    expected: `${label}: one of ${list(names)}`,
    received: found === undefined ? shorten(frame.value) : `${label}: ${shorten(found)}`.slice(0, 80),
    hint:
      field === EVENT_FIELD
        ? `A Socket.IO event is an array whose first element is its name: one of ${list(names)}.`
        : `Add ${label} with the name of the message: one of ${list(names)}.`,
  };
}

function parentPath(frame: FrameView, field: string): string {
  const path = fieldPath(frame, field);
  return path.slice(0, path.lastIndexOf("/"));
}

function unknownMessage(
  frame: FrameView,
  field: string,
  found: unknown,
  names: readonly Json[],
): DecodeError {
  const across = frame.direction === "event" ? "command" : "event";
  const crossed = discriminatorOf(frame.endpoint, across).rows.some((row) =>
    row.values[0]?.some((value) => value === found),
  );
  return {
    code: "unknown-message",
    path: fieldPath(frame, field),
    expected: `one of ${list(names)}`,
    received: shorten(found),
    hint: crossed
      ? `${shorten(found)} names ${across === "event" ? "an event" : "a command"} of this channel: it travels the other way.`
      : `No ${frame.direction} of this channel is named ${shorten(found)}. Correct the name, or add the message to the document.`,
  };
}

/** A Socket.IO event carries its name and exactly one payload. */
function socketIoShape(frame: FrameView): Discrimination | undefined {
  if (!Array.isArray(frame.value) || typeof frame.value[0] !== "string") {
    return refuse(missing(frame, EVENT_FIELD, undefined, []));
  }
  if (frame.value.length === 2) return undefined;
  return refuse({
    code: "invalid-payload",
    path: frame.value.length < 2 ? "" : "/2",
    expected: "an array of the event name and one payload",
    received: shorten(frame.value),
    hint: "Emit the event with exactly one argument.",
  });
}

function fieldLabel(field: string): string {
  const plain = /^\/[^/~]+$/.test(field) ? field.slice(1) : field;
  return `\`${plain}\``;
}

/** At most eight names: an error is read by people. */
function list(names: readonly Json[]): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name));
  const left = names.length - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}

function refuse(error: DecodeError): Discrimination {
  return { ok: false, error };
}
