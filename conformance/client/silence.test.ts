import { describe, expect, it } from "vitest";
import { beatStreams } from "./beat-streams.js";
import { silences } from "./silence.js";
import { type Faults, judgePolicy, policyClient, verdictOf } from "./test-reconnecting.js";

const rows = [...silences, beatStreams];

describe("a client that keeps its heartbeat", () => {
  it("passes every row about it", async () => {
    const report = await judgePolicy(policyClient(), rows);
    expect(report.outcomes.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual(
      report.outcomes.map(({ id, reason }) => [id, "pass", reason]),
    );
    expect(report.outcomes).toHaveLength(rows.length);
    expect(report.harnessFaults).toEqual([]);
  }, 60_000);
});

describe("a client that does not is found out", () => {
  it.each<[string, string, Faults]>([
    ["C-HB-03", "ignores a missing pong", { patienceMs: undefined }],
    ["C-HB-03", "takes any event for a pong", { believesAll: true }],
    ["C-HB-03", "gives up too soon", { patienceMs: 300 }],
    ["C-HB-04", "gives up before the bound", { patienceMs: 400 }],
    ["C-HB-05", "waits for the close of the old socket", { waitsForClose: true }],
    ["C-HB-06", "keeps the heartbeats of connections that are over", { leaksBeats: true }],
  ])(
    "%s: one that %s",
    async (id, _, faults) => {
      const report = await judgePolicy(
        policyClient(faults),
        rows.filter((row) => row.id === id),
      );
      expect(report.harnessFaults).toEqual([]);
      expect(verdictOf(report, id), report.outcomes[0]?.reason).toBe("fail");
    },
    60_000,
  );

  it("C-HB-03, C-HB-04: one that pings nobody is another row's", async () => {
    const report = await judgePolicy(policyClient({ noBeat: true }), rows);
    expect(report.outcomes.map(({ reason }) => reason)).toEqual(rows.map(() => "blocked by C-HB-01"));
  }, 60_000);
});
