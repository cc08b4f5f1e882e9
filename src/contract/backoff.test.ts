import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reconnectDelay } from "./backoff.js";
import type { Reconnect } from "./contract.js";

const policy = (more: Partial<Reconnect>): Reconnect => ({
  strategy: "exponential",
  initialDelayMs: 3000,
  factor: 2,
  maxDelayMs: 48_000,
  jitter: 0,
  maxAttempts: 5,
  onCleanClose: false,
  resetAfterMs: 5000,
  connectTimeoutMs: 10_000,
  offline: "reject",
  restore: [],
  ...more,
});
const delays = (more: Partial<Reconnect>, count = 6) =>
  Array.from({ length: count }, (_, attempt) => reconnectDelay(policy(more), attempt)?.maxMs);

describe("The delay before a reconnect", () => {
  it.each([
    ["exponential: min(initial·factorⁿ, max)", {}, [3000, 6000, 12_000, 24_000, 48_000, undefined]],
    ["capped", { initialDelayMs: 1000, maxDelayMs: 10_000 }, [1000, 2000, 4000, 8000, 10_000, undefined]],
    [
      "linear: min(initial·(n+1), max)",
      { strategy: "linear" as const },
      [3000, 6000, 9000, 12_000, 15_000, undefined],
    ],
    ["without end", { maxAttempts: null, maxDelayMs: 5000 }, [3000, 5000, 5000, 5000, 5000, 5000]],
    ["never", { maxAttempts: 0 }, [undefined, undefined]],
  ])("is %s", (_, more, expected) => {
    expect(delays(more, expected.length)).toEqual(expected);
  });

  it("lies within ± jitter of the delay, before the cap", () => {
    const window = (attempt: number) =>
      reconnectDelay(
        policy({ initialDelayMs: 1000, maxDelayMs: 5000, jitter: 0.5, maxAttempts: null }),
        attempt,
      );
    expect([0, 1, 2, 3, 4].map(window)).toEqual([
      { minMs: 500, maxMs: 1500 },
      { minMs: 1000, maxMs: 3000 },
      { minMs: 2000, maxMs: 5000 },
      { minMs: 4000, maxMs: 5000 },
      { minMs: 5000, maxMs: 5000 },
    ]);
  });

  it("lies between 0 and the capped delay under full jitter", () => {
    expect(reconnectDelay(policy({ jitter: "full" }), 4)).toEqual({ minMs: 0, maxMs: 48_000 });
  });

  it("is a window that never exceeds the cap, however late the attempt", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
        const { minMs = -1, maxMs = -1 } =
          reconnectDelay(policy({ jitter, maxAttempts: null }), attempt) ?? {};
        expect(minMs).toBeGreaterThanOrEqual(0);
        expect(minMs).toBeLessThanOrEqual(maxMs);
        expect(maxMs).toBeLessThanOrEqual(48_000);
      }),
    );
  });

  it("has no attempt before the first", () =>
    expect(() => reconnectDelay(policy({}), -1)).toThrow(RangeError));
});
