/** S-HB-01: a server that pings does so in each interval, however idle the connection is. */
import type { Case, Check, CheckContext } from "../check.js";
import { endOf } from "../exchange.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { nextServerPing, serverInterval, tooLate } from "./beats.js";
import { frameWitness, withoutWitness } from "./frame-witness.js";

/** Periods that are watched. */
const PERIODS = 3;

/** S-HB-01. */
export const serverBeats: Check = {
  id: "S-HB-01",
  safe: true,
  shortestMs({ endpoint, scaled }) {
    const interval = endpoint.heartbeat?.intervalMs;
    return typeof interval === "number" ? PERIODS * scaled(interval) : 0;
  },
  async run(context) {
    const property = await runProperty(context, {
      label: "idle",
      examples: ["idle"],
      waits: true,
      script: (_, scene) => idle(context, scene),
    });
    return resultOf(property, { pass: `a beat came in each of ${PERIODS} intervals` });
  },
};

async function idle(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const { handshake } = tester;
  const intervalMs = await serverInterval(context, tester);
  if (intervalMs === undefined) {
    return {
      verdict: "untestable",
      reason: "neither the document nor an event of the server says the interval",
    };
  }
  let last = handshake.kind === "accepted" ? handshake.response.atMs : tester.now();
  for (let period = 0; period < PERIODS; period += 1) {
    // One that comes late is waited for, to say how late it was.
    const timeoutMs = last + 2 * intervalMs + context.graceMs() - tester.now();
    const ping = await nextServerPing(context, scene, tester, { skip: period, timeoutMs });
    const lost = tooLate(context, intervalMs);
    const bound = intervalMs + context.graceMs();
    if (ping === undefined || ping.atMs - last > bound) {
      if (lost !== undefined) return lost;
      const gap = `${Math.round((ping?.atMs ?? tester.now()) - last)} ms`;
      const missing = tester.end === undefined ? `none in ${gap}` : `none, and ${endOf(tester)}`;
      return {
        verdict: "fail",
        expected: `beat ${period + 1} within ${Math.round(intervalMs)} ms of ${period === 0 ? "the opening" : "the one before"}`,
        got: ping === undefined ? missing : `it came after ${gap}`,
        mend: "Ping each connection at the declared interval from its opening, whatever else flows.",
      };
    }
    if (lost !== undefined) return lost;
    last = ping.atMs;
  }
  return withoutWitness(context.witness, await frameWitness(context, tester, scene));
}
