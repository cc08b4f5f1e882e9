/** S-RC-04: connections come and go, and the last is served as the first was. */
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import type { CaseOutcome } from "../property.js";
import { monotonic } from "../time.js";
import type { TranscriptEntry } from "../transcript.js";
import { excused } from "../undecided.js";
import { frameWitness, noWitness } from "./frame-witness.js";

/** How many cycles there are: all of them, under a quick profile, at least, and when growth is looked for again. */
const CYCLES = { all: 200, quick: 40, least: 40, again: 60 } as const;

/** Where one cycle takes long there are fewer of them: no more than this for all (milliseconds). */
const BUDGET_MS = 10_000;

/** Latency has grown when the last quarter takes so many times as long as the first, and so much longer (milliseconds). */
const GROWTH = { factor: 2, ms: 15 } as const;

/**
 * Where the checks before have left much behind already, the same growth is a smaller part of the whole: it counts when
 * it is steady, by the correlation of latency with the number of the connection.
 */
const STEADY = { factor: 1.25, correlation: 0.8 } as const;

/** How often growth must be seen again: a busy machine may look like it once. */
const CONFIRMATIONS = 2;

/** S-RC-04. */
export const comeAndGo: Check = {
  id: "S-RC-04",
  alone: true,
  smoke: true,
  async run(context) {
    if (context.witness === undefined) return noWitness("witness");
    const all = context.profile.only === "smoke" ? CYCLES.quick : CYCLES.all;
    const rounds = [await comeAndGoOnce(context, all, undefined)];
    for (let turn = 0; turn < CONFIRMATIONS && rounds.at(-1)?.outcome.verdict === "fail"; turn += 1) {
      rounds.push(await comeAndGoOnce(context, Math.min(all, CYCLES.again), rounds[0]));
    }
    const cases = rounds.reduce((sum, round) => sum + round.cycles, 0);
    const failed = rounds.filter(({ outcome }) => outcome.verdict === "fail");
    const [first = { outcome: { verdict: "pass" }, level: "", transcript: [], cycles: 0 }] = rounds;
    const { outcome } = first;
    if (outcome.verdict === "pass") return { verdict: "pass", reason: first.level, cases };
    if (outcome.verdict === "blocked")
      return { verdict: "untestable", reason: `blocked by ${outcome.by}`, cases };
    if (!("expected" in outcome)) return { ...outcome, cases };
    const { expected, got, mend, reason = got } = outcome;
    const evidence = { expected, got, ...(mend === undefined ? {} : { mend }), cases };
    if (failed.length < rounds.length) {
      const flakiness = { failures: failed.length, runs: rounds.length };
      context.retried?.(`come and go: failed in ${failed.length} of ${rounds.length} rounds`);
      const words = `flaky: ${failed.length} of ${rounds.length} rounds failed (${reason})`;
      return { verdict: "inconclusive", reason: words, ...evidence, flaky: true, flakiness };
    }
    return { verdict: "fail", reason, ...evidence, transcript: first.transcript };
  },
};

interface Round {
  readonly outcome: CaseOutcome;
  /** Success and latency, in words. */
  readonly level: string;
  /** Median latency of the first and of the last quarter (milliseconds). */
  readonly firstMs?: number;
  readonly lastMs?: number;
  readonly transcript: readonly TranscriptEntry[];
  readonly cycles: number;
}

/**
 * All cycles once, each in a case of its own: what many connections in one case cost the kit is not the server's. After a
 * round that failed (`earlier`) they need only be as bad as it ended: what is left behind stays, a busy machine passes.
 */
