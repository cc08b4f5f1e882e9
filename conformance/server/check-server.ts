/** Judges any server by its URL: runs the checks that its contract calls for, and reports what they found. */
import { randomInt, randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Contract, Endpoint } from "../../src/contract/contract.js";
import { applyBaseline, type Baseline, checkBaseline } from "../baseline.js";
import { startCanary, worseOf } from "../canary.js";
import type { Check, SubjectConfig } from "../check.js";
import { withKnownGood } from "../config.js";
import { type Authorize, NO_CONFIG, secretsIn, separateCredentials } from "../credentials.js";
import { canReach, type Target } from "../frames/dial.js";
import { createJudge } from "../judge.js";
import { createPacer, safeRate } from "../pacer.js";
import { PROFILES, type Profile, type ProfileName } from "../profile.js";
import { createMask, type Mask, maskReport, SECRET_NAME } from "../report/mask.js";
import { type ReplayRecord, type Report, type ReportedSetup, summarise } from "../report/report.js";
import { REQUIREMENT_SET } from "../requirements.js";
import { createRun } from "../run.js";
import { caseSelector, type Selection, selectChecks } from "../selection.js";
import { delay, type LagWatch, monotonic, watchLag } from "../time.js";
import { decideExit } from "../verdict.js";
import { serverChecks } from "./catalogue.js";
import { Execution, type ExecutionOptions, type Progress } from "./execution.js";
import { belongsTo } from "./plan.js";
import { type StartedSubject, startSubject } from "./process.js";
import { createSubject, type SubjectOptions, UsageError } from "./subject.js";

/** What to check, and how. */
export interface CheckServerOptions extends Omit<SubjectOptions, "endpoint">, Selection, ExecutionOptions {
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
  /** Gives fresh credentials for each connection of the first identity. */
  readonly authorize?: Authorize;
  /** Failures that are known: they do not fail the run; an entry that is out of date does. */
  readonly baseline?: Baseline;
  /** The run ends after so many failures. */
  readonly maxFailures?: number;
  /** Program and arguments of the server: it is started first, and ended with all that it started. */
  readonly command?: readonly string[];
  /** How long the server may take until it listens (milliseconds); default 30 000 with a command, else 0. */
  readonly waitMs?: number;
  /** The server's process, where the kit started it: its end is noticed at once. Whoever started it stops it. */
  readonly subject?: StartedSubject;
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
  /** Default: every check that exists. */
  readonly checks?: readonly Check[];
}

/** Judges a server. Throws UsageError for what the user must mend: URL, channel, selectors, or no server at all. */
export async function checkServer(options: CheckServerOptions): Promise<Report> {
  const { command, timeScale, url, waitMs } = options;
  if (command === undefined || options.subject !== undefined) return judgeServer(options);
  const subject = await startSubject({
    argv: command,
    url,
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(timeScale === undefined ? {} : { timeScale }),
  });
  try {
    return await judgeServer({ ...options, subject });
  } finally {
    await subject.stop();
  }
}

