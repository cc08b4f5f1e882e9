/** Text to value and back: the limits before the checks, and what may be written at all. */

import type { Decoded, DecodeError, DecodeErrorCode } from "../protocol.js";
import { decodeError } from "./refusal.js";

/** Names the message that a value is, or says what is wrong with it. */
export type Judge = (value: unknown) => string | DecodeError;

/** The deepest nesting of arrays and objects that a frame may have. */
const MAX_DEPTH = 512;

// A byte order mark is content, which JSON.parse refuses: bytes and text decide alike.
const UTF8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes the text, or the UTF-8 bytes, of one frame. `T` is the type that the judge proves. Never throws. */
export function decodeFrame<T>(frame: string | Uint8Array, judge: Judge, maxBytes = Infinity): Decoded<T> {
  let value: unknown;
  const judgeText = (): string | DecodeError => {
    let text: string;
    try {
      text = typeof frame === "string" ? frame : UTF8.decode(frame);
    } catch {
      return decodeError("not-text", "UTF-8 text", [...frame.slice(0, 20)]);
    }
    const bytes = typeof frame === "string" ? utf8Length(frame, maxBytes) : frame.length;
    if (bytes > maxBytes) return decodeError("too-large", `at most ${maxBytes} bytes`, bytes);
    if (isTooDeep(text)) return decodeError("too-deep", `at most ${MAX_DEPTH} levels`, text);
    try {
      value = JSON.parse(text);
    } catch {
      return decodeError("not-json", "one JSON document", text);
    }
    return judge(value);
  };
  const judged = judgeText();
  // The judge named the message whose type is a member of T, after checking all that T says.
  return typeof judged === "string"
    ? { ok: true, value: value as T, name: judged }
    : { ok: false, error: judged };
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
    super(`${error.code}: ${error.hint} Got ${error.received}.`);
    Object.assign(this, error);
  }
}

/** Writes a value as JSON.stringify does. Throws EncodeError for what `decodeFrame` would refuse of it. */
export function encodeText(value: unknown, judge: Judge, maxBytes?: number): string {
  const text = stringify(value);
  const decoded = decodeFrame(text, judge, maxBytes);
  if (!decoded.ok) throw new EncodeError(decoded.error);
  return text;
}

/** What JSON.stringify makes of a value; why it makes nothing, which is no JSON, for a cycle or a BigInt. */
function stringify(value: unknown): string {
  try {
    return `${JSON.stringify(value)}`;
  } catch (cause) {
    return `not JSON: ${cause}`.slice(0, 80);
  }
}

/** As `encodeText`, at the cost of a look at the value in place of its text where that tells as much. */
export function encodeFrame(value: unknown, judge: Judge, maxBytes = Infinity): string {
  if (!isJson(value, 0)) return encodeText(value, judge, maxBytes);
  const judged = judge(value);
  const text = JSON.stringify(value);
  // What is wrong is said by one function.
  return typeof judged === "string" && utf8Length(text, maxBytes) <= maxBytes
    ? text
    : encodeText(value, judge, maxBytes);
}

/** Writes a text as UTF-8 at `offset` and returns the offset after it. Throws RangeError when it does not fit. */
export function writeText(text: string, bytes: Uint8Array, offset: number): number {
  const { read, written } = new TextEncoder().encodeInto(text, bytes.subarray(offset));
  if (read < text.length) {
    throw new RangeError(`The message does not fit into the ${bytes.length - offset} bytes after ${offset}.`);
  }
  return offset + written;
}

/** Judges a value that was not parsed from text, as the text that JSON.stringify makes of it. */
export function judgeValue(value: unknown, judge: Judge): string | DecodeError {
  if (isJson(value, 0)) return judge(value);
  const decoded = decodeFrame(stringify(value), judge);
  return decoded.ok ? judge(decoded.value) : decoded.error;
}

/** True for what JSON.parse might have given: such a value and its text say the same. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  // A cycle ends here too.
  if (typeof value !== "object" || depth === MAX_DEPTH) return false;
  if ("toJSON" in value && typeof value.toJSON === "function") return false;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  // Spread, a hole is undefined; `every` would leave it out.
  const members: unknown[] = Array.isArray(value) ? [...value] : Object.values(value);
  return members.every((member) => isJson(member, depth + 1));
}

/** Bytes in UTF-8, counted only where the answer may matter. A lone surrogate is sent as the 3 bytes of U+FFFD. */
function utf8Length(text: string, limit: number): number {
  const units = text.length;
  return units > limit || units * 3 <= limit ? units : new TextEncoder().encode(text).length;
}

/** True when arrays and objects nest deeper than {@link MAX_DEPTH}: JSON.parse and the checks recurse. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  // Counted only where there is room, and there are brackets, enough: to split a short text costs half of JSON.parse.
  return (
    text.length > MAX_DEPTH &&
    text.split(/[[{]/, MAX_DEPTH + 2).length > MAX_DEPTH + 1 &&
    [...text.replace(/"(?:[^"\\]+|\\.)*"?|[^[{\]}]+/gs, "")].some((bracket) => {
      depth += "[{".includes(bracket) ? 1 : -1;
      return depth > MAX_DEPTH;
    })
  );
}
