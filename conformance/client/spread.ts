/** C-RC-08: clients that were dropped together come back spread as the declared jitter spreads them. */
import type { Reconnect } from "../../src/contract/contract.js";
import type { CheckResult } from "../check.js";
import type { Failure, Undecided } from "../property.js";
import { CONFIRMATIONS } from "../property.js";
import { isUndecided } from "../undecided.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { tooLate } from "./meeting.js";
import { firstDelay, type ScaledWindow, windowText } from "./reconnecting.js";

/** So many clients are dropped, and so many of them at once where clocks are made to run faster: more would be late. */
const CLIENTS = 30;
const AT_ONCE = { faketime: 8, otherwise: CLIENTS } as const;

/** Fewer delays say nothing about how they are spread. */
const LEAST = 20;

/** A right client exceeds this distance once in a thousand times: Kolmogorov's 1.95 / √n. */
const CRITICAL = 1.95;

/** The window must be so many times as wide as this machine is late. */
const WIDE = 5;

/** C-RC-08. */
export const spread: ClientCheck = {
  id: "C-RC-08",
  alone: true,
  shortestMs: (context) => firstDelay(context)?.maxMs ?? 0,
  async run(context) {
    const window = firstDelay(context);
    const { reconnect } = context.endpoint;
    if (window === undefined || reconnect === undefined) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    if (context.mode === "attach") {
      return { verdict: "untestable", reason: `it takes ${CLIENTS} clients, and one was started`, cases: 0 };
    }
    // One time in a thousand chance alone looks like a fault: it must look so each time.
    let last: Failure | Undecided | undefined;
    for (let turn = 0; turn <= CONFIRMATIONS; turn += 1) {
      const delays = await measure(context, window, turn);
      const outcome = judge(context, delays, window, reconnect);
      if (outcome === undefined) {
        const reason = `the delays of ${delays.length} clients are spread over ${windowText(window)}`;
        return { verdict: "pass", reason, cases: turn + 1 };
      }
      last = outcome;
      if (isUndecided(outcome)) break;
    }
    if (last === undefined) return { verdict: "inconclusive", reason: "no client was dropped", cases: 0 };
    return resultFrom(last);
  },
};

function resultFrom(outcome: Failure | Undecided): CheckResult {
  if (isUndecided(outcome)) return { ...outcome, cases: 1 };
  return { ...outcome, reason: outcome.reason ?? outcome.got, cases: CONFIRMATIONS + 1 };
}

/** The delays of all clients, dropped together as far as they can live at once. */
async function measure(
  context: ClientContext,
  window: ScaledWindow,
  turn: number,
): Promise<readonly number[]> {
  const atOnce = context.lever === "faketime" ? AT_ONCE.faketime : AT_ONCE.otherwise;
  const delays: number[] = [];
  while (delays.length < CLIENTS) {
    const count = Math.min(atOnce, CLIENTS - delays.length);
    const label = `dropped together #${turn + 1}.${delays.length}`;
    const found = await context.inCase(label, (scene) => dropAll(context, scene, window, count));
    delays.push(...found);
    if (found.length < count) break;
  }
  return delays;
}

async function dropAll(
  context: ClientContext,
  scene: ClientCase,
  window: ScaledWindow,
  count: number,
): Promise<readonly number[]> {
  const launched = Array.from({ length: count }, () => scene.launch());
  // Each is answered as it comes: in a row the last would give up before its turn.
  const peers = await Promise.all(Array.from({ length: count }, () => scene.connection()));
  await Promise.all(launched);
  for (const peer of peers) peer.destroy();
  const since = scene.now();
  const delays: number[] = [];
  while (delays.length < count) {
    const attempt = await scene.attempt(since + window.maxMs + context.graceMs() - scene.now());
    if (attempt === undefined) break;
    delays.push(attempt.atMs - since);
  }
  return delays;
}

/** What is wrong with how delays are spread; undefined: nothing. */
function judge(
  context: ClientContext,
  delays: readonly number[],
  window: ScaledWindow,
  reconnect: Reconnect,
): Failure | Undecided | undefined {
  if (delays.length < LEAST) {
    return {
      verdict: "inconclusive",
      reason: `only ${delays.length} of ${CLIENTS} clients came back in time`,
    };
  }
  const lateMs = context.lagMs();
  if (window.maxMs - window.minMs < WIDE * lateMs) return tooLate(context);
  const distance = distanceFrom(lawOf(context, reconnect), delays, lateMs);
  const most = CRITICAL / Math.sqrt(delays.length);
  if (distance <= most) return undefined;
  const sorted = [...delays].sort((a, b) => a - b).map(Math.round);
  return {
    verdict: "warn",
    reason: "clients that were dropped together come back together",
    expected: `delays spread evenly over ${windowText(window)}: at most ${most.toFixed(2)} from that law (Kolmogorov-Smirnov)`,
    got: `${distance.toFixed(2)}: ${sorted.join(", ")} ms`,
    mend: "Draw each delay by chance from the whole declared window, in each client by itself.",
  };
}

/** The share of delays (milliseconds, scaled) that the declared jitter puts at or below one. */
function lawOf({ scaled }: ClientContext, reconnect: Reconnect): (ms: number) => number {
  const { initialDelayMs, jitter, maxDelayMs } = reconnect;
  const cap = scaled(maxDelayMs);
  const capped = Math.min(initialDelayMs, maxDelayMs);
  const [from, to] =
    jitter === "full"
      ? [0, scaled(capped)]
      : [scaled(initialDelayMs * (1 - jitter)), scaled(initialDelayMs * (1 + jitter))];
  // What jitter would put beyond the cap is cut, not moved.
  return (ms) => (ms >= cap ? 1 : Math.min(1, Math.max(0, (ms - from) / (to - from))));
}

/** How far (0 to 1) delays are from a law at most, where each may have come so much later than it was drawn. */
function distanceFrom(law: (ms: number) => number, delays: readonly number[], lateMs: number): number {
  const sorted = [...delays].sort((a, b) => a - b);
  const n = sorted.length;
  return sorted.reduce((most, ms, index) => {
    const tooMany = (index + 1) / n - law(ms);
    const tooFew = law(ms - lateMs - LATE_MS) - index / n;
    return Math.max(most, tooMany, tooFew);
  }, 0);
}

/** What a handshake takes on any machine (milliseconds). */
const LATE_MS = 5;
