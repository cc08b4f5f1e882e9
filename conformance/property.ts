/**
 * Properties: examples and boundaries first, then values drawn from an arbitrary, several cases at a time. A failing case
 * must fail three times more before it counts; then fast-check shrinks it along its own path, within a time limit.
 *
 * This file is long because running, confirming and shrinking a case share its state, and its result has one form.
 */
import fc from "fast-check";
import type { Json } from "../src/contract/contract.js";
import type { Case, CheckContext, CheckResult, Scene } from "./check.js";
import { Course, type Move } from "./course.js";
import { RunAborted } from "./interruption.js";
import { playAgain } from "./play-again.js";
import type { ReplayRecord } from "./report/report.js";
import type { TranscriptEntry } from "./transcript.js";
import { decideLater, excused, isDoubtful, isUndecided, lacksWitness, type Open } from "./undecided.js";

/** A case in which the rule was broken. */
export interface Failure {
  readonly verdict: "fail" | "warn";
  readonly expected: string;
  readonly got: string;
  readonly mend?: string;
  readonly reason?: string;
  /** Something came later than it may, and a busy machine is late at times: once is no flake. */
  readonly late?: true;
  /** Its evidence is no end of a connection: a session that the kit's silence ended excuses nothing. */
  readonly certain?: true;
}

/** A case that could not decide. */
export interface Undecided {
  readonly verdict: "inconclusive" | "untestable";
  readonly reason: string;
  /** The machine was too slow to tell: worth another try when nothing else runs. */
  readonly tooLate?: true;
}

/** What one case says about the rule. */
export type CaseOutcome =
  | { readonly verdict: "pass" }
  | Failure
  /** The rule cannot be decided here because of another one, which is reported there. */
  | { readonly verdict: "blocked"; readonly by: string }
  | Undecided;

/** What a property needs of a check's context; `S` is what the cases of its role are. */
export type PropertyContext<S extends Scene> = Pick<
  CheckContext,
  "seed" | "runs" | "profile" | "replay" | "retried"
> & {
  inCase<R>(label: string, script: (scene: S) => Promise<R>): Promise<R>;
};

/** What {@link runProperty} runs. */
export interface PropertyOptions<T, S extends Scene = Case> {
  /** Names the cases: `label #3`. */
  readonly label: string;
  /** Deterministic values, run first: a run without luck still covers the edges. */
  readonly examples?: readonly T[];
  /** The space of random values; absent: the examples are all there is. */
  readonly arbitrary?: fc.Arbitrary<T>;
  /** How many random values; default the run's. */
  readonly runs?: number;
  /** How many cases at once (the run may allow fewer); default 8. */
  readonly concurrency?: number;
  /** How a value looks in the report; default: as JSON. */
  readonly show?: (value: T) => Json;
  /** After so long no further case starts, and the run counts as interrupted (milliseconds). */
  readonly budgetMs?: number;
  /** The cases only wait: a failing one is repeated by several at once, or each repetition would cost its whole wait. */
  readonly waits?: true;
  /** The course is for a script that chooses by what the subject does: it must choose the same when it is repeated. */
  readonly script: (value: T, scene: S, course: Course) => Promise<CaseOutcome>;
}

/** What became of it. */
export interface PropertyResult<T> {
  /** Cases run, reruns and shrinking left out. */
  readonly cases: number;
  readonly passed: number;
  readonly failure?: {
    readonly value: T;
    readonly shown: Json;
    readonly outcome: Failure;
    readonly transcript: readonly TranscriptEntry[];
    readonly replay: ReplayRecord;
    /** What the script chose in it, if it tells. */
    readonly moves: readonly Move[];
    readonly shrinks: number;
  };
  /** Of so many runs of one case so many failed: no verdict can rest on it. */
  readonly flaky?: { readonly failures: number; readonly runs: number; readonly outcome: Failure };
  readonly blocked?: string;
  /** Reasons of the cases that decided nothing. */
  readonly undecided: readonly Undecided[];
  /** Time ran out before every case was run. */
  readonly interrupted: boolean;
}

/** How often a failing case must fail again. */
export const CONFIRMATIONS = 3;

/** How often it is played again at most, with those repetitions that decide nothing. */
const MOST_CONFIRMATIONS = 3 * CONFIRMATIONS;

/** After so many cases without a witness, and none that passed, a property gives up. */
const HOPELESS = 2;

/** After so many without a witness, if they are more than so large a share of all so far, it gives up as well. */
const FORLORN = { cases: 12, share: 0.5 } as const;

/** A case that took longer is repeated by several at once, and not shrunk (milliseconds). */
export const SLOW_CASE_MS = 1500;

