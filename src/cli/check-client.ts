/** `wireproof check client`: judges a client, prints what was found, writes reports. */
import { type CheckClientOptions, checkClient } from "../../conformance/client/check-client.js";
import type { WantedTime } from "../../conformance/client/open-clients.js";
import {
  type CheckVerbOptions,
  commandWords,
  commonSettings,
  given,
  inMs,
  runCheck,
  setupOf,
} from "./check-run.js";
import type { Terminal } from "./terminal.js";

/** The options as they are written; times in the unit that their help names. */
export interface CheckClientVerbOptions extends CheckVerbOptions {
  /** Program and arguments of the client, or of its driver. */
  readonly command?: readonly string[];
  readonly attach?: boolean;
  readonly driver?: boolean;
  /** URL or file of a page. */
  readonly browser?: string;
  readonly port?: number;
  readonly host?: string;
  readonly time?: WantedTime;
}

/** The exit code is the report's own: 0 conforms, 1 does not, 2 the kit failed, 3 too little was tested. */
export async function checkClientVerb(options: CheckClientVerbOptions, terminal: Terminal): Promise<number> {
  const { attach, driver, ...asked } = options;
  return runCheck(options, terminal, (run) =>
    checkClient({
      ...clientOptions(options, process.env),
      ...run,
      tell: (text) => terminal.progress(text),
      setup: setupOf(asked),
      replayCommand: (ids, seed) => clientReplayCommand(options, ids, seed),
    }),
  );
}

/** The options of the kit, from those of the verb and the files that they name. What is said in a word wins over a file. */
export function clientOptions(
  options: CheckClientVerbOptions,
  environment: NodeJS.ProcessEnv,
): Omit<CheckClientOptions, "contract"> {
  const { settings, file } = commonSettings(options, environment);
  return {
    ...settings,
    ...given("mode", modeOf(options)),
    ...given("command", options.command),
    ...given("page", options.browser),
    ...given("port", options.port),
    ...given("host", options.host),
    ...given("time", options.time),
    ...given("waitMs", inMs(options.wait)),
    query: { ...file?.query, ...options.query },
    parameters: { ...file?.parameters, ...options.param },
  };
}

function modeOf({ attach, driver, browser }: CheckClientVerbOptions): CheckClientOptions["mode"] {
  if (attach === true) return "attach";
  if (driver === true) return "driver";
  return browser === undefined ? "spawn" : "browser";
}

/** The command that judges again what failed, with everything that was said this time; quoted for a shell. */
export function clientReplayCommand(options: CheckClientVerbOptions, ids: string, seed: number): string {
  const command = commandWords("wireproof", "check", "client");
  const { add } = command;
  add("--document", options.document);
  add("--channel", options.channel);
  add("--as", options.as);
  if (options.attach === true) command.word("--attach");
  if (options.driver === true) command.word("--driver");
  add("--browser", options.browser);
  add("--port", options.port);
  add("--host", options.host);
  add("--profile", options.profile);
  add("--config", options.config);
  for (const [name, value] of Object.entries(options.query ?? {})) add("--query", `${name}=${value}`);
  for (const [name, values] of Object.entries(options.param ?? {})) add("--param", `${name}=${values}`);
  add("--only", ids);
  add("--seed", seed);
  add("--runs", options.runs);
  add("--time", options.time);
  add("--time-scale", options.timeScale);
  add("--patience", options.patience);
  if (options.command !== undefined) command.word("--", ...options.command);
  return command.text();
}
