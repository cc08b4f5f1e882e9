import type { Reconnect } from "../wire/protocol.js";

/** What decides how long the next attempt waits. */
export type Backoff = Pick<Reconnect, "strategy" | "initialDelayMs" | "factor" | "maxDelayMs" | "jitter">;

/** Milliseconds before attempt `attempt`, counted from 0 since the last reset (PROTOCOL.md#reconnect). */
export function reconnectDelay(policy: Backoff, attempt: number, random: () => number): number {
  const { strategy, initialDelayMs, factor, maxDelayMs, jitter } = policy;
  // Without an end an exponential delay overflows some day, and infinity times a jitter of nothing is no number.
  const raw = Math.min(
    initialDelayMs * (strategy === "linear" ? attempt + 1 : factor ** attempt),
    Number.MAX_SAFE_INTEGER,
  );
  // Full jitter spreads what the cap has left; any other is applied before the cap, which cuts what is beyond it.
  return jitter === "full"
    ? random() * Math.min(raw, maxDelayMs)
    : Math.min(raw * (1 + jitter * (2 * random() - 1)), maxDelayMs);
}