/** Shrinking ends after so long (milliseconds): a smaller case is a courtesy, not a verdict. */
const SHRINK_MS = 4000;

/** A property in which a larger share of cases was doubtful to the end has not passed. */
const UNDECIDED_SHARE = 0.1;

/** One case that was played. */
export interface Played {
  /** Label of the case: its randomness hangs on it. */
  readonly name: string;
  readonly outcome: CaseOutcome;
  /** How long it took (milliseconds). */
  readonly ms: number;
  /** What the script chose, if it tells. */
  readonly moves: readonly Move[];
  readonly transcript: readonly TranscriptEntry[];
}

/** Runs a property in the cases of a check. */
export async function runProperty<T, S extends Scene = Case>(
  context: PropertyContext<S>,
  options: PropertyOptions<T, S>,
): Promise<PropertyResult<T>> {
  const { arbitrary, label } = options;
  // A quick run and a safe one take some of many values, from the whole of the list.
  const { only, maxKinds } = context.profile;
  const examples = spread(options.examples ?? [], only === undefined ? Number.POSITIVE_INFINITY : maxKinds);
  const seed = context.seed;
  const runs = options.runs ?? context.runs;
  // The values that fc.check would run under this seed: the index of each is its path.
  const drawn = arbitrary === undefined || runs < 1 ? [] : fc.sample(arbitrary, { seed, numRuns: runs });
  const values = [...examples, ...drawn];
  const deadline = options.budgetMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.budgetMs;
  let open: Open[] = [];
  const failures: { readonly index: number; readonly outcome: Failure; readonly played: Played }[] = [];
  let cases = 0;
  let passed = 0;
  let blocked: string | undefined;
  let next = 0;
  let proved = (): void => undefined;

  const play = (value: T, name: string, moves?: readonly Move[]): Promise<Played> =>
    context.inCase(name, async (scene) => {
      const course = new Course(moves);
      const outcome = excused(await options.script(value, scene, course), scene);
      return { name, outcome, ms: scene.now(), moves: course.taken, transcript: scene.transcript };
    });

  const recorded = context.replay;
  if (recorded?.label === label) {
    return playAgain({ ...options, examples }, recorded, (value, name) => play(value, name, recorded.moves));
  }

  let withoutEvidence = 0;
  // Where the first cases get no witness the others will get none either, and each of them costs its patience.
  const hopeless = (): boolean =>
    (passed === 0 && withoutEvidence >= HOPELESS) ||
    (withoutEvidence >= FORLORN.cases && withoutEvidence > FORLORN.share * cases);

  const worker = async (): Promise<void> => {
    while (next < values.length && failures.length === 0 && !hopeless() && Date.now() < deadline) {
      const index = next;
      next += 1;
      // The index is below values.length: noUncheckedIndexedAccess cannot see it.
      const played = await play(values[index] as T, `${label} #${index + 1}`);
      cases += 1;
      const { outcome } = played;
      if (outcome.verdict === "pass") {
        passed += 1;
        proved();
      } else if (outcome.verdict === "blocked") {
        blocked ??= outcome.by;
        withoutEvidence += 1;
      } else if (!isUndecided(outcome)) {
        failures.push({ index, outcome, played });
      } else {
        open.push({ index, outcome });
        if (lacksWitness(outcome)) withoutEvidence += 1;
      }
    }
  };
  const wanted = Math.min(options.concurrency ?? 8, Math.max(1, values.length));
  const workers: Promise<void>[] = [];
  const start = (count: number): void => {
    while (workers.length < Math.min(count, wanted)) {
      const running = worker();
      // It is looked at when those before it are done; until then its failure is not forgotten, only not yet read.
      running.catch(() => undefined);
      workers.push(running);
    }
  };
  // The first cases go ahead of the others: they tell whether it is worth while.
  proved = () => start(wanted);
  start(options.waits === true ? wanted : HOPELESS);
  const settled: PromiseSettledResult<void>[] = [];
  while (settled.length < workers.length)
    settled.push(...(await Promise.allSettled(workers.slice(settled.length))));
  for (const result of settled) if (result.status === "rejected") throw result.reason;

  if (failures.length === 0 && !hopeless() && Date.now() < deadline) {
    open = await decideLater(open, async ({ index }, turn) => {
      // One that fails now decides the property.
      if (failures.length > 0) return undefined;
      const played = await play(values[index] as T, `${label} #${index + 1}, later ${turn}`);
      const { outcome } = played;
      if (isUndecided(outcome)) return outcome;
      if (outcome.verdict === "pass") passed += 1;
      else if (outcome.verdict === "blocked") blocked ??= outcome.by;
      else failures.push({ index, outcome, played });
      context.retried?.(`${label} #${index + 1}: decided nothing at first`);
      return undefined;
    });
  }
  const undecided = open.map(({ outcome }) => outcome);
  const interrupted = next < values.length && failures.length === 0 && !hopeless();
  const counted = { cases, passed, undecided, interrupted, ...(blocked === undefined ? {} : { blocked }) };
  failures.sort((a, b) => a.index - b.index);
  const found = failures[0];
  if (found === undefined) return counted;

  const value = values[found.index] as T;
  const repeat = (turn: number): Promise<Played> =>
    play(value, `${label} #${found.index + 1}, again ${turn}`, found.played.moves);
  const repeated: Played[] = [];
  // One after another they are no load for each other; where each costs its patience, they cost it once.
  const together = options.waits === true || found.played.ms > SLOW_CASE_MS ? CONFIRMATIONS : 1;
  // Where some failed and others decided nothing the fault may be a race that those have not met: they are made up for.
  const unmet = (): boolean => {
    const decided = repeated.filter(({ outcome }) => !isUndecided(outcome));
    return (
      decided.length > 0 &&
      decided.length < CONFIRMATIONS &&
      decided.every(({ outcome }) => outcome.verdict !== "pass")
    );
  };
  for (let turn = 1; turn <= CONFIRMATIONS || (turn <= MOST_CONFIRMATIONS && unmet()); turn += together) {
    const turns = Array.from({ length: together }, (_, index) => repeat(turn + index));
    for (const result of await Promise.allSettled(turns)) {
      if (result.status === "rejected") throw result.reason;
      repeated.push(result.value);
    }
  }
  const again = repeated.filter(({ outcome }) => outcome.verdict === found.outcome.verdict).length;
  const passedAgain = repeated.filter(({ outcome }) => outcome.verdict === "pass").length;
  const excuse = repeated.find(
    ({ outcome }) => outcome.verdict === "inconclusive" && outcome.tooLate === true,
  );
  if (again < CONFIRMATIONS && passedAgain === 0 && excuse?.outcome.verdict === "inconclusive") {
    return { ...counted, passed: 0, undecided: [excuse.outcome, ...undecided] };
  }
  if (found.outcome.late === true && passedAgain === CONFIRMATIONS && next >= values.length) {
    context.retried?.(`${label} #${found.index + 1}: late once, in time ${CONFIRMATIONS} times`);
    return { ...counted, passed: passed + 1 };
  }
  // A server that gives no witness any more was broken by the first time: it cannot be repeated, and it is no flake.
  if (again < CONFIRMATIONS && (again > 0 || passedAgain > 0)) {
    context.retried?.(`${label} #${found.index + 1}: failed in ${again + 1} of ${repeated.length + 1} runs`);
    return {
      ...counted,
      flaky: { failures: again + 1, runs: repeated.length + 1, outcome: found.outcome },
    };
  }
  const example = found.index < examples.length ? found.index : undefined;
  const path = example === undefined ? String(found.index - examples.length) : undefined;
  const smallest = await shrink(context, options, play, {
    value,
    played: found.played,
    outcome: found.outcome,
    ...(path === undefined ? {} : { path }),
  });
  return {
    ...counted,
    failure: {
      value: smallest.value,
      shown: (options.show ?? asJson)(smallest.value),
      outcome: smallest.outcome,
      transcript: smallest.played.transcript,
      moves: smallest.played.moves,
      replay: {
        seed,
        label,
        case: smallest.played.name,
        ...(example === undefined ? {} : { example }),
        ...(smallest.path === undefined ? {} : { path: smallest.path }),
        ...(smallest.played.moves.length === 0 ? {} : { moves: smallest.played.moves }),
      },
      shrinks: smallest.shrinks,
    },
  };
}

