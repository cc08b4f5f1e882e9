/** Strings and numbers under the keywords of draft-07, with a liking for the edges. */

import fc from "fast-check";
import { boundedFilter } from "./bounded-filter.js";
import type { Flat } from "./flatten.js";
import { formatted } from "./format.js";

// Text that breaks careless code: escapes, controls, markup, prefixes, separators, astral and combining characters.
const AWKWARD: readonly string[] = [
  "",
  " ",
  "\u0000",
  '"',
  "\\",
  '\\"',
  "\\u0041",
  "\n",
  "\r\n\t",
  "\u2028\u2029",
  "\u007f\u0080",
  "</script><b>&amp;",
  "data: ",
  "null",
  "{}",
  "0",
  "ünïcödé",
  "中文",
  "مرحبا",
  "é",
  "😀",
  "👩‍👩‍👧",
  "𝄞",
  "\ufeff",
  "\ufffd",
  "%s {x}",
];

/** A name that no document uses, for asking what holds for the members that a schema does not name. */
export const UNLIKELY_NAME = "x-unnamed-member";

/** Names for members that a schema allows and does not name. */
export const ORDINARY_NAME = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "a b", "snake_case", "camelCase", "ключ", "😀", "0", "a/b~c") },
);

const LONE_SURROGATES: readonly string[] = ["\ud800", "\udfff", "a\ud83d", "\ude00b"];

// Longer than this a string is no edge but a load; the limits of a whole frame are another rule's.
const LONGEST = 131_072;

/**
 * Any Unicode character. fast-check's own unit `binary` builds a table of all of them when it is first used, which holds
 * the event loop for half a second in the middle of a run.
 */
const ANY_CHARACTER = fc
  .integer({ min: 0, max: 0x10_ffff - 0x800 })
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800));

// Made once: fast-check works out for each unit which of its awkward strings it can spell, at some 5 ms.
const ORDINARY_CHARACTER = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(..."abcxyzABC019 _-.") },
  { weight: 1, arbitrary: ANY_CHARACTER },
);

/** Strings that meet the lengths, patterns and formats of `flat`. */
export function strings(flat: Flat, options: { readonly loneSurrogates?: boolean }): fc.Arbitrary<string> {
  const { minLength, maxLength = Number.POSITIVE_INFINITY } = flat;
  const [format] = flat.formats.flatMap((name) => formatted(name) ?? []);
  const fits = fitting(flat);
  // With both, one is made and the other tried: a format is the narrower of the two.
  if (format !== undefined) return boundedFilter(format, fits, { what: `format ${flat.formats.join(", ")}` });
  const [pattern] = flat.patterns;
  if (pattern !== undefined)
    return boundedFilter(matching(pattern, flat), fits, { what: `pattern ${pattern}` });

  const short = Math.min(maxLength, Math.max(minLength + 3, 12));
  const awkward = AWKWARD.filter((text) => fits(text));
  const edges = [...new Set([minLength, minLength + 1, maxLength - 1, maxLength])].filter(
    (length) => length >= minLength && length <= Math.min(maxLength, 256),
  );
  const choices: fc.WeightedArbitrary<string>[] = [
    { weight: 12, arbitrary: fc.string({ unit: ORDINARY_CHARACTER, minLength, maxLength: short }) },
    { weight: 3, arbitrary: fc.string({ unit: ANY_CHARACTER, minLength, maxLength: short }) },
  ];
  if (awkward.length > 0) choices.push({ weight: 4, arbitrary: fc.constantFrom(...awkward) });
  if (edges.length > 0) {
    const edge = fc.tuple(fc.constantFrom(...edges), fc.constantFrom("a", "é", "😀"));
    choices.push({ weight: 3, arbitrary: edge.map(([length, filler]) => filler.repeat(length)) });
  }
  if (maxLength > 256 && maxLength <= LONGEST) {
    choices.push({
      weight: 0.2,
      arbitrary: fc.constantFrom("a", "é").map((filler) => filler.repeat(maxLength)),
    });
  }
  if (options.loneSurrogates === true) {
    const lone = LONE_SURROGATES.filter((text) => fits(text));
    if (lone.length > 0) choices.push({ weight: 4, arbitrary: fc.constantFrom(...lone) });
  }
  // Weights are whole numbers: a tenth of the unit is the finest used here.
  return fc.oneof(
    ...choices.map(({ weight, arbitrary }) => ({ weight: Math.round(weight * 10), arbitrary })),
  );
}

