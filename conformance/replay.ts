/** Plays the failures of a report again: each alone, in the very case in which it was found, and says what became of it. */
import type { Outcome, ReplayRecord, Report } from "./report/report.js";
import { UsageError } from "./usage-error.js";

/** What became of a failure: `error` says that nothing could be told this time. */
export type ReplayState = "fixed" | "failed" | "error";

/** One failure, played again. */
export interface Replayed {
  readonly id: string;
  readonly state: ReplayState;
  /** One sentence. */
  readonly reason: string;
  /** What was found this time. */
  readonly outcome?: Outcome;
}

/** What is to be run for one failure. */
export interface ReplayRun {
  /** Ids of the checks. */
  readonly only: readonly string[];
  readonly seed: number;
  /** The recorded case, by id; without it the check is run whole. */
  readonly replay?: Readonly<Record<string, ReplayRecord>>;
}

/**
 * The outcomes of a report that can be played again: all that failed or warned, or the one with this id. Throws
 * {@link UsageError} for an id that the report does not hold.
 */
export function replayable(report: Report, id?: string): readonly Outcome[] {
  if (id === undefined) {
    return report.outcomes.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  }
  const found = report.outcomes.find((outcome) => outcome.id === id.toUpperCase());
  if (found !== undefined) return [found];
  const known = replayable(report).map((outcome) => outcome.id);
  throw new UsageError(
    `The report has no check ${id}. ${known.length === 0 ? "None failed in it." : `Those that failed: ${known.join(", ")}.`}`,
  );
}

/** Plays one failure: its recorded case, and where that decides nothing the whole check. */
export async function replayOutcome(
  recorded: Outcome,
  seed: number,
  run: (what: ReplayRun) => Promise<Report>,
): Promise<Replayed> {
  const { id, replay } = recorded;
  if (recorded.verdict === "pass") {
    return { id, state: "fixed", reason: "it passed in the report: there is nothing to play again" };
  }
  const whole: ReplayRun = { only: [id, ...(replay?.with ?? [])], seed: replay?.seed ?? seed };
  if (replay?.label !== undefined) {
    const again = judged(recorded, await run({ ...whole, replay: { [id]: replay } }));
    if (again.state !== "error") return again;
  }
  return judged(recorded, await run(whole));
}

function judged(recorded: Outcome, report: Report): Replayed {
  const { id } = recorded;
  const outcome = report.outcomes.find((one) => one.id === id);
  const [fault] = report.harnessFaults;
  if (fault !== undefined) return { id, state: "error", reason: `the kit itself failed: ${fault.message}` };
  if (outcome === undefined) return { id, state: "error", reason: "the check was not run" };
  const found = { id, outcome };
  switch (outcome.verdict) {
    case "pass":
      return { ...found, state: "fixed", reason: outcome.reason };
    case "fail":
    case "warn":
      return { ...found, state: "failed", reason: likeness(recorded, outcome) };
    default:
      if (outcome.flaky) return { ...found, state: "failed", reason: outcome.reason };
      return { ...found, state: "error", reason: `${outcome.verdict}: ${outcome.reason}` };
  }
}

/** Whether it is the same fault: numbers and values of a session differ from run to run. */
function likeness(recorded: Outcome, outcome: Outcome): string {
  const plain = (text: string | undefined): string => (text ?? "").replace(/"[^"]*"|[\da-f-]{8,}|\d+/gi, "#");
  const same = plain(recorded.got ?? recorded.reason) === plain(outcome.got ?? outcome.reason);
  return same ? `as in the report: ${outcome.reason}` : `otherwise than in the report: ${outcome.reason}`;
}
