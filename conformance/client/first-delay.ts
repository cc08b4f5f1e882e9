/** C-RC-01: after a reset the first attempt comes in the declared window. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { forgetPast, meet } from "./meeting.js";
import { firstDelay, nextAttempt, type ScaledWindow, windowText } from "./reconnecting.js";

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
    // One that somebody has to start is dropped once: it comes back more and more slowly.
    const drops = context.mode === "attach" ? 1 : DROPS;
    const property = await runProperty(context, {
      label: "reset",
      examples: Array.from({ length: drops }, (_, index) => index + 1),
      waits: true,
      script: (_, scene: ClientCase) => dropped(context, scene, window),
    });
    return resultOf(property, {
      pass: `${drops === 1 ? "the client" : `${drops} clients`} came back ${windowText(window)} after a reset`,
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
  await forgetPast(context, scene);
  met.peer.destroy();
  const arrival = await nextAttempt(context, scene, window, scene.now(), met.client);
  return arrival.kind === "due" ? { verdict: "pass" } : arrival.outcome;
}
