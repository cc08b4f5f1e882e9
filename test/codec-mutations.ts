/**
 * Frames and values that almost fit: what a codec that is fast on the usual form must not take for it.
 *
 * Cheap enough for millions: a plain generator with a seed, no shrinking. A failure prints the frame itself.
 *
 * This file is long because a third of it is tables: the characters, numbers, dates and oddities that are put in.
 */

import { inspect, isDeepStrictEqual } from "node:util";
import type { CodecKind } from "../src/codegen/direction.js";
import { type GeneratedFile, generate } from "../src/codegen/generate.js";
import type { Contract } from "../src/contract/contract.js";
import { messagesOf } from "../src/contract/discriminate.js";
import { createOracle, type Oracle } from "../src/contract/validate.js";
import { encodeDifference, validFrames } from "./equality.js";
import { type GeneratedCodec, loadGenerated } from "./generated-module.js";

/** Random numbers of a seed (mulberry32). */
class Dice {
  constructor(private state: number) {}

  /** An integer from 0 up to `below`. */
  roll(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.roll(list.length)];
    if (found === undefined) throw new RangeError("There is nothing to pick from.");
    return found;
  }
}

const CHARACTERS = [
  ...Array.from({ length: 256 }, (_, unit) => String.fromCharCode(unit)),
  ..."\u2028\u2029\ufeff\u00a0\ud800\udc00\udfff\udbff会é😀",
  ...'"\\{}[],: \t\n/',
];
const ESCAPES = [
  "\\n",
  '\\"',
  "\\\\",
  "\\/",
  "\\u0041",
  "\\ud83d\\ude00",
  "\\ud800",
  "\\u00e9",
  "\\x41",
  "\\u12",
  "\\",
  "\\0",
  "\\U0041",
  "\\b\\f\\r\\t",
];
const SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\v"];
const NUMBERS = [
  "-0",
  "0",
  "00",
  "01",
  "-1",
  "+1",
  "1.0",
  "1.",
  ".5",
  "1e5",
  "1E+2",
  "1e400",
  "-1e400",
  "1e-7",
  "5e-324",
  "0.1",
  "-0.0",
  "-0.5",
  "999999999999999",
  "1000000000000000",
  "9007199254740991",
  "9007199254740992",
  "12345678901234567890",
  "0.30000000000000004",
  "123456789012345.678",
  "0.1234567890123456789",
  "1.7976931348623157e308",
  "NaN",
  "Infinity",
  "0x10",
  "1_000",
  "1.50",
  "2147483648",
  "4294967296",
  "0.000001",
];
const DATES = [
  "2024-02-29T10:00:00Z",
  "2023-02-29T10:00:00Z",
  "2024-02-30T10:00:00Z",
  "2024-01-31T10:00:00Z",
  "2024-04-31T10:00:00Z",
  "2024-12-31T23:59:60Z",
  "2024-12-31T22:59:60Z",
  "2024-06-30T23:59:59Z",
  "2024-13-01T00:00:00Z",
  "2024-00-10T00:00:00Z",
  "2024-01-00T00:00:00Z",
  "2024-01-01T24:00:00Z",
  "2024-01-01T23:60:00Z",
  "2024-01-01t00:00:00z",
  "2024-01-01 00:00:00Z",
  "2024-01-01T00:00:00+00:00",
  "2024-01-01T00:00:00-23:59",
  "2024-01-01T00:00:00+24:00",
  "2024-01-01T00:00:00+0530",
  "2024-01-01T00:00:00+05",
  "2024-01-01T00:00:00",
  "2024-01-01T00:00:00.Z",
  "2024-01-01T00:00:00.123456789Z",
  "0000-01-01T00:00:00Z",
  "2024-1-01T00:00:00Z",
  "2024-01-01T00:00Z",
  "2024-01-01\\n00:00:00Z",
  "2024-10-30T00:00:00.5+14:00",
  "0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f10",
  "0B2F6B8E-6C0A-4D36-9F4E-3A1D5C7E9F10",
  "urn:uuid:0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f10",
  "0b2f6b8e6c0a4d369f4e3a1d5c7e9f10",
  "0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f1g",
];
const VALUES = [
  "null",
  "true",
  "false",
  "{}",
  "[]",
  '""',
  '"a"',
  '["a","b"]',
  '["a","a"]',
  "[1]",
  '{"a":1}',
  '"__proto__"',
  "[[]]",
  '"' + "x".repeat(1100) + '"',
];
const NAMES = ["__proto__", "constructor", "toString", "toJSON", "extra", "", "event", "type", "length"];

