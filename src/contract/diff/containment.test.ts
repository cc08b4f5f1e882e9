import { describe, expect, it } from "vitest";
import { obstacles } from "./containment.js";
import { diffContracts } from "./diff.js";
import { tryContainment } from "./test-containment.js";
import { tryEndpoints } from "./test-endpoints.js";

/** Enough for the faults below; `npx tsx scripts/fuzz-diff.ts` tries more. */
const PAIRS = 400;
const PATIENCE_MS = 120_000;

describe("a comparison of schemas that finds no obstacle", { timeout: PATIENCE_MS }, () => {
  const run = tryContainment(obstacles, { pairs: PAIRS, seed: 1 });

  it("is right on generated pairs, by Ajv", () => {
    expect(run.counterexamples).toEqual([]);
    expect(run.contained).toBeGreaterThan(PAIRS / 10);
    expect(run.undecided).toBeLessThan(PAIRS / 4);
  });

  it.each(["type", "enum", "required", "minimum", "maximum", "maxLength", "pattern", "format"])(
    "would be found wrong if it forgot `%s`",
    (keyword) => {
      expect(run.needed.get(keyword) ?? 0).toBeGreaterThan(0);
    },
  );

  it("has a value to show for most of what it calls an obstacle", () => {
    expect(run.shown / run.refuted).toBeGreaterThan(0.75);
  });
});

describe("a diff that calls a change compatible", { timeout: PATIENCE_MS }, () => {
  const run = tryEndpoints(diffContracts, { pairs: PAIRS / 4, seed: 5 });

  it("never yields a frame that the other side refuses", () => {
    expect(run.counterexamples).toEqual([]);
    expect(run.compatible).toBeGreaterThan(PAIRS / 40);
  });

  it.each(["message-removed", "message-added", "wire-name"])(
    "would be found wrong if it forgot `%s`",
    (rule) => {
      expect(run.needed.get(rule) ?? 0).toBeGreaterThan(0);
    },
  );

  it("is found wrong where a planted fault calls everything compatible", () => {
    const blind: typeof diffContracts = () => ({ bump: "none", changes: [] });
    expect(tryEndpoints(blind, { pairs: 20, seed: 5 }).counterexamples).not.toEqual([]);
    expect(tryContainment(() => [], { pairs: 20, seed: 1 }).counterexamples).not.toEqual([]);
  });
});
