/** `wireproof check server`: judges a server, prints what was found, writes reports. */
import { readFileSync } from "node:fs";
import type { ProfileName } from "../../conformance/profile.js";
import { renderReport } from "../../conformance/report/text.js";
import { type CheckServerOptions, checkServer } from "../../conformance/server/check-server.js";
import { authorizeBy } from "./auth-command.js";
import { readBaseline, readConfig } from "./config-file.js";
import { chooseContract, chooseEndpoint, type Perspective } from "./document.js";
import { UsageError } from "./failure.js";
import { interruption } from "./interruption.js";
import { showProgress } from "./progress.js";
import { openReports } from "./report-files.js";
import type { ReportTarget } from "./report-kinds.js";
import type { Terminal } from "./terminal.js";
import { wireproofVersion } from "./version.js";

type Pairs = Readonly<Record<string, string>>;

/** The options as they are written; times in the unit that their help names. */
export interface CheckServerVerbOptions {
  readonly url: string;
  /** Program and arguments of the server that is to be started. */
  readonly command?: readonly string[];
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
  readonly header?: Pairs;
  readonly query?: Pairs;
  readonly param?: Readonly<Record<string, readonly string[]>>;
  readonly subprotocol?: readonly string[];
  readonly origin?: string;
  readonly authCommand?: readonly string[];
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly resolve?: Pairs;
  readonly report?: readonly ReportTarget[];
  readonly verbose?: boolean;
}

/** The exit code is the report's own: 0 conforms, 1 does not, 2 the kit failed, 3 too little was tested. */
export async function checkServerVerb(options: CheckServerVerbOptions, terminal: Terminal): Promise<number> {
  const { document, channel, as, report: targets = [], verbose = false } = options;
  const contract = await chooseContract(document, as);
  if (channel !== undefined) chooseEndpoint(contract, channel);
  else if (contract.endpoints.length > 1) {
    const known = contract.endpoints.map(({ name }) => name).join(", ");
    throw new UsageError(
      `the document has several channels; say which one the server speaks with --channel (${known})`,
    );
  }
  const setup = await runOptions(options, process.env);
  const files = await openReports(targets);
  const interrupted = interruption(() => {
    terminal.progress("stopping: what was reached is printed in a moment (Ctrl-C again: at once)");
  });
  const line = showProgress(terminal, () => performance.now());
  try {
    const report = await checkServer({
      ...setup,
      contract,
      version: wireproofVersion(),
      setup: setupOf(options),
      signal: interrupted.signal,
      replayCommand: (ids, seed) => replayCommand(options, ids, seed),
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
function setupOf(options: CheckServerVerbOptions): NonNullable<CheckServerOptions["setup"]> {
  // Reports, selectors and bounds are of one run; seed, channel and runs are in the report already.
  const { report, verbose, only, skip, seed, baseline, strict, minCoverage, maxTime, maxFailures, ...setup } =
    options;
  return setup;
}

/** The options of the kit, from those of the verb and the files that they name. What is said in a word wins over a file. */
export async function runOptions(
  options: CheckServerVerbOptions,
  environment: NodeJS.ProcessEnv,
): Promise<Omit<CheckServerOptions, "contract">> {
  const file = options.config === undefined ? undefined : readConfig(options.config, environment);
  const authorize =
    options.authCommand === undefined ? undefined : await authorizeBy(options.authCommand, environment);
  const { ca, cert, key } = options;
  return {
    url: options.url,
    environment,
    ...given("channel", options.channel),
    ...given("command", options.command),
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
    ...given("waitMs", options.wait === undefined ? undefined : 1000 * options.wait),
    ...given("config", file?.config),
    ...given("secrets", file?.secrets),
    headers: { ...file?.headers, ...options.header },
    query: { ...file?.query, ...options.query },
    parameters: { ...file?.parameters, ...options.param },
    ...given("subprotocols", options.subprotocol ?? file?.subprotocols),
    ...given("origin", options.origin ?? file?.origin),
    ...given("authorize", authorize),
    ...given("ca", ca === undefined ? undefined : readPem(ca, "--ca")),
    ...given("cert", cert === undefined ? undefined : readPem(cert, "--cert")),
    ...given("key", key === undefined ? undefined : readPem(key, "--key")),
    ...given("insecure", options.insecure),
    ...given("resolve", options.resolve),
  };
}

/** A member where there is a value, none where there is not: an option that was not given must not be there. */
function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  // A computed key widens to string: the one key is K.
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]?: V });
}

function readPem(path: string, option: string): string {
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

/** The command that judges again what failed, with everything that was said this time; quoted for a shell. */
export function replayCommand(options: CheckServerVerbOptions, ids: string, seed: number): string {
  const words = ["wireproof", "check", "server", options.url];
  const add = (option: string, value: string | number | undefined): void => {
    if (value !== undefined) words.push(option, `${value}`);
  };
  add("--document", options.document);
  add("--channel", options.channel);
  add("--as", options.as);
  add("--profile", options.profile);
  add("--config", options.config);
  for (const [name, value] of Object.entries(options.header ?? {})) add("--header", `${name}: ${value}`);
  for (const [name, value] of Object.entries(options.query ?? {})) add("--query", `${name}=${value}`);
  for (const [name, values] of Object.entries(options.param ?? {})) add("--param", `${name}=${values}`);
  add("--subprotocol", options.subprotocol?.join(","));
  add("--origin", options.origin);
  add("--auth-command", options.authCommand && JSON.stringify(options.authCommand));
  add("--ca", options.ca);
  if (options.insecure === true) words.push("--insecure");
  add("--cert", options.cert);
  add("--key", options.key);
  for (const [host, address] of Object.entries(options.resolve ?? {})) add("--resolve", `${host}:${address}`);
  add("--only", ids);
  add("--seed", seed);
  add("--runs", options.runs);
  add("--time-scale", options.timeScale);
  add("--patience", options.patience);
  if (options.command !== undefined) words.push("--", ...options.command);
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