/** Strings that match a pattern: made from it where fast-check can read it. */
export function matching(
  pattern: string,
  lengths: Pick<Flat, "minLength" | "maxLength">,
): fc.Arbitrary<string> {
  const expression = new RegExp(pattern, "u");
  const limit = lengths.maxLength === undefined ? undefined : Math.min(lengths.maxLength, 1024);
  // fast-check cannot turn look-around round: leave it out, and keep what fits.
  for (const source of [pattern, withoutLookAround(pattern)]) {
    try {
      const made = matchingStrings(source, "small", limit);
      // `+` and `*` are short by themselves: long minima want long repeats.
      const either = lengths.minLength <= 8 ? made : fc.oneof(made, matchingStrings(source, "large", limit));
      if (source === pattern) return either;
      return boundedFilter(either, (text) => expression.test(text), { what: `pattern ${pattern}` });
    } catch {
      // The next one is simpler.
    }
  }
  const plain = fc.oneof(
    fc.string(),
    fc.constantFrom(...AWKWARD),
    fc.uuid(),
    fc.nat().map(String),
    fc.webUrl(),
  );
  return boundedFilter(plain, (text) => expression.test(text), { what: `pattern ${pattern}`, tries: 2000 });
}

// fast-check works out for each character class which of its awkward strings it can spell, at some 5 ms; documents
// repeat their patterns.
const KNOWN_PATTERNS = new Map<string, fc.Arbitrary<string>>();
const MAX_KNOWN_PATTERNS = 1000;

function matchingStrings(
  source: string,
  size: "small" | "large",
  maxLength: number | undefined,
): fc.Arbitrary<string> {
  const key = `${size} ${maxLength} ${source}`;
  const known = KNOWN_PATTERNS.get(key);
  if (known !== undefined) return known;
  const limit = maxLength === undefined ? {} : { maxLength };
  const made = fc.stringMatching(new RegExp(source, "u"), { size, ...limit });
  if (KNOWN_PATTERNS.size >= MAX_KNOWN_PATTERNS) KNOWN_PATTERNS.clear();
  KNOWN_PATTERNS.set(key, made);
  return made;
}

/** A pattern without its `(?=…)`, `(?!…)`, `(?<=…)` and `(?<!…)` groups. */
function withoutLookAround(pattern: string): string {
  let kept = "";
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === "\\") kept += pattern[i++] ?? "";
    else if (/^\(\?<?[=!]/.test(pattern.slice(i, i + 4))) {
      i = endOfGroup(pattern, i);
      continue;
    }
    kept += pattern[i] ?? "";
  }
  return kept;
}

function endOfGroup(pattern: string, start: number): number {
  let depth = 0;
  let inClass = false;
  for (let i = start; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "\\") i++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (inClass) continue;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return i;
  }
  return pattern.length;
}

function fitting(flat: Flat): (text: string) => boolean {
  const patterns = flat.patterns.map((pattern) => new RegExp(pattern, "u"));
  return (text) => {
    const length = codePoints(text);
    return (
      length >= flat.minLength &&
      length <= (flat.maxLength ?? Number.POSITIVE_INFINITY) &&
      patterns.every((pattern) => pattern.test(text))
    );
  };
}

