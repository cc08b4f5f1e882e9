/** What a check of clients is given: the run, narrowed to what a check may know and do. */
import { TIMEABLE, UPPER_GRACE_MS } from "../time.js";
import { inClientCase } from "./case.js";
import type { ContextRun } from "./case-run.js";
import type { ClientContext } from "./check.js";

/** How much too early is still on time. */
const TOLERANCE = { mostMs: 50, share: 0.05 } as const;

/** The context of one check in a run. */
export function createClientContext(run: ContextRun, check: string): ClientContext {
  const intervalMs = run.endpoint.heartbeat?.intervalMs;
  return {
    contract: run.judge.contract,
    endpoint: run.endpoint,
    seed: run.seed,
    runs: run.runs,
    timeScale: run.timeScale,
    answerMs: run.answerMs,
    quietMs: run.quietMs,
    scaled: (ms) => ms * run.timeScale,
    inCase: (label, script, options) => inClientCase(run, check, label, script, options),
    signal: run.signal,
    random: run.random.fork(check),
    record: run.record,
    judge: run.judge,
    lagMs: () => run.lag.recent(),
    graceMs: () => UPPER_GRACE_MS + run.lag.recent(),
    lowerToleranceMs: (boundMs) => Math.min(TOLERANCE.mostMs, TOLERANCE.share * boundMs),
    canTime: (boundMs) => boundMs >= TIMEABLE * run.lag.recent(),
    profile: run.profile,
    config: run.config,
    selectsCase: (autobahn) => run.selectsCase(check, autobahn),
    retried: run.retried,
    replay: run.replay?.[check],
    mode: run.launcher.mode,
    reports: run.launcher.reports,
    lever: run.lever,
    heartbeatMs: typeof intervalMs === "number" ? intervalMs * run.timeScale : run.advertisedMs,
    launchMs: run.launchMs,
  };
}
