/**
 * `wireproof selftest`: proves the kit on servers and clients that are known to be wrong, and on ones that are known to be right.
 * The trials are spread over processes, one a core: a kit that shares its loop with twenty others would blame them for
 * its own lateness.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { renderMatrix, type SelftestReport } from "../../conformance/mutants/kill-matrix.js";
import {
  CAPACITY,
  concludeSelftest,
  planTrials,
  type SelftestOptions,
  type Trial,
} from "../../conformance/mutants/selftest.js";
import type { TrialResult } from "../../conformance/mutants/trial.js";
import { bundledContractOf } from "./document.js";
import { EXIT, UsageError } from "./failure.js";
import type { Terminal } from "./terminal.js";

/** What the verb is told. */
export interface SelftestVerbOptions {
  readonly seed: number;
  /** The half that is tried; default both. */
  readonly role?: "server" | "client" | "both";
  readonly full?: boolean;
  readonly only?: readonly string[];
  /** How many checks beside its owner a mutant meets. */
  readonly drawn?: number;
  readonly json?: boolean;
  readonly jobs?: number;
  /** Given to the processes that the verb starts: they take the ids of trials and give back results. */
  readonly worker?: boolean;
}

/** Durations of the contract are multiplied by this: that of our own peers. */
const TIME_SCALE = 0.05;

/** Random cases of each property: what a mutant needs more of, it says itself. */
const RUNS = 8;

/** How many checks beside its owner a mutant meets: more would make both halves take longer than five minutes. */
const DRAWN = 2;

/** Processes at most, however many cores there are. */
const MOST_JOBS = 4;

/** Runs the selftest. Exit code 1 when a mutant survives, a check kills none, or what is correct is accused. */
export async function selftest(options: SelftestVerbOptions, terminal: Terminal): Promise<number> {
  const plan = await planOf(options);
  if (options.worker === true) return work(planTrials(plan));
  const trials = planTrials(plan);
  if (trials.length === 0) {
    throw new UsageError(
      `--only ${plan.only.join(",")} names no mutant, check, correct server or client; \`wireproof selftest\` prints them all`,
    );
  }
  const started = performance.now();
  const results = await runAll(trials, options, (result, done) => {
    const state =
      result.kind === "mutant" ? (result.killed ? "killed" : "SURVIVED") : result.ok ? "ok" : "WRONG";
    terminal.status(`${done}/${trials.length} ${state} ${result.name} (${result.channel})`);
  });
  const summary = concludeSelftest(results, plan);
  const report: SelftestReport = {
    seed: plan.seed,
    timeScale: plan.timeScale,
    drawn: plan.drawn,
    durationMs: Math.round(performance.now() - started),
    summary,
    results,
  };
  if (options.json === true) terminal.result(JSON.stringify(report, undefined, 2));
  else for (const line of renderMatrix(report)) terminal.result(line);
  return summary.ok ? EXIT.ok : EXIT.findings;
}

async function planOf(options: SelftestVerbOptions): Promise<SelftestOptions> {
  return {
    contract: await bundledContractOf(),
    seed: options.seed,
    ...(options.role === undefined ? {} : { role: options.role }),
    timeScale: TIME_SCALE,
    runs: RUNS,
    drawn: options.full === true ? "all" : (options.drawn ?? DRAWN),
    only: options.only ?? [],
  };
}

/** What a worker says: the result of the trial that it was given, or why there is none. */
type Said = { readonly result: TrialResult } | { readonly failed: string };

/** A trial that waits. A busy machine hides faults: a mutant that survives is tried again when nothing runs beside it. */
type Queued = Trial & { readonly isLast?: true };

/** Gives the trials to processes: they wait more than they work, so that each takes several at once. */
async function runAll(
  trials: readonly Trial[],
  options: SelftestVerbOptions,
  onResult: (result: TrialResult, done: number) => void,
): Promise<readonly TrialResult[]> {
  const results: TrialResult[] = [];
  const jobs = Math.min(options.jobs ?? Math.min(availableParallelism(), MOST_JOBS), trials.length);
  const workers = Array.from({ length: jobs }, () => startWorker(options));
  // The heaviest come last, when no lighter one is left to run beside them.
  const queue: Queued[] = [...trials].sort(
    (a, b) => Number(a.weight === CAPACITY) - Number(b.weight === CAPACITY),
  );
  const drain = async (worker: Worker): Promise<void> => {
    let free = CAPACITY;
    const running = new Set<Promise<void>>();
    while (queue.length > 0 || running.size > 0) {
      const at = queue.findIndex(({ weight }) => weight <= free);
      const [trial] = at < 0 ? [] : queue.splice(at, 1);
      if (trial === undefined) {
        await Promise.race(running);
        continue;
      }
      free -= trial.weight;
      const run = worker.run(trial.id).then((result) => {
        free += trial.weight;
        running.delete(run);
        if (result.kind === "mutant" && !result.killed && trial.isLast !== true) {
          queue.push({ ...trial, weight: CAPACITY, isLast: true });
          return;
        }
        results.push(result);
        onResult(result, results.length);
      });
      running.add(run);
    }
  };
  try {
    await Promise.all(workers.map(drain));
  } finally {
    for (const worker of workers) worker.stop();
  }
  return results;
}

interface Worker {
  run(id: string): Promise<TrialResult>;
  stop(): void;
}

/** This program again, as a process that takes trials. */
function startWorker({ seed, full, drawn, only, role }: SelftestVerbOptions): Worker {
  const [, program = ""] = process.argv;
  const child = fork(program, [
    ...["selftest", "--worker", "--seed", String(seed)],
    ...(role === undefined ? [] : ["--role", role]),
    ...(full === true ? ["--full"] : []),
    ...(drawn === undefined ? [] : ["--drawn", String(drawn)]),
    ...(only === undefined || only.length === 0 ? [] : ["--only", only.join(",")]),
  ]);
  const waiting = new Map<string, { resolve: (result: TrialResult) => void; reject: (why: Error) => void }>();
  // Only a worker speaks here, in the form that `work` gives it.
  child.on("message", (message) => {
    const { id, ...said } = message as { id: string } & Said;
    const asked = waiting.get(id);
    waiting.delete(id);
    if ("result" in said) asked?.resolve(said.result);
    else asked?.reject(new Error(`${id} could not be tried: ${said.failed}`));
  });
  child.once("exit", (code, signal) => {
    for (const { reject } of waiting.values()) {
      reject(new Error(`a process of the selftest ended with ${signal ?? code}`));
    }
  });
  return {
    run: (id) =>
      new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send(id);
      }),
    stop: () => void child.kill(),
  };
}

/** Takes ids of trials until the parent is gone. */
async function work(trials: readonly Trial[]): Promise<number> {
  // A wrong client may throw where nobody catches it: that is told to its trial, and must not end this process.
  process.removeAllListeners("uncaughtException");
  process.removeAllListeners("unhandledRejection");
  const say = (id: string, said: Said): void => void process.send?.({ id, ...said });
  process.on("message", (id) => {
    const trial = trials.find((one) => one.id === id);
    if (trial === undefined) return say(String(id), { failed: "there is no such trial" });
    trial.run().then(
      (result) => say(trial.id, { result }),
      (error: unknown) => say(trial.id, { failed: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise((resolve) => process.once("disconnect", resolve));
  return EXIT.ok;
}
