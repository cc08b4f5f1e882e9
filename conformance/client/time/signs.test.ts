import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reconnectDelay } from "../../../src/contract/backoff.js";
import type { Endpoint, Heartbeat, Reconnect } from "../../../src/contract/contract.js";
import { seededRandom } from "../../random.js";
import { sampleEndpoint } from "../../test-subject.js";
import { measurableScale, readingOf, signsOf, tellingSign } from "./signs.js";

const policy = (more: Partial<Reconnect> = {}): Reconnect => ({
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

const beating: Heartbeat = {
  mode: "application",
  initiator: "client",
  intervalMs: 30_000,
  timeoutMs: 10_000,
  ping: "ping",
  pong: "pong",
};

function endpoint(reconnect?: Reconnect, heartbeat?: Heartbeat): Endpoint {
  const { heartbeat: _, reconnect: __, ...rest } = sampleEndpoint;
  return {
    ...rest,
    ...(reconnect === undefined ? {} : { reconnect }),
    ...(heartbeat === undefined ? {} : { heartbeat }),
  };
}

describe("the time of a client is told", () => {
  it.each([
    ["by one drop, where a policy is declared", endpoint(policy(), beating), "drop", 1],
    ["by the first ping, where none is", endpoint(undefined, beating), "ping", 1],
    [
      "by the first ping, where drops could mislead",
      endpoint(policy({ maxAttempts: 1, jitter: "full" }), beating),
      "ping",
      1,
    ],
    ["by several drops under full jitter", endpoint(policy({ jitter: "full" })), "drop", 2],
  ])("%s", (_, declared, kind, waits) => {
    const telling = tellingSign(signsOf(declared), 0.05);
    expect(telling?.sign.kind).toBe(kind);
    expect(telling?.bounds).toHaveLength(waits);
  });

  it.each([
    ["where nothing is declared", endpoint()],
    ["where no attempt is made", endpoint(policy({ maxAttempts: 0 }))],
    ["where the server pings", endpoint(undefined, { ...beating, initiator: "server" })],
    [
      "where an event tells the interval",
      endpoint(undefined, { ...beating, intervalMs: { message: "said", field: "/text" } }),
    ],
    ["where one delay out of all is all there is", endpoint(policy({ maxAttempts: 1, jitter: "full" }))],
  ])("by nothing %s", (_, declared) => {
    expect(tellingSign(signsOf(declared), 0.05)).toBeUndefined();
  });

  it("by nothing, where the scale is hardly another time", () => {
    expect(tellingSign(signsOf(endpoint(policy({ maxAttempts: 1 }))), 0.97)).toBeUndefined();
  });
});

describe("the scale that is tried", () => {
  it.each([
    [3000, 0.05],
    [1000, 0.15],
    [100, 1],
  ])("leaves a first delay of %i ms long enough to be measured", (initialDelayMs, scale) => {
    expect(measurableScale(signsOf(endpoint(policy({ initialDelayMs }))), 0.05)).toBeCloseTo(scale);
  });
});

/** What a client that lives at this scale waits, attempt by attempt. */
function waitsOf(reconnect: Reconnect, scale: number, draw: () => number, count: number): number[] {
  return Array.from({ length: count }, (_, attempt) => {
    const window = reconnectDelay(reconnect, attempt);
    if (window === undefined) return Number.POSITIVE_INFINITY;
    return (window.minMs + draw() * (window.maxMs - window.minMs)) * scale;
  });
}

const arbitraryPolicy = fc
  .record({
    strategy: fc.constantFrom("exponential" as const, "linear" as const),
    initialDelayMs: fc.integer({ min: 300, max: 10_000 }),
    factor: fc.double({ min: 1, max: 3, noNaN: true }),
    maxDelayMs: fc.integer({ min: 10_000, max: 60_000 }),
    jitter: fc.oneof(fc.constant("full" as const), fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map(policy);

const arbitraryScale = fc.double({ min: 0.02, max: 0.3, noNaN: true });

describe("whatever the policy", () => {
  it("a client that keeps the scaled one is read as scaled, and one that waits for ever as late", () => {
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryScale, fc.integer(), (reconnect, scale, seed) => {
        const telling = tellingSign(signsOf(endpoint(reconnect)), scale);
        fc.pre(telling !== undefined);
        const random = seededRandom(seed);
        const { bounds } = telling;
        const waits = waitsOf(reconnect, scale, () => random.uint32() / 2 ** 32, bounds.length);
        expect(readingOf(bounds, waits)).toBe("scaled");
        expect(readingOf(bounds, [...waits.slice(0, -1), undefined])).toBe("late");
      }),
    );
  });

  it("a client in real time hardly ever passes for a scaled one", () => {
    let scaled = 0;
    let read = 0;
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryScale, fc.integer(), (reconnect, scale, seed) => {
        const telling = tellingSign(signsOf(endpoint(reconnect)), scale);
        fc.pre(telling !== undefined);
        const random = seededRandom(seed);
        read += 1;
        const waits = waitsOf(reconnect, 1, () => random.uint32() / 2 ** 32, telling.bounds.length);
        if (readingOf(telling.bounds, waits) === "scaled") scaled += 1;
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(read).toBeGreaterThan(1000);
    // One in a hundred at most by the bounds themselves, and most policies have none at all.
    expect(scaled / read).toBeLessThan(0.01);
  });

  it("one that comes back at once is read as early where a delay is due", () => {
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryScale, (reconnect, scale) => {
        const telling = tellingSign(signsOf(endpoint(reconnect)), scale);
        fc.pre(telling?.bounds[0] !== undefined && telling.bounds[0].leastMs > 1);
        expect(readingOf(telling.bounds, [0])).toBe("early");
      }),
    );
  });
});
