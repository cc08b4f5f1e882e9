import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import { sampleContract } from "../test-subject.js";
import { checkClient } from "./check-client.js";
import { type AdapterFaults, adapted } from "./test-adapter.js";
import { reconnectingEndpoint } from "./test-programs.js";

const { reconnect } = reconnectingEndpoint;
if (reconnect === undefined) throw new Error("the endpoint has a policy");

/** Credentials are asked for; the delays are short, and all the same. */
const securedEndpoint: Endpoint = {
  ...reconnectingEndpoint,
  reconnect: { ...reconnect, strategy: "linear", initialDelayMs: 400, maxDelayMs: 400 },
  security: [{ name: "token", type: "http" }],
  closeCodes: { 4401: { cause: ["unauthorized"], retry: false, by: "server" } },
};

async function judge(faults: AdapterFaults = {}) {
  const report = await checkClient({
    contract: sampleContract(securedEndpoint),
    adapter: adapted(securedEndpoint, faults),
    WebSocket,
    seed: 1,
    time: "real",
    only: ["C-SM-02"],
  });
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
}

describe("C-SM-02", () => {
  it("passes a client that stays away, or waits", async () => {
    expect(await judge()).toMatchObject({ verdict: "pass" });
  }, 60_000);

  it.each<[string, AdapterFaults, RegExp]>([
    ["comes back with refused credentials", { returns: true }, /came back after its credentials/],
    ["storms", { delayMs: 1 }, /too soon/],
  ])(
    "fails one that %s",
    async (_, faults, reason) => {
      expect(await judge(faults)).toMatchObject({ verdict: "fail", reason: expect.stringMatching(reason) });
    },
    60_000,
  );
});