async function comeAndGoOnce(
  context: CheckContext,
  wanted: number,
  earlier: Round | undefined,
): Promise<Round> {
  const times: number[] = [];
  let transcript: readonly TranscriptEntry[] = [];
  let count = wanted;
  const start = monotonic();
  for (let cycle = 0; cycle < count; cycle += 1) {
    if (cycle >= CYCLES.least && monotonic() - start > BUDGET_MS) break;
    const outcome = await context.inCase(`connection ${cycle + 1}`, async (scene) => {
      transcript = scene.transcript;
      const isFirst = cycle === 0 && earlier === undefined;
      const broken = await oneCycle(context, scene, { cycle, isFirst, times });
      return broken === undefined ? undefined : excused(broken, scene);
    });
    if (outcome !== undefined) return { outcome, level: "", transcript, cycles: cycle + 1 };
    if (cycle === 9) count = Math.min(count, Math.max(CYCLES.least, Math.floor(BUDGET_MS / median(times))));
  }
  const quarters = [0, 1, 2, 3].map((part) => {
    const size = Math.floor(times.length / 4);
    return median(times.slice(part * size, (part + 1) * size));
  });
  const shown = quarters.map((ms) => `${ms.toFixed(1)} ms`).join(", ");
  const level = `${times.length} of ${times.length} connections served; median latency of the quarters: ${shown}`;
  const outcome: CaseOutcome = (
    earlier?.firstMs === undefined
      ? hasGrown(quarters, times)
      : isSlower(median(times), earlier.firstMs) || median(times) >= (earlier.lastMs ?? 0)
  )
    ? {
        verdict: "fail",
        expected: `the last of ${times.length} connections is served as fast as the first`,
        got: `median latency of the quarters: ${shown}`,
        mend: "Look for what each connection leaves behind: a listener, a timer, an entry in a list that is walked.",
        reason: "each connection is slower than the one before",
      }
    : { verdict: "pass" };
  return {
    outcome,
    level,
    firstMs: quarters[0] ?? 0,
    lastMs: quarters[3] ?? 0,
    transcript,
    cycles: times.length,
  };
}

/** One slow quarter is a busy machine; what each connection leaves behind adds up from each quarter to the next. */
function hasGrown(
  [first = 0, second = 0, third = 0, last = 0]: readonly number[],
  times: readonly number[],
): boolean {
  if (!(first < second && second < third && third < last)) return false;
  const isSteady = last > STEADY.factor * first && correlation(times) >= STEADY.correlation;
  return isSlower(last, first) || (isSteady && last > first + GROWTH.ms);
}

/** Pearson's correlation of values with their positions. */
function correlation(values: readonly number[]): number {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const middle = (values.length - 1) / 2;
  let both = 0;
  let positions = 0;
  let spread = 0;
  values.forEach((one, index) => {
    both += (index - middle) * (one - mean);
    positions += (index - middle) ** 2;
    spread += (one - mean) ** 2;
  });
  return spread === 0 ? 0 : both / Math.sqrt(positions * spread);
}

function isSlower(ms: number, before: number): boolean {
  return ms > GROWTH.factor * before && ms > before + GROWTH.ms;
}

/** One connection of a round. */
interface Cycle {
  readonly cycle: number;
  /** None was served before: nothing has been left behind yet. */
  readonly isFirst: boolean;
  readonly times: number[];
}

/** Connects, is served, and goes; what it says when one of it fails. */
async function oneCycle(
  context: CheckContext,
  scene: Case,
  { cycle, isFirst, times }: Cycle,
): Promise<CaseOutcome | undefined> {
  const start = scene.now();
  const tester = await scene.connect({ bare: true });
  if (tester.handshake.kind !== "accepted") return refused(context, tester, cycle, isFirst);
  const given = await frameWitness(context, tester, scene);
  if (!given.ok) {
    if (isFirst) {
      const got = `expected ${given.expected}; got ${given.got}`;
      return { verdict: "untestable", reason: `no witness: the first connection was not served (${got})` };
    }
    return {
      verdict: "fail",
      expected: `each connection is served (${given.expected})`,
      got: `connection ${cycle + 1}: ${given.got}`,
      mend: "Release all that a connection held when it ends, however it ends.",
      reason: "after many connections one was not served",
    };
  }
  times.push(scene.now() - start);
  // By turns as clients go: with a reset, and without a word.
  if (cycle % 2 === 0) tester.destroy();
  else tester.finish();
  return undefined;
}

function refused(context: CheckContext, tester: Tester, cycle: number, isFirst: boolean): CaseOutcome {
  if (isFirst)
    return { verdict: "untestable", reason: `the first handshake was not accepted (${endOf(tester)})` };
  return {
    verdict: "fail",
    expected: "a handshake is accepted however many connections came and went before",
    got: `connection ${cycle + 1}: ${endOf(tester)} (T is ${context.answerMs} ms)`,
    mend: "Release the place of a connection when it ends, however it ends.",
    reason: "after many connections a handshake was refused",
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
