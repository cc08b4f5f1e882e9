/** S-CD-02 and S-CD-09: what is judged of every event of the run, whoever asked for it. */

import { EVENT_FIELD } from "../../src/contract/discriminate.js";
import type { Check, CheckContext, CheckResult } from "../check.js";
import { declaredField } from "../judge.js";
import { notApplicable } from "./blame.js";

/** S-CD-02: every event matches a message that is declared. */
export const declaredEvents: Check = {
  id: "S-CD-02",
  passive: true,
  smoke: true,
  safe: true,
  async run(context) {
    if (context.endpoint.events.length === 0) return notApplicable("the document declares no events");
    const { violations, validMessages } = context.record;
    if (validMessages === 0 && violations.some(({ check }) => check === "S-CD-09")) {
      return { verdict: "untestable", reason: "blocked by S-CD-09", cases: context.record.cases };
    }
    return seen(context, (count) => `each of ${count} events is a declared message with a valid payload`);
  },
};

/** S-CD-09: every event names itself by the declared field. */
export const namedEvents: Check = {
  id: "S-CD-09",
  passive: true,
  smoke: true,
  safe: true,
  async run(context) {
    const field = declaredField(context.endpoint, "event");
    if (field === undefined) return notApplicable("the document declares no field that names events");
    const where = field === EVENT_FIELD ? "its Socket.IO event name" : `\`${field}\``;
    return seen(context, (count) => `each of ${count} events names itself by ${where}`);
  },
};

/** Without events nothing was seen to be right. Violations are charged by the runner, with their transcripts. */
function seen(context: CheckContext, pass: (count: number) => string): CheckResult {
  const { messages, validMessages, cases } = context.record;
  if (messages === 0) {
    return { verdict: "inconclusive", reason: "the server sent no event in the whole run", cases };
  }
  if (validMessages === 0) return { verdict: "inconclusive", reason: "no event could be read", cases };
  return { verdict: "pass", reason: pass(messages), cases };
}
