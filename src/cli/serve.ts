/** `wireproof serve`: the reference server of the bundled document, or a mock of any other, until it is stopped. */
import type { LogEntry } from "../../reference-server/log.js";
import type { RunningServer } from "../../reference-server/running-server.js";
import type { Contract } from "../contract/contract.js";
import { chooseContract, chooseEndpoint, isBundled, type Perspective } from "./document.js";
import { EXIT } from "./failure.js";
import type { Terminal } from "./terminal.js";

export interface ServeOptions {
  readonly document?: string;
  readonly channel?: string;
  readonly as?: Perspective;
  readonly host: string;
  readonly port: number;
  readonly timeScale?: number;
  readonly seed: number;
  readonly log: "pretty" | "json" | "none";
  readonly token?: string;
  readonly origin?: readonly string[];
}

/** The code that tells clients to come back. */
const RESTART = 1012;

/** Resolves with the exit code once the server was stopped by SIGINT or SIGTERM and its connections are closed. */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<number> {
  const contract = await chooseContract(options.document, options.as);
  const reference = await isBundled(contract);
  const server = await (reference ? startReference : startMock)(
    contract,
    options,
    await logger(options, terminal),
  );
  const what = `${reference ? "reference server" : "mock"} of ${JSON.stringify(contract.title)} ${contract.version}`;
  const stopped = signalled();
  if (options.log === "json") {
    terminal.result(JSON.stringify({ serving: what, endpoints: server.endpoints }));
  } else {
    terminal.result(`The ${what}:`);
    const width = Math.max(...server.endpoints.map(({ name }) => name.length));
    for (const { name, url } of server.endpoints) terminal.result(`  ${name.padEnd(width)}  ${url}`);
    terminal.result("Ready. Ctrl-C stops it.");
  }
  await stopped;
  await server.close({ code: RESTART });
  return EXIT.ok;
}

type Log = ((entry: LogEntry) => void) | undefined;

async function logger(options: ServeOptions, terminal: Terminal): Promise<Log> {
  const format = options.log;
  if (format === "none") return undefined;
  const { formatLogEntry } = await import("../../reference-server/log.js");
  return (entry) => terminal.progress(formatLogEntry(entry, format));
}

async function startReference(contract: Contract, options: ServeOptions, log: Log): Promise<RunningServer> {
  const { startServer } = await import("../../reference-server/server.js");
  const only =
    options.channel === undefined ? {} : { channels: [chooseEndpoint(contract, options.channel).name] };
  return startServer({ ...serverOptions(options, log), ...only });
}

async function startMock(contract: Contract, options: ServeOptions, log: Log): Promise<RunningServer> {
  const mock = await import("../../reference-server/mock.js");
  const only =
    options.channel === undefined ? {} : { endpoints: [chooseEndpoint(contract, options.channel).name] };
  return mock.startMock({ ...serverOptions(options, log), contract, ...only });
}

const serverOptions = (options: ServeOptions, log: Log) => ({
  host: options.host,
  port: options.port,
  seed: options.seed,
  timeScale: options.timeScale ?? 1,
  ...(options.token === undefined ? {} : { token: options.token }),
  ...(options.origin === undefined ? {} : { origins: options.origin }),
  ...(log === undefined ? {} : { log }),
});

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
