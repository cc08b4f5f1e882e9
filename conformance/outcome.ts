/** From what a check found to what the report says of it: what other checks saw is charged to it, and how it is repeated. */
import type { CheckOf, CheckResult } from "./check.js";
import { maskOutcome } from "./report/mask.js";
import type { Outcome } from "./report/report.js";
import { shortTranscript } from "./report/shorten.js";
import { type Requirement, requirementOf } from "./requirements.js";
import type { MutableRecord, SharedRun } from "./run.js";

/** A check that was run, or decided without. */
export interface Decided<C> {
  readonly requirement: Requirement;
  readonly check: CheckOf<C>;
  readonly result: CheckResult;
  /** How long it took (milliseconds). */
  readonly ms: number;
}

/** How a user repeats checks: gets their ids, with commas, and the seed. */
export type ReplayCommand = (ids: string, seed: number) => string;

/** In so many cases a clock must have run out before it counts outside the cases of its own check. */
const CONFIRMED_LATE = 3;

/** A decided check as the report shows it. `replayCommand` says how a user repeats it. */
export function outcomeOf<C>(
  run: SharedRun,
  { requirement, check, result, ms }: Decided<C>,
  replayCommand: ReplayCommand,
): Outcome {
  const { seed } = run;
  const charged = chargedWith(run.record, check, result);
  const final = charged ?? result;
  const softened = final.verdict === "fail" && requirement.level === "SHOULD" ? "warn" : final.verdict;
  // What another check's case brought to light needs that check again.
  const again = charged?.during === undefined ? check.id : `${check.id},${charged.during}`;
  const command = replayCommand(again, seed);
  const failing = softened === "fail" || softened === "warn";
  return maskOutcome(run.mask, {
    id: check.id,
    title: requirement.title,
    sentence: requirement.sentence,
    level: requirement.level,
    verdict: softened,
    reason: final.reason,
    clause: requirement.clause.text,
    clauseUrl: requirement.clause.url,
    ...(result.autobahn === undefined ? {} : { autobahn: result.autobahn }),
    cases: final.cases,
    ...(final.expected === undefined ? {} : { expected: final.expected }),
    ...(final.got === undefined ? {} : { got: final.got }),
    ...(final.mend === undefined ? {} : { mend: final.mend }),
    ...(final.counterexample === undefined ? {} : { counterexample: final.counterexample }),
    ...(failing || final.replay !== undefined
      ? {
          replay: {
            ...(final.replay ?? { seed }),
            ...(charged?.during === undefined ? {} : { with: [charged.during] }),
            command,
          },
        }
      : {}),
    ...(final.unobserved === undefined ? {} : { unobserved: final.unobserved }),
    flaky: final.flaky ?? false,
    ...(final.flakiness === undefined ? {} : { flakiness: final.flakiness }),
    durationMs: Math.round(ms),
    ...(final.notes === undefined || final.notes.length === 0 ? {} : { notes: final.notes }),
    transcript: failing ? shortTranscript(final.transcript ?? []) : [],
  });
}

/** A violation that another check's case brought to light fails the check that owns the rule. */
function chargedWith(
  record: MutableRecord,
  check: Pick<CheckOf<never>, "id" | "passive">,
  result: CheckResult,
): (CheckResult & { readonly during?: string }) | undefined {
  if (result.verdict === "fail" || result.verdict === "not-applicable") return undefined;
  // In its own cases an active check has seen the violation itself, confirmed or shrunk it.
  const charged = record.violations.filter(
    (one) => one.check === check.id && (check.passive === true || one.during !== check.id),
  );
  const hard = charged.filter(({ should }) => should !== true);
  const violation = hard.find(({ late }) => late !== true) ?? hard[0] ?? charged[0];
  if (violation === undefined) return undefined;
  const byCheck = requirementOf(violation.during) !== undefined;
  const where = byCheck ? `in a case of ${violation.during} (${violation.label})` : `in ${violation.label}`;
  const during = byCheck && violation.during !== check.id ? { during: violation.during } : {};
  // A clock that ran out once may have run out for want of a processor: it counts when it runs out again and again.
  if (violation.late === true && new Set(charged.map(({ label }) => label)).size < CONFIRMED_LATE) {
    if (result.verdict !== "pass") return undefined;
    return {
      verdict: "inconclusive",
      reason: `an answer was late ${where}, but not in ${CONFIRMED_LATE} cases: ${violation.got}`,
      cases: Math.max(result.cases, 1),
    };
  }
  const count = record.count(check.id);
  return {
    verdict: violation.should === true ? "warn" : "fail",
    reason: count === 1 ? `seen ${where}` : `seen ${count} times, first ${where}`,
    ...during,
    expected: violation.expected,
    got: violation.got,
    ...(violation.mend === undefined ? {} : { mend: violation.mend }),
    cases: Math.max(result.cases, 1),
    transcript: violation.transcript,
    ...(result.notes === undefined ? {} : { notes: result.notes }),
  };
}
