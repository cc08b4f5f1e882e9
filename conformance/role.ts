/** What an execution is told by the role of its subject: which row comes first, what cannot be tried, whose fault silence is. */
import type { CheckOf, CheckResult } from "./check.js";
import type { ReplayCommand } from "./outcome.js";
import type { Outcome } from "./report/report.js";
import type { Requirement } from "./requirements.js";

/** The two ends of a connection that can be judged. */
export type RoleName = Requirement["role"];

/** What the first words with a subject have shown. */
export interface FirstWords {
  /** The check that owns the fault of messages that came and of which not one could be read. */
  readonly unreadable?: string;
  /** The witness that the subject owes was missing: what came instead, in words. */
  readonly missing?: string;
}

/** One role in one run; `C` is what its checks are given. */
export interface Role<C> {
  readonly name: RoleName;
  /** Id of the row that comes first: without a handshake nothing else can be tried. */
  readonly gate: string;
  /** Id of the row that ends the subject: nothing can come after it. */
  readonly last?: string;
  /** What a check takes that waits for nothing but answers (milliseconds), by experience. */
  readonly typicalMs: number;
  /** What it takes where all that is sent keeps to one pace; absent: nothing is held back. */
  readonly pacedMs?: number;
  /** A mistake of the user that the gate meets is thrown: nothing has been tried yet that a report could tell. */
  readonly throwsUsage: boolean;
  context(check: string): C;
  /** What is to be said of a row whatever the subject does: that it does not apply, or cannot be observed here. */
  withoutTrying(requirement: Requirement): CheckResult | undefined;
  /** True when the gate's result leaves nothing to try. */
  isShut(gate: CheckResult): boolean;
  /** Asked where the gate is not in the run. Throws UsageError where there is no subject at all. */
  reach(): Promise<void>;
  /** Asked when a case could not reach the subject: what is to be said once it is gone for good, else undefined. */
  gone(message: string, isGate: boolean): Promise<string | undefined>;
  /** What the subject does as long as it lives, and what to do about its death. */
  readonly death: { readonly expected: string; readonly mend: string };
  /** Asks for the witness; `fully`: passive checks are alone, and need something to judge. */
  firstWords(fully: boolean): Promise<FirstWords>;
  /** Those of the checks that may own the absence of a witness, in the order in which they are believed. */
  ownersOfSilence(checks: readonly CheckOf<C>[]): readonly CheckOf<C>[];
  /** Those that rest on the witness which was missing, once its owners were run; `cause` is the one of them that failed. */
  restingOnWitness(checks: readonly CheckOf<C>[], cause: string | undefined): Promise<readonly CheckOf<C>[]>;
  /** Turns what rests on another row's failure into `untestable: blocked by …`. */
  blockOutcomes(outcomes: readonly Outcome[]): readonly Outcome[];
  /** How a user repeats checks, where nobody says it otherwise. */
  readonly replayCommand: ReplayCommand;
}
