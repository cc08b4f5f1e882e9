/** Clocks, patience, and how far the kit itself may be late. */
import { performance } from "node:perf_hooks";

/** Milliseconds from an arbitrary origin, never running backwards. */
export type Clock = () => number;

/** The process's monotonic clock. */
export const monotonic: Clock = () => performance.now();

/** Added to every declared upper bound that has no grace of its own (milliseconds). */
export const UPPER_GRACE_MS = 250;

/** A bound must be so many times the measured lag for a sample to count. */
export const TIMEABLE = 20;

/** No bound on an answer falls below this, whatever the time scale (milliseconds). */
export const ANSWER_FLOOR_MS = 1000;

/** A declared bound on an answer, scaled, but never under {@link ANSWER_FLOOR_MS}. */
export function answerBound(ms: number, timeScale: number): number {
  return Math.max(ANSWER_FLOOR_MS, ms * timeScale);
}

/** Resolves after so many milliseconds, or at once when `signal` aborts; never rejects. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    signal?.addEventListener("abort", done, { once: true });
  });
}

/**
 * The promise's value, or `undefined` when time runs out or `signal` aborts first. The promise is not cancelled: whoever made
 * it owns what it holds.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await Promise.race([promise, delay(ms, controller.signal).then(() => undefined)]);
  } finally {
    controller.abort();
    signal?.removeEventListener("abort", stop);
  }
}

/** Watches how late the kit's own event loop runs, so that lateness of ours is never charged to the subject. */
export interface LagWatch {
  /** The largest lag (milliseconds) seen in the last two seconds. */
  recent(): number;
  /** The largest lag (milliseconds) of the whole run. */
  worst(): number;
  /** All time (milliseconds) for which the loop was not there to read: a clock without it never blames the subject. */
  lost(): number;
  stop(): void;
}

const TICK_MS = 20;
const WINDOW_TICKS = 100;

/** Starts a watch; the caller stops it. */
export function watchLag(clock: Clock = monotonic): LagWatch {
  const window: number[] = [];
  let worst = 0;
  let lost = 0;
  let last = clock();
  const timer = setInterval(() => {
    const now = clock();
    const lag = Math.max(0, now - last - TICK_MS);
    last = now;
    window.push(lag);
    if (window.length > WINDOW_TICKS) window.shift();
    worst = Math.max(worst, lag);
    lost += lag;
  }, TICK_MS);
  return {
    // What has not ticked yet is lag as well: a blocked loop must not look punctual to the callback that runs first.
    recent: () => Math.max(0, clock() - last - TICK_MS, ...window),
    worst: () => worst,
    lost: () => lost + Math.max(0, clock() - last - TICK_MS),
    stop: () => clearInterval(timer),
  };
}

/** How much too early is still on time. */
const TOLERANCE = { mostMs: 50, share: 0.05 } as const;

/** What a bound of time is worth on a machine that is as late as `lag` says. */
export interface TimeBounds {
  /** How late the kit's own loop has been in the last seconds (milliseconds): added to every upper bound. */
  lagMs(): number;
  /** What every declared upper bound is stretched by (milliseconds): grace and measured lag. */
  graceMs(): number;
  /** How much earlier than a declared lower bound still counts as on time (milliseconds): min(50, 5 %). */
  lowerToleranceMs(boundMs: number): number;
  /** True when a sample under this scaled bound (milliseconds) can be told from the measured lag. */
  canTime(boundMs: number): boolean;
}

/** The bounds of time by a watch. */
export function boundsBy(lag: LagWatch): TimeBounds {
  return {
    lagMs: () => lag.recent(),
    graceMs: () => UPPER_GRACE_MS + lag.recent(),
    lowerToleranceMs: (boundMs) => Math.min(TOLERANCE.mostMs, TOLERANCE.share * boundMs),
    canTime: (boundMs) => boundMs >= TIMEABLE * lag.recent(),
  };
}
