/** A root cause is reported once: rows that failed only because events could not be read are not failures of their own. */
import type { RunRecord } from "../check.js";
import type { Outcome } from "../report/report.js";

/** The rows about reading events; each may block the others. */
const READING = ["S-CD-09", "S-CD-02"] as const;

/** Rows that need no event of the contract. */
const FREE = /^S-(?:HS|FR)-/;

/** Turns what rests on unreadable events into `untestable: blocked by …`. */
export function blockOutcomes(outcomes: readonly Outcome[], record: RunRecord): readonly Outcome[] {
  const causes = READING.filter((id) => outcomes.some((one) => one.id === id && one.verdict === "fail"));
  const [main] = causes;
  if (main === undefined) return outcomes;
  const nothingReadable = record.events > 0 && record.validEvents === 0;
  return outcomes.map((outcome) => {
    const { id, verdict } = outcome;
    if (id === main || verdict === "not-applicable") return outcome;
    if (READING.some((reading) => reading === id)) {
      // The payload of an event that does not even name itself says nothing about payloads.
      return nothingReadable && verdict === "pass" ? blocked(outcome, main) : outcome;
    }
    if (verdict === "pass" || (FREE.test(id) && verdict !== "untestable")) return outcome;
    const cause = nothingReadable
      ? main
      : causes.find((id) => outcome.transcript.some((entry) => entry.fault?.startsWith(`${id}:`) === true));
    return cause === undefined ? outcome : blocked(outcome, cause);
  });
}

/** What stays is what names the row: the evidence of a row that is not judged would only mislead. */
function blocked(outcome: Outcome, cause: string): Outcome {
  const { expected, got, mend, counterexample, replay, ...rest } = outcome;
  return { ...rest, verdict: "untestable", reason: `blocked by ${cause}`, transcript: [] };
}
