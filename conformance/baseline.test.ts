import { describe, expect, it } from "vitest";
import { applyBaseline, type BaselineEntry, checkBaseline } from "./baseline.js";
import type { Verdict } from "./check.js";
import { decideExit } from "./verdict.js";

const TODAY = "2026-06-15";
const entry = (more: Partial<BaselineEntry> = {}): BaselineEntry => ({
  check: "S-FR-02",
  reason: "known",
  ...more,
});
const judged = (verdict: Verdict, more: Partial<BaselineEntry> = {}) =>
  applyBaseline(
    [
      { id: "S-FR-02", level: "MUST" as const, verdict },
      { id: "S-FR-03", level: "MUST" as const, verdict: "pass" as const },
    ],
    [entry(more)],
    TODAY,
  );
const exit = (verdict: Verdict, more: Partial<BaselineEntry> = {}) =>
  decideExit({
    role: "server",
    outcomes: judged(verdict, more),
    harnessFaults: 0,
    witnessed: true,
    minCoverage: 0,
  });

describe("a baseline", () => {
  it.each<[Verdict, Partial<BaselineEntry>, string, number]>([
    ["fail", {}, "known", 0],
    ["warn", {}, "known", 0],
    ["pass", {}, "stale", 1],
    ["pass", { flaky: true }, "known", 0],
    ["fail", { flaky: true }, "known", 0],
    ["fail", { expires: TODAY }, "known", 0],
    ["fail", { expires: "2026-06-14" }, "expired", 1],
    ["pass", { expires: "2026-06-14" }, "expired", 1],
    ["untestable", {}, "undecided", 0],
    ["inconclusive", {}, "undecided", 0],
    ["not-applicable", {}, "undecided", 0],
  ])("says to %s under %j: %s, and the run ends with %i", (verdict, more, state, code) => {
    const [outcome, other] = judged(verdict, more);
    expect(outcome?.baseline).toMatchObject({ reason: "known", state });
    expect(other?.baseline).toBeUndefined();
    expect(exit(verdict, more).exitCode).toBe(code);
  });

  it("names in the conclusion what is out of date, and what was let through", () => {
    expect(exit("pass").reason).toBe("the baseline is out of date: S-FR-02 passes; correct its entries");
    expect(exit("fail", { expires: "2026-01-01" }).reason).toBe("1 of 2 checks failed");
    expect(exit("pass", { expires: "2026-01-01" }).reason).toContain("S-FR-02 expired on 2026-01-01");
    expect(exit("fail").reason).toContain("but for a failure of the baseline");
  });

  it("lets no other failure through", () => {
    const outcomes = [...judged("fail"), { id: "S-FR-05", level: "MUST" as const, verdict: "fail" as const }];
    const decision = { outcomes, harnessFaults: 0, witnessed: true, minCoverage: 0 } as const;
    expect(decideExit({ role: "server", ...decision }).exitCode).toBe(1);
  });

  it.each([
    [[entry({ check: "S-XX-01" })], "there is no such check"],
    [[entry(), entry()], "names S-FR-02 twice"],
    [[entry({ expires: "2026-02-30" })], "Write YYYY-MM-DD"],
    [[entry({ expires: "June" })], "Write YYYY-MM-DD"],
  ])("that cannot be meant is a usage error", (baseline, said) => {
    expect(() => checkBaseline(baseline)).toThrow(said);
  });
});
