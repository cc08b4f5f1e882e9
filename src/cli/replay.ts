/** `wireproof replay`: plays the failures of a report again, or prints one of them as a script. */
import { readFileSync } from "node:fs";
import { checkClient } from "../../conformance/client/check-client.js";
import type { RunSettings } from "../../conformance/conduct.js";
import { type Replayed, type ReplayRun, replayable, replayOutcome } from "../../conformance/replay.js";
import type { Outcome, Report, ReportedSetup } from "../../conformance/report/report.js";
import { renderFailure } from "../../conformance/report/text.js";
import { checkServer } from "../../conformance/server/check-server.js";
import { SnippetError, snippetOf } from "../../conformance/snippet.js";
import reportSchema from "../../schemas/report.json" with { type: "json" };
import type { Contract } from "../contract/contract.js";
import { compileSchema } from "../contract/validate.js";
import { type CheckClientVerbOptions, clientOptions } from "./check-client.js";
import { type CheckServerVerbOptions, runOptions } from "./check-server.js";
import { chooseContract, type Perspective } from "./document.js";
import { EXIT, UsageError } from "./failure.js";
import { interruption } from "./interruption.js";
import type { Terminal } from "./terminal.js";
import { wireproofVersion } from "./version.js";

type Pairs = Readonly<Record<string, string>>;

/** What the verb is told. */
export interface ReplayVerbOptions {
  /** Path of the JSON report. */
  readonly report: string;
  /** Id of a check. */
  readonly check?: string;
  readonly snippet?: boolean;
  readonly url?: string;
  readonly document?: string;
  readonly config?: string;
  readonly header?: Pairs;
  readonly query?: Pairs;
  readonly verbose?: boolean;
}

/** What stands for a secret in a report. */
const SECRET = "‹secret:";

const SIGNS = { fixed: "✓", failed: "✗", error: "!" } as const;

/** Exit 0: all are fixed. 1: one still fails. 2: nothing could be told. */
export async function replay(options: ReplayVerbOptions, terminal: Terminal): Promise<number> {
  const report = readReport(options.report);
  const rows = replayable(report, options.check);
  if (options.snippet === true) {
    terminal.result(snippet(report, rows, options).trimEnd());
    return EXIT.ok;
  }
  const [only] = rows;
  if (only === undefined) {
    terminal.result("nothing to replay: no check failed in this report");
    return EXIT.ok;
  }
  if (rows.length === 1 && only.verdict === "pass") {
    terminal.result(`${only.id} passed in this report: there is nothing to replay`);
    return EXIT.ok;
  }
  const { document, as, judge, notes } = await playerOf(report, options);
  const contract = await chooseContract(document, as);
  for (const line of [...changes(report, contract), ...notes]) terminal.progress(line);
  const interrupted = interruption(() => terminal.progress("stopping (Ctrl-C again: at once)"));
  const results: Replayed[] = [];
  try {
    for (const row of rows) {
      if (interrupted.signal.aborted) break;
      terminal.status(`[${results.length + 1}/${rows.length}] ${row.id}`);
      const result = await replayOutcome(row, report.run.seed, (what) =>
        judge({ ...what, contract, version: wireproofVersion(), signal: interrupted.signal }),
      );
      results.push(result);
      show(result, row, options.verbose === true, terminal);
    }
  } finally {
    interrupted.end();
  }
  const count = (state: Replayed["state"]): number => results.filter((one) => one.state === state).length;
  const left = rows.length - results.length;
  const errors = count("error") === 0 ? "" : `, ${count("error")} could not be told`;
  const stopped = left === 0 ? "" : `, ${left} not played`;
  terminal.result(
    `${count("fixed")} of ${rows.length} fixed, ${count("failed")} still failing${errors}${stopped}`,
  );
  if (count("failed") > 0) return EXIT.findings;
  return count("error") + left > 0 ? EXIT.usage : EXIT.ok;
}

function show(result: Replayed, row: Outcome, verbose: boolean, terminal: Terminal): void {
  const { id, outcome, reason, state } = result;
  terminal.result(`${SIGNS[state]} ${id}  ${state.padEnd(6)}  ${row.title}: ${reason}`);
  if (state !== "failed" || outcome === undefined || !verbose) return;
  const { colors, width } = terminal;
  terminal.result(`\n${renderFailure(outcome, { colors, ...(width === undefined ? {} : { width }) })}\n`);
}

function readReport(path: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new UsageError(
      missing
        ? `there is no file ${path}; name a report that \`wireproof check … --report json=file\` has written`
        : `${path} is no JSON report (${error instanceof Error ? error.message : String(error)}); only --report json=file can be replayed`,
    );
  }
  const { definitions, ...top } = reportSchema;
  // Schemas are plain JSON: so are their definitions.
  const issue = compileSchema(
    top,
    definitions as unknown as Record<string, object & boolean>,
    "the report schema",
  )(value);
  // The schema has accepted it.
  if (issue === undefined) return value as Report;
  throw new UsageError(
    `${path} is no report of this version: at ${issue.path || "its top"} ${issue.expected} was expected, not ${issue.received}`,
  );
}

/** What judges the subject of a report again, as it was judged then. */
interface Player {
  readonly document: string | undefined;
  readonly as: Perspective | undefined;
  readonly judge: (
    what: ReplayRun & Required<Pick<RunSettings, "contract" | "version" | "signal">>,
  ) => Promise<Report>;
  /** What the user is told beforehand. */
  readonly notes: readonly string[];
}

