/** `wireproof serve`: the reference server of the bundled document, or a mock of any other, until it is stopped. */
import type { LogEntry } from "../../reference-server/log.js";
import type { RunningServer } from "../../reference-server/running-server.js";
import type { ServerOptions } from "../../reference-server/server.js";
import type { Contract } from "../contract/contract.js";
import { chooseContract, chooseEndpoint, isBundled, type Perspective } from "./document.js";
import { EXIT } from "./failure.js";
import { playgroundFiles } from "./playground.js";
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
  const note =
    options.log === "none" ? () => undefined : (text: string) => terminal.progress(`note: ${text}`);
  const serving = reference ? "reference server" : "mock";
  const playground = playgroundFiles(contract, {
    serving,
    timeScale: options.timeScale ?? 1,
    needsToken: options.token !== undefined,
    ...(options.channel === undefined ? {} : { endpoint: chooseEndpoint(contract, options.channel).name }),
  });
  const server = await start(
    contract,
    reference,
    {
      ...(await serverOptions(contract, options, terminal)),
      ...(playground === undefined ? {} : { playground }),
    },
    note,
  );
  const stopped = signalled();
  const what = `${serving} of ${JSON.stringify(contract.title)} ${contract.version}`;
  if (options.log === "json") {
    terminal.result(JSON.stringify({ serving: what, endpoints: server.endpoints }));
  } else {
    terminal.result(`The ${what}:`);
    const width = Math.max(...server.endpoints.map(({ name }) => name.length));
    for (const { name, url } of server.endpoints) terminal.result(`  ${name.padEnd(width)}  ${url}`);
    if (playground !== undefined) {
      terminal.result(`A page to play with them: ${server.url.replace(/^ws/, "http")}/`);
    }
    terminal.result("Ready. Ctrl-C stops it.");
  }
  await stopped;
  await server.close({ code: RESTART });
  return EXIT.ok;
}

async function start(
  contract: Contract,
  reference: boolean,
  options: ServerOptions,
  note: (text: string) => void,
): Promise<RunningServer> {
  if (reference) return (await import("../../reference-server/server.js")).startServer(options);
  const mock = await import("../../reference-server/mock.js");
  return mock.startMock({ ...options, contract, note });
}

async function serverOptions(
  contract: Contract,
  options: ServeOptions,
  terminal: Terminal,
): Promise<ServerOptions> {
  const { formatLogEntry } = await import("../../reference-server/log.js");
  const { host, port, seed, timeScale, channel, token, origin, log } = options;
  return {
    host,
    port,
    seed,
    timeScale: timeScale ?? 1,
    ...(channel === undefined ? {} : { channels: [chooseEndpoint(contract, channel).name] }),
    ...(token === undefined ? {} : { token }),
    ...(origin === undefined ? {} : { origins: origin }),
    ...(log === "none" ? {} : { log: (entry: LogEntry) => terminal.progress(formatLogEntry(entry, log)) }),
    onFault: (fault) =>
      terminal.progress(`fault of the server: ${fault instanceof Error ? fault.stack : String(fault)}`),
  };
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
