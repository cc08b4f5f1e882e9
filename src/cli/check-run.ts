/** What both halves of `wireproof check` share: the options that decide a run, and the run from the document to its reports. */
import { readFileSync } from "node:fs";
import type { RunSettings } from "../../conformance/conduct.js";
import type { ConfigSettings } from "../../conformance/config.js";
import type { ProfileName } from "../../conformance/profile.js";
import type { Report } from "../../conformance/report/report.js";
import { renderReport } from "../../conformance/report/text.js";
import { readBaseline, readConfig } from "./config-file.js";
import { chooseContract, chooseEndpoint, type Perspective } from "./document.js";
import { UsageError } from "./failure.js";
import { interruption } from "./interruption.js";
import { showProgress } from "./progress.js";
import { openReports } from "./report-files.js";
import type { ReportTarget } from "./report-kinds.js";
import type { Terminal } from "./terminal.js";
import { wireproofVersion } from "./version.js";

/** Values by name. */
export type Pairs = Readonly<Record<string, string>>;

/** The options as they are written; times in the unit that their help names. */
export interface CheckVerbOptions {
  readonly document?: string;
  readonly channel?: string;
  readonly as?: Perspective;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly baseline?: string;
  readonly strict?: boolean;
  /** Per cent. */
  readonly minCoverage?: number;
  readonly profile?: ProfileName;
  readonly seed?: number;
  readonly runs?: number;
  /** Seconds. */
  readonly maxTime?: number;
  readonly maxFailures?: number;
  readonly workers?: number;
  readonly timeScale?: number;
  /** Milliseconds. */
  readonly patience?: number;
  /** Seconds. */
  readonly wait?: number;
  readonly config?: string;
  readonly query?: Pairs;
  readonly param?: Readonly<Record<string, readonly string[]>>;
  readonly report?: readonly ReportTarget[];
  readonly verbose?: boolean;
}

/** What a run of either role is given beside its own options. */
export type GivenRun = Required<Pick<RunSettings, "contract" | "version" | "onProgress" | "signal">>;

/** Judges, prints what was found, and writes reports. The exit code is the report's own. */
export async function runCheck(
  options: CheckVerbOptions,
  terminal: Terminal,
  judge: (given: GivenRun) => Promise<Report>,
): Promise<number> {
  const { document, channel, as, report: targets = [], verbose = false } = options;
  const contract = await chooseContract(document, as);
  if (channel !== undefined) chooseEndpoint(contract, channel);
  else if (contract.endpoints.length > 1) {
    const known = contract.endpoints.map(({ name }) => name).join(", ");
    throw new UsageError(
      `the document has several channels; say which one is spoken with --channel (${known})`,
    );
  }
  const files = await openReports(targets);
  const interrupted = interruption(() => {
    terminal.progress("stopping: what was reached is printed in a moment (Ctrl-C again: at once)");
  });
  const line = showProgress(terminal, () => performance.now());
  try {
    const report = await judge({
      contract,
      version: wireproofVersion(),
      signal: interrupted.signal,
      onProgress: (progress) => {
        files.progress(progress);
        line.show(progress);
      },
    });
    line.end();
    const { colors, width } = terminal;
    terminal.result(renderReport(report, { colors, verbose, ...(width === undefined ? {} : { width }) }));
    for (const file of files.finish(report)) terminal.progress(`report: ${file}`);
    return report.exitCode;
  } finally {
    line.end();
    interrupted.end();
  }
}

/** How the run was asked for, as a report keeps it: with this and its seed it can be repeated. */
export function setupOf<T extends CheckVerbOptions>(options: T): Omit<T, NotOfSetup> {
  // Reports, selectors and bounds are of one run; seed, channel and runs are in the report already.
  const { report, verbose, only, skip, seed, baseline, strict, minCoverage, maxTime, maxFailures, ...setup } =
    options;
  return setup;
}

type NotOfSetup =
  | "report"
  | "verbose"
  | "only"
  | "skip"
  | "seed"
  | "baseline"
  | "strict"
  | "minCoverage"
  | "maxTime"
  | "maxFailures";

/** The settings of a run in either role, and what the file of `--config` says. What is said in a word wins over a file. */
export function commonSettings(
  options: CheckVerbOptions,
  environment: NodeJS.ProcessEnv,
): { readonly settings: Omit<RunSettings, "contract">; readonly file: ConfigSettings | undefined } {
  const file = options.config === undefined ? undefined : readConfig(options.config, environment);
  const settings = {
    ...given("channel", options.channel),
    ...given("only", options.only),
    ...given("skip", options.skip),
    ...given("baseline", options.baseline === undefined ? undefined : readBaseline(options.baseline)),
    ...given("strict", options.strict),
    ...given("minCoverage", options.minCoverage === undefined ? undefined : options.minCoverage / 100),
    ...given("profile", options.profile),
    ...given("seed", options.seed),
    ...given("runs", options.runs),
    ...given("maxMs", options.maxTime === undefined ? undefined : 1000 * options.maxTime),
    ...given("maxFailures", options.maxFailures),
    ...given("maxCases", options.workers),
    ...given("timeScale", options.timeScale),
    ...given("patienceMs", options.patience),
    ...given("config", file?.config),
    ...given("secrets", file?.secrets),
  };
  return { settings, file };
}

/** Seconds of the command line in milliseconds. */
export function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : 1000 * seconds;
}

/** A member where there is a value, none where there is not: an option that was not given must not be there. */
export function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  // A computed key widens to string: the one key is K.
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]?: V });
}

/** The text of a PEM file that an option names. */
export function readPem(path: string, option: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `${option}: ${path} cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  if (!text.includes("-----BEGIN ")) {
    throw new UsageError(`${option}: ${path} is no PEM file; it has lines as -----BEGIN CERTIFICATE-----`);
  }
  return text;
}

/** Collects the words of a command that repeats a run. */
export interface CommandWords {
  /** An option with its value, if it has one. */
  add(option: string, value: string | number | undefined): void;
  /** A word by itself. */
  word(...words: readonly string[]): void;
  /** All of them, quoted for a shell. */
  text(): string;
}

/** Opens a command that begins with these words. */
export function commandWords(...first: readonly string[]): CommandWords {
  const words = [...first];
  return {
    add(option, value) {
      if (value !== undefined) words.push(option, `${value}`);
    },
    word: (...more) => {
      words.push(...more);
    },
    text: () =>
      words
        .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
        .join(" "),
  };
}
