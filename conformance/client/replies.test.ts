import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { sampleContract } from "../test-subject.js";
import { checkClient } from "./check-client.js";
import { type AdapterFaults, adapted } from "./test-adapter.js";
import { reconnectingEndpoint } from "./test-programs.js";

/** Judges a client of this process by one row; it comes back soon. */
async function judge(id: string, faults: AdapterFaults = {}, replies = true) {
  const { reconnect } = reconnectingEndpoint;
  if (reconnect === undefined) throw new Error("the endpoint has a policy");
  const endpoint = { ...reconnectingEndpoint, reconnect: { ...reconnect, initialDelayMs: 200 } };
  const report = await checkClient({
    contract: sampleContract(endpoint),
    adapter: adapted(endpoint, faults),
    WebSocket,
    replies,
    seed: 1,
    runs: 4,
    time: "real",
    only: [id],
  });
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
}

const ROWS = ["C-RR-01", "C-RR-02", "C-RR-03", "C-RR-04", "C-RR-05"];

describe("a right client", () => {
  it.each(ROWS)(
    "passes %s",
    async (id) => {
      expect(await judge(id)).toMatchObject({ id, verdict: "pass" });
    },
    60_000,
  );

  it("is not judged where it does not tell which reply came", async () => {
    expect(await judge("C-RR-01", {}, false)).toMatchObject({ verdict: "untestable" });
  }, 60_000);
});

describe("one thing that is wrong fails the row that owns it", () => {
  it.each<[string, string, AdapterFaults]>([
    ["C-RR-01", "gives each reply to the oldest request", { settle: (_, open) => open[0] }],
    ["C-RR-02", "gives a stray reply to the oldest request", { settle: (right, open) => right ?? open[0] }],
    ["C-RR-03", "never ends a request", { patience: Number.POSITIVE_INFINITY }],
    ["C-RR-03", "gives up too soon", { patience: 0.3 }],
    [
      "C-RR-04",
      "takes a refusal for no answer",
      { settle: (right) => (right?.name === "say" ? undefined : right) },
    ],
    ["C-RR-05", "forgets what was in flight", { lost: "forgotten", patience: Number.POSITIVE_INFINITY }],
    ["C-RR-05", "asks again by itself", { lost: "repeated" }],
  ])(
    "%s: one that %s",
    async (id, _, faults) => {
      expect(await judge(id, faults)).toMatchObject({ id, verdict: "fail" });
    },
    60_000,
  );
});
