import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { protocolOf } from "../contract/protocol-of.js";
import { readContract } from "../document/read-contract.js";
import { clientRulesOf } from "./client-rules.js";

const contract = readContract(
  readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8"),
);

describe("the rules that a client reads", () => {
  it.each(contract.endpoints.map((endpoint) => [endpoint.name, protocolOf(endpoint)] as const))(
    "have a policy to come back by, declared or not (%s)",
    (_name, { reconnect, ...without }) => {
      const { restore, ...declared } = reconnect ?? { restore: [] };
      expect(clientRulesOf({ ...without, ...(reconnect && { reconnect }) }).reconnect).toMatchObject(
        declared,
      );
      expect(clientRulesOf(without).reconnect).toEqual({
        strategy: "exponential",
        initialDelayMs: 1_000,
        factor: 2,
        maxDelayMs: 30_000,
        jitter: "full",
        maxAttempts: 10,
        onCleanClose: false,
        resetAfterMs: 5_000,
        connectTimeoutMs: 10_000,
        offline: "reject",
      });
    },
  );
});