/** How JSON may be written: compactly, as Python does, with lines, or sorted. */
function spelled(value: unknown, dice: Dice): string {
  const style = dice.roll(12);
  if (style === 0) return JSON.stringify(value, null, 1 + dice.roll(3));
  if (style === 1) return JSON.stringify(value, (_, held: unknown) => shuffled(held, dice));
  return style < 5 ? pythonic(value) : JSON.stringify(value);
}

function pythonic(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonic).join(", ")}]`;
  const members = Object.entries(value).map(([name, held]) => `${JSON.stringify(name)}: ${pythonic(held)}`);
  return `{${members.join(", ")}}`;
}

function shuffled(value: unknown, dice: Dice): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value);
  for (let i = members.length - 1; i > 0; i--) {
    const j = dice.roll(i + 1);
    const [one, other] = [members[i], members[j]];
    if (one !== undefined && other !== undefined) [members[i], members[j]] = [other, one];
  }
  return Object.fromEntries(members);
}

/** A text with one to three changes, each of a kind that some decoder has been seen to miss. */
function mutatedText(text: string, dice: Dice): string {
  let changed = text;
  for (let n = dice.roll(3); n >= 0; n--) changed = dice.pick(TEXT_CHANGES)(changed, dice);
  return changed;
}

type TextChange = (text: string, dice: Dice) => string;

const TEXT_CHANGES: readonly TextChange[] = [
  (text, dice) => spliced(text, dice.roll(text.length + 1), 1, dice.pick(CHARACTERS)),
  (text, dice) => spliced(text, dice.roll(text.length + 1), 0, dice.pick(CHARACTERS)),
  (text, dice) => spliced(text, dice.roll(text.length + 1), 1, ""),
  (text, dice) => spliced(text, dice.roll(text.length + 1), 1 + dice.roll(8), ""),
  (text, dice) => text.slice(0, dice.roll(text.length + 1)),
  (text, dice) => text + dice.pick(CHARACTERS),
  (text, dice) => dice.pick(SPACES) + text,
  (text, dice) => spliced(text, dice.roll(text.length + 1), 0, dice.pick(ESCAPES)),
  (text, dice) => inString(text, dice, () => dice.pick(ESCAPES)),
  (text, dice) => inString(text, dice, () => dice.pick(CHARACTERS)),
  (text, dice) => inString(text, dice, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text, dice) => atOneOf(text, /[,:{}[\]]/g, dice, (found) => found + dice.pick(SPACES)),
  (text, dice) => atOneOf(text, /[,:{}[\]]/g, dice, (found) => dice.pick(SPACES) + found),
  (text) => text.replace(/([,:]) ?/g, "$1 "),
  (text, dice) => atOneOf(text, /-?\d+(?:\.\d+)?(?=[,}\]])/g, dice, () => dice.pick(NUMBERS)),
  (text, dice) => atOneOf(text, /"[^"\\]*"(?=[,}\]])/g, dice, () => `"${dice.pick(DATES)}"`),
  (text, dice) =>
    atOneOf(text, /(?:"(?:[^"\\]|\\.)*"|\d+|true|false|null)(?=[,}\]])/g, dice, () =>
      dice.pick([...VALUES, ...NUMBERS]),
    ),
  (text, dice) => atOneOf(text, /"[^"\\]*"(?=:)/g, dice, () => JSON.stringify(dice.pick(NAMES))),
  (text, dice) => atOneOf(text, /"[^"\\]*": ?(?:"[^"\\]*"|[\w.-]+)/g, dice, (found) => `${found},${found}`),
  (text, dice) => atOneOf(text, /,? ?"[^"\\]*": ?(?:"[^"\\]*"|[\w.-]+)/g, dice, () => ""),
  (text, dice) =>
    atOneOf(
      text,
      /[{,]/g,
      dice,
      (found) => `${found}${JSON.stringify(dice.pick(NAMES))}:${dice.pick(VALUES)},`,
    ),
  (text, dice) =>
    atOneOf(
      text,
      /\}/g,
      dice,
      (found) => `,${JSON.stringify(dice.pick(NAMES))}:${dice.pick(VALUES)}${found}`,
    ),
  (text, dice) =>
    atOneOf(text, /true|false/g, dice, () =>
      dice.pick(["true", "false", "True", "truee", "tru", "0", '"true"']),
    ),
  (text, dice) =>
    atOneOf(text, /"(?=[,}\]])/g, dice, (found) => "x".repeat(dice.roll(dice.pick([10, 100, 1000]))) + found),
];

function spliced(text: string, at: number, length: number, into: string): string {
  return text.slice(0, at) + into + text.slice(at + length);
}

/** Replaces one unit inside one of the strings of a text. */
function inString(text: string, dice: Dice, make: (unit: string) => string): string {
  return atOneOf(text, /"(?:[^"\\]|\\.)+"/g, dice, (found) => {
    const at = 1 + dice.roll(found.length - 2);
    return spliced(found, at, 1, make(found.charAt(at)));
  });
}

function atOneOf(text: string, what: RegExp, dice: Dice, make: (found: string) => string): string {
  const places = [...text.matchAll(what)];
  if (places.length === 0) return text;
  const place = dice.pick(places);
  return spliced(text, place.index, place[0].length, make(place[0]));
}

const ODDITIES: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => 0.1,
  () => -1.5,
  () => 1e21,
  () => 1e-7,
  () => 2 ** 31,
  () => 2 ** 53,
  () => 999_999_999,
  () => 1n,
  () => Symbol("s"),
  () => () => 1,
  () => new Date(0),
  () => new Map([["a", 1]]),
  () => Object("boxed"),
  () => "",
  () => "\ud800",
  () => "a\udc00b",
  () => "😀 会議 é \u2028",
  () => '"\\\b\f\n\r\t\u0000\u001f\u007f',
  () => "y".repeat(79) + '"',
  () => "z".repeat(200),
  () => `${"w".repeat(90)}é\ud800`,
  () => ({ toJSON: () => "2020-01-01T00:00:00Z" }),
  () => ({}),
  () => ({ a: undefined }),
  () => Object.create({ inherited: 1 }),
  () => Object.assign(Object.create(null), { bare: 1 }),
  () => [],
  () => ["a", "b", "a"],
  () => ["\ud800", '"', "é".repeat(100)],
  () => [undefined],
  () => new Array(2),
  () => Object.assign(["a"], { toJSON: () => ["b"] }),
  () => JSON.parse('{"__proto__":{"a":1}}') as unknown,
  () => true,
  () => 7,
];

/** A copy of a value with one to two of its members replaced, added, removed or put elsewhere. */
function mutatedValue(value: unknown, dice: Dice): unknown {
  let copy: unknown = structuredClone(value);
  for (let n = dice.roll(3); n > 0; n--) copy = changed(copy, dice);
  return copy;
}

function changed(value: unknown, dice: Dice): unknown {
  const holders: object[] = [];
  const look = (at: unknown, depth: number): void => {
    if (typeof at !== "object" || at === null || depth > 8) return;
    holders.push(at);
    for (const held of Object.values(at)) look(held, depth + 1);
  };
  look(value, 0);
  if (holders.length === 0) return dice.pick(ODDITIES)();
  const holder = dice.pick(holders);
  const names = Object.keys(holder);
  const name = names.length > 0 ? dice.pick(names) : "0";
  switch (dice.roll(7)) {
    case 0:
      Reflect.deleteProperty(holder, name);
      return value;
    case 1:
      if (!Array.isArray(holder))
        Reflect.set(holder, dice.pick([...NAMES.slice(1), ...names]), dice.pick(ODDITIES)());
      return value;
    case 2: {
      // The member moves to the end.
      const held: unknown = Reflect.get(holder, name);
      if (Array.isArray(holder)) return value;
      Reflect.deleteProperty(holder, name);
      Reflect.set(holder, name, held);
      return value;
    }
    case 3: {
      const date = dice.pick(DATES);
      if (typeof Reflect.get(holder, name) === "string") Reflect.set(holder, name, date.replace("\\n", "\n"));
      return value;
    }
    case 4: {
      const number = Number(dice.pick(NUMBERS));
      if (typeof Reflect.get(holder, name) === "number") Reflect.set(holder, name, number);
      return value;
    }
    default:
      Reflect.set(holder, name, dice.pick(ODDITIES)());
      return value;
  }
}

/** What a round of mutations found. */
export interface Round {
  readonly texts: number;
  readonly values: number;
  /** Texts that the oracle accepts: neither none nor all, else the mutations say nothing. */
  readonly accepted: number;
  /** How codec and oracle differ, and on what. */
  readonly differences: readonly string[];
}

export interface Effort {
  readonly texts: number;
  readonly values: number;
  readonly seed: number;
  /** Changes generated files before they run: a planted fault. The round then ends with the first difference. */
  readonly tamper?: (file: GeneratedFile) => GeneratedFile;
}

// Printing types takes longer than a round does.
const generated = new Map<string, Promise<GeneratedFile[]>>();

function filesOf(contract: Contract, kind: CodecKind): Promise<GeneratedFile[]> {
  const key = `${kind} ${contract.sha256}`;
  const files = generated.get(key) ?? generate(contract, { codec: kind });
  generated.set(key, files);
  return files;
}

/** Holds the codecs of a contract against the oracle on mutated texts and values, shared out over its endpoints. */
export async function mutationRound(contract: Contract, kind: CodecKind, effort: Effort): Promise<Round> {
  const files = (await filesOf(contract, kind)).map((file) => effort.tamper?.(file) ?? file);
  const parts = contract.endpoints.flatMap((endpoint, index) =>
    (["event", "command"] as const)
      .filter((direction) => messagesOf(endpoint, direction).length > 0)
      .map((direction) => ({ endpoint, direction, path: files[index + 2]?.path ?? "" })),
  );
  const differences: string[] = [];
  let accepted = 0;
  const each = (whole: number) => Math.ceil(whole / parts.length);
  for (const [index, { endpoint, direction, path }] of parts.entries()) {
    const module = await loadGenerated(files, path);
    const codec = direction === "event" ? module.eventCodec : module.commandCodec;
    const oracle = createOracle(contract, endpoint, direction);
    const pool = validFrames({ contract, endpoint, direction }, { runs: 0, seed: effort.seed, pool: 15 });
    if (pool.length === 0) continue;
    const dice = new Dice(effort.seed + index);
    const differs = (what: string, on: string) =>
      differences.push(`${kind}, ${endpoint.name}, ${direction}: ${what} on ${on}`);
    const isOver = () => effort.tamper !== undefined && differences.length > 0;
    for (let n = each(effort.texts); n > 0 && !isOver(); n--) {
      const plain = spelled(dice.pick(pool), dice);
      const text = dice.roll(8) === 0 ? plain : mutatedText(plain, dice);
      const difference = textDifference(oracle, codec.decode, text);
      if (difference !== undefined) differs(difference, JSON.stringify(text));
      if (oracle.judge(text).ok) accepted++;
    }
    for (let n = each(effort.values); n > 0 && !isOver(); n--) {
      const value = mutatedValue(dice.pick(pool), dice);
      const difference = written(oracle, codec, value);
      if (difference !== undefined) differs(difference, inspect(value, { depth: 8 }));
    }
  }
  return {
    texts: each(effort.texts) * parts.length,
    values: each(effort.values) * parts.length,
    accepted,
    differences,
  };
}

function written(oracle: Oracle, codec: GeneratedCodec, value: unknown): string | undefined {
  try {
    return encodeDifference(oracle, codec, value);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** How `decode` and the oracle differ on a text; undefined when they agree. Values are the same down to `-0`. */
function textDifference(oracle: Oracle, decode: GeneratedCodec["decode"], text: string): string | undefined {
  const ours = decode(text);
  const theirs = oracle.judge(text);
  if (ours.ok && theirs.ok) {
    if (!isDeepStrictEqual(ours.value, theirs.value)) return "the values differ";
    return ours.name === theirs.messages[0]
      ? undefined
      : `decode calls it ${ours.name}, the oracle ${theirs.messages[0]}`;
  }
  if (ours.ok) return "decode accepts what the oracle refuses";
  if (theirs.ok) return `decode refuses what the oracle accepts: ${JSON.stringify(ours.error)}`;
  return ours.error.code === theirs.error.code
    ? undefined
    : `decode says ${ours.error.code}, the oracle ${theirs.error.code}`;
}
