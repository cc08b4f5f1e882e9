/** The witness of the rows about handshake and frames, where a ping and its pong do as well, and how they speak of it. */
import type { Case, CheckContext, CheckResult, Tester } from "../check.js";
import type { CaseOutcome } from "../property.js";
import { type GiveOptions, pingWitness, type Witness, type WitnessResult } from "../witness.js";

/** How long a pong of RFC 6455 is waited for (milliseconds). */
export function pongPatience(context: CheckContext): number {
  return context.answerMs + context.lagMs();
}

/** The contract's witness, or a ping and its pong where the document owes none. */
export function frameWitness(
  context: CheckContext,
  tester: Tester,
  scene: Case,
  options?: GiveOptions,
): Promise<WitnessResult> {
  const { witness } = context;
  if (witness?.owed === true) return witness.give(tester, scene, options);
  return pingWitness(tester, scene, pongPatience(context));
}

/** What a witness that was not given makes of a case. */
export function withoutWitness(witness: Witness | undefined, result: WitnessResult): CaseOutcome {
  if (result.ok) return { verdict: "pass" };
  const what = witness?.owed === true ? witness.what : "a ping and its pong";
  return {
    verdict: "untestable",
    reason: `no witness: ${what} was not given (expected ${result.expected}; got ${result.got})`,
  };
}

/** The result of a check for which the document offers no witness. */
export function noWitness(what: string): CheckResult {
  return {
    verdict: "untestable",
    reason: `no witness: the document declares no ${what}. Add an exchange tagged witness to x-ws-exchanges.`,
    cases: 0,
  };
}
