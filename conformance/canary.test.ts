import { describe, expect, it } from "vitest";
import { startCanary, worseOf } from "./canary.js";
import { delay, monotonic, watchLag } from "./time.js";

describe("the canary", () => {
  it("measures a round trip that a blocked loop makes longer, and forgets it after a while", async () => {
    const canary = await startCanary();
    try {
      await delay(300);
      const until = monotonic() + 250;
      // It blocks on purpose: that is the lateness to be measured.
      while (monotonic() < until);
      await delay(400);
      // The block may fall between two pings: then the loop's own watch is the one to see it.
      expect(canary.worst()).toBeGreaterThan(0);
      expect(canary.recent()).toBeLessThanOrEqual(canary.worst());
    } finally {
      await canary.stop();
    }
  });

  it("adds to what the loop's watch sees, and takes nothing from it", async () => {
    const loop = watchLag();
    const canary = { recent: () => 80, worst: () => 90, stop: async () => undefined };
    const both = worseOf(loop, canary);
    expect(both.recent()).toBeGreaterThanOrEqual(80);
    expect(both.worst()).toBeGreaterThanOrEqual(90);
    both.stop();
  });
});
