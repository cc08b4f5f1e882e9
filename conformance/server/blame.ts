/** What every case of a codec, reply or state check needs around its own script: witnesses, and whose fault it is. */

import type { Case, CaseViolation, CheckContext, CheckResult, Tester } from "../check.js";
import type { CaseOutcome } from "../property.js";

/** Rows about single events: while one of their frames cannot be read, nothing that rests on it can be decided. */
const UNREADABLE: ReadonlySet<string> = new Set(["S-CD-02", "S-CD-09"]);

/** Rows whose violations the Monitor finds in legal traffic. */
const MONITORED: ReadonlySet<string> = new Set(["S-SM-01", "S-CD-01"]);

/** The row that makes this case undecidable for check `own`, if there is one: a root cause is reported once. */
export function blockedBy(scene: Case, own: string): string | undefined {
  const found = scene.violations.find(({ check }) => check !== own && UNREADABLE.has(check));
  return found?.check;
}

/**
 * What the case says once its script has come to `outcome`. A failure in a case where another row was broken first is
 * blocked by that row; a success is none while the Monitor charges something to this check.
 */
export function concluded(scene: Case, own: string, outcome: CaseOutcome): CaseOutcome {
  const unreadable = blockedBy(scene, own);
  if (unreadable !== undefined && outcome.verdict !== "pass") return { verdict: "blocked", by: unreadable };
  const other = scene.violations.find(({ check }) => check !== own && MONITORED.has(check));
  if (other !== undefined && outcome.verdict !== "pass") return { verdict: "blocked", by: other.check };
  // The script knows what it sent and says so: the Monitor only speaks where the script saw nothing wrong.
  if (outcome.verdict === "fail") return outcome;
  const mine = scene.violations.find(({ check }) => check === own);
  return mine === undefined || unreadable !== undefined ? outcome : failureOf(mine);
}

/** A violation as the failure of a case. */
export function failureOf(violation: CaseViolation): CaseOutcome {
  return {
    verdict: "fail",
    reason: `${violation.got} Expected: ${violation.expected} (${violation.clause}).`,
    expected: violation.expected,
    got: violation.got,
    ...(violation.mend === undefined ? {} : { mend: violation.mend }),
  };
}

/** Gives the witness before anything is tried: without it the case decides nothing. Undefined when it was given. */
export async function witnessBefore(
  context: CheckContext,
  scene: Case,
  tester: Tester,
): Promise<CaseOutcome | undefined> {
  const { witness } = context;
  if (witness === undefined) return { verdict: "untestable", reason: NO_WITNESS };
  const given = await witness.give(tester, scene);
  if (given.ok) return undefined;
  return {
    verdict: "untestable",
    reason: `no witness before the case (${witness.what}): expected ${given.expected}, got ${given.got}`,
  };
}

/** Gives the witness after something was tried; its absence now is the fault of what was tried. */
export async function witnessAfter(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  after: string,
): Promise<CaseOutcome | undefined> {
  const { witness } = context;
  if (witness === undefined) return { verdict: "untestable", reason: NO_WITNESS };
  const given = await witness.give(tester, scene);
  if (given.ok) return undefined;
  return {
    verdict: "fail",
    expected: `${witness.what} still works after ${after}: ${given.expected}`,
    got: given.got,
    mend: "Refuse what is wrong and go on: one bad frame of a client must not disturb what comes after it.",
  };
}

/**
 * What a check says of a server that does not give the witness at all, before it spends its patience on every case;
 * undefined where it is given, or where none is owed.
 */
export async function unproved(context: CheckContext, own: string): Promise<CheckResult | undefined> {
  if (context.witness?.owed !== true) return undefined;
  const outcome = await context.inCase("the witness", async (scene) =>
    concluded(
      scene,
      own,
      (await witnessBefore(context, scene, await scene.connect())) ?? { verdict: "pass" },
    ),
  );
  if (outcome.verdict === "untestable") return { ...outcome, cases: 1 };
  if (outcome.verdict === "blocked")
    return { verdict: "untestable", reason: `blocked by ${outcome.by}`, cases: 1 };
  return undefined;
}

/** Why a row is `untestable` where the document offers nothing that a correct server must answer. */
export const NO_WITNESS =
  "no witness: the document names no exchange, reply, heartbeat, obligation or event that could be one; add `x-ws-exchanges` with one tagged `witness`";

/** A row about which the document says nothing. */
export function notApplicable(reason: string): CheckResult {
  return { verdict: "not-applicable", reason, cases: 0 };
}

/** How long "nothing more" was watched for: a reader must know what a silence is worth. */
export function quietNote(context: CheckContext): string {
  return `silence was watched for ${Math.round(context.quietMs())} ms`;
}
