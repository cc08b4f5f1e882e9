/** C-HB-01: the client's heartbeat beats in each interval, and never faster. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, Peer } from "./check.js";
import { meet, tooLate } from "./meeting.js";
import { endText } from "./witness.js";

/** So many intervals are watched: a client that pings once and then never is seen in the second. */
export const BEATS = 3;

/** C-HB-01. */
export const beats: ClientCheck = {
  id: "C-HB-01",
  safe: true,
  shortestMs: ({ heartbeatMs = 0 }) => BEATS * heartbeatMs,
  async run(context) {
    const { heartbeatMs: intervalMs } = context;
    if (intervalMs === undefined) {
      return {
        verdict: "untestable",
        reason: "the interval is told by the server: C-HB-07 judges whether it is adopted",
        cases: 0,
      };
    }
    const property = await runProperty(context, {
      label: "listening",
      examples: ["idle"],
      waits: true,
      script: (_, scene: ClientCase) => listen(context, scene, intervalMs),
    });
    return resultOf(property, {
      pass: `${BEATS} beats came, one in each interval of ${Math.round(intervalMs)} ms`,
    });
  },
};

async function listen(context: ClientContext, scene: ClientCase, intervalMs: number): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  return judgeBeats(context, scene, met.peer, intervalMs, { count: 0, event: "open" });
}

/** Watches the beats after so many, which an event begins: one in each interval, none sooner. */
export async function judgeBeats(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  intervalMs: number,
  { count: before, event }: { readonly count: number; readonly event: string },
): Promise<CaseOutcome> {
  const openedAt = scene.now();
  const expected = `one ping in each ${Math.round(intervalMs)} ms from ${event}`;
  let last = openedAt;
  let scheduled = openedAt;
  for (let beat = 1; beat <= BEATS; beat += 1) {
    const due = last + intervalMs + context.graceMs();
    while (peer.beats.length < before + beat && peer.end === undefined && scene.now() < due) {
      await scene.wait(Math.min(LOOK_MS, due - scene.now()));
    }
    const at = peer.beats[before + beat - 1]?.atMs;
    if (at === undefined) {
      if (peer.end !== undefined) return ended(peer);
      if (!context.canTime(intervalMs)) return tooLate(context);
      return {
        verdict: "fail",
        reason: `ping ${beat} did not come`,
        expected,
        got: `${beat - 1} in ${Math.round(scene.now() - openedAt)} ms`,
        late: true,
        mend: "Start the heartbeat at open and keep it up: a timer for each interval, whatever else flows.",
      };
    }
    // One that was overdue may be followed by one that is in time: the interval counts from when it was due.
    const early = scheduled + intervalMs - at;
    const toleranceMs = context.lowerToleranceMs(intervalMs);
    if (beat > 1 && early > toleranceMs) {
      // The one before was read some time after it was sent.
      if (early <= toleranceMs + context.lagMs()) return tooLate(context);
      return {
        verdict: "fail",
        reason: `ping ${beat} came too soon`,
        expected,
        got: `ping ${beat} came ${Math.round(at - last)} ms after the one before`,
        mend: "Ping once in each interval: two heartbeats, or one that is faster, cost every server.",
      };
    }
    scheduled = beat === 1 ? at : Math.min(at, scheduled + intervalMs);
    last = at;
  }
  return { verdict: "pass" };
}

/** How often the beats are looked at (milliseconds). */
const LOOK_MS = 25;

function ended(peer: Peer): CaseOutcome {
  return {
    verdict: "inconclusive",
    reason: `the connection ended before the heartbeat was seen: ${endText(peer)}`,
    // A pong of ours that was late is a reason to end it: when nothing else runs it is not.
    tooLate: true,
  };
}
