/** The role of a client in an execution. */
import type { CheckResult } from "../check.js";
import { notDeclared } from "../needs.js";
import type { Outcome } from "../report/report.js";
import { type Requirement, requirementOf } from "../requirements.js";
import type { Role } from "../role.js";
import type { ClientContext, LaunchMode } from "./check.js";
import { createClientContext } from "./context.js";
import { clientWords } from "./first-words.js";
import { observableIn } from "./observable.js";
import type { ClientRun } from "./run.js";

/** What a check takes (milliseconds), by experience: at rest, and for each random case, which launches a client. */
const TYPICAL = { restMs: 2000, caseMs: 250 } as const;

/** Rows that own the absence of a witness, in the order in which they are believed: no connection, no pong, no event. */
const OWNERS = {
  unconnected: ["C-HS-01", "C-FR-05"],
  undelivered: ["C-CD-02", "C-SM-03", "C-FR-04"],
} as const;

/** The rows about reading commands; the first that failed blocks the others. */
const READING = ["C-CD-06", "C-CD-01"] as const;

/** The role of the clients that a run judges. */
export function clientRole(
  run: ClientRun,
  replay: Role<ClientContext>["replayCommand"],
): Role<ClientContext> {
  const { launcher, proved, record } = run;
  return {
    name: "client",
    gate: "C-HS-01",
    typicalMs: TYPICAL.restMs + TYPICAL.caseMs * run.runs,
    throwsUsage: true,
    context: (check) => createClientContext(run, check),
    withoutTrying: (requirement) =>
      notDeclared(requirement, run.endpoint) ?? notObservable(launcher.mode, requirement),
    // A request that is not right is a fault of its own: as long as it leads to a connection the rest can be tried.
    isShut: ({ verdict }) => verdict === "fail" && !proved.connected,
    reach: async () => undefined,
    // Each case has clients of its own: one that is gone takes no other along.
    gone: async () => undefined,
    death: {
      expected: "the client lives on whatever a server sends",
      mend: "Look into what the client wrote last, then repeat with one of these checks alone (--only).",
    },
    firstWords: (fully) => clientWords(run, fully),
    ownersOfSilence(checks) {
      const ids: readonly string[] = proved.connected ? OWNERS.undelivered : OWNERS.unconnected;
      return ids.flatMap((id) => checks.filter((check) => check.id === id));
    },
    async restingOnWitness(checks) {
      return proved.connected ? checks.filter(({ id }) => requirementOf(id)?.observes === "report") : checks;
    },
    blockOutcomes: (outcomes) => {
      const unreadable = record.messages > 0 && record.validMessages === 0;
      const cause = READING.find((id) => outcomes.some((one) => one.id === id && one.verdict === "fail"));
      if (!unreadable || cause === undefined) return outcomes;
      return outcomes.map((outcome) => (restsOnCommands(outcome, cause) ? blocked(outcome, cause) : outcome));
    },
    replayCommand: replay,
  };
}

/** What cannot be seen in this launch mode, whatever the client does. */
function notObservable(mode: LaunchMode, requirement: Requirement): CheckResult | undefined {
  switch (observableIn(requirement, mode)) {
    case "hidden":
      return {
        verdict: "not-applicable",
        reason: `there is no such thing in mode ${mode}: ${requirement.hidden?.what}`,
        cases: 0,
      };
    case "none":
      return { verdict: "untestable", reason: "no driver", unobserved: true, cases: 0 };
    default:
      return undefined;
  }
}

/** Where not one command could be read, rows about commands say nothing of their own. */
function restsOnCommands({ id, verdict }: Outcome, cause: string): boolean {
  if (id === cause || verdict === "not-applicable" || verdict === "untestable") return false;
  if (READING.some((reading) => reading === id)) return true;
  if (verdict === "pass") return false;
  const needs = requirementOf(id)?.needs ?? [];
  return ["commands", "heartbeat-by-client", "reply", "restore", "opening", "lifecycle"].some((need) =>
    needs.some((one) => one === need),
  );
}

/** What stays is what names the row: the evidence of a row that is not judged would only mislead. */
function blocked(outcome: Outcome, cause: string): Outcome {
  const { expected, got, mend, counterexample, replay, ...rest } = outcome;
  return { ...rest, verdict: "untestable", reason: `blocked by ${cause}`, transcript: [] };
}
