/** The plan of a selftest and its conclusion; the trials themselves are held by the other tests here. */

import { describe, expect, it } from "vitest";
import { renderMatrix } from "./kill-matrix.js";
import { concludeSelftest, planTrials, type SelftestOptions } from "./selftest.js";
import { bench } from "./test-bench.js";
import type { MutantResult } from "./trial.js";

const options: SelftestOptions = { ...bench, drawn: 5, only: ["terminal-twice"] };

const result = (killed: boolean): MutantResult => ({
  kind: "mutant",
  role: "server",
  name: "terminal-twice",
  fault: "Says twice that the session is over.",
  channel: "workflow",
  owner: "S-SM-01",
  killed,
  verdict: killed ? "fail" : "pass",
  reason: "every event was legal",
  drawn: ["S-CD-11"],
  alarms: [{ check: "S-CD-11", verdict: "fail", reason: "two ends" }],
  harnessFaults: [],
  durationMs: 1,
});

describe("a selftest", () => {
  it("tries only what is asked for, by name or by check", () => {
    const ids = (only: readonly string[]): string[] => planTrials({ ...options, only }).map(({ id }) => id);
    expect(ids(["terminal-twice"])).toEqual(["server mutant terminal-twice"]);
    expect(ids(["S-SM-01"])).toContain("server mutant terminal-twice");
    expect(ids(["S-SM-01"])).toContain("server peer workflow");
    expect(ids(["C-SM-04"])).toContain("client mutant illegal-event-unnoticed");
    expect(ids(["C-SM-04"]).filter((id) => id.startsWith("server"))).toEqual([]);
    expect(ids(["no-such-thing"])).toEqual([]);
  });

  it.each(["server", "client"] as const)("tries the %s half alone where that is asked for", (role) => {
    const ids = planTrials({ ...options, only: [], role }).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.filter((id) => !id.startsWith(role))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    [true, "1 of 1 mutants killed", "The kit proves what it says."],
    [false, "WRONG: terminal-twice survives S-SM-01.", "The kit does not prove what it says."],
  ])("concludes from what was killed (%s)", (killed, told, conclusion) => {
    const results = [result(killed)];
    const summary = concludeSelftest(results, options);
    expect(summary.ok).toBe(killed);
    const text = renderMatrix({ seed: 1, timeScale: 0.05, drawn: 5, durationMs: 10, summary, results }).join(
      "\n",
    );
    expect(text).toContain(told);
    expect(text).toContain(conclusion);
    expect(text).toMatch(/also S-CD-11/);
  });
});
