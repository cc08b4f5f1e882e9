/** C-HB-06: after any number of reconnects there is one stream of beats. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, Peer } from "./check.js";
import { meet, tooLate } from "./meeting.js";
import { delayWindow, nextAttempt } from "./reconnecting.js";
import { pongWitness } from "./witness.js";

/** So often the connection is lost, where the policy makes as many attempts. */
const RECONNECTS = 5;

/** So many intervals are watched: each stream beats once in the first. */
const WATCHED = 1.5;

/** C-HB-06. */
export const beatStreams: ClientCheck = {
  id: "C-HB-06",
  shortestMs: (context) =>
    stepsOf(context).reduce((sum, { delayMs, healthyMs }) => sum + delayMs + healthyMs, 0) +
    WATCHED * (context.heartbeatMs ?? 0),
  async run(context) {
    const { heartbeatMs } = context;
    if (heartbeatMs === undefined) {
      const reason = "the interval is told by the server: C-HB-07 judges whether it is adopted";
      return { verdict: "untestable", reason, cases: 0 };
    }
    const steps = stepsOf(context);
    if (steps.length === 0) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    const property = await runProperty(context, {
      label: "reconnects",
      examples: [steps.length],
      waits: true,
      script: (_, scene: ClientCase) => count(context, scene, steps, heartbeatMs),
    });
    return resultOf(property, {
      pass: `after ${steps.length} reconnects no two beats came in one interval`,
    });
  },
};

/** One reconnect: after which delay it comes, as attempt `n` since the last reset, and how long its connection then lasts. */
interface Step {
  readonly n: number;
  readonly delayMs: number;
  readonly healthyMs: number;
}

/** The quickest way to that many reconnects: a connection lasts only where the next delay would be longer than that. */
function stepsOf(context: Pick<ClientContext, "endpoint" | "scaled">): readonly Step[] {
  const resetMs = context.scaled(context.endpoint.reconnect?.resetAfterMs ?? 0);
  const steps: Step[] = [];
  let n = 0;
  for (let index = 0; index < RECONNECTS; index += 1) {
    const window = delayWindow(context, n);
    const first = delayWindow(context, 0);
    if (window === undefined || first === undefined) break;
    const next = delayWindow(context, n + 1);
    const isLast = index === RECONNECTS - 1;
    const lasts = !isLast && (resetMs === 0 || next === undefined || next.maxMs > first.maxMs + resetMs);
    steps.push({ n, delayMs: window.maxMs, healthyMs: lasts ? resetMs : 0 });
    n = lasts ? 0 : n + 1;
  }
  return steps;
}

async function count(
  context: ClientContext,
  scene: ClientCase,
  steps: readonly Step[],
  intervalMs: number,
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  let { peer } = met;
  // A stream begins with the connection, and may begin with a beat: none of them at once.
  for (const { n, healthyMs } of steps) {
    peer.destroy();
    const window = delayWindow(context, n);
    if (window === undefined) break;
    const arrival = await nextAttempt(context, scene, window, scene.now());
    if (arrival.kind === "none") return { verdict: "blocked", by: n === 0 ? "C-RC-01" : "C-RC-02" };
    const accepted = await arrival.attempt.accept();
    if (accepted === undefined) return { verdict: "inconclusive", reason: "the client gave its attempt up" };
    peer = accepted;
    const witness = await pongWitness(context, scene, peer);
    if (!witness.ok) return { verdict: "inconclusive", reason: "a connection gave no pong" };
    if (healthyMs > 0) await scene.wait(healthyMs + context.graceMs());
  }
  const beats = await watch(context, scene, peer, intervalMs);
  for (const [index, atMs] of beats.entries()) {
    const before = beats[index - 1];
    if (before === undefined) continue;
    const early = intervalMs - (atMs - before);
    if (early <= context.lowerToleranceMs(intervalMs) + context.lagMs()) continue;
    if (!context.canTime(intervalMs)) return tooLate(context);
    return {
      verdict: "fail",
      reason: `${beats.length} beats came in ${WATCHED} intervals after ${steps.length} reconnects`,
      expected: `one ping in each ${Math.round(intervalMs)} ms`,
      got: `two within ${Math.round(atMs - before)} ms`,
      mend: "Stop the heartbeat of a connection when it ends, whatever ended it, before the next one starts its own.",
    };
  }
  // Without any beat nothing is known of their number.
  return beats.length === 0 ? { verdict: "blocked", by: "C-HB-01" } : { verdict: "pass" };
}

async function watch(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  intervalMs: number,
): Promise<readonly number[]> {
  await scene.wait(WATCHED * intervalMs + (peer.beats.length === 0 ? context.graceMs() : 0));
  return peer.beats.map(({ atMs }) => atMs);
}
