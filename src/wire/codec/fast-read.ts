/**
 * The fast way in: a frame that is written as nearly all are is read by one regular expression, without JSON.parse.
 * It only ever says yes. What it does not read, `decodeFrame` decides and explains.
 */

import type { Decoded } from "../protocol.js";
import { decodeFrame, type Judge } from "./frame.js";
import { isUniqueTexts } from "./keyword.js";

/** An object in the making. */
export type FastMembers = { [name: string]: unknown };

/** The longest text that `read` is given: JSON.parse is faster above, and an expression needs little stack below. */
const MAX_LENGTH = 1024;

// Where nothing is compiled (node --jitless, iOS in lockdown, Hermes) there is no WebAssembly, and JSON.parse wins.
const IS_COMPILED = /* @__PURE__ */ "WebAssembly" in globalThis;

const UTF8_TEXT = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `decodeFrame`, with `read` before it. `read` gives undefined for what it leaves to the others. Never throws. */
export function decodeFast<T>(
  frame: string | Uint8Array,
  read: (text: string) => Decoded<T> | undefined,
  judge: Judge,
  maxBytes?: number,
): Decoded<T> {
  if (!IS_COMPILED || frame.length > MAX_LENGTH) return decodeFrame(frame, judge, maxBytes);
  let text: string;
  try {
    text = typeof frame === "string" ? frame : UTF8_TEXT.decode(frame);
  } catch {
    return decodeFrame(frame, judge, maxBytes);
  }
  return read(text) ?? decodeFrame(text, judge, maxBytes);
}

/** `decodeFast` in few bytes, for browsers: their text frames are strings. */
export function decodeHot<T>(
  frame: string | Uint8Array,
  read: (text: string) => Decoded<T> | undefined,
  judge: Judge,
  maxBytes?: number,
): Decoded<T> {
  const isRead = typeof frame === "string" && frame.length <= MAX_LENGTH && IS_COMPILED;
  return (isRead && read(frame)) || decodeFrame(frame, judge, maxBytes);
}

/** The two ways to read one shape of a message. */
export interface FastTemplate {
  /** For texts without escapes. */
  readonly plain: RegExp;
  /** For texts with escapes. */
  readonly escaped: RegExp;
  /** The captures that may hold escapes. */
  readonly texts: readonly number[];
}

/** Makes a template of the expression for texts without escapes, and of the captures that are free texts. */
export function template(plain: RegExp, ...texts: readonly number[]): FastTemplate {
  const raw = '[^"\\\\\\x00-\\x1f]*';
  const body = `${raw}(?:\\\\(?:["\\\\/bfnrt]|u[\\da-fA-F]{4})${raw})*`;
  return { plain, escaped: new RegExp(plain.source.replaceAll(raw, body)), texts };
}

/** The parts of a text that fits a template, or null. A text with escapes is given as it means, a list as it stands. */
export function match({ plain, escaped, texts }: FastTemplate, text: string): RegExpExecArray | null {
  if (!text.includes("\\")) return plain.exec(text);
  const parts = escaped.exec(text);
  if (parts === null) return null;
  for (const index of texts) {
    const part = parts[index];
    const at = part === undefined ? -1 : part.indexOf("\\");
    if (part !== undefined && at >= 0) parts[index] = unescaped(part, at);
  }
  return parts;
}

/** What the template of message `name` has read. `T` is the type that the template and the checks after it prove. */
export function accepted<T>(value: unknown, name: string): Decoded<T> {
  // The generator made the template and the checks of the schema that T was made of.
  return { ok: true, value: value as T, name };
}

const ESCAPES: { readonly [letter: string]: string } = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** A text with valid escapes, the first of them at `first`, as it means: three times as fast as JSON.parse. */
function unescaped(body: string, first: number): string {
  let text = "";
  let from = 0;
  for (let at = first; at >= 0; at = body.indexOf("\\", from)) {
    const letter = body.charAt(at + 1);
    text += body.slice(from, at);
    from = at + 2;
    if (letter === "u") {
      from += 4;
      text += String.fromCharCode(Number.parseInt(body.slice(at + 2, from), 16));
    } else text += ESCAPES[letter] ?? letter;
  }
  return text + body.slice(from);
}

/** The texts of a list, from what stands between its brackets. */
export function texts(list = ""): string[] {
  // What the template has read between brackets is a list of texts.
  if (list.includes("\\")) return JSON.parse(`[${list}]`) as string[];
  const found: string[] = [];
  let from = 1;
  while (from < list.length) {
    const end = list.indexOf('"', from);
    found.push(list.slice(from, end));
    from = list.indexOf('"', end + 1) + 1;
    if (from === 0) break;
  }
  return found;
}

// Up to here a look at each pair is faster than a set.
const FEW = 12;

/** `isUniqueTexts` for lists that are mostly short. */
export function areUnique(list: readonly unknown[]): boolean {
  if (list.length > FEW) return isUniqueTexts(list);
  for (let i = 1; i < list.length; i++) {
    for (let j = 0; j < i; j++) if (list[i] === list[j] && list[i] !== "__proto__") return false;
  }
  return true;
}

/** The number of at most fifteen digits that a template has read. */
export function integer(digits = ""): number {
  let value = 0;
  const negative = digits.charCodeAt(0) === 45;
  for (let i = negative ? 1 : 0; i < digits.length; i++) value = value * 10 + digits.charCodeAt(i) - 48;
  return negative ? -value : value;
}

const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/** The number, with or without a fraction, that a template has read. */
export function decimal(digits = ""): number {
  // Fifteen digits and a power of ten are exact, so one division rounds as JSON.parse does.
  if (digits.length > 16) return Number(digits);
  let value = 0;
  let point = 0;
  const negative = digits.charCodeAt(0) === 45;
  for (let i = negative ? 1 : 0; i < digits.length; i++) {
    const unit = digits.charCodeAt(i);
    if (unit === 46) point = i + 1;
    else value = value * 10 + unit - 48;
  }
  if (point > 0) value /= POWERS[digits.length - point] ?? Number.NaN;
  return negative ? -value : value;
}
