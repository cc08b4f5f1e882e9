/**
 * A root cause is reported once: rows that failed only because events could not be read, or because what another
 * connection had caused came to theirs, are not failures of their own.
 */
import type { Check, RunRecord } from "../check.js";
import type { Outcome } from "../report/report.js";

/** The rows about reading events; each may block the others. */
const READING = ["S-CD-09", "S-CD-02"] as const;

/** The row about what reaches the wrong connection: cases that others disturb fail now and then. */
const STRAY = "S-SM-07";

/** Rows that need no event of the contract. */
export const FREE = /^S-(?:HS|FR)-/;

/** Rows that own the silence of a server, and, where it speaks, a witness that is not what it should be; the first first. */
const OWNERS = {
  silent: ["S-RR-01", "S-HB-02", "S-SM-04"],
  speaking: ["S-SM-01", "S-CD-01", "S-CD-11"],
} as const;

/** Those of the checks that may own the absence of a witness, in the order in which they are believed. */
export function ownersOfSilence(checks: readonly Check[], record: RunRecord): readonly Check[] {
  const ids = record.messages === 0 ? OWNERS.silent : [...OWNERS.silent, ...OWNERS.speaking];
  return ids.flatMap((id) => checks.filter((check) => check.id === id));
}

/** Turns what rests on unreadable events, or comes and goes with what others do, into `untestable: blocked by …`. */
export function blockOutcomes(outcomes: readonly Outcome[], record: RunRecord): readonly Outcome[] {
  const strays = outcomes.some(({ id, verdict }) => id === STRAY && verdict === "fail");
  const steady = outcomes.map((one) => (strays && one.flaky && one.id !== STRAY ? blocked(one, STRAY) : one));
  return blockByReading(steady, record);
}

function blockByReading(outcomes: readonly Outcome[], record: RunRecord): readonly Outcome[] {
  const causes = READING.filter((id) => outcomes.some((one) => one.id === id && one.verdict === "fail"));
  const [main] = causes;
  if (main === undefined) return outcomes;
  const nothingReadable = record.messages > 0 && record.validMessages === 0;
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
  const { expected, got, mend, counterexample, replay, flakiness, ...rest } = outcome;
  return { ...rest, verdict: "untestable", reason: `blocked by ${cause}`, flaky: false, transcript: [] };
}
