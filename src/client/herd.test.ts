import { describe, expect, it } from "vitest";
import { workflowClient } from "../../generated/workflow.js";
import type { Reconnect } from "../wire/protocol.js";
import { createClient } from "./client.js";
import { createNetwork, VirtualClock } from "./test-network.js";

const CLIENTS = 1_000;
const CAP_MS = 10_000;
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const declared: Reconnect = {
  ...(workflowClient.reconnect as Reconnect),
  jitter: "full",
  maxDelayMs: CAP_MS,
};
/** The law of attempt n, from 0: uniform from 0 to this. */
const bound = (n: number): number => Math.min(declared.initialDelayMs * declared.factor ** n, CAP_MS);

/** mulberry32: uniform in [0, 1), the same for the same seed. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Drops all clients at once, lets nobody in again, and gives how long each waited for each of its attempts. */
async function waits(
  policy: Partial<Reconnect>,
  random: () => number,
  attempts: number,
): Promise<number[][]> {
  const clock = new VirtualClock();
  const side = { ...workflowClient, reconnect: { ...declared, ...policy, maxAttempts: attempts } };
  const perAttempt: number[][] = Array.from({ length: attempts }, () => []);
  const networks = Array.from({ length: CLIENTS }, () => {
    const network = createNetwork(clock);
    const client = createClient(side, {
      url: "ws://server/",
      WebSocket: network.WebSocket,
      clock,
      random,
      platform: null,
    });
    let endedAt = 0;
    client.onStatus(({ delayMs }) => {
      if (delayMs !== undefined) endedAt = clock.time;
    });
    network.onSocket = (socket) => {
      const { state, attempt } = client.status;
      if (state === "connecting") queueMicrotask(() => socket.accept());
      else {
        perAttempt[attempt - 1]?.push(clock.time - endedAt);
        queueMicrotask(() => socket.end());
      }
    };
    void client.connect();
    return network;
  });
  await clock.advance(0);
  for (const { last } of networks) last.end();
  await clock.advance(attempts * CAP_MS);
  return perAttempt;
}

/** How probable it is that such waits come of the law U(0, bound), by Kolmogorov and Smirnov. */
function plausibility(sample: readonly number[], most: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const n = sorted.length;
  const distance = Math.max(
    ...sorted.map((value, i) => {
      const law = Math.min(Math.max(value / most, 0), 1);
      return Math.max((i + 1) / n - law, law - i / n);
    }),
  );
  const root = Math.sqrt(n);
  const lambda = (root + 0.12 + 0.11 / root) * distance;
  let p = 0;
  for (let k = 1; k <= 100; k++) p += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(Math.max(p, 0), 1);
}

describe(`${CLIENTS} clients that are dropped together, under full jitter with a cap of ${CAP_MS / 1_000} s`, () => {
  it.each(SEEDS)("come back spread by the declared law (seed %i)", async (seed) => {
    const found = await waits({}, uniform(seed), 3);
    for (const [n, sample] of found.entries()) {
      expect(sample.length).toBe(CLIENTS);
      expect(plausibility(sample, bound(n))).toBeGreaterThan(0.001);
    }
  });

  it.each([
    ["have no jitter", { jitter: 0 }, (random: number) => random],
    ["have half of it", {}, (random: number) => 0.5 + random / 2],
    ["are spread before the cap", { jitter: 0.999 }, (random: number) => random],
  ] as const)("are found out when they %s", async (_title, policy, skew) => {
    for (const seed of SEEDS.slice(0, 5)) {
      const random = uniform(seed);
      const [, , capped = []] = await waits(policy, () => skew(random()), 3);
      expect(capped.length).toBe(CLIENTS);
      expect(plausibility(capped, bound(2))).toBeLessThan(0.001);
    }
  });
});