async function playerOf(report: Report, options: ReplayVerbOptions): Promise<Player> {
  const { subject } = report;
  if (subject.role === "client") {
    const setup = clientSetup(report, options);
    const settings = clientOptions(setup, process.env);
    const notes: string[] = [];
    return {
      document: setup.document,
      as: setup.as,
      notes,
      judge: (what) => checkClient({ ...settings, ...what }),
    };
  }
  const setup = serverSetup(report, subject.url, options);
  const settings = await runOptions(setup, process.env);
  const was = report.setup?.url ?? subject.url;
  const notes = setup.url === was ? [] : [`the server is asked at ${setup.url} instead of ${was}`];
  return {
    document: setup.document,
    as: setup.as,
    notes,
    judge: (what) => checkServer({ ...settings, ...what }),
  };
}

/** How the run was asked for, with what is said now over it. Throws where a secret is needed again. */
function serverSetup(report: Report, url: string, options: ReplayVerbOptions): CheckServerVerbOptions {
  const { mode, browser, time, port, host, ...recorded }: ReportedSetup = report.setup ?? {};
  const setup: CheckServerVerbOptions = {
    ...recorded,
    url: recorded.url ?? url,
    channel: report.contract.channel,
    ...(options.url === undefined ? {} : { url: options.url }),
    ...(options.document === undefined ? {} : { document: options.document }),
    ...(options.config === undefined ? {} : { config: options.config }),
    header: again("header", "--header", ": ", recorded.header, options),
    query: again("query", "--query", "=", recorded.query, options),
  };
  if (setup.url.includes(SECRET)) {
    throw new UsageError(
      "the URL of the report held a secret, which it leaves out; give it again with --url",
    );
  }
  mustHoldNoSecret([setup.command, setup.authCommand, setup.param], "check server");
  return setup;
}

/** The same for a client. */
function clientSetup(report: Report, options: ReplayVerbOptions): CheckClientVerbOptions {
  if (options.url !== undefined || options.header !== undefined) {
    throw new UsageError(
      "the report is about a client, which connects to the kit: leave out --url and --header",
    );
  }
  const {
    url,
    header,
    subprotocol,
    origin,
    authCommand,
    ca,
    insecure,
    cert,
    key,
    resolve,
    mode,
    ...recorded
  } = report.setup ?? {};
  if (mode === "adapter") {
    throw new UsageError(
      "the report is about a client in the process that judged it: judge it again there, by checkClient with `only` and `seed`",
    );
  }
  mustHoldNoSecret([recorded.command, recorded.param], "check client");
  return {
    ...recorded,
    channel: report.contract.channel,
    ...(options.document === undefined ? {} : { document: options.document }),
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(mode === "attach" ? { attach: true } : {}),
    ...(mode === "driver" ? { driver: true } : {}),
    query: again("query", "--query", "=", recorded.query, options),
  };
}

function mustHoldNoSecret(values: readonly unknown[], verb: string): void {
  if (!JSON.stringify(values).includes(SECRET)) return;
  throw new UsageError(
    `the command or a parameter of the report held a secret, which it leaves out; run \`wireproof ${verb}\` again instead`,
  );
}

/** Headers or query parameters, with those that the report leaves out given again. */
function again(
  kind: "header" | "query",
  option: string,
  between: string,
  recorded: Pairs = {},
  options: ReplayVerbOptions,
): Pairs {
  const merged = { ...recorded, ...options[kind] };
  const left = Object.entries(merged).filter(([, value]) => value.includes(SECRET));
  // A configuration may give it as well: then what the report leaves out is not needed.
  if (left.length > 0 && options.config === undefined) {
    const [name = ""] = left[0] ?? [];
    throw new UsageError(
      `the report leaves out the value of the ${kind} "${name}", which is a secret; give it again with ${option} '${name}${between}…', or with --config`,
    );
  }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => !value.includes(SECRET)));
}

/** What is no longer as it was. */
function changes(report: Report, contract: Contract): string[] {
  const lines: string[] = [];
  if (contract.sha256 !== report.contract.sha256) {
    const [before, now] = [report.contract.sha256, contract.sha256].map((hash) => hash.slice(0, 12));
    lines.push(
      `the document has changed since the report (sha256 ${before}… → ${now}…): it is judged as it is now`,
    );
  }
  if (wireproofVersion() !== report.wireproof) {
    lines.push(`the report is of wireproof ${report.wireproof}, this is ${wireproofVersion()}`);
  }
  return lines;
}

function snippet(report: Report, rows: readonly Outcome[], options: ReplayVerbOptions): string {
  const [row, ...others] = rows;
  if (row === undefined) throw new UsageError("no check failed in this report: there is no case to print");
  if (others.length > 0) {
    throw new UsageError(
      `several checks failed; say which one to print: ${rows.map(({ id }) => id).join(", ")}`,
    );
  }
  const { url } = options;
  const moved = url === undefined ? report : { ...report, setup: { ...report.setup, url } };
  try {
    return snippetOf(moved, row);
  } catch (error) {
    if (error instanceof SnippetError) throw new UsageError(error.message);
    throw error;
  }
}
