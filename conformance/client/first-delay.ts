/** C-RC-01: after a reset the first attempt comes in the declared window. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { meet, tooLate } from "./meeting.js";
import { firstDelay, type ScaledWindow } from "./reconnecting.js";

/** So many clients are dropped, each once. */
const DROPS = 3;

/** C-RC-01. */
export const firstDelayCheck: ClientCheck = {
  id: "C-RC-01",
  safe: true,
  smoke: true,
  shortestMs: (context) => firstDelay(context)?.maxMs ?? 0,
  async run(context) {
    const window = firstDelay(context);
    if (window === undefined) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    const property = await runProperty(context, {
      label: "reset",
      examples: Array.from({ length: DROPS }, (_, index) => index + 1),
      waits: true,
      script: (_, scene: ClientCase) => dropped(context, scene, window),
    });
    return resultOf(property, {
      pass: `${DROPS} clients came back within ${span(window)} of a reset`,
    });
  },
};

async function dropped(
  context: ClientContext,
  scene: ClientCase,
  window: ScaledWindow,
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  peer.destroy();
  const droppedAt = scene.now();
  const latest = window.maxMs + context.graceMs();
  const attempt = await scene.attempt(latest);
  const expected = `an attempt ${span(window)} after the reset`;
  if (attempt === undefined) {
    if (!context.canTime(window.maxMs)) return tooLate(context);
    const alive = client.gone === undefined ? "" : ` (the client ${client.gone})`;
    return {
      verdict: "fail",
      reason: "the client did not come back",
      expected,
      got: `none within ${Math.round(latest)} ms${alive}`,
      mend: "After an end without Close, wait the declared delay and connect again.",
    };
  }
  const delay = attempt.atMs - droppedAt;
  if (delay >= window.minMs - context.lowerToleranceMs(window.minMs)) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "the client came back too soon",
    expected,
    got: `one after ${Math.round(delay)} ms`,
    mend: "Wait before the first attempt as well: servers that restart are flooded by clients that do not.",
  };
}

function span({ minMs, maxMs }: ScaledWindow): string {
  const [from, to] = [Math.round(minMs), Math.round(maxMs)];
  return from === to ? `${from} ms` : `${from} to ${to} ms`;
}
