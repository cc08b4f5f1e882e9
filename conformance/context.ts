/** What a check is given: the run, narrowed to what a check may know and do. */
import { inCase } from "./case.js";
import type { CheckContext } from "./check.js";
import type { Run } from "./run.js";
import { boundsBy } from "./time.js";

/** The context of one check in a run. */
export function createContext(run: Run, check: string): CheckContext {
  return {
    contract: run.judge.contract,
    endpoint: run.endpoint,
    seed: run.seed,
    runs: run.runs,
    timeScale: run.timeScale,
    answerMs: run.answerMs,
    quietMs: run.quietMs,
    scaled: (ms) => ms * run.timeScale,
    inCase: (label, script) => inCase(run, check, label, script),
    signal: run.signal,
    random: run.random.fork(check),
    witness: run.witness,
    record: run.record,
    judge: run.judge,
    ...boundsBy(run.lag),
    profile: run.profile,
    config: run.config,
    process: run.process,
    selectsCase: (autobahn) => run.selectsCase(check, autobahn),
    retried: run.retried,
    replay: run.replay?.[check],
  };
}
