/** Conducts one run, whoever is judged: chooses the checks, bounds and measures the run, executes it, and writes the report. */
import { randomInt, randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Contract, Endpoint } from "../src/contract/contract.js";
import { applyBaseline, type Baseline, checkBaseline } from "./baseline.js";
import { startCanary, worseOf } from "./canary.js";
import type { CheckOf, SubjectConfig } from "./check.js";
import { Execution, type ExecutionOptions, type Progress } from "./execution.js";
import { createJudge } from "./judge.js";
import type { Pacer } from "./pacer.js";
import { belongsTo } from "./plan.js";
import { PROFILES, type Profile, type ProfileName } from "./profile.js";
import { type Mask, maskReport } from "./report/mask.js";
import {
  type ReplayRecord,
  type Report,
  type ReportedRun,
  type ReportedSetup,
  summarise,
} from "./report/report.js";
import { REQUIREMENT_SET } from "./requirements.js";
import type { Role, RoleName } from "./role.js";
import type { SharedOptions, SharedRun } from "./run.js";
import { caseSelector, type Selection, selectChecks } from "./selection.js";
import { type LagWatch, monotonic, watchLag } from "./time.js";
import { UsageError } from "./usage-error.js";
import { decideExit } from "./verdict.js";

/** What every run is told, whoever is judged. */
export interface RunSettings extends Selection, ExecutionOptions {
  readonly contract: Contract;
  /** Name of a channel; may be left out where the contract has one endpoint. */
  readonly channel?: string;
  /** Default: drawn, and reported. */
  readonly seed?: number;
  /** Random cases of each property; default the profile's (25 under `ci`). */
  readonly runs?: number;
  /** Multiplies every duration of the contract; default 1. */
  readonly timeScale?: number;
  /** T: the longest wait for any answer (milliseconds); default the contract's, scaled. */
  readonly patienceMs?: number;
  /** After so long the run ends, and what has not been decided is inconclusive (milliseconds); default the profile's. */
  readonly maxMs?: number;
  /** How many cases live at once; default 16. */
  readonly maxCases?: number;
  readonly minCoverage?: number;
  readonly strict?: boolean;
  readonly profile?: ProfileName;
  readonly config?: SubjectConfig;
  /** Failures that are known: they do not fail the run; an entry that is out of date does. */
  readonly baseline?: Baseline;
  /** The run ends after so many failures. */
  readonly maxFailures?: number;
  /** Ends the run: what has been decided stays decided. */
  readonly signal?: AbortSignal;
  /** Version of the kit, for the report and the User-Agent. */
  readonly version?: string;
  /** More values that must not leave the run, by name; those of headers, query and credentials are known. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** How the run was asked for, for the report: what a replay needs. */
  readonly setup?: Partial<ReportedSetup>;
  /** Plays only one recorded case of these checks, by their ids. */
  readonly replay?: Readonly<Record<string, ReplayRecord>>;
}

/** What of a run its role brings before it begins. */
export interface Conducted<C> {
  readonly role: RoleName;
  /** With what the user has said of its payloads. */
  readonly endpoint: Endpoint;
  readonly config: SubjectConfig;
  /** Every check that exists. */
  readonly checks: readonly CheckOf<C>[];
  readonly mask: Mask;
  /** Slows down what the kit sends; it is stopped with the run. */
  readonly pacer?: Pacer | undefined;
  /** How many cases may live at once whatever the profile says; default: as many as it says. */
  readonly casesAtOnce?: number | undefined;
  /** Makes the subject ready to be judged. */
  open(options: OpenOptions): Promise<Opened<C>>;
}

/** What the run gives for that: how time is scaled is the role's to say. */
export interface OpenOptions extends Omit<SharedOptions, "timeScale"> {
  readonly profile: Profile;
  /** Version of the kit. */
  readonly version: string;
}

/** A subject that is ready, and what is to be said of it. */
export interface Opened<C> {
  readonly run: SharedRun;
  readonly role: Role<C>;
  readonly subject: Report["subject"];
  /** How its time is shortened. */
  readonly time: ReportedRun["time"];
  /** Why by that means, where there was a choice. */
  readonly timeNote?: string;
  /** The evidence that rows rest on, in words, if there is any. */
  readonly witness: string | undefined;
  /** True when a correct subject must give it. */
  readonly witnessOwed: boolean;
  /** Asked at the end: it was given at least once. */
  isWitnessed(): boolean;
  readonly setup: ReportedSetup;
  /** Faults of what the kit works with, a driver say: nobody else is accused. */
  faults?(): readonly string[];
  /** Tells of the death of the subject's process; returns how to stop listening. */
  watch?(execution: Execution<C>): () => void;
  /** Gives everything back that `open` took. */
  close(): Promise<void>;
}

