/** Texts that a careful reader of JSON must survive: near misses of a valid frame, and legal JSON that is unusual. */

import fc from "fast-check";

/** One unusual text. */
export interface Noise {
  readonly text: string;
  /** What was done, in words that are the same for the same kind of noise. */
  readonly label: NoiseLabel;
}

/** The kinds of noise. Some leave a frame valid: judge each by the oracle. */
export type NoiseLabel = keyof typeof KINDS;

type Change = (text: string, choice: number) => string;

const KINDS = {
  truncated: (text, choice) => text.slice(0, text.length === 0 ? 0 : choice % text.length),
  "trailing comma": (text) => (/[}\]]\s*$/.test(text) ? text.replace(/(\s*[}\]]\s*)$/, ",$1") : `${text},`),
  "two documents": (text) => `${text}${text}`,
  "two documents on two lines": (text) => `${text}\n${text}`,
  null: () => "null",
  "an empty array": () => "[]",
  "an empty object": () => "{}",
  "a string": () => '"x"',
  "a number": () => "0",
  "a boolean": () => "true",
  nothing: () => "",
  "white space only": () => " \n",
  "in an array": (text) => `[${text}]`,
  NaN: (text) => atValue(text, "NaN"),
  Infinity: (text) => atValue(text, "-Infinity"),
  "a byte order mark": (text) => `\ufeff${text}`,
  "a comment": (text) => `${text}/* */`,
  "single quotes": (text) => text.replaceAll('"', "'"),
  "a raw control character": (text) => text.replace('"', '"\u0001'),
  "a leading zero": (text) => atValue(text, "01"),
  "a character changed": (text, choice) => {
    const at = text.length === 0 ? 0 : choice % text.length;
    return `${text.slice(0, at)}${'{}[],:"\\0 etfn\u0000é'.charAt(choice % 17)}${text.slice(at + 1)}`;
  },
  "a character left out": (text, choice) => {
    const at = text.length === 0 ? 0 : choice % text.length;
    return text.slice(0, at) + text.slice(at + 1);
  },
  "1.0 for a number": (text) => atValue(text, "1.0"),
  "1e2 for a number": (text) => atValue(text, "1e2"),
  "-0 for a number": (text) => atValue(text, "-0"),
  "1e400 for a number": (text) => atValue(text, "1e400"),
  "2^53+1 for a number": (text) => atValue(text, "9007199254740993"),
  "a duplicate key": (text, choice) => duplicated(text, choice),
  "__proto__ as a key": (text) =>
    text.replace(
      /^(\s*\{)(\s*\S)/,
      (_, open, next) => `${open}"__proto__":{"polluted":true}${next.trim() === "}" ? "" : ","}${next}`,
    ),
  "constructor as a key": (text) =>
    text.replace(
      /^(\s*\{)(\s*\S)/,
      (_, open, next) => `${open}"constructor":{"prototype":{}}${next.trim() === "}" ? "" : ","}${next}`,
    ),
  "a lone surrogate": (text) => text.replace(/"(?=[,}\]])/, '\\ud83d"'),
  "\\u0000 in a string": (text) => text.replace(/"(?=[,}\]])/, '\\u0000"'),
  "512 levels deep": (text) => atValue(text, "[".repeat(511) + "]".repeat(511)),
  "513 levels deep": (text) => `${"[".repeat(513)}${text}${"]".repeat(513)}`,
  "10 000 levels deep": () => "[".repeat(10_000) + "]".repeat(10_000),
  "10 000 brackets opened": () => '{"a":['.repeat(10_000),
  "white space around": (text) => ` \t\r\n${text}\n`,
} as const satisfies Readonly<Record<string, Change>>;

/** Every label, in a fixed order. */
// Object.keys forgets the names that the object literal has.
export const NOISE_LABELS = Object.keys(KINDS) as readonly NoiseLabel[];

/** Noise made from valid texts. With `labels`, only of these kinds. */
export function noiseText(
  validText: fc.Arbitrary<string>,
  labels: readonly NoiseLabel[] = NOISE_LABELS,
): fc.Arbitrary<Noise> {
  return fc
    .tuple(fc.constantFrom(...labels), validText, fc.nat({ max: 0xffff }))
    .map(([label, text, choice]) => ({ label, text: KINDS[label](text, choice) }));
}

/** UTF-8 of a valid text with bytes changed, doubled or left out: often no UTF-8 any more. */
export function noiseBytes(validText: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat({ max: 255 }),
    how: fc.constantFrom("set", "insert", "remove"),
  });
  return fc.tuple(validText, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) => {
    const bytes = [...new TextEncoder().encode(text)];
    for (const { at, byte, how } of changes) {
      const index = bytes.length === 0 ? 0 : at % bytes.length;
      if (how === "set") bytes[index] = byte;
      else if (how === "insert") bytes.splice(index, 0, byte);
      else bytes.splice(index, 1);
    }
    return Uint8Array.from(bytes);
  });
}

/** Puts raw text where the first number, literal or string value stands, else after the first colon or bracket. */
function atValue(text: string, raw: string): string {
  const number = /(?<=[:[,]\s*)-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=\s*[,}\]])/;
  if (number.test(text)) return text.replace(number, raw);
  const scalar = /(?<=[:[,]\s*)(?:true|false|null|"(?:[^"\\]|\\.)*")(?=\s*[,}\]])/;
  if (scalar.test(text)) return text.replace(scalar, raw);
  return /^\s*[{[]/.test(text)
    ? text.replace(/[[{]/, (open) => (open === "[" ? `[${raw},` : `{"":${raw},`))
    : raw;
}

/** The first member once more: at the start with another value (the last one counts), or at the end with null. */
function duplicated(text: string, choice: number): string {
  const member = /^\s*\{\s*("(?:[^"\\]|\\.)*")\s*:/.exec(text);
  if (member === null) return text;
  const key = member[1] ?? '""';
  return choice % 2 === 0
    ? text.replace("{", () => `{${key}:"first",`)
    : text.replace(/\}\s*$/, () => `,${key}:null}`);
}
