/** The schedule of a reconnect policy: between which delays an attempt may be made (PROTOCOL.md#reconnect). */

import type { Reconnect } from "./contract.js";

/** The bounds of one delay, in unscaled milliseconds. */
export interface DelayWindow {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The window of attempt `attempt` (from 0, counted since the last reset); undefined when the policy makes no such attempt. */
export function reconnectDelay(policy: Reconnect, attempt: number): DelayWindow | undefined {
  if (!Number.isInteger(attempt) || attempt < 0) {
    throw new RangeError(`An attempt is counted from 0: got ${attempt}.`);
  }
  if (policy.maxAttempts !== null && attempt >= policy.maxAttempts) return undefined;
  const { initialDelayMs, factor, maxDelayMs, jitter } = policy;
  const grown =
    policy.strategy === "linear" ? initialDelayMs * (attempt + 1) : initialDelayMs * factor ** attempt;
  // Without an end an exponential one overflows some day, and no jitter of infinity is a delay.
  const raw = Math.min(grown, Number.MAX_SAFE_INTEGER);
  const capped = Math.min(raw, maxDelayMs);
  if (jitter === "full") return { minMs: 0, maxMs: capped };
  // Jitter is applied before the cap: a delay beyond it by jitter is cut, not moved.
  return { minMs: Math.min(raw * (1 - jitter), maxDelayMs), maxMs: Math.min(raw * (1 + jitter), maxDelayMs) };
}
