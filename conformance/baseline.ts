/** Known failures of a subject: exact, with a reason, and never stale. */
import type { Verdict } from "./check.js";
import { requirementOf } from "./requirements.js";
import { UsageError } from "./usage-error.js";

/** One known failure. */
export interface BaselineEntry {
  /** Id of the check that fails. */
  readonly check: string;
  readonly reason: string;
  /** Where the mend is tracked. */
  readonly issue?: string;
  /** The last day (YYYY-MM-DD, UTC) on which it is accepted. */
  readonly expires?: string;
  /** It fails now and then: passing does not make the entry stale. */
  readonly flaky?: boolean;
}

/** The known failures of one subject. */
export type Baseline = readonly BaselineEntry[];

/**
 * What a baseline says to an outcome. `known`: the failure does not fail the run. `stale`: the check passes, the entry must
 * go. `expired`: the day is over. `undecided`: the check came to no verdict about the subject, so nothing can be said.
 */
export interface BaselineNote extends Omit<BaselineEntry, "check"> {
  readonly state: "known" | "stale" | "expired" | "undecided";
}

/** Throws {@link UsageError} for an id that is none, one that stands twice, and a date that is none. */
export function checkBaseline(baseline: Baseline): void {
  const seen = new Set<string>();
  for (const { check, expires } of baseline) {
    if (requirementOf(check) === undefined) {
      throw new UsageError(
        `The baseline names ${check}, and there is no such check. \`wireproof list\` shows all.`,
      );
    }
    if (seen.has(check)) throw new UsageError(`The baseline names ${check} twice. Keep one entry.`);
    seen.add(check);
    if (expires !== undefined && !isDay(expires)) {
      throw new UsageError(
        `In the baseline, ${check} expires on "${expires}", which is no day. Write YYYY-MM-DD.`,
      );
    }
  }
}

/** The outcomes with what the baseline says to each; `today` is YYYY-MM-DD in UTC. */
export function applyBaseline<T extends { readonly id: string; readonly verdict: Verdict }>(
  outcomes: readonly T[],
  baseline: Baseline,
  today: string,
): readonly (T & { readonly baseline?: BaselineNote })[] {
  const entries = new Map(baseline.map((entry) => [entry.check, entry]));
  return outcomes.map((outcome) => {
    const entry = entries.get(outcome.id);
    if (entry === undefined) return outcome;
    const { check: _, ...told } = entry;
    return { ...outcome, baseline: { ...told, state: stateOf(entry, outcome.verdict, today) } };
  });
}

/** True for a failure that a baseline lists: it is told, and does not fail the run. */
export function isKnown({
  baseline,
  verdict,
}: {
  readonly baseline?: BaselineNote;
  readonly verdict: Verdict;
}): boolean {
  return baseline?.state === "known" && (verdict === "fail" || verdict === "warn");
}

/** True for an entry that must be corrected, whatever became of its check. */
export function isOutdated({ baseline }: { readonly baseline?: BaselineNote }): boolean {
  return baseline?.state === "stale" || baseline?.state === "expired";
}

/** What the baseline says to an outcome, and what is to be done about it. */
export function baselineText({ state, reason, issue, expires }: BaselineNote): string {
  const where = issue === undefined ? "" : ` (${issue})`;
  switch (state) {
    case "known":
      return `known: ${reason}${where}${expires === undefined ? "" : `, until ${expires}`}`;
    case "stale":
      return "in the baseline, but it passes: take its entry out";
    case "expired":
      return `in the baseline until ${expires}: mend it, or set another day (${reason})`;
    case "undecided":
      return `in the baseline: ${reason}${where}`;
  }
}

function stateOf(entry: BaselineEntry, verdict: Verdict, today: string): BaselineNote["state"] {
  if (entry.expires !== undefined && entry.expires < today) return "expired";
  if (verdict === "fail" || verdict === "warn") return "known";
  if (verdict === "pass") return entry.flaky === true ? "known" : "stale";
  return "undecided";
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
