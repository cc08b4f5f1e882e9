import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { keepContract, sampleContract, serveSample } from "../test-subject.js";
import { UsageError } from "../usage-error.js";
import { checkServer } from "./check-server.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const run = { contract: sampleContract(), seed: 1, runs: 2, maxMs: 30_000, minCoverage: 0 };

/** A port that nobody listens on, for a moment. */
async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("a TCP server has an address");
  return address.port;
}

describe("the bounds of a run", () => {
  it("end it after as many failures as it may have, and the rest is not decided", async () => {
    // It answers nothing: whatever asks for an answer fails.
    const server = await serveSample((socket) => socket.on("message", () => socket.close(1000)));
    cleanups.push(() => server.close());
    const only = ["S-CD-04", "S-CD-05", "S-FR-11", "S-RR-01", "S-HB-02"];
    const report = await checkServer({ ...run, url: server.url, only: ["S-HS-01", ...only], maxFailures: 1 });
    expect(report.exitCode).toBe(1);
    const left = report.outcomes.filter(({ reason }) => reason.includes("the run ends after a failure"));
    expect(left.length).toBeGreaterThan(0);
  }, 60_000);

  it("do not count what the baseline knows", async () => {
    const server = await serveSample(keepContract({ field: "type" }));
    cleanups.push(() => server.close());
    const report = await checkServer({
      ...run,
      url: server.url,
      only: ["S-HS-01", "S-CD-09"],
      maxFailures: 1,
      baseline: [{ check: "S-CD-09", reason: "it says type" }],
    });
    expect(report.outcomes.map(({ id, verdict }) => [id, verdict])).toEqual([
      ["S-HS-01", "pass"],
      ["S-CD-09", "fail"],
    ]);
    expect(report.outcomes[1]?.baseline).toEqual({ reason: "it says type", state: "known" });
    expect(report.conclusion).not.toContain("failed");
  }, 60_000);

  it("end it when the user's credentials run out: every other check would fail alike", async () => {
    const server = await serveSample(keepContract());
    cleanups.push(() => server.close());
    let left = 8;
    const authorize = async () => {
      left -= 1;
      if (left < 0) throw new UsageError("./token.sh: it exited with 3");
      return { headers: { Authorization: "Bearer abc" } };
    };
    const only = ["S-HS-01", "S-CD-01", "S-CD-04", "S-RR-01"];
    const report = await checkServer({ ...run, url: server.url, only, authorize });
    expect(report.exitCode).toBe(2);
    expect(report.harnessFaults[0]?.message).toBe("./token.sh: it exited with 3");
    expect(report.summary).toMatchObject({ fail: 0 });
    expect(report.summary.inconclusive).toBeGreaterThan(0);
  }, 60_000);

  it("let a server take its time until it listens", async () => {
    const port = await freePort();
    const timer = setTimeout(() => {
      const server = new WebSocketServer({ port, host: "127.0.0.1" });
      server.on("connection", keepContract());
      cleanups.push(() => {
        for (const client of server.clients) client.terminate();
        server.close();
      });
    }, 700);
    cleanups.push(() => clearTimeout(timer));
    const report = await checkServer({
      ...run,
      url: `ws://127.0.0.1:${port}`,
      only: ["S-HS-01"],
      waitMs: 20_000,
    });
    expect(report.outcomes[0]?.verdict).toBe("pass");
  }, 60_000);
});
