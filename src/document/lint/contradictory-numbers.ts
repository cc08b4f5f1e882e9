/** Numbers of an extension that fit each alone, and not together. */

import type { Endpoint } from "../../contract/contract.js";
import type { Finding } from "../finding.js";
import { type LintContext, type LintRule, remarkOn } from "./rule.js";

const NAME = "contradictory-numbers";

/** Delays do not start above their cap, and patience outlasts the pings that it waits for. */
export const contradictoryNumbers: LintRule = {
  name: NAME,
  says: "The numbers of an extension fit together.",
  check: (context) =>
    context.contract.endpoints.flatMap((endpoint) => [
      ...checkReconnect(context, endpoint),
      ...checkHeartbeat(context, endpoint),
    ]),
};

function checkReconnect(context: LintContext, { reconnect }: Endpoint): Finding[] {
  if (reconnect === undefined || reconnect.initialDelayMs <= reconnect.maxDelayMs) return [];
  return [
    remarkOn(context, NAME, reconnect, {
      severity: "error",
      message: `The first delay (${reconnect.initialDelayMs} ms) is above the longest (${reconnect.maxDelayMs} ms).`,
      mend: "Lower `initialDelayMs`, or raise `maxDelayMs`.",
    }),
  ];
}

function checkHeartbeat(context: LintContext, { heartbeat }: Endpoint): Finding[] {
  const interval = heartbeat?.intervalMs;
  const patience = heartbeat?.patience;
  if (heartbeat === undefined || typeof interval !== "number" || patience === undefined) return [];
  if (patience.ms > interval) return [];
  return [
    remarkOn(context, NAME, heartbeat, {
      severity: "error",
      message: `Patience (${patience.ms} ms) ends before the next ping is due (${interval} ms).`,
      mend: "Raise `patience.ms` above `intervalMs`.",
    }),
  ];
}
