/** In which order the checks of a run are run, which of them cannot decide in its time, and how long it will take. */
import type { Check, CheckResult } from "../check.js";
import { createContext } from "../context.js";
import { missingNeed } from "../needs.js";
import type { Profile } from "../profile.js";
import { requirementOf } from "../requirements.js";
import type { Run } from "../run.js";

/** The checks of a run by how they are run. */
export interface Plan {
  /** They mostly wait: all are started at once, the longest first, beside the others. */
  readonly waiting: readonly Check[];
  /** A few at a time. */
  readonly brisk: readonly Check[];
  /** One after another, when nothing else runs. */
  readonly alone: readonly Check[];
  /** They judge what the others have seen. */
  readonly passive: readonly Check[];
  /** Decided without being run. */
  readonly decided: readonly { readonly check: Check; readonly result: CheckResult }[];
  /** How long it will take (milliseconds), roughly: what waits is known, all else is experience. */
  readonly estimateMs: number;
}

/** How many checks run at once; their cases share the places of the run. */
export const CHECKS_AT_ONCE = 4;

/** A check that waits for longer is no load while it does (milliseconds). */
const WAITS_MS = 1500;

/** What a check takes that waits for nothing but answers (milliseconds), by experience: at rest, for each random case, and paced. */
const TYPICAL = { restMs: 500, caseMs: 60, pacedMs: 8000 } as const;

/** It ends the server's process: nothing can come after it. */
const LAST = "S-RC-05";

/** Plans a run. */
export function planRun(run: Run, checks: readonly Check[]): Plan {
  const waiting: { readonly check: Check; readonly ms: number }[] = [];
  const alone: { readonly check: Check; readonly ms: number }[] = [];
  const brisk: Check[] = [];
  const passive: Check[] = [];
  const decided: { readonly check: Check; readonly result: CheckResult }[] = [];
  const typicalMs = TYPICAL.restMs + TYPICAL.caseMs * run.runs;
  for (const check of checks) {
    const requirement = requirementOf(check.id);
    const applies = requirement === undefined || missingNeed(requirement, run.endpoint) === undefined;
    const shortest = applies ? check.shortestMs?.(createContext(run, check.id)) : undefined;
    if (shortest !== undefined && shortest > run.profile.waitBudgetMs) {
      decided.push({ check, result: tooLong(shortest, run.profile) });
    } else if (check.passive === true) passive.push(check);
    else if (check.alone === true) alone.push({ check, ms: shortest ?? (applies ? typicalMs : 0) });
    else if (shortest !== undefined && shortest > WAITS_MS) waiting.push({ check, ms: shortest });
    else brisk.push(check);
  }
  waiting.sort((a, b) => b.ms - a.ms);
  alone.sort((a, b) => Number(a.check.id === LAST) - Number(b.check.id === LAST));
  // Where cases may not meet at one address they wait for each other as well.
  const waits = waiting.map(({ ms }) => ms);
  const inTurn = run.places < waits.length ? sum(waits) / run.places : 0;
  const applying = brisk.filter(({ id }) => {
    const requirement = requirementOf(id);
    return requirement !== undefined && missingNeed(requirement, run.endpoint) === undefined;
  }).length;
  // A pace is one for all: what is held back there is not faster for being run at once.
  const briskMs =
    run.pacer === undefined ? (applying / CHECKS_AT_ONCE) * typicalMs : applying * TYPICAL.pacedMs;
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
export function belongsTo(check: Check, profile: Profile): boolean {
  if (profile.only === undefined) return true;
  if (check.passive === true) return profile.only !== "smoke" || check.smoke !== false;
  return profile.only === "smoke" ? check.smoke === true : check.safe === true;
}

function tooLong(shortestMs: number, profile: Profile): CheckResult {
  const seconds = Math.ceil(shortestMs / 1000);
  const most = Math.round(profile.waitBudgetMs / 1000);
  return {
    verdict: "inconclusive",
    reason: `needs ${seconds} s, and the profile ${profile.name} waits at most ${most} s for one decision; use --profile nightly, or --time-scale where the server can run faster`,
    cases: 0,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
