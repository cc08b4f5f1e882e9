import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { GeneratedFile } from "../src/codegen/generate.js";
import type { Contract } from "../src/contract/contract.js";
import { mutationRound } from "./codec-mutations.js";

// The committed contract, as the document was compiled.
const contract = JSON.parse(
  readFileSync(new URL("../generated/contract.json", import.meta.url), "utf8"),
) as Contract;

describe("frames and values that almost fit", () => {
  // Together 50 000 texts and 10 000 values; a million and half a million by scripts/fuzz-codecs.ts.
  it.each([
    ["fast", 25_000],
    ["auto", 15_000],
    ["small", 10_000],
  ] as const)(
    "are decided and read by %s codecs as by the oracle",
    async (kind, texts) => {
      const round = await mutationRound(contract, kind, { texts, values: texts / 5, seed: 60 });
      expect(round.differences).toEqual([]);
      expect(round.accepted).toBeGreaterThan(round.texts / 8);
      expect(round.accepted).toBeLessThan((round.texts * 7) / 8);
    },
    120_000,
  );

  it.each([
    ["a month 00 in the templates", /0\[1-9\]\|1\[0-2\]/g, "\\d\\d"],
    ["control characters in free texts", /\[\^"\\\\\\x00-\\x1f\]/g, '[^"\\\\]'],
    ["a number with a zero before it", /\(-\?\(\?:0\|\[1-9\]\\d\{0,14\}\)/g, "(-?(?:\\d{1,15})"],
    ["lone surrogates left as they are", /\\ud800-\\udfff\]/, "]"],
    ["members that nobody asks for", /if \(members === written\) return false;/, "return false;"],
  ])(
    "would show %s",
    async (_, from, to) => {
      let changes = 0;
      const tamper = (file: GeneratedFile): GeneratedFile => {
        const text = file.text.replace(from, (found) => {
          changes++;
          return found.replace(from, () => to);
        });
        return { ...file, text };
      };
      const round = await mutationRound(contract, "fast", { texts: 60_000, values: 6_000, seed: 61, tamper });
      expect(changes).toBeGreaterThan(0);
      expect(round.differences).toHaveLength(1);
    },
    60_000,
  );
});