async function judgeServer(options: CheckServerOptions): Promise<Report> {
  const started = monotonic();
  const declared = endpointOf(options.contract, options.channel);
  const settings = separateCredentials(declared, options, options.authorize !== undefined);
  const endpoint = withKnownGood(options.contract, declared, settings.config);
  const baseline = options.baseline ?? [];
  checkBaseline(baseline);
  const subject = createSubject({ ...options, ...settings, endpoint });
  const profile = PROFILES[options.profile ?? "ci"];
  const checks = inProfile(selectChecks(options.checks ?? serverChecks, options), profile);
  const seed = options.seed ?? randomInt(0, 0x7fff_ffff);
  const timeScale = options.timeScale ?? 1;
  const version = options.version ?? "0.1.0";
  const mask = maskOf(options, declared);
  const controller = new AbortController();
  // Every wait of every case listens to it.
  setMaxListeners(0, controller.signal);
  const stop = (): void => controller.abort(new Error("the run was stopped"));
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  const maxMs = options.maxMs ?? profile.maxMs;
  const timer = setTimeout(
    () => controller.abort(new Error(`time ran out: the run may take ${maxMs} ms`)),
    maxMs,
  );
  let stopWatching: (() => void) | undefined;
  const loop = watchLag();
  const canary = await startCanary();
  // A safe run never sends faster than the server need bear.
  const pacer =
    profile.name === "safe" ? createPacer(safeRate(endpoint.protocol, timeScale), monotonic) : undefined;
  const lag: LagWatch = {
    ...worseOf(loop, canary),
    // While the kit holds back what it has to say no answer to it can be due.
    lost: () => loop.lost() + (pacer?.held() ?? 0),
  };
  try {
    const authorize = masking(options.authorize, mask);
    const run = createRun({
      judge: createJudge(options.contract, endpoint),
      subject,
      seed,
      runs: options.runs ?? profile.runs,
      timeScale,
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      maxCases: Math.min(options.maxCases ?? profile.maxCases, profile.maxCases),
      userAgent: `wireproof/${version}`,
      clock: monotonic,
      lag,
      signal: controller.signal,
      newUuid: randomUUID,
      profile,
      ...(pacer === undefined ? {} : { pacer }),
      ...(options.subject === undefined ? {} : { process: options.subject }),
      selectsCase: caseSelector(options),
      config: settings.config,
      ...(authorize === undefined ? {} : { authorize }),
      mask,
      ...(options.replay === undefined ? {} : { replay: options.replay }),
    });
    if (options.waitMs !== undefined) await awaitListener(subject.target, options.waitMs, controller.signal);
    const onProgress = boundedFailures(options, baseline, controller);
    const execution = new Execution(run, checks, { ...options, onProgress }, controller);
    const { subject: own } = options;
    stopWatching = own?.onDeath((exit) => execution.processDied(exit, own.output()));
    await execution.all();
    for (const message of run.leaks) execution.harnessFaults.push({ check: "kit", message });
    const outcomes = applyBaseline(
      execution.outcomes(),
      baseline,
      new Date().toISOString().slice(0, "YYYY-MM-DD".length),
    );
    const decision = decideExit({
      outcomes,
      harnessFaults: execution.harnessFaults.length,
      witnessed: run.record.validEvents > 0,
      witnessOwed: run.witness?.owed === true,
      ...(options.signal?.aborted === true ? { stopped: true } : {}),
      ...(options.minCoverage === undefined ? {} : { minCoverage: options.minCoverage }),
      ...(options.strict === undefined ? {} : { strict: options.strict }),
    });
    return maskReport(mask, {
      wireproof: version,
      requirementSet: REQUIREMENT_SET,
      subject: { role: "server", url: subject.url },
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
        time: run.timeScale === 1 ? "real" : "option",
        timeScale: run.timeScale,
        durationMs: Math.round(monotonic() - started),
        finishedAt: new Date().toISOString(),
        cases: run.record.cases,
        connections: run.record.connections,
        events: run.record.events,
        ...(run.witness === undefined ? {} : { witness: run.witness.what }),
        retries: run.retries,
        worstLagMs: Math.round(lag.worst()),
      },
      setup: {
        url: options.url,
        channel: endpoint.name,
        profile: profile.name,
        runs: run.runs,
        timeScale: run.timeScale,
        ...(options.patienceMs === undefined ? {} : { patience: options.patienceMs }),
        ...(options.parameters === undefined ? {} : { param: options.parameters }),
        ...(options.subprotocols === undefined ? {} : { subprotocol: options.subprotocols }),
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
    lag.stop();
    pacer?.stop();
    await canary.stop();
    options.signal?.removeEventListener("abort", stop);
  }
}

/** A mask over every value that somebody has given to be let in with. */
function maskOf(options: CheckServerOptions, { commands, events, security }: Endpoint): Mask {
  const { config = NO_CONFIG, headers = {}, query = {}, secrets = {}, url } = options;
  const declared = new Set(security.flatMap(({ parameter }) => (parameter === undefined ? [] : [parameter])));
  const inUrl = URL.canParse(url) ? [...new URL(url).searchParams] : [];
  const everybody = [...config.identities, ...Object.values(config.rejected)];
  // The name of a message is known to everybody, also where it stands in somebody's first message.
  const names = new Set([...commands, ...events].flatMap(({ name, wireName }) => [name, wireName]));
  const mask = createMask();
  for (const [name, value] of [
    ...Object.entries(headers),
    ...Object.entries(query),
    ...Object.entries(secrets),
    ...inUrl.filter(([name]) => SECRET_NAME.test(name) || declared.has(name)),
    ...everybody.flatMap(secretsIn),
  ]) {
    if (!names.has(value)) mask.add(name, value);
  }
  return mask;
}

/** Fresh credentials are secret before they are used. */
function masking(authorize: Authorize | undefined, mask: Mask): Authorize | undefined {
  if (authorize === undefined) return undefined;
  return async () => {
    const credentials = await authorize();
    for (const [name, value] of secretsIn(credentials)) mask.add(name, value);
    return credentials;
  };
}

/** Tells what happens, and ends the run after as many failures that no baseline knows as it may have. */
function boundedFailures(
  { maxFailures, onProgress }: CheckServerOptions,
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

/** How often a server that does not listen yet is asked for, and how long one attempt may take (milliseconds). */
const LOOK = { everyMs: 100, mostMs: 2000 } as const;

/** Waits until the server takes TCP connections, at most so long; whoever comes next says that it does not. */
async function awaitListener(target: Target, waitMs: number, signal: AbortSignal): Promise<void> {
  const deadline = monotonic() + waitMs;
  while (!signal.aborted && !(await canReach(target, LOOK.mostMs)) && monotonic() < deadline) {
    await delay(LOOK.everyMs, signal);
  }
}

/** Those of the selected checks that the profile runs. Throws {@link UsageError} when none is left. */
function inProfile(checks: readonly Check[], profile: Profile): readonly Check[] {
  const left = checks.filter((check) => belongsTo(check, profile));
  if (left.length > 0) return left;
  throw new UsageError(
    `None of the selected checks belongs to the profile ${profile.name} (${checks.map(({ id }) => id).join(", ")}). Use --profile ci, or select others.`,
  );
}

/** The endpoint that carries a channel. Throws {@link UsageError}. */
function endpointOf(contract: Contract, channel: string | undefined): Endpoint {
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

export type { Progress } from "./execution.js";
