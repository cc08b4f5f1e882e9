import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOISE_LABELS, type NoiseLabel, noiseBytes, noiseText } from "./noise-text.js";
import { respelled } from "./respelled.js";
import { validPayload } from "./valid-payload.js";

const valid = '{"op":"go","n":12,"list":["a"]}';
const textsOf = (label: NoiseLabel) =>
  fc.sample(noiseText(fc.constant(valid), [label]), { numRuns: 30, seed: 1 }).map(({ text }) => text);

const parses = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("Noise", () => {
  it.each([
    "truncated",
    "trailing comma",
    "two documents",
    "two documents on two lines",
    "nothing",
    "white space only",
    "NaN",
    "Infinity",
    "a byte order mark",
    "a comment",
    "single quotes",
    "a raw control character",
    "a leading zero",
    "10 000 brackets opened",
  ] as const)("is no JSON: %s", (label) => {
    for (const text of textsOf(label)) expect(parses(text), text.slice(0, 80)).toBe(false);
  });

  it.each<[NoiseLabel, string]>([
    ["1.0 for a number", '{"op":"go","n":1.0,"list":["a"]}'],
    ["1e400 for a number", '{"op":"go","n":1e400,"list":["a"]}'],
    ["-0 for a number", '{"op":"go","n":-0,"list":["a"]}'],
    ["__proto__ as a key", '{"__proto__":{"polluted":true},"op":"go","n":12,"list":["a"]}'],
    ["a lone surrogate", '{"op":"go\\ud83d","n":12,"list":["a"]}'],
    ["in an array", '[{"op":"go","n":12,"list":["a"]}]'],
  ])("is unusual JSON: %s", (label, expected) => {
    expect(textsOf(label)).toContain(expected);
    expect(textsOf(label).every(parses)).toBe(true);
  });

  it("repeats a key before and after", () => {
    const values = textsOf("a duplicate key").map((text) => JSON.parse(text).op);
    expect(new Set(values)).toEqual(new Set(["go", null]));
  });

  it("is made from any text, the empty one too", () => {
    fc.assert(
      fc.property(noiseText(fc.constantFrom("", "{}", "[]", "1", '"x"', " {} ")), ({ text, label }) => {
        expect(typeof text).toBe("string");
        expect(NOISE_LABELS).toContain(label);
      }),
      { numRuns: 2000 },
    );
  });

  it("changes bytes so that some are no UTF-8", () => {
    const decodes = fc.sample(noiseBytes(fc.constant(valid)), { numRuns: 300, seed: 1 }).map((bytes) => {
      try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes) !== valid;
      } catch {
        return "invalid";
      }
    });
    expect(decodes).toContain("invalid");
    expect(decodes).toContain(true);
  });
});

describe("A respelled value", () => {
  it("is the same value", () => {
    fc.assert(
      fc.property(
        validPayload(true, {}, { loneSurrogates: true }).chain((value) =>
          fc.tuple(fc.constant(value), respelled(value)),
        ),
        ([value, text]) => {
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("differs in key order, white space and escapes", () => {
    const texts = fc.sample(respelled({ a: "x/é", b: [1, "😀"], c: {} }), { numRuns: 200, seed: 2 });
    expect(texts.some((text) => /^\s*\{\s*"c/.test(text))).toBe(true);
    expect(texts.some((text) => /\n/.test(text))).toBe(true);
    expect(texts.some((text) => text.includes("\\u00e9"))).toBe(true);
    expect(texts.some((text) => text.includes("\\/"))).toBe(true);
    expect(texts).toContain('{"a":"x/é","b":[1,"😀"],"c":{}}');
  });
});
