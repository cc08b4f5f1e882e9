/** One script of a check of clients: a port of its own, the client launched towards it, its own clock, transcript and identity. */
import { HarnessFault } from "../judge.js";
import type { CaseRun } from "./case-run.js";
import type { ClientCase, ClientCaseOptions } from "./check.js";

/** Runs a script in a case of its own, for a check. Whatever happens, its port, connections and clients are closed afterwards. */
export async function inClientCase<T>(
  run: CaseRun,
  check: string,
  label: string,
  script: (scene: ClientCase) => Promise<T>,
  options: ClientCaseOptions = {},
): Promise<T> {
  throw new HarnessFault(
    `${check}: ${label}: cases of clients cannot be played yet (${String(script.length + Object.keys(options).length)} ${run.seed}).`,
  );
}
