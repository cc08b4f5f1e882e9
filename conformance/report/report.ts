/** The report of a run as data; `schemas/report.json` describes its JSON. */
import type { Json } from "../../src/contract/contract.js";
import type { BaselineNote } from "../baseline.js";
import type { Verdict } from "../check.js";
import type { LaunchMode, TimeLever } from "../client/check.js";
import type { Move } from "../course.js";
import type { Level } from "../requirements.js";
import type { TranscriptEntry } from "../transcript.js";
import type { ExitCode } from "../verdict.js";

/** All that a run found. */
export interface Report {
  /** Version of this package. */
  readonly wireproof: string;
  readonly requirementSet: string;
  readonly subject: ReportedSubject;
  readonly contract: {
    readonly title: string;
    readonly version: string;
    readonly sha256: string;
    readonly channel: string;
  };
  readonly run: ReportedRun;
  /** What a replay needs beside the document; secrets are left out, and given again. */
  readonly setup?: ReportedSetup;
  readonly outcomes: readonly Outcome[];
  /** What was seen besides: violations whose own check did not run here. */
  readonly observations: readonly Observation[];
  readonly harnessFaults: readonly HarnessFaultReport[];
  readonly summary: Readonly<Record<Verdict, number>>;
  readonly exitCode: ExitCode;
  /** Why the exit code is that one. */
  readonly conclusion: string;
}

/** Who was judged: a server by its URL, or clients by how they were launched. */
export type ReportedSubject =
  | { readonly role: "server"; readonly url: string }
  | {
      readonly role: "client";
      readonly mode: LaunchMode;
      /** `spawn`, `driver`: program and arguments. */
      readonly command?: readonly string[];
      /** `browser`: the URL or file of the page. */
      readonly page?: string;
      /** `attach`: where clients were waited for. */
      readonly url?: string;
    };

/** How the run was set up, and what it took. */
export interface ReportedRun {
  readonly profile: string;
  readonly seed: number;
  readonly runs: number;
  /** By what means the subject's time was shortened; for a server `real`, or `option` for a factor that the user gave. */
  readonly time: TimeLever;
  readonly timeScale: number;
  /** Why time was shortened by that means, where there was a choice. */
  readonly timeNote?: string;
  readonly durationMs: number;
  /** ISO 8601, of the end. */
  readonly finishedAt: string;
  readonly cases: number;
  readonly connections: number;
  /** Messages of the subject that were judged: events of a server, commands of a client. */
  readonly messages: number;
  /** The evidence that rows rest on, in words; absent: the document offers none. */
  readonly witness?: string;
  /** What was tried again, and why: a machine too slow to tell, a failure that did not repeat. */
  readonly retries?: readonly string[];
  /** The longest that the kit itself was late: its loop, or a round trip between two ends of its own (milliseconds). */
  readonly worstLagMs: number;
}

type Texts = Readonly<Record<string, string>>;

/** How the subject was reached or launched and tried, by the names of the options of `wireproof check`. */
export interface ReportedSetup {
  /** Of a server. */
  readonly url?: string;
  /** How a client was launched. */
  readonly mode?: LaunchMode;
  /** The page of a client. */
  readonly browser?: string;
  /** Where a client was waited for. */
  readonly port?: number;
  readonly host?: string;
  /** How a client's time was to be shortened. */
  readonly time?: "auto" | "option" | "faketime" | "real";
  readonly document?: string;
  readonly as?: "server" | "client";
  readonly channel?: string;
  readonly profile?: "smoke" | "ci" | "nightly" | "safe";
  readonly runs?: number;
  readonly timeScale?: number;
  /** Milliseconds. */
  readonly patience?: number;
  /** Seconds. */
  readonly wait?: number;
  readonly workers?: number;
  readonly config?: string;
  readonly header?: Texts;
  readonly query?: Texts;
  readonly param?: Readonly<Record<string, readonly string[]>>;
  readonly subprotocol?: readonly string[];
  readonly origin?: string;
  readonly authCommand?: readonly string[];
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly resolve?: Texts;
  /** Program and arguments of the subject that the kit started. */
  readonly command?: readonly string[];
}

/** What plays one case of a check again. */
export interface ReplayRecord {
  readonly seed: number;
  /** Which property of the check failed, by its label; absent: the check is no property, and is run whole. */
  readonly label?: string;
  /** Label of the case: the randomness inside it hangs on it. */
  readonly case?: string;
  /** Which of its deterministic values failed; absent: a random one. */
  readonly example?: number;
  /** fast-check's path to the failing value, below the example where there is one. */
  readonly path?: string;
  /** What a walk chose to send, for it chooses by what the subject does; absent: nothing, or a secret was in it. */
  readonly moves?: readonly Move[];
  /** Checks in whose cases the rule was broken: they must run as well. */
  readonly with?: readonly string[];
}

/** One check's verdict with its evidence. */
export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  readonly level: Level;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly clause: string;
  readonly clauseUrl: string;
  readonly autobahn?: readonly string[];
  readonly cases: number;
  readonly expected?: string;
  readonly got?: string;
  readonly mend?: string;
  readonly counterexample?: Json;
  readonly replay?: ReplayRecord & { readonly command: string };
  /** The launch mode did not let it be observed: it is left out of the coverage. */
  readonly unobserved?: true;
  readonly flaky: boolean;
  /** Of so many runs of one case so many failed. */
  readonly flakiness?: { readonly failures: number; readonly runs: number };
  readonly durationMs: number;
  readonly notes?: readonly string[];
  /** What the baseline says to it. */
  readonly baseline?: BaselineNote;
  readonly transcript: readonly TranscriptEntry[];
}

/** A broken rule whose check was not run. */
export interface Observation {
  readonly check: string;
  readonly count: number;
  readonly clause: string;
  readonly expected: string;
  readonly got: string;
  readonly during: string;
}

/** A fault of the kit: nobody is accused. */
export interface HarnessFaultReport {
  readonly check: string;
  readonly message: string;
}

/** How many outcomes came to each verdict. */
export function summarise(outcomes: readonly { readonly verdict: Verdict }[]): Record<Verdict, number> {
  const summary: Record<Verdict, number> = {
    pass: 0,
    fail: 0,
    warn: 0,
    untestable: 0,
    inconclusive: 0,
    "not-applicable": 0,
  };
  for (const { verdict } of outcomes) summary[verdict] += 1;
  return summary;
}
