/**
 * The fast way out: values are checked and written in one pass, to a text or as UTF-8 into bytes. It only ever says
 * yes. What it does not write, `encodeFrame` decides and explains.
 *
 * Each member is read once, so that what was checked is what is written.
 */

import type { Fields } from "./refusal.js";

/** True for an object as JSON.parse or a literal makes it. Others JSON.stringify may rewrite. */
export function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** True for an array that JSON.stringify writes by its items. */
export function isPlainList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !("toJSON" in value);
}

/** True where an object has other members than the `written` ones; a known one that is undefined is none. */
export function hasOthers(value: Fields, written: number, known: ReadonlySet<string>): boolean {
  let members = 0;
  for (const _ in value) members++;
  if (members === written) return false;
  for (const name in value) {
    if (!known.has(name)) return true;
    if (value[name] === undefined) members--;
  }
  return members !== written;
}

const HOT_DATE_TIME =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** True for a date-time, all but those on a leap day and in a leap second. It needs no escape. */
export function isPlainDateTime(text: string): boolean {
  return HOT_DATE_TIME.test(text);
}

const HOT_UUID = /^[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}$/;

/** True for a UUID without `urn:uuid:`. It needs no escape. */
export function isPlainUuid(text: string): boolean {
  return HOT_UUID.test(text);
}

// A lone surrogate has no UTF-8; which of them are lone is for JSON.stringify to see.
const NEEDS_ESCAPE = /[\x00-\x1f"\\\ud800-\udfff]/;

/** A text as it stands between quotes. */
export function escaped(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

/** A list of texts as it stands between brackets; undefined where an item is no text. */
export function escapedList(list: readonly unknown[]): string | undefined {
  let text = "";
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (typeof item !== "string") return undefined;
    text += (i === 0 ? '"' : ',"') + escaped(item) + '"';
  }
  return text;
}

/** Where bytes are written. */
export interface FastOutput {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const ENCODER = /* @__PURE__ */ new TextEncoder();

// A server writes into one buffer again and again.
let latest: FastOutput | undefined;

/** The view of a buffer that literals are written through. */
export function outputOf(bytes: Uint8Array): FastOutput {
  if (latest !== undefined && latest.bytes === bytes && latest.view.byteLength === bytes.length)
    return latest;
  latest = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
  return latest;
}

/** An ASCII text that is known beforehand, in pieces of eight bytes; the last piece may overlap the one before. */
export interface FastLiteral {
  readonly bytes: Uint8Array;
  readonly words: Float64Array;
  readonly last: number;
}

/** Makes a literal. */
export function literal(text: string): FastLiteral {
  const bytes = ENCODER.encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Float64Array.from({ length: bytes.length >> 3 }, (_, index) => view.getFloat64(index * 8));
  return { bytes, words, last: bytes.length < 8 ? 0 : view.getFloat64(bytes.length - 8) };
}

/** Writes a literal; returns the offset after it, as all functions below. Beyond the end it throws RangeError or writes nothing. */
export function put(
  { bytes, view }: FastOutput,
  at: number,
  { bytes: text, words, last }: FastLiteral,
): number {
  const length = text.length;
  if (length < 8) {
    for (let i = 0; i < length; i++) bytes[at + i] = text[i] ?? 0;
    return at + length;
  }
  for (let i = 0; i < words.length; i++) view.setFloat64(at + i * 8, words[i] ?? 0);
  view.setFloat64(at + length - 8, last);
  return at + length;
}

// Above this the engine's own writer is faster than a loop.
const LONG = 80;

/** Writes a text in quotes. */
export function textInto(output: FastOutput, offset: number, text: string): number {
  const { bytes } = output;
  const { length } = text;
  let at = offset;
  bytes[at++] = 0x22;
  if (length > LONG) {
    at = utf8Into(bytes, at, escaped(text));
    bytes[at++] = 0x22;
    return at;
  }
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      if (unit >= 0x20 && unit !== 0x22 && unit !== 0x5c) bytes[at++] = unit;
      else at = escapeInto(bytes, at, unit);
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6);
      bytes[at++] = 0x80 | (unit & 0x3f);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[at++] = 0xe0 | (unit >> 12);
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[at++] = 0x80 | (unit & 0x3f);
    } else {
      const low = unit < 0xdc00 ? text.charCodeAt(i + 1) : 0;
      if (low >= 0xdc00 && low <= 0xdfff) {
        const point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
        bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
        bytes[at++] = 0x80 | (point & 0x3f);
        i++;
      } else at = escapeInto(bytes, at, unit);
    }
  }
  bytes[at++] = 0x22;
  return at;
}

// What JSON.stringify writes behind the backslash of a unit; 0: its number.
const LETTERS = /* @__PURE__ */ Uint8Array.from({ length: 0x5d }, (_, unit) => {
  const letter = unit === 0x22 || unit === 0x5c ? unit : "btn\0fr".charCodeAt(unit - 8);
  return Number.isNaN(letter) ? 0 : letter;
});

/** Writes the escape of a unit: by its letter, or `\u` and its number as JSON.stringify does. */
function escapeInto(bytes: Uint8Array, at: number, unit: number): number {
  bytes[at] = 0x5c;
  const letter = LETTERS[unit] ?? 0;
  if (letter === 0) return asciiInto(bytes, at + 1, `u${unit.toString(16).padStart(4, "0")}`);
  bytes[at + 1] = letter;
  return at + 2;
}

/** Writes a text of ASCII that needs no escape in quotes. */
export function plainInto({ bytes }: FastOutput, offset: number, text: string): number {
  bytes[offset] = 0x22;
  const end = asciiInto(bytes, offset + 1, text);
  bytes[end] = 0x22;
  return end + 1;
}

function asciiInto(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Writes a text that needs no escape. */
function utf8Into(bytes: Uint8Array, at: number, text: string): number {
  // The Buffers of Node have a writer of their own, which needs no view of what is left.
  if ("write" in bytes && typeof bytes.write === "function" && at + text.length * 3 <= bytes.length) {
    return at + Number(bytes.write(text, at));
  }
  const { read, written } = ENCODER.encodeInto(text, bytes.subarray(at));
  return read < text.length ? Infinity : at + written;
}

/** Writes a list of texts as it stands between brackets; -1 where an item is no text. */
export function listInto(output: FastOutput, offset: number, list: readonly unknown[]): number {
  const { bytes } = output;
  let at = offset;
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (typeof item !== "string") return -1;
    if (i > 0) bytes[at++] = 0x2c;
    at = textInto(output, at, item);
  }
  return at;
}

/** Writes a finite number. */
export function numberInto(output: FastOutput, at: number, value: number): number {
  if (value < 0 || value > 0x3fffffff || (value | 0) !== value)
    return asciiInto(output.bytes, at, `${value}`);
  let end = at + 1;
  for (let rest = value; rest > 9; rest = (rest / 10) | 0) end++;
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    output.bytes[i] = 48 + rest - next * 10;
    rest = next;
  }
  return end;
}

/** Writes a scalar of any type. */
export function scalarInto(output: FastOutput, at: number, value: unknown): number {
  return utf8Into(output.bytes, at, JSON.stringify(value));
}
