/** S-SE-01 to S-SE-04 on servers that keep them; the mutants break them. */

import { describe, expect, it } from "vitest";
import { startServer } from "../../reference-server/server.js";
import type { Outcome } from "../report/report.js";
import { type CheckServerOptions, checkServer } from "../server/check-server.js";
import { foreignTo } from "../server/security.js";
import { objectIn } from "./content.js";
import { type Alter, startFrameProxy } from "./frame-proxy.js";
import { contractFor, type Variant } from "./mutant.js";
import { bench } from "./test-bench.js";
import { guardedVariant, ownedSessions } from "./variants.js";

async function judge(
  variant: Variant,
  only: readonly string[],
  options: Partial<CheckServerOptions> = {},
  alter: Alter = () => ({}),
): Promise<ReadonlyMap<string, Outcome>> {
  const { channel } = variant;
  const server = await startServer({
    ...variant.server,
    port: 0,
    channels: [channel],
    timeScale: 0.05,
    seed: 3,
  });
  const proxy = await startFrameProxy(server.port, alter);
  try {
    const report = await checkServer({
      contract: contractFor(bench.contract, variant),
      url: `ws://127.0.0.1:${proxy.port}`,
      channel,
      seed: 3,
      runs: 4,
      timeScale: 0.05,
      only,
      ...variant.options,
      ...options,
    });
    expect(report.harnessFaults).toEqual([]);
    expect(JSON.stringify(report)).not.toContain("7d1f0c52a9e84b36");
    return new Map(report.outcomes.map((outcome) => [outcome.id, outcome]));
  } finally {
    await proxy.close();
    await server.close();
  }
}

describe("a channel behind a token and a list of origins", () => {
  it.each(["workflow", "tasks", "pipeline", "answer", "conversation"])(
    "(%s) lets nobody else in",
    async (channel) => {
      const outcomes = await judge(guardedVariant(channel), ["S-SE-01", "S-SE-02"]);
      for (const { id, verdict, reason } of outcomes.values())
        expect(`${id} ${verdict}: ${reason}`).toMatch(/ pass: /);
      expect(outcomes.size).toBe(2);
    },
    60_000,
  );

  it("is not judged without credentials to try it with", async () => {
    const { server: _server, options: _options, ...open } = guardedVariant("tasks");
    const outcomes = await judge(open, ["S-SE-02", "S-SE-03"]);
    expect(outcomes.get("S-SE-02")).toMatchObject({
      verdict: "untestable",
      reason: expect.stringContaining("--config"),
    });
    expect(outcomes.get("S-SE-03")).toMatchObject({
      verdict: "untestable",
      reason: expect.stringContaining("two `identities`"),
    });
  }, 30_000);

  it("is not accused where the good credentials do not work either", async () => {
    const variant = guardedVariant("tasks");
    const config = {
      identities: [{ name: "ann", headers: { Authorization: "Bearer wrong-token-of-ann" } }],
      rejected: {},
      payloads: {},
      domain: {},
    };
    const outcomes = await judge(variant, ["S-SE-02"], { config });
    expect(["untestable", "inconclusive"]).toContain(outcomes.get("S-SE-02")?.verdict);
  }, 30_000);
});

describe("foreign origins", () => {
  it("are those that are not listed, the look-alikes among them", () => {
    const foreign = foreignTo(["https://app.example", "null"]);
    expect(foreign).toContain("https://app.example.evil.example");
    expect(foreign).toContain("http://app.example");
    expect(foreign).not.toContain("null");
    expect(foreign).not.toContain("https://app.example");
  });
});

describe("a server that keeps the sessions of users apart", () => {
  const keeping: Alter = () => {
    let user = "";
    return {
      request(head) {
        user = /Bearer (\w+)/.exec(head)?.[1] ?? "";
        return head;
      },
      command(text, line) {
        if (user === "ann" || objectIn(text)?.["session_id"] !== "session-of-ann") return undefined;
        const data = { message: "There is no such session.", code: "not-found" };
        line.toClient(JSON.stringify({ event: "error", data }));
        return [];
      },
    };
  };

  it("passes, and tells nothing of one user's session to another", async () => {
    const outcomes = await judge(ownedSessions, ["S-SE-03", "S-SE-04"], {}, keeping);
    expect(outcomes.get("S-SE-03"), outcomes.get("S-SE-03")?.reason).toMatchObject({ verdict: "pass" });
    expect(outcomes.get("S-SE-04"), outcomes.get("S-SE-04")?.reason).toMatchObject({ verdict: "pass" });
  }, 60_000);
});
