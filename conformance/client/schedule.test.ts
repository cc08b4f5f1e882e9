import { describe, expect, it } from "vitest";
import { closeTable } from "./close-table.js";
import { dropStorm } from "./drop-storm.js";
import { resetDelay } from "./reset-delay.js";
import { schedules } from "./schedule.js";
import { type Faults, judgePolicy, policyClient, verdictOf } from "./test-reconnecting.js";

const rows = [...schedules, closeTable, resetDelay, dropStorm];
const ids = rows.map(({ id }) => id);

describe("a client that keeps its policy", () => {
  it("passes every row about it", async () => {
    const report = await judgePolicy(policyClient(), rows);
    expect(report.outcomes.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual(
      report.outcomes.map(({ id, reason }) => [id, "pass", reason]),
    );
    expect(report.outcomes.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(report.harnessFaults).toEqual([]);
  }, 60_000);
});

describe("a client that does not is found out", () => {
  it.each<[string, string, Faults]>([
    ["C-RC-02", "goes on for ever", { delay: (n) => Math.min(800, 200 * 2 ** n) }],
    ["C-RC-02", "makes one attempt too few", { delay: (n) => (n < 2 ? 200 * 2 ** n : undefined) }],
    [
      "C-RC-02",
      "waits longer in a line, not by doubling",
      { delay: (n) => (n < 3 ? 200 + 100 * n : undefined) },
    ],
    ["C-RC-02", "knows no cap", { delay: (n) => (n < 3 ? 200 * 3 ** n : undefined) }],
    ["C-RC-03", "takes an open for a success", { healthyMs: 0 }],
    ["C-RC-04", "never forgets a failure", { healthyMs: 1_000_000 }],
    ["C-RC-05", "comes back after every close", { retries: () => true }],
    ["C-RC-05", "comes back after none but the unclean", { retries: (code) => code === 1006 }],
    ["C-RC-07", "does not say that it has given up", { silentEnd: true }],
    ["C-RC-11", "makes two attempts of one end", { twice: true }],
  ])(
    "%s: one that %s",
    async (id, _, faults) => {
      const report = await judgePolicy(
        policyClient(faults),
        rows.filter((row) => row.id === id),
      );
      const { harnessFaults, outcomes } = report;
      expect(harnessFaults).toEqual([]);
      expect(verdictOf(report, id), outcomes[0]?.reason).toBe("fail");
      expect(outcomes[0]?.mend).toBeDefined();
    },
    60_000,
  );
});
