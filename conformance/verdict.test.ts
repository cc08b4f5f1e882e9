import { describe, expect, it } from "vitest";
import type { Verdict } from "./check.js";
import { type Decision, decideExit } from "./verdict.js";

const outcomes = (...verdicts: Verdict[]): Decision["outcomes"] =>
  verdicts.map((verdict) => ({ level: "MUST", verdict }));
const exit = (decision: Partial<Decision> & Pick<Decision, "outcomes">): number =>
  decideExit({ role: "server", harnessFaults: 0, witnessed: true, ...decision }).exitCode;

describe("the exit code", () => {
  it.each<[number, string, Partial<Decision> & Pick<Decision, "outcomes">]>([
    [0, "everything passed", { outcomes: outcomes("pass", "pass") }],
    [0, "a warning is no failure", { outcomes: outcomes("pass", "warn") }],
    [1, "a warning is one when strict", { outcomes: outcomes("pass", "warn"), strict: true }],
    [1, "something failed", { outcomes: outcomes("pass", "fail") }],
    [2, "the kit failed, whatever else", { outcomes: outcomes("fail"), harnessFaults: 1 }],
    [3, "no witness was given", { outcomes: outcomes("pass"), witnessed: false }],
    [3, "nothing applies", { outcomes: outcomes("not-applicable") }],
    [3, "too little was decided", { outcomes: outcomes("pass", "untestable") }],
    [0, "four of five are enough", { outcomes: outcomes("pass", "pass", "pass", "pass", "inconclusive") }],
    [
      3,
      "unless more is wanted",
      { outcomes: outcomes("pass", "pass", "pass", "pass", "untestable"), minCoverage: 0.9 },
    ],
    [
      0,
      "what a launch mode does not show is not counted",
      { outcomes: [...outcomes("pass"), { level: "MUST", verdict: "untestable", unobserved: true }] },
    ],
    [
      3,
      "nothing but that is left",
      { outcomes: [{ level: "MUST", verdict: "untestable", unobserved: true }] },
    ],
    [
      0,
      "what does not apply is not counted",
      { outcomes: outcomes("pass", "not-applicable", "not-applicable") },
    ],
  ])("is %i when %s", (code, _, decision) => {
    expect(exit(decision)).toBe(code);
  });

  it.each(["server", "client"] as const)("speaks of the %s", (role) => {
    const { reason } = decideExit({ role, outcomes: outcomes("pass"), harnessFaults: 0, witnessed: true });
    expect(reason).toBe(`the ${role} conforms as far as it was tested`);
    const silent = decideExit({ role, outcomes: outcomes("pass"), harnessFaults: 0, witnessed: false });
    expect(silent).toMatchObject({ exitCode: 3, reason: expect.stringContaining(`the ${role} never gave`) });
  });
});
