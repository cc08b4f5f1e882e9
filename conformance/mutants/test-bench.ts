/** What the tests of the mutants share: the contract, and how a trial is told. */

import { readFileSync } from "node:fs";
import { readContract } from "../../src/document/read-contract.js";
import type { TrialOptions } from "./half.js";
import type { Finding } from "./trial.js";

/** The options of every trial; few random cases, because many servers are tried. */
export const bench: TrialOptions = {
  contract: readContract(readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8")),
  seed: 7,
  timeScale: 0.05,
  runs: 6,
};

/** What a failing test shows: one line for each finding and fault. */
export const story = (findings: readonly Finding[], harnessFaults: readonly string[]): string =>
  [
    ...findings.map(({ check, verdict, reason }) => `${check} ${verdict}: ${reason}`),
    ...harnessFaults.map((fault) => `fault of the kit: ${fault}`),
  ].join("\n");
