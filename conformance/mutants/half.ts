/** One half of what the kit is held to: the checks of one role, and what is known to be wrong or right under them. */

import type { Contract, Endpoint } from "../../src/contract/contract.js";
import { missingNeed } from "../needs.js";
import type { Report } from "../report/report.js";
import { requirements } from "../requirements.js";
import type { RoleName } from "../role.js";

/** What all trials of a selftest share. */
export interface TrialOptions {
  /** The contract of the bundled document. */
  readonly contract: Contract;
  readonly seed: number;
  readonly timeScale: number;
  /** Random cases of each property. */
  readonly runs: number;
}

/** What one run is told beside them. */
export interface RunTold {
  /** Ids of checks or their beginnings; empty: all. */
  readonly only: readonly string[];
  readonly runs: number;
}

/** A server or a client, with how it is judged. */
export interface Tried {
  readonly name: string;
  /** The channel that it speaks, or the document beyond the bundled one that it keeps. */
  readonly channel: string;
  judge(options: TrialOptions, told: RunTold): Promise<Report>;
}

/** One that is wrong in exactly one way. */
export interface Wrong extends Tried {
  /** What is wrong with it, in one sentence. */
  readonly fault: string;
  /** Id of the check that owns the rule. */
  readonly owner: string;
  /** `warn` where the rule, or the part of it that is broken, is a SHOULD. */
  readonly verdict: "fail" | "warn";
  /** What must run so that the check has something to judge. */
  readonly needs: readonly string[];
  readonly runs: number | undefined;
}

/** One that is right: no check may fail it. */
export interface Right extends Tried {
  /** The checks that it is there for; empty: all. */
  readonly only: readonly string[];
  /** What its document declares. */
  readonly endpoint: (contract: Contract) => Endpoint | undefined;
}

/** One that keeps no contract at all: nothing may pass for want of evidence, and no run may exit 0. */
export interface Empty extends Tried {
  /** Ids, or their beginnings, of the rows whose sentence it keeps all the same. */
  readonly passes: readonly string[];
}

/** A half of a selftest. */
export interface Half {
  readonly role: RoleName;
  /** How the ids of its checks begin. */
  readonly prefix: "S-" | "C-";
  /** Ids of every check that exists, in the order of the catalogue. */
  readonly checks: readonly string[];
  /** Those that load the machine, or measure what a busy one blurs. */
  readonly loading: ReadonlySet<string>;
  /** Those that kill no mutant: what they need no document can declare, or they speak of the run. */
  readonly withoutMutant: readonly string[];
  readonly mutants: readonly Wrong[];
  readonly peers: (contract: Contract) => readonly Right[];
  /** Those without a contract, on each channel that they can be tried on. */
  readonly empties: (contract: Contract) => readonly (readonly Empty[])[];
}

/** The checks that a document calls for and another one does not, as far as they exist. */
export function addedChecks(from: Endpoint, to: Endpoint, checks: readonly string[]): string[] {
  return requirements
    .filter((one) => missingNeed(one, from) !== undefined && missingNeed(one, to) === undefined)
    .map(({ id }) => id)
    .filter((id) => checks.includes(id));
}
