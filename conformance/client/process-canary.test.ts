import { describe, expect, it } from "vitest";
import { delay } from "../time.js";
import { startProcessCanary } from "./process-canary.js";

describe("a process beside the clients", () => {
  it("measures by the clock what its turn takes, and is gone when it is stopped", async () => {
    // Each look at this clock finds it a second later.
    let now = 0;
    const canary = await startProcessCanary(() => {
      now += 1000;
      return now;
    });
    try {
      expect(canary.worst()).toBe(0);
      while (canary.worst() === 0) await delay(20);
      expect(canary.worst()).toBeGreaterThanOrEqual(1000);
    } finally {
      await canary.stop();
    }
    const last = canary.worst();
    await delay(250);
    expect(canary.worst()).toBe(last);
  });
});
