/**
 * Byte sequences that a UTF-8 decoder must tell apart: valid ones of every length and class, and those that only look
 * like UTF-8. They are those of Markus Kuhn's decoder stress test, under the numbers that the Autobahn test suite has
 * given them (6.5 to 6.23).
 */

/** One sequence. */
export interface Utf8Sequence {
  /** The number of its case. */
  readonly autobahn: string;
  /** What it is an example of. */
  readonly group: string;
  readonly bytes: Uint8Array;
  /** Well-formed by RFC 3629. */
  readonly valid: boolean;
}

/** Greek, in two and three octets a letter. */
export const KOSME = "κ\u1f79σμε";

const UNFINISHED = [
  "c0",
  "e080",
  "f08080",
  "f8808080",
  "fc80808080",
  "df",
  "efbf",
  "f7bfbf",
  "fbbfbfbf",
  "fdbfbfbfbf",
];

/** The last code points of each plane: no characters, but well-formed. The first plane's stand in a group of their own. */
const NONCHARACTERS = Array.from({ length: 16 }, (_, plane) => (plane + 1) * 0x1_0000 + 0xfffe).flatMap(
  (code) => [hexOf(String.fromCodePoint(code)), hexOf(String.fromCodePoint(code + 1))],
);

/** By the second part of their numbers. */
const GROUPS: readonly (readonly [number, string, readonly string[]])[] = [
  [5, "valid text", ["hello$world", "hello¢world", "hello€world", "hello\u{24b62}world", KOSME].map(hexOf)],
  [
    6,
    "a beginning of valid text",
    Array.from({ length: 11 }, (_, index) => hexOf(KOSME).slice(0, 2 * (index + 1))),
  ],
  [7, "the first sequence of a length", ["00", "c280", "e0a080", "f0908080"]],
  [8, "the first sequence of five or six octets", ["f888808080", "fc8480808080"]],
  [9, "the last sequence of a length", ["7f", "dfbf", "efbfbf", "f48fbfbf"]],
  [10, "the last sequence beyond Unicode", ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]],
  [11, "a boundary", ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"]],
  [
    12,
    "an unexpected continuation",
    [...Array.from({ length: 7 }, (_, index) => alternating(index)), run(0x80, 0xbe, "")],
  ],
  [
    13,
    "a lonely start",
    [
      run(0xc0, 0xde, "20"),
      run(0xe0, 0xee, "20"),
      run(0xf0, 0xf6, "20"),
      run(0xf8, 0xfa, "20"),
      run(0xfc, 0xfc, "20"),
    ],
  ],
  [14, "a sequence without its last octet", UNFINISHED],
  [15, "unfinished sequences in a row", [UNFINISHED.join("")]],
  [16, "an impossible octet", ["fe", "ff", "fefeffff"]],
  [17, "an overlong ASCII character", ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]],
  [18, "the longest overlong sequence", ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]],
  [19, "an overlong NUL", ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]],
  [20, "a surrogate", ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]],
  [
    21,
    "a pair of surrogates",
    ["eda080", "edadbf", "edae80", "edafbf"].flatMap((high) => [`${high}edb080`, `${high}edbfbf`]),
  ],
  [22, "a noncharacter", ["efbfbe", "efbfbf", ...NONCHARACTERS]],
  [23, "a special character", ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"]],
];

/** All of them, in the order of their numbers. */
export const utf8Sequences: readonly Utf8Sequence[] = GROUPS.flatMap(([number, group, list]) =>
  list.map((hex, index) => {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    return { autobahn: `6.${number}.${index + 1}`, group, bytes, valid: isUtf8(bytes) };
  }),
);

/** True for bytes that are well-formed UTF-8 as a whole. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** `80`, `bf`, then both by turns, ever longer. */
function alternating(index: number): string {
  if (index < 2) return ["80", "bf"][index] ?? "";
  return Array.from({ length: index }, (_, at) => (at % 2 === 0 ? "80" : "bf")).join("");
}

/** Every octet from one to another, each followed by `after`. */
function run(first: number, last: number, after: string): string {
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index).toString(16) + after).join(
    "",
  );
}
