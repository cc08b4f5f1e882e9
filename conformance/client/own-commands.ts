/** C-CD-01 and C-CD-06: the client's commands, as they were seen on every connection of every check. */

import type { CheckResult } from "../check.js";
import { declaredField } from "../judge.js";
import type { ClientCheck, ClientContext } from "./check.js";

/** C-CD-01: each command is declared, valid, and legal in its state. */
const validCommands: ClientCheck = {
  id: "C-CD-01",
  passive: true,
  // A quick run is over before most clients say anything.
  smoke: false,
  run: async (context) =>
    seen(context, (count) => `each of ${count} commands is declared, valid, and legal in its state`),
};

/** C-CD-06: each command is named by the declared field. */
const namedCommands: ClientCheck = {
  id: "C-CD-06",
  passive: true,
  smoke: false,
  run: async (context) => {
    const field = declaredField(context.endpoint, "command");
    return seen(context, (count) => `each of ${count} commands is named by \`${field}\``);
  },
};

/** Without commands nothing was seen to be right. Violations are charged by the runner, with their transcripts. */
function seen({ record, reports }: ClientContext, pass: (count: number) => string): CheckResult {
  const { cases, messages } = record;
  if (messages > 0) return { verdict: "pass", reason: pass(messages), cases };
  const mend = reports ? "" : "; a driver lets the kit ask for some";
  return { verdict: "inconclusive", reason: `the client sent no command${mend}`, cases };
}

/** Both checks. */
export const ownCommands: readonly ClientCheck[] = [validCommands, namedCommands];
