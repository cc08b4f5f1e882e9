import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../src/contract/contract.js";
import { type Faults, judgePolicy, policyClient, shortPolicy, verdictOf } from "./test-reconnecting.js";
import { whileWaiting } from "./while-waiting.js";

const queueing = (endpoint: Endpoint): Endpoint =>
  endpoint.reconnect === undefined
    ? endpoint
    : { ...endpoint, reconnect: { ...endpoint.reconnect, offline: "queue" } };

describe("an application while its client waits", () => {
  it.each([
    ["rejects", shortPolicy],
    ["queues", queueing(shortPolicy)],
  ])(
    "can rely on one that %s what it is given",
    async (_, endpoint) => {
      const report = await judgePolicy(policyClient({}, endpoint), whileWaiting, endpoint);
      expect(report.outcomes.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual(
        report.outcomes.map(({ id, reason }) => [id, "pass", reason]),
      );
      expect(report.outcomes).toHaveLength(whileWaiting.length);
      expect(report.harnessFaults).toEqual([]);
    },
    60_000,
  );

  it.each<[string, string, Endpoint, Faults]>([
    ["C-RC-06", "comes back after close()", shortPolicy, { closesOnlySocket: true }],
    ["C-RC-10", "loses what it is given in silence", shortPolicy, { offline: "lose" }],
    ["C-RC-10", "keeps what it should reject", shortPolicy, { offline: "queue" }],
    ["C-RC-10", "loses what it should keep", queueing(shortPolicy), { offline: "lose" }],
    ["C-RC-10", "sends twice what it has kept", queueing(shortPolicy), { offline: "twice" }],
    ["C-RC-10", "sends the last one first", queueing(shortPolicy), { offline: "reversed" }],
  ])(
    "%s: one that %s is found out",
    async (id, _, endpoint, faults) => {
      const report = await judgePolicy(
        policyClient(faults, endpoint),
        whileWaiting.filter((row) => row.id === id),
        endpoint,
      );
      expect(report.harnessFaults).toEqual([]);
      expect(verdictOf(report, id), report.outcomes[0]?.reason).toBe("fail");
    },
    60_000,
  );
});
