import { describe, expect, it } from "vitest";
import type { RunRecord } from "../check.js";
import { failedOutcome, sampleOutcome } from "../report/test-report.js";
import { blockOutcomes } from "./blocking.js";

/** A run in which every event could be read. */
const record: RunRecord = {
  judgements: new Map(),
  notices: new Map(),
  cases: 9,
  connections: 9,
  messages: 5,
  validMessages: 5,
  messageNames: new Set(),
  violations: [],
  coverage: { states: new Map(), transitions: new Map() },
};

const flaky = sampleOutcome({
  id: "S-CD-03",
  verdict: "inconclusive",
  reason: "flaky: the same case failed in 1 of 4 runs",
  flaky: true,
  flakiness: { failures: 1, runs: 4 },
});

describe("a root cause that is reported once", () => {
  it("is what reached the wrong connection, for cases that it disturbed now and then", () => {
    const stray = { ...failedOutcome, id: "S-SM-07" };
    const [first, second] = blockOutcomes([flaky, stray], record);
    expect(first).toMatchObject({ verdict: "untestable", reason: "blocked by S-SM-07", flaky: false });
    expect(first).not.toHaveProperty("flakiness");
    expect(second).toBe(stray);
  });

  it("is unknown where nothing reached the wrong connection", () => {
    const kept = sampleOutcome({ id: "S-SM-07" });
    expect(blockOutcomes([flaky, kept], record)).toEqual([flaky, kept]);
    const unsteady = { ...flaky, id: "S-SM-07" };
    expect(blockOutcomes([flaky, unsteady], record)).toEqual([flaky, unsteady]);
  });
});
