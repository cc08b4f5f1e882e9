/** `wireproof check server`: judges a server, prints what was found, writes reports. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderReport } from "../../conformance/report/text.js";
import { checkServer, type Progress } from "../../conformance/server/check-server.js";
import { chooseContract, chooseEndpoint, type Perspective } from "./document.js";
import { UsageError } from "./failure.js";
import type { ReportTarget } from "./program.js";
import type { Terminal } from "./terminal.js";
import { wireproofVersion } from "./version.js";

export interface CheckServerVerbOptions {
  readonly url: string;
  readonly document?: string;
  readonly channel?: string;
  readonly as?: Perspective;
  readonly seed?: number;
  readonly runs?: number;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly param?: Readonly<Record<string, readonly string[]>>;
  readonly timeScale?: number;
  readonly report?: readonly ReportTarget[];
  readonly verbose?: boolean;
}

/** The exit code is the report's own: 0 conforms, 1 does not, 2 the kit failed, 3 too little was tested. */
export async function checkServerVerb(options: CheckServerVerbOptions, terminal: Terminal): Promise<number> {
  const { url, document, channel, as, report: targets = [], verbose = false, param, ...selection } = options;
  const contract = await chooseContract(document, as);
  if (channel !== undefined) chooseEndpoint(contract, channel);
  else if (contract.endpoints.length > 1) {
    const known = contract.endpoints.map(({ name }) => name).join(", ");
    throw new UsageError(
      `the document has several channels; say which one the server speaks with --channel (${known})`,
    );
  }
  const report = await checkServer({
    ...selection,
    contract,
    url,
    ...(channel === undefined ? {} : { channel }),
    ...(param === undefined ? {} : { parameters: param }),
    version: wireproofVersion(),
    replayCommand: (ids, seed) => replayCommand(options, ids, seed),
    onProgress: (progress) => showProgress(progress, terminal),
  });
  const { colors, width } = terminal;
  terminal.result(renderReport(report, { colors, verbose, ...(width === undefined ? {} : { width }) }));
  for (const { file } of targets) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    terminal.progress(`report: ${file}`);
  }
  return report.exitCode;
}

/** The command that judges again what failed, with everything that was said this time; quoted for a shell. */
export function replayCommand(options: CheckServerVerbOptions, ids: string, seed: number): string {
  const { url, document, channel, as, runs, param = {}, timeScale } = options;
  const words = ["wireproof", "check", "server", url];
  if (document !== undefined) words.push("--document", document);
  if (channel !== undefined) words.push("--channel", channel);
  if (as !== undefined) words.push("--as", as);
  for (const [name, values] of Object.entries(param)) words.push("--param", `${name}=${values.join(",")}`);
  words.push("--only", ids, "--seed", `${seed}`);
  if (runs !== undefined) words.push("--runs", `${runs}`);
  if (timeScale !== undefined) words.push("--time-scale", `${timeScale}`);
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** Enough to see that it goes on, and where it takes its time. */
function showProgress(progress: Progress, terminal: Terminal): void {
  const { done, total } = progress;
  if (progress.kind === "started") return;
  const { id, verdict, durationMs } = progress.outcome;
  terminal.status(`[${done}/${total}] ${id} ${verdict} (${(durationMs / 1000).toFixed(1)} s)`);
}