/** The length of a string as JSON Schema counts it. */
export function codePoints(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

const INT32 = 2 ** 31;

/** Numbers that meet the bounds, multiples and formats of `flat`. */
export function numbers(flat: Flat): fc.Arbitrary<number> {
  const integer = flat.integer || flat.formats.some((format) => format === "int32" || format === "int64");
  const narrow = flat.formats.includes("int32");
  const lowest = Math.max(
    flat.minimum ?? Number.NEGATIVE_INFINITY,
    flat.exclusiveMinimum ?? Number.NEGATIVE_INFINITY,
    narrow ? -INT32 : Number.NEGATIVE_INFINITY,
  );
  const highest = Math.min(
    flat.maximum ?? Number.POSITIVE_INFINITY,
    flat.exclusiveMaximum ?? Number.POSITIVE_INFINITY,
    narrow ? INT32 - 1 : Number.POSITIVE_INFINITY,
  );
  const fits = (value: number) =>
    value >= lowest &&
    value <= highest &&
    value !== flat.exclusiveMinimum &&
    value !== flat.exclusiveMaximum &&
    flat.multiples.every((step) => isMultiple(value, step));
  const [step] = flat.multiples;
  if (step !== undefined || integer) {
    const unit = step === undefined ? 1 : integer && !Number.isInteger(step) ? wholeMultiple(step) : step;
    return boundedFilter(steps(unit, lowest, highest), fits, { what: "a number" });
  }
  const edges = [flat.minimum, flat.maximum, 0, 1, -1, 0.5, 1e-7, 1e21, -1.5e10].filter(
    (value): value is number => value !== undefined && fits(value),
  );
  const double = fc.double({
    min: Math.max(lowest, -Number.MAX_VALUE),
    max: Math.min(highest, Number.MAX_VALUE),
    noNaN: true,
    noDefaultInfinity: true,
  });
  const small = steps(1, lowest, highest);
  const choices: fc.WeightedArbitrary<number>[] = [
    { weight: 3, arbitrary: double },
    ...(Math.ceil(lowest) <= Math.floor(highest) ? [{ weight: 3, arbitrary: small }] : []),
    ...(edges.length > 0 ? [{ weight: 2, arbitrary: fc.constantFrom(...edges) }] : []),
  ];
  // JSON has no negative zero worth the name: JSON.stringify writes 0.
  return boundedFilter(
    fc.oneof(...choices).map((value) => (value === 0 ? 0 : value)),
    fits,
    { what: "a number" },
  );
}

/** Multiples of `unit` between two bounds: mostly small, sometimes the ends. */
function steps(unit: number, lowest: number, highest: number): fc.Arbitrary<number> {
  // Beyond 2^53 neighbours are not told apart; beyond a million steps of a fraction the quotient is not exact.
  const most = Number.isInteger(unit) ? Math.floor(Number.MAX_SAFE_INTEGER / unit) : 1_000_000;
  const from = Math.max(Math.ceil(lowest / unit), -most);
  const to = Math.min(Math.floor(highest / unit), most);
  const value = (count: number) => {
    const product = count * unit;
    return Number.isInteger(unit) ? product : Number(product.toFixed(9));
  };
  if (from > to) return fc.constant(value(from));
  const near = Math.min(Math.max(0, from), to);
  const small = fc.integer({ min: Math.max(from, near - 100), max: Math.min(to, near + 100) });
  const edges = [from, from + 1, to - 1, to, near].filter((count) => count >= from && count <= to);
  return fc
    .oneof(
      { weight: 5, arbitrary: small },
      { weight: 2, arbitrary: fc.integer({ min: from, max: to }) },
      { weight: 2, arbitrary: fc.constantFrom(...edges) },
    )
    .map((count) => value(count) + 0);
}

/** The smallest whole number that a decimal step divides, such as 3 for 0.75 (4 steps). */
function wholeMultiple(step: number): number {
  for (let count = 1; count <= 1000; count++) {
    const product = Number((count * step).toFixed(9));
    if (Number.isInteger(product)) return product;
  }
  return step;
}

// As Ajv does it under `multipleOfPrecision: 9`.
function isMultiple(value: number, step: number): boolean {
  const quotient = value / step;
  return Math.abs(Math.round(quotient) - quotient) <= 1e-9;
}
