/** Text to value and back: the limits before the checks, and what may be written at all. */

import type { Decoded, DecodeError, DecodeErrorCode } from "../protocol.js";
import { decodeError, shorten, step } from "./refusal.js";

/** Names the message that a value is, or says what is wrong with it. */
export type Judge = (value: unknown) => string | DecodeError;

/** The deepest nesting of arrays and objects that a frame may have. */
const MAX_DEPTH = 512;

// A byte order mark is content, which JSON.parse refuses: bytes and text decide alike.
const UTF8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes the text, or the UTF-8 bytes, of one frame. `T` is the type that the judge proves. Never throws. */
export function decodeFrame<T>(frame: string | Uint8Array, judge: Judge, maxBytes = Infinity): Decoded<T> {
  let text: string;
  if (typeof frame === "string") text = frame;
  else {
    try {
      text = UTF8.decode(frame);
    } catch {
      return refused("not-text", "UTF-8 text", `${frame.length} bytes`, "Encode the JSON text as UTF-8.");
    }
  }
  const bytes = typeof frame === "string" ? utf8Length(text, maxBytes) : frame.length;
  if (bytes > maxBytes) {
    return refused("too-large", `at most ${maxBytes} bytes`, `${bytes} bytes`, "Split the content.");
  }
  if (text.length > MAX_DEPTH && isTooDeep(text)) {
    return refused("too-deep", `at most ${MAX_DEPTH} levels of nesting`, "more", "Flatten the value.");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refused("not-json", "one JSON document", shorten(text), `Send one JSON document (${cause}).`);
  }
  const judged = judge(value);
  // The judge named the message whose type is a member of T, after checking all that T says.
  return typeof judged === "string" ? { ok: true, value: value as T } : { ok: false, error: judged };
}

function refused(code: DecodeErrorCode, expected: string, received: string, hint: string): Decoded<never> {
  return { ok: false, error: { code, path: "", expected, received, hint } };
}

/** Thrown by an encoder for a value that the contract does not allow: nothing is written. */
export class EncodeError extends Error implements DecodeError {
  override readonly name = "EncodeError";
  readonly code: DecodeErrorCode;
  readonly path: string;
  readonly expected: string;
  readonly received: string;
  readonly hint: string;

  constructor(error: DecodeError) {
    super(
      `${error.code} at ${error.path || "the top"}: expected ${error.expected}, got ${error.received}. ${error.hint}`,
    );
    this.code = error.code;
    this.path = error.path;
    this.expected = error.expected;
    this.received = error.received;
    this.hint = error.hint;
  }
}

/** Checks a value and writes it as JSON text. Throws EncodeError for what `decodeFrame` would refuse. */
export function encodeFrame(value: unknown, judge: Judge, maxBytes = Infinity): string {
  const { text, judged } = examine(value, judge);
  if (typeof judged !== "string") throw new EncodeError(judged);
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
    throw new RangeError(
      `The message needs ${new TextEncoder().encode(text).length} bytes; ${bytes.length - offset} are left at offset ${offset}.`,
    );
  }
  return offset + written;
}

/** Judges a value that was not parsed from text, as the text that JSON.stringify makes of it. */
export function examine(value: unknown, judge: Judge): { text: string; judged: string | DecodeError } {
  const kept = survey(value, 0);
  if (kept === "kept") return { text: JSON.stringify(value), judged: judge(value) };
  if (kept !== "changed") return { text: "", judged: kept };
  // What `toJSON` rewrites, or what is left out, is not what will be read: the judge gets what will be.
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A `toJSON` that throws or gives a BigInt: there is no text, as when it gives undefined.
  }
  if (text === undefined || isTooDeep(text)) return { text: "", judged: noJson(value, "a JSON value") };
  return { text, judged: judge(JSON.parse(text)) };
}

/** Whether JSON.stringify keeps a value as it is; else whether it changes it, or why it shall not be written. */
function survey(value: unknown, depth: number): "kept" | "changed" | DecodeError {
  if (value === null || typeof value === "string" || typeof value === "boolean") return "kept";
  // NaN and Infinity would become null: a value that nobody meant.
  if (typeof value === "number") return Number.isFinite(value) ? "kept" : noJson(value, "a finite number");
  if (typeof value !== "object") return noJson(value, "a JSON value");
  // Deeper than a decoder reads; a cycle ends here too.
  if (depth === MAX_DEPTH) {
    return decodeError("too-deep", "", `at most ${MAX_DEPTH} levels`, undefined, "Flatten the value.");
  }
  const fields = value as { readonly [name: string]: unknown }; // an object that is not null has members by name
  if (typeof fields["toJSON"] === "function") return "changed";
  const list = Array.isArray(value);
  let whole: "kept" | "changed" =
    list || Object.getPrototypeOf(value) === Object.prototype ? "kept" : "changed";
  for (const name of list ? value.keys() : Object.keys(value)) {
    const member = fields[name];
    if (member === undefined && !list) whole = "changed";
    else {
      const kept = survey(member, depth + 1);
      if (kept === "changed") whole = kept;
      else if (kept !== "kept") return { ...kept, path: step(name) + kept.path };
    }
  }
  return whole;
}

function noJson(value: unknown, expected: string): DecodeError {
  const got = typeof value === "number" ? String(value) : shorten(value);
  return {
    ...decodeError("not-json", "", expected, value, `Give ${expected}, or leave it out.`),
    received: got,
  };
}

/** Bytes in UTF-8; counted only where the answer may matter. A lone surrogate is sent as the 3 bytes of U+FFFD. */
function utf8Length(text: string, limit: number): number {
  let bytes = text.length;
  if (bytes > limit || bytes * 3 <= limit) return bytes;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) bytes += unit < 0x800 ? 1 : 2;
    // The low half of a pair is in the 4 bytes of the pair: 2 units and 2 more.
    if (unit >= 0xd800 && unit < 0xdc00 && text.charCodeAt(i + 1) >> 10 === 0x37) i++;
  }
  return bytes;
}

/** True when arrays and objects nest deeper than {@link MAX_DEPTH}: JSON.parse and the checks recurse. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) quoted = !quoted;
    else if (quoted) {
      if (unit === 0x5c) i++;
    } else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}