/** At most so many of a list, from its beginning to its end. */
function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return list.filter(
    (_, index) => Math.floor((index * most) / list.length) !== Math.floor(((index - 1) * most) / list.length),
  );
}

interface Failing<T> {
  readonly value: T;
  readonly outcome: Failure;
  readonly played: Played;
  readonly path?: string;
}

/** Follows fast-check down from the failing value; every step is a case of its own. */
async function shrink<T, S extends Scene>(
  context: PropertyContext<S>,
  options: PropertyOptions<T, S>,
  play: (value: T, name: string) => Promise<Played>,
  found: Failing<T>,
): Promise<Failing<T> & { readonly shrinks: number }> {
  const { arbitrary } = options;
  // Durations never shrink: a case that mostly waits would only wait again.
  if (arbitrary === undefined || found.played.ms > SLOW_CASE_MS) return { ...found, shrinks: 0 };
  let smallest = found;
  let shrinks = 0;
  let steps = 0;
  let thrown: unknown;
  const property = fc.asyncProperty(arbitrary, async (value) => {
    if (thrown !== undefined) return true;
    steps += 1;
    try {
      // The first step is the failing value itself, already seen to fail: no need to run it once more.
      const played = steps === 1 ? found.played : await play(value, `${options.label}, smaller ${steps - 1}`);
      const { outcome } = played;
      if (outcome.verdict !== found.outcome.verdict) return true;
      if (steps > 1) {
        // fast-check goes on from the value that failed last: that is the smallest so far.
        smallest = { value, outcome, played };
        shrinks += 1;
      }
      return false;
    } catch (error) {
      thrown = error;
      return true;
    }
  });
  const details = await fc.check(property, {
    seed: context.seed,
    ...(found.path === undefined ? { examples: [[found.value]] } : { path: found.path }),
    numRuns: 1,
    interruptAfterTimeLimit: SHRINK_MS,
    verbose: 0,
  });
  if (thrown instanceof RunAborted) return { ...smallest, shrinks };
  if (thrown !== undefined) throw thrown;
  // The first step down an example has the path "0": without a further one it is the example itself.
  const path = details.counterexamplePath ?? found.path;
  if (found.path === undefined && shrinks === 0) return { ...smallest, shrinks };
  return { ...smallest, shrinks, ...(path === undefined ? {} : { path }) };
}

