import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../src/contract/contract.js";
import { spread } from "./spread.js";
import { type Faults, judgePolicy, policyClient, shortPolicy, verdictOf } from "./test-reconnecting.js";

const jittered: Endpoint =
  shortPolicy.reconnect === undefined
    ? shortPolicy
    : {
        ...shortPolicy,
        reconnect: { ...shortPolicy.reconnect, initialDelayMs: 2000, maxDelayMs: 8000, jitter: 0.5 },
      };

describe("thirty clients that were dropped together", () => {
  it.each<[string, string, Faults]>([
    ["pass", "draw their delays from the whole window", { delay: () => 1000 + 2000 * Math.random() }],
    ["warn", "all come back at the same time", { delay: () => 2000 }],
    ["warn", "use only the end of the window", { delay: () => 2600 + 400 * Math.random() }],
  ])(
    "get a %s where they %s",
    async (verdict, _, faults) => {
      const report = await judgePolicy(policyClient(faults, jittered), [spread], jittered);
      expect(report.harnessFaults).toEqual([]);
      expect(verdictOf(report, "C-RC-08"), report.outcomes[0]?.reason).toBe(verdict);
    },
    60_000,
  );

  it("are not asked for where no jitter is declared", async () => {
    const report = await judgePolicy(policyClient(), [spread]);
    expect(verdictOf(report, "C-RC-08")).toBe("not-applicable");
  }, 60_000);
});
