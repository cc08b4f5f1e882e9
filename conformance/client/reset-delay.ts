/** C-RC-04: a connection that lasts takes the delays back to the first. */

import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { UPPER_GRACE_MS } from "../time.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { meet, tooLate, withoutWitness } from "./meeting.js";
import { delayWindow, nextAttempt, type ScaledWindow, windowText } from "./reconnecting.js";
import { endText, pongWitness } from "./witness.js";

/** So many attempts fail at most before one lasts. */
const MOST_FAILURES = 6;

/** C-RC-04. */
export const resetDelay: ClientCheck = {
  id: "C-RC-04",
  shortestMs(context) {
    const plan = planOf(context);
    if (plan === undefined) return 0;
    const delays = plan.before.reduce((sum, { maxMs }) => sum + maxMs, 0);
    return delays + healthyMs(context) + plan.first.maxMs;
  },
  async run(context) {
    const plan = planOf(context);
    if (plan === undefined) {
      const reason = "no declared delay can be told from the first one at this time scale";
      return { verdict: "inconclusive", reason, cases: 0 };
    }
    const property = await runProperty(context, {
      label: "healthy",
      examples: [plan.before.length],
      waits: true,
      script: (_, scene: ClientCase) => lasts(context, scene, plan),
    });
    return resultOf(property, {
      pass: `after ${plan.before.length} attempts and a healthy connection of ${Math.round(healthyMs(context))} ms the client came back ${windowText(plan.first)} after its end`,
    });
  },
};

/** The delays before the connection that lasts, and the one after it. */
interface Plan {
  readonly first: ScaledWindow;
  readonly before: readonly ScaledWindow[];
  /** The one that would follow if nothing had been reset; undefined: none would. */
  readonly unreset: ScaledWindow | undefined;
}

/** As few failures as leave the first delay apart from the one that would follow. */
function planOf(context: Pick<ClientContext, "endpoint" | "scaled">): Plan | undefined {
  const first = delayWindow(context, 0);
  if (first === undefined) return undefined;
  const before = [first];
  for (let n = 1; n <= MOST_FAILURES; n += 1) {
    const unreset = delayWindow(context, n);
    if (unreset === undefined || unreset.minMs > first.maxMs + 2 * UPPER_GRACE_MS) {
      return { first, before, unreset };
    }
    before.push(unreset);
  }
  return undefined;
}

function healthyMs({ endpoint, scaled }: Pick<ClientContext, "endpoint" | "scaled">): number {
  return scaled(endpoint.reconnect?.resetAfterMs ?? 0);
}

async function lasts(context: ClientContext, scene: ClientCase, plan: Plan): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  met.peer.destroy();
  let since = scene.now();
  let { peer } = met;
  for (const [n, window] of plan.before.entries()) {
    const arrival = await nextAttempt(context, scene, window, since);
    if (arrival.kind !== "due") return { verdict: "blocked", by: n === 0 ? "C-RC-01" : "C-RC-02" };
    if (n < plan.before.length - 1) {
      arrival.attempt.reset();
      since = scene.now();
      continue;
    }
    const accepted = await arrival.attempt.accept();
    if (accepted === undefined) return { verdict: "inconclusive", reason: "the client gave its attempt up" };
    peer = accepted;
  }
  const witness = await pongWitness(context, scene, peer);
  if (!witness.ok) return withoutWitness(witness);
  await scene.wait(healthyMs(context) + context.graceMs());
  if (peer.end !== undefined) {
    return { verdict: "inconclusive", reason: `the connection did not last: ${endText(peer)}` };
  }
  peer.destroy();
  since = scene.now();
  const arrival = await nextAttempt(context, scene, plan.first, since);
  if (arrival.kind === "due") {
    // On a late machine the grace reaches over to the delay that must not come.
    const isApart = plan.unreset === undefined || arrival.delayMs < plan.unreset.minMs * SURELY;
    return isApart ? { verdict: "pass" } : tooLate(context);
  }
  if (arrival.outcome.verdict !== "fail") return arrival.outcome;
  return {
    ...arrival.outcome,
    reason: "a connection that lasted does not take the delays back to the first",
    mend: `Set the count of attempts to zero when a connection has been healthy for ${context.endpoint.reconnect?.resetAfterMs} ms.`,
  };
}

/** What comes before so much of the longer delay is surely the shorter one. */
const SURELY = 0.95;