/** The verdict of a property, as the result of its check. */
export function resultOf<T>(
  property: PropertyResult<T>,
  words: { readonly pass: string; readonly notes?: readonly string[] },
): CheckResult {
  const { cases, failure, flaky } = property;
  const notes = [...(words.notes ?? [])];
  if (failure !== undefined) {
    const { outcome } = failure;
    if (failure.shrinks > 0) notes.push(`shrunk in ${failure.shrinks} steps`);
    return {
      verdict: outcome.verdict,
      // The report says all of `expected` and `got` below it: one line is enough here.
      reason: outcome.reason ?? (outcome.got.length <= 120 ? outcome.got : `${outcome.got.slice(0, 119)}…`),
      expected: outcome.expected,
      got: outcome.got,
      ...(outcome.mend === undefined ? {} : { mend: outcome.mend }),
      cases,
      counterexample: failure.shown,
      replay: failure.replay,
      transcript: failure.transcript,
      ...(notes.length === 0 ? {} : { notes }),
    };
  }
  const noted = notes.length === 0 ? {} : { notes };
  if (flaky !== undefined) {
    return {
      verdict: "inconclusive",
      reason: `flaky: the same case failed in ${flaky.failures} of ${flaky.runs} runs (expected ${flaky.outcome.expected}; got ${flaky.outcome.got})`,
      expected: flaky.outcome.expected,
      got: flaky.outcome.got,
      cases,
      flaky: true,
      flakiness: { failures: flaky.failures, runs: flaky.runs },
      ...noted,
    };
  }
  if (property.interrupted) {
    return { verdict: "inconclusive", reason: `time ran out after ${cases} cases`, cases, ...noted };
  }
  if (property.passed > 0) {
    const left = property.undecided.length;
    const doubtful = property.undecided.filter(isDoubtful);
    const [why] = doubtful;
    if (why !== undefined && doubtful.length > UNDECIDED_SHARE * cases) {
      const late = property.undecided.some(({ tooLate }) => tooLate === true);
      return {
        verdict: "inconclusive",
        reason: `${doubtful.length} of ${cases} cases decided nothing (${why.reason})`,
        cases,
        ...(late ? { tooLate: true as const } : {}),
        ...noted,
      };
    }
    const reason = left === 0 ? words.pass : `${words.pass} (${left} of ${cases} cases decided nothing)`;
    return { verdict: "pass", reason, cases, ...noted };
  }
  if (property.blocked !== undefined) {
    return { verdict: "untestable", reason: `blocked by ${property.blocked}`, cases, ...noted };
  }
  const [first] = property.undecided;
  const again = property.undecided.some(({ tooLate }) => tooLate === true) ? { tooLate: true as const } : {};
  if (first !== undefined) return { verdict: first.verdict, reason: first.reason, cases, ...again, ...noted };
  return { verdict: "inconclusive", reason: "no case was run", cases, ...noted };
}

/** A value as the report shows it: JSON, bytes as hexadecimal, at most 2 kB. */
export function asJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) return `0x${Buffer.from(part).toString("hex")}`;
    if (typeof part === "bigint") return `${part}`;
    return part;
  });
  if (text === undefined) return null;
  return text.length <= 2048 ? JSON.parse(text) : `${text.slice(0, 2047)}…`;
}
