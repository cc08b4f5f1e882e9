/** Text to value and back: the limits before the checks, and what may be written at all. */

import type { Decoded, DecodeError, DecodeErrorCode } from "../protocol.js";
import { at, decodeError, invalidPayload, no, step } from "./refusal.js";

/** Names the message that a value is, or says what is wrong with it. */
export type Judge = (value: unknown) => string | DecodeError;

/** The deepest nesting of arrays and objects that a frame may have. */
const MAX_DEPTH = 512;

// A byte order mark is content, which JSON.parse refuses: bytes and text decide alike.
const UTF8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes the text, or the UTF-8 bytes, of one frame. `T` is the type that the judge proves. Never throws. */
export function decodeFrame<T>(frame: string | Uint8Array, judge: Judge, maxBytes = Infinity): Decoded<T> {
  let text = "";
  try {
    text = typeof frame === "string" ? frame : UTF8.decode(frame);
  } catch {
    return refused("not-text", "UTF-8 text", `${frame.length} bytes`);
  }
  const bytes = typeof frame === "string" ? utf8Length(frame, maxBytes) : frame.length;
  if (bytes > maxBytes) return refused("too-large", `at most ${maxBytes} bytes`, `${bytes} bytes`);
  if (text.length > MAX_DEPTH && isTooDeep(text)) {
    return refused("too-deep", `at most ${MAX_DEPTH} levels of nesting`, `more than ${MAX_DEPTH} levels`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {
      ok: false,
      error: decodeError("not-json", "", "one JSON document", text, "Send one JSON document."),
    };
  }
  const judged = judge(value);
  // The judge named the message whose type is a member of T, after checking all that T says.
  return typeof judged === "string"
    ? { ok: true, value: value as T, name: judged }
    : { ok: false, error: judged };
}

function refused(code: DecodeErrorCode, expected: string, received: string): Decoded<never> {
  return { ok: false, error: { code, path: "", expected, received, hint: `Send ${expected}.` } };
}

/** Thrown by an encoder for a value that the contract does not allow: nothing is written. */
export class EncodeError extends Error implements DecodeError {
  override readonly name = "EncodeError";
  declare readonly code: DecodeErrorCode;
  declare readonly path: string;
  declare readonly expected: string;
  declare readonly received: string;
  declare readonly hint: string;

  constructor(error: DecodeError) {
    super(
      `${error.code} at "${error.path}": expected ${error.expected}, got ${error.received}. ${error.hint}`,
    );
    Object.assign(this, error);
  }
}

/** Checks a value and writes it as JSON text. Throws EncodeError for what `decodeFrame` would refuse. */
export function encodeFrame(value: unknown, judge: Judge, maxBytes = Infinity): string {
  const judged = judgeValue(value, judge);
  if (typeof judged !== "string") throw new EncodeError(judged);
  const text = JSON.stringify(value);
  if (utf8Length(text, maxBytes) > maxBytes) {
    throw new EncodeError(
      decodeError("too-large", "", `at most ${maxBytes} bytes`, value, "Split the content."),
    );
  }
  return text;
}

/** Writes a text as UTF-8 at `offset` and returns the offset after it. Throws RangeError when it does not fit. */
export function writeText(text: string, bytes: Uint8Array, offset: number): number {
  const { read, written } = new TextEncoder().encodeInto(text, bytes.subarray(offset));
  if (read < text.length) {
    throw new RangeError(`The message does not fit into the ${bytes.length - offset} bytes after ${offset}.`);
  }
  return offset + written;
}

// What JSON.stringify leaves out or rewrites is not what will be read: such a value is judged by its text.
let isRewritten = false;

/** Judges a value that was not parsed from text, as the text that JSON.stringify makes of it. */
export function judgeValue(value: unknown, judge: Judge): string | DecodeError {
  isRewritten = false;
  if (!isJson(value, 0)) return invalidPayload("", "not-json");
  if (!isRewritten) return judge(value);
  const read = decodeFrame(String(JSON.stringify(value)), judge);
  return read.ok ? judge(read.value) : read.error;
}

/** True unless a value, or one inside it, has no JSON text or loses its meaning in it (NaN becomes null). */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value) || no(value, "a finite number");
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  // A cycle ends here too.
  if (typeof value !== "object" || depth === MAX_DEPTH)
    return no(value, "a JSON value of at most 512 levels");
  const fields = value as { readonly [name: string]: unknown }; // an object that is not null has members by name
  const list = Array.isArray(value);
  if (typeof fields["toJSON"] === "function") {
    isRewritten = true;
    return true;
  }
  if (!list && Object.getPrototypeOf(value) !== Object.prototype) isRewritten = true;
  for (const name of list ? value.keys() : Object.keys(value)) {
    if (fields[name] === undefined && !list) isRewritten = true;
    else if (!isJson(fields[name], depth + 1)) return at(step(name));
  }
  return true;
}

/** Bytes in UTF-8, counted only where the answer may matter. A lone surrogate is sent as the 3 bytes of U+FFFD. */
function utf8Length(text: string, limit: number): number {
  const units = text.length;
  return units > limit || units * 3 <= limit ? units : new TextEncoder().encode(text).length;
}

/** True when arrays and objects nest deeper than {@link MAX_DEPTH}: JSON.parse and the checks recurse. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text[i];
    if (unit === '"') quoted = !quoted;
    else if (quoted) {
      if (unit === "\\") i++;
    } else if (unit === "[" || unit === "{") {
      if (++depth > MAX_DEPTH) return true;
    } else if (unit === "]" || unit === "}") depth--;
  }
  return false;
}