/** Conducts a run. Throws UsageError for what the user must mend. */
export async function conductRun<C>(options: RunSettings, conducted: Conducted<C>): Promise<Report> {
  const started = monotonic();
  const { endpoint, mask, pacer } = conducted;
  const baseline = options.baseline ?? [];
  checkBaseline(baseline);
  const profile = PROFILES[options.profile ?? "ci"];
  const checks = inProfile(selectChecks(conducted.checks, options, conducted.role), profile);
  const most = conducted.casesAtOnce ?? profile.maxCases;
  const seed = options.seed ?? randomInt(0, 0x7fff_ffff);
  const version = options.version ?? "0.1.0";
  const controller = new AbortController();
  // Every wait of every case listens to it.
  setMaxListeners(0, controller.signal);
  const stop = (): void => controller.abort(new Error("the run was stopped"));
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  const maxMs = options.maxMs ?? profile.maxMs;
  const timer = setTimeout(
    () => controller.abort(new Error(`time ran out: the run may take ${maxMs / 1000} s (--max-time)`)),
    maxMs,
  );
  const loop = watchLag();
  const canary = await startCanary();
  const lag: LagWatch = {
    ...worseOf(loop, canary),
    // While the kit holds back what it has to say no answer to it can be due.
    lost: () => loop.lost() + (pacer?.held() ?? 0),
  };
  let opened: Opened<C> | undefined;
  let stopWatching: (() => void) | undefined;
  try {
    opened = await conducted.open({
      judge: createJudge(options.contract, endpoint),
      seed,
      runs: options.runs ?? profile.runs,
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      maxCases: Math.min(options.maxCases ?? most, most),
      clock: monotonic,
      lag,
      signal: controller.signal,
      newUuid: randomUUID,
      profile,
      selectsCase: caseSelector(options),
      config: conducted.config,
      mask,
      ...(options.replay === undefined ? {} : { replay: options.replay }),
      version,
    });
    const { role, run } = opened;
    const onProgress = boundedFailures(options, baseline, controller);
    const execution = new Execution(run, role, checks, { ...options, onProgress }, controller);
    stopWatching = opened.watch?.(execution);
    await execution.all();
    for (const message of [...run.leaks, ...(opened.faults?.() ?? [])])
      execution.harnessFaults.push({ check: "kit", message });
    const outcomes = applyBaseline(
      execution.outcomes(),
      baseline,
      new Date().toISOString().slice(0, "YYYY-MM-DD".length),
    );
    const decision = decideExit({
      role: role.name,
      outcomes,
      harnessFaults: execution.harnessFaults.length,
      witnessed: opened.isWitnessed(),
      witnessOwed: opened.witnessOwed,
      ...(options.signal?.aborted === true ? { stopped: true } : {}),
      ...(options.minCoverage === undefined ? {} : { minCoverage: options.minCoverage }),
      ...(options.strict === undefined ? {} : { strict: options.strict }),
    });
    return maskReport(mask, {
      wireproof: version,
      requirementSet: REQUIREMENT_SET,
      subject: opened.subject,
      contract: {
        title: options.contract.title,
        version: options.contract.version,
        sha256: options.contract.sha256,
        channel: endpoint.name,
      },
      run: {
        profile: profile.name,
        seed,
        runs: run.runs,
        time: opened.time,
        timeScale: run.timeScale,
        ...(opened.timeNote === undefined ? {} : { timeNote: opened.timeNote }),
        durationMs: Math.round(monotonic() - started),
        finishedAt: new Date().toISOString(),
        cases: run.record.cases,
        connections: run.record.connections,
        messages: run.record.messages,
        ...(opened.witness === undefined ? {} : { witness: opened.witness }),
        retries: run.retries,
        worstLagMs: Math.round(lag.worst()),
      },
      setup: {
        channel: endpoint.name,
        profile: profile.name,
        runs: run.runs,
        ...(options.patienceMs === undefined ? {} : { patience: options.patienceMs }),
        ...opened.setup,
        ...options.setup,
      },
      outcomes,
      observations: execution.observations(),
      harnessFaults: execution.harnessFaults,
      summary: summarise(outcomes),
      exitCode: decision.exitCode,
      conclusion: decision.reason,
    });
  } finally {
    clearTimeout(timer);
    stopWatching?.();
    await opened?.close();
    lag.stop();
    pacer?.stop();
    await canary.stop();
    options.signal?.removeEventListener("abort", stop);
  }
}

/** Tells what happens, and ends the run after as many failures that no baseline knows as it may have. */
function boundedFailures(
  { maxFailures, onProgress }: RunSettings,
  baseline: Baseline,
  controller: AbortController,
): (progress: Progress) => void {
  const known = new Set(baseline.map(({ check }) => check));
  let failures = 0;
  return (progress) => {
    onProgress?.(progress);
    if (maxFailures === undefined || progress.kind !== "finished") return;
    const { id, verdict } = progress.outcome;
    if (verdict === "fail" && !known.has(id)) failures += 1;
    const so = maxFailures === 1 ? "a failure" : `${maxFailures} failures`;
    if (failures >= maxFailures) controller.abort(new Error(`the run ends after ${so}`));
  };
}

/** Those of the selected checks that the profile runs. Throws {@link UsageError} when none is left. */
function inProfile<C>(checks: readonly CheckOf<C>[], profile: Profile): readonly CheckOf<C>[] {
  const left = checks.filter((check) => belongsTo(check, profile));
  if (left.length > 0) return left;
  throw new UsageError(
    `None of the selected checks belongs to the profile ${profile.name} (${checks.map(({ id }) => id).join(", ")}). Use --profile ci, or select others.`,
  );
}

/** The endpoint that carries a channel. Throws {@link UsageError}. */
export function endpointOf(contract: Contract, channel: string | undefined): Endpoint {
  const names = contract.endpoints.map(({ name }) => name).join(", ");
  if (channel === undefined) {
    const [only, ...others] = contract.endpoints;
    if (only !== undefined && others.length === 0) return only;
    throw new UsageError(
      `"${contract.title}" has several channels: say which one with --channel (${names}).`,
    );
  }
  const found = contract.endpoints.find(
    ({ name, channels }) => name === channel || channels.includes(channel),
  );
  if (found === undefined) {
    throw new UsageError(`"${contract.title}" has no channel "${channel}". It has: ${names}.`);
  }
  return found;
}
