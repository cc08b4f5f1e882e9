import { describe, expect, it } from "vitest";
import { checkServer } from "../server/check-server.js";
import { FUZZ_KINDS, startFuzzingPeer } from "./fuzzing-peer.js";
import { bench } from "./test-bench.js";

/** What the process may hold after a run (bytes): each connection is bounded, and so many live at once. */
const MEMORY = 1024 * 1024 * 1024;

describe("a peer that keeps nothing at all", () => {
  it.each(FUZZ_KINDS)(
    "brings the kit to a verdict and an exit code: %s",
    async (kind) => {
      const peer = await startFuzzingPeer(kind, 3);
      try {
        const running = checkServer({
          contract: bench.contract,
          channel: "workflow",
          url: peer.url,
          insecure: true,
          seed: 5,
          runs: 2,
          timeScale: 0.05,
          maxMs: 20_000,
        });
        if (kind === "garbage for TLS") {
          // To a user that is a wrong URL: the command line ends with 2.
          await expect(running).rejects.toThrow(/does not speak TLS|Nothing answers/);
          return;
        }
        const report = await running;
        expect([1, 3]).toContain(report.exitCode);
        expect(report.harnessFaults).toEqual([]);
        expect(report.outcomes.every(({ reason }) => reason !== "")).toBe(true);
      } finally {
        await peer.close();
      }
      expect(process.memoryUsage().rss).toBeLessThan(MEMORY);
    },
    90_000,
  );
});
