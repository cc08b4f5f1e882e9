/** C-SM-01: while the event that opens the session is withheld, the client sends only what is legal by then. */
import type { CaseViolation } from "../check.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { meet } from "./meeting.js";

/** C-SM-01. */
export const opening: ClientCheck = {
  id: "C-SM-01",
  smoke: true,
  safe: true,
  async run(context) {
    const property = await runProperty(context, {
      label: "withheld",
      examples: ["the event that opens the session"],
      script: (_, scene: ClientCase) => withhold(context, scene),
    });
    return resultOf(property, {
      pass: `without it nothing was sent in ${Math.round(context.quietMs())} ms but what is legal by then`,
    });
  },
};

async function withhold(context: ClientContext, scene: ClientCase): Promise<CaseOutcome> {
  // What the lifecycle owes without any command would open the session as well.
  const met = await meet(context, scene, { obliging: { first: false, commands: false } });
  if ("missing" in met) return met.missing;
  const { peer } = met;
  await peer.ended(context.quietMs());
  const [illegal] = scene.violations.filter(isTooSoon);
  if (illegal !== undefined) {
    return {
      verdict: "fail",
      reason: "a command was sent before the session was open",
      expected: illegal.expected,
      got: illegal.got,
      mend: "Wait for the event that opens the session before the first command; what the application says until then is rejected or queued.",
    };
  }
  return { verdict: "pass" };
}

/** No command could be legal later than it was sent: nothing has been said to the client. */
function isTooSoon({ check, clause }: CaseViolation): boolean {
  return check === "C-SM-01" || (check === "C-CD-01" && clause.endsWith("#lifecycle-9"));
}
