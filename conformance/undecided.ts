/** Cases that decided nothing: what makes one, and how they are tried again. */
import type { Scene } from "./check.js";
import type { CaseOutcome, Undecided } from "./property.js";
import { monotonic } from "./time.js";

/** So long is spent on cases that decided nothing (milliseconds), and so often each is tried again. */
const LATER = { ms: 8000, turns: 2 } as const;

/** Where so many cases say the same a second time, the others would as well: it is not for want of a processor. */
const HARDENED = 3;

/** A case that decided nothing. */
export interface Open {
  readonly index: number;
  readonly outcome: Undecided;
}

/** True for a case that came to no decision. */
export function isUndecided(outcome: CaseOutcome): outcome is Undecided {
  return outcome.verdict === "inconclusive" || outcome.verdict === "untestable";
}

/** How the reason of a case without a witness begins. */
const NO_WITNESS = "no witness";

/** True where there was no witness: the subject was silent, or had no processor. */
export function lacksWitness({ reason }: Undecided): boolean {
  return reason.startsWith(NO_WITNESS);
}

/**
 * True for a case that might have decided at another moment, and in whose silence a fault may hide. What the document
 * puts out of reach (a state that nobody can hold, a command that no exchange provokes) is neither.
 */
export function isDoubtful(outcome: Undecided): boolean {
  return outcome.tooLate === true || lacksWitness(outcome);
}

/** What looks like a fault is none where the kit's own silence or lateness explains it as well. */
export function excused(outcome: CaseOutcome, { excuse }: Pick<Scene, "excuse">): CaseOutcome {
  if (excuse === undefined || outcome.verdict === "pass" || outcome.verdict === "blocked") return outcome;
  if ("certain" in outcome) return outcome;
  return { verdict: "inconclusive", reason: excuse, tooLate: true };
}

/**
 * Tries doubtful cases again, one after another when all others are over; gives those that are still open.
 * `again` gives undefined when it has come to a decision.
 */
export async function decideLater(
  cases: readonly Open[],
  again: (one: Open, turn: number) => Promise<Undecided | undefined>,
): Promise<Open[]> {
  const until = monotonic() + LATER.ms;
  const hard = new Map<string, number>();
  let open = [...cases];
  for (let turn = 1; turn <= LATER.turns; turn += 1) {
    const still: Open[] = [];
    for (const one of open) {
      const kind = one.outcome.reason;
      if (!isDoubtful(one.outcome) || monotonic() > until || (hard.get(kind) ?? 0) >= HARDENED) {
        still.push(one);
        continue;
      }
      const outcome = await again(one, turn);
      if (outcome === undefined) continue;
      still.push({ index: one.index, outcome });
      if (outcome.reason === kind) hard.set(kind, (hard.get(kind) ?? 0) + 1);
    }
    open = still;
  }
  return open;
}
