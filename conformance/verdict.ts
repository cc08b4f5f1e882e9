/** From verdicts to an exit code: what counts, and when too little was tested. */
import { type BaselineNote, isKnown, isOutdated } from "./baseline.js";
import type { Verdict } from "./check.js";
import type { Level } from "./requirements.js";
import type { RoleName } from "./role.js";

/** How a run ends: 0 conforms, 1 does not, 2 usage or harness error, 3 too little was tested. */
export type ExitCode = 0 | 1 | 2 | 3;

/** The share of the applicable MUST checks that must be decided. */
export const MIN_COVERAGE = 0.8;

/** What the exit code is decided on. */
export interface Decision {
  /** Who is judged. */
  readonly role: RoleName;
  readonly outcomes: readonly {
    readonly level: Level;
    readonly verdict: Verdict;
    /** The launch mode does not let it be observed: it counts for nothing. */
    readonly unobserved?: true;
    /** What the baseline says to it. */
    readonly baseline?: BaselineNote;
    readonly id?: string;
  }[];
  /** Faults of the kit itself. */
  readonly harnessFaults: number;
  /** True when a witness was given at least once. */
  readonly witnessed: boolean;
  /** False where the document promises nothing that could be one: then its absence is not the subject's fault. */
  readonly witnessOwed?: boolean;
  /** The user ended the run before its end. */
  readonly stopped?: boolean;
  readonly minCoverage?: number;
  /** A warning counts as a failure. */
  readonly strict?: boolean;
}

const NO_PROMISE =
  "nothing is proved: the server sent no valid event, and the document promises none. Declare in x-ws-exchanges a command and what it leads to, tagged `witness`";

const NO_WITNESS: Readonly<Record<RoleName, string>> = {
  server: "the server never gave a witness: nothing is proved",
  client:
    "the client never gave a witness (a connection on which it sends a frame or answers a ping, and where it reports an event that it delivers): nothing is proved",
};

/** The exit code, and why it is that one. */
export function decideExit(decision: Decision): { readonly exitCode: ExitCode; readonly reason: string } {
  const { outcomes, role, strict = false, minCoverage = MIN_COVERAGE } = decision;
  if (decision.harnessFaults > 0) {
    return { exitCode: 2, reason: "the kit itself failed: its verdicts are not to be trusted" };
  }
  const failed = outcomes.filter(
    (one) => !isKnown(one) && (one.verdict === "fail" || (strict && one.verdict === "warn")),
  );
  if (failed.length > 0) {
    return { exitCode: 1, reason: `${failed.length} of ${outcomes.length} checks failed` };
  }
  const outdated = outcomes.filter(isOutdated);
  if (outdated.length > 0) {
    const entries = outdated.map(({ id, baseline }) =>
      baseline?.state === "stale" ? `${id} passes` : `${id} expired on ${baseline?.expires}`,
    );
    return { exitCode: 1, reason: `the baseline is out of date: ${entries.join(", ")}; correct its entries` };
  }
  if (decision.stopped === true) {
    const open = outcomes.filter(({ verdict }) => verdict === "inconclusive").length;
    return {
      exitCode: 3,
      reason: `the run was stopped: ${open} of ${outcomes.length} checks were not decided`,
    };
  }
  if (!decision.witnessed) {
    if (decision.witnessOwed === false) return { exitCode: 3, reason: NO_PROMISE };
    return { exitCode: 3, reason: NO_WITNESS[role] };
  }
  const { decided, applicable } = coverage(outcomes);
  if (applicable === 0) return { exitCode: 3, reason: "no MUST check applies: nothing is proved" };
  if (decided / applicable < minCoverage) {
    const share = Math.round((100 * decided) / applicable);
    const wanted = Math.round(100 * minCoverage);
    return {
      exitCode: 3,
      reason: `only ${decided} of ${applicable} applicable MUST checks were decided (${share} %, wanted ${wanted} %)`,
    };
  }
  const known = outcomes.filter(
    ({ verdict, baseline }) =>
      baseline?.state === "known" && (verdict === "fail" || (strict && verdict === "warn")),
  ).length;
  const but =
    known === 0 ? "" : `, but for ${known === 1 ? "a failure" : `${known} failures`} of the baseline`;
  return { exitCode: 0, reason: `the ${role} conforms as far as it was tested${but}` };
}

/** How many of the MUST checks that apply came to a verdict about the subject. */
export function coverage(outcomes: Decision["outcomes"]): {
  readonly decided: number;
  readonly applicable: number;
} {
  const must = outcomes.filter(
    ({ level, verdict, unobserved }) =>
      level === "MUST" && verdict !== "not-applicable" && unobserved !== true,
  );
  const decided = must.filter(
    ({ verdict }) => verdict === "pass" || verdict === "fail" || verdict === "warn",
  );
  return { decided: decided.length, applicable: must.length };
}
