/** What a check of clients is given: the run, narrowed to what a check may know and do. */
import { boundsBy } from "../time.js";
import { inClientCase } from "./case.js";
import type { ContextRun } from "./case-run.js";
import type { ClientContext } from "./check.js";

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
    ...boundsBy(run.lag),
    profile: run.profile,
    config: run.config,
    selectsCase: (autobahn) => run.selectsCase(check, autobahn),
    retried: run.retried,
    replay: run.replay?.[check],
    mode: run.launcher.mode,
    reports: run.launcher.reports,
    replies: run.launcher.capabilities.includes("replies"),
    lever: run.lever,
    heartbeatMs: typeof intervalMs === "number" ? intervalMs * run.timeScale : run.advertisedMs,
    launchMs: run.launchMs,
  };
}
