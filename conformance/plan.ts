/** In which order the checks of a run are run, which of them cannot decide in its time, and how long it will take. */
import type { CheckOf, CheckResult } from "./check.js";
import type { Profile } from "./profile.js";
import { requirementOf } from "./requirements.js";
import type { Role } from "./role.js";
import type { SharedRun } from "./run.js";

/** The checks of a run by how they are run. */
export interface Plan<C> {
  /** They mostly wait: all are started at once, the longest first, beside the others. */
  readonly waiting: readonly CheckOf<C>[];
  /** A few at a time. */
  readonly brisk: readonly CheckOf<C>[];
  /** One after another, when nothing else runs. */
  readonly alone: readonly CheckOf<C>[];
  /** They judge what the others have seen. */
  readonly passive: readonly CheckOf<C>[];
  /** Decided without being run. */
  readonly decided: readonly { readonly check: CheckOf<C>; readonly result: CheckResult }[];
  /** How long it will take (milliseconds), roughly: what waits is known, all else is experience. */
  readonly estimateMs: number;
}

/** How many checks run at once; their cases share the places of the run. */
export const CHECKS_AT_ONCE = 4;

/** A check that waits for longer is no load while it does (milliseconds). */
const WAITS_MS = 1500;

/** Plans a run. */
export function planRun<C>(run: SharedRun, role: Role<C>, checks: readonly CheckOf<C>[]): Plan<C> {
  const waiting: { readonly check: CheckOf<C>; readonly ms: number }[] = [];
  const alone: { readonly check: CheckOf<C>; readonly ms: number }[] = [];
  const brisk: CheckOf<C>[] = [];
  const passive: CheckOf<C>[] = [];
  const decided: { readonly check: CheckOf<C>; readonly result: CheckResult }[] = [];
  const { typicalMs, pacedMs } = role;
  const isTried = ({ id }: CheckOf<C>): boolean => {
    const requirement = requirementOf(id);
    return requirement === undefined || role.withoutTrying(requirement) === undefined;
  };
  for (const check of checks) {
    const applies = isTried(check);
    const shortest = applies ? check.shortestMs?.(role.context(check.id)) : undefined;
    if (shortest !== undefined && shortest > run.profile.waitBudgetMs) {
      decided.push({ check, result: tooLong(shortest, run.profile) });
    } else if (check.passive === true) passive.push(check);
    else if (check.alone === true || check.listens === true)
      alone.push({ check, ms: shortest ?? (applies ? typicalMs : 0) });
    else if (shortest !== undefined && shortest > WAITS_MS) waiting.push({ check, ms: shortest });
    else brisk.push(check);
  }
  waiting.sort((a, b) => b.ms - a.ms);
  alone.sort((a, b) => Number(a.check.id === role.last) - Number(b.check.id === role.last));
  // Where cases may not meet at one address they wait for each other as well.
  const waits = waiting.map(({ ms }) => ms);
  const inTurn = run.places < waits.length ? sum(waits) / run.places : 0;
  const applying = brisk.filter(isTried).length;
  // A pace is one for all: what is held back there is not faster for being run at once.
  const briskMs = pacedMs === undefined ? (applying / CHECKS_AT_ONCE) * typicalMs : applying * pacedMs;
  return {
    waiting: waiting.map(({ check }) => check),
    brisk,
    alone: alone.map(({ check }) => check),
    passive,
    decided,
    estimateMs: Math.round(Math.max(briskMs, inTurn, ...waits) + sum(alone.map(({ ms }) => ms))),
  };
}

/** True when the profile runs the check: one that opens no connection does no harm and costs nothing. */
export function belongsTo(
  check: Pick<CheckOf<never>, "passive" | "smoke" | "safe">,
  profile: Profile,
): boolean {
  if (profile.only === undefined) return true;
  if (check.passive === true) return profile.only !== "smoke" || check.smoke !== false;
  return profile.only === "smoke" ? check.smoke === true : check.safe === true;
}

function tooLong(shortestMs: number, profile: Profile): CheckResult {
  const seconds = Math.ceil(shortestMs / 1000);
  const most = Math.round(profile.waitBudgetMs / 1000);
  return {
    verdict: "inconclusive",
    reason: `needs ${seconds} s, and the profile ${profile.name} waits at most ${most} s for one decision; use --profile nightly, or --time-scale where the subject can run faster`,
    cases: 0,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
