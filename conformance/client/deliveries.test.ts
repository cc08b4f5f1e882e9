import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Json } from "../../src/contract/contract.js";
import { sampleContract, sampleEndpoint } from "../test-subject.js";
import { checkClient } from "./check-client.js";
import { type AdapterFaults, adapted } from "./test-adapter.js";

/** Judges a client of this process by one row. */
async function judge(id: string, faults: AdapterFaults = {}) {
  const report = await checkClient({
    contract: sampleContract(sampleEndpoint),
    adapter: adapted(sampleEndpoint, faults),
    WebSocket,
    replies: true,
    seed: 1,
    runs: 6,
    time: "real",
    only: [id],
  });
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
}

const isNumber = (payload: unknown): payload is { value: number } =>
  typeof payload === "object" && payload !== null && "value" in payload;

describe("a right client", () => {
  it.each(["C-CD-02", "C-CD-04", "C-CD-05", "C-SM-03", "C-SM-04"])(
    "passes %s",
    async (id) => {
      expect(await judge(id)).toMatchObject({ id, verdict: "pass" });
    },
    60_000,
  );
});

describe("one thing that is wrong fails the row that owns it", () => {
  it.each<[string, string, AdapterFaults, RegExp]>([
    ["C-CD-02", "delivers nothing", { deliver: () => [] }, /was not delivered as it was sent/],
    ["C-CD-02", "delivers twice", { deliver: (payload) => [payload, payload] }, /more than once/],
    [
      "C-CD-02",
      "changes a number",
      {
        deliver: (payload) => [isNumber(payload) ? { event: "number", value: payload.value + 1 } : payload],
      },
      /was not delivered as it was sent/,
    ],
    ["C-CD-04", "says something else of an invalid event", { report: () => "closed" }, /vanished/],
    ["C-CD-04", "says nothing of an invalid event", { report: () => undefined }, /vanished/],
    [
      "C-CD-04",
      "delivers an invalid event as valid",
      { deliverInvalid: (text, code) => (code === "invalid-payload" ? [JSON.parse(text)] : []) },
      /was delivered as valid/,
    ],
    ["C-CD-04", "dies of broken JSON", { heard: (text) => void JSON.parse(text) }, /died of it/],
    [
      "C-CD-05",
      "loses __proto__ by assignment",
      {
        deliver(payload) {
          if (typeof payload !== "object" || payload === null) return [payload];
          const copy: Record<string, unknown> = {};
          for (const [key, value] of Object.entries(payload)) copy[key] = value;
          return [JSON.parse(JSON.stringify(copy))];
        },
      },
      /another value/,
    ],
    ["C-CD-05", "delivers none of it", { deliver: () => [] }, /vanished/],
    [
      "C-SM-03",
      "keeps every other event back",
      (() => {
        const kept: Json[] = [];
        return {
          deliver(payload: Json) {
            if (!isNumber(payload) || kept.length > 0) return [payload, ...kept.splice(0)];
            kept.push(payload);
            return [];
          },
        };
      })(),
      /in their order/,
    ],
    ["C-SM-04", "says nothing of an illegal event", { tellsIllegal: false }, /was not reported/],
  ])(
    "%s: one that %s",
    async (id, _, faults, reason) => {
      expect(await judge(id, faults)).toMatchObject({
        id,
        verdict: "fail",
        reason: expect.stringMatching(reason),
      });
    },
    60_000,
  );
});
