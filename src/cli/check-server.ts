/** `wireproof check server`: judges a server, prints what was found, writes reports. */
import { type CheckServerOptions, checkServer } from "../../conformance/server/check-server.js";
import { authorizeBy } from "./auth-command.js";
import {
  type CheckVerbOptions,
  commandWords,
  commonSettings,
  given,
  inMs,
  type Pairs,
  readPem,
  runCheck,
  setupOf,
} from "./check-run.js";
import type { Terminal } from "./terminal.js";

/** The options as they are written; times in the unit that their help names. */
export interface CheckServerVerbOptions extends CheckVerbOptions {
  readonly url: string;
  /** Program and arguments of the server that is to be started. */
  readonly command?: readonly string[];
  readonly header?: Pairs;
  readonly subprotocol?: readonly string[];
  readonly origin?: string;
  readonly authCommand?: readonly string[];
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly resolve?: Pairs;
}

/** The exit code is the report's own: 0 conforms, 1 does not, 2 the kit failed, 3 too little was tested. */
export async function checkServerVerb(options: CheckServerVerbOptions, terminal: Terminal): Promise<number> {
  return runCheck(options, terminal, async (run) =>
    checkServer({
      ...(await runOptions(options, process.env)),
      ...run,
      setup: setupOf(options),
      replayCommand: (ids, seed) => replayCommand(options, ids, seed),
    }),
  );
}

/** The options of the kit, from those of the verb and the files that they name. What is said in a word wins over a file. */
export async function runOptions(
  options: CheckServerVerbOptions,
  environment: NodeJS.ProcessEnv,
): Promise<Omit<CheckServerOptions, "contract">> {
  const { settings, file } = commonSettings(options, environment);
  const authorize =
    options.authCommand === undefined ? undefined : await authorizeBy(options.authCommand, environment);
  const { ca, cert, key } = options;
  return {
    ...settings,
    url: options.url,
    environment,
    ...given("command", options.command),
    ...given("waitMs", inMs(options.wait)),
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

/** The command that judges again what failed, with everything that was said this time; quoted for a shell. */
export function replayCommand(options: CheckServerVerbOptions, ids: string, seed: number): string {
  const command = commandWords("wireproof", "check", "server", options.url);
  const { add } = command;
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
  if (options.insecure === true) command.word("--insecure");
  add("--cert", options.cert);
  add("--key", options.key);
  for (const [host, address] of Object.entries(options.resolve ?? {})) add("--resolve", `${host}:${address}`);
  add("--only", ids);
  add("--seed", seed);
  add("--runs", options.runs);
  add("--time-scale", options.timeScale);
  add("--patience", options.patience);
  if (options.command !== undefined) command.word("--", ...options.command);
  return command.text();
}
