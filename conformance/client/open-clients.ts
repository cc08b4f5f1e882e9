/** Opens what starts the clients of a run: the launcher of its mode, and the lever that shortens their time. */
import { UsageError } from "../usage-error.js";
import { inClientCase } from "./case.js";
import type { LaunchMode } from "./check.js";
import { type ClientAdapter, openAdapter, type WebSocketConstructor } from "./launch/adapter.js";
import { openAttach } from "./launch/attach.js";
import { openBrowser } from "./launch/browser.js";
import { openDriver } from "./launch/driver.js";
import { openSpawn } from "./launch/spawn.js";
import type { Launcher } from "./launcher.js";
import { type ClientRunOptions, createClientRun } from "./run.js";
import { type ChosenTime, type ClientTime, chooseTime, type WantedTime } from "./time/choose-time.js";

export type { WantedTime } from "./time/choose-time.js";

/** How clients are launched. */
export interface ClientSource {
  /** Default: `spawn` with a command, `browser` with a page, `adapter` with one, else `attach`. */
  readonly mode?: LaunchMode;
  /** `spawn`, `driver`: program and arguments. */
  readonly command?: readonly string[];
  /** `browser`: URL or HTML file of a page. */
  readonly page?: string;
  /** `adapter`: makes clients in this process. */
  readonly adapter?: ClientAdapter;
  /** `adapter`: what they open their sockets with; default the platform's, which Node 20 does not have. */
  readonly WebSocket?: WebSocketConstructor;
  /** `adapter`: true where its commands resolve with what the server replied. */
  readonly replies?: boolean;
  /** Default `auto`: the first that works. */
  readonly time?: WantedTime;
  /** Multiplies every duration of the contract; default: 0.05, or what its shortest waits allow. */
  readonly timeScale?: number;
  /** `attach`, `browser`: shows a line to the user; default: nothing is shown. */
  readonly tell?: (text: string) => void;
}

/** The mode of a source. Throws UsageError for what cannot go together. */
export function modeOf(source: ClientSource): LaunchMode {
  const { adapter, command, page, time = "auto", timeScale } = source;
  const mode = source.mode ?? givenMode(source);
  const hasCommand = command !== undefined && command.length > 0;
  if ((mode === "spawn" || mode === "driver") && !hasCommand) {
    throw new UsageError(
      mode === "driver"
        ? "There is no driver to start. Write its command after `--`: --driver -- node driver.js"
        : "There is no client to start. Write its command after `--`: -- node client.js; or wait for one with --attach.",
    );
  }
  if ((mode === "attach" || mode === "browser") && hasCommand) {
    throw new UsageError(
      `With --${mode} the kit starts no command. Leave out -- ${command.join(" ")}, or --${mode}.`,
    );
  }
  if (page !== undefined && mode !== "browser") {
    throw new UsageError(`A page is opened in a browser: --browser and --${mode} cannot go together.`);
  }
  if (mode === "browser" && page === undefined) {
    throw new UsageError("There is no page to open: say which one, as a URL or an HTML file.");
  }
  if ((mode === "adapter") !== (adapter !== undefined)) {
    throw new UsageError(`An adapter is what the mode "adapter" needs, and no other: the mode is "${mode}".`);
  }
  if (time === "faketime" && mode !== "spawn" && mode !== "driver") {
    throw new UsageError(
      `libfaketime works on a process that the kit starts: --time faketime needs a command after \`--\`, and none is started with --${mode}.`,
    );
  }
  if (time === "real" && timeScale !== undefined && timeScale !== 1) {
    throw new UsageError("--time real leaves time as it is: leave out --time-scale, or use --time option.");
  }
  if (time === "option" && mode === "attach") {
    throw new UsageError(
      "With --attach the kit cannot tell the client of a time scale: use --time real, or start the client after `--`.",
    );
  }
  return mode;
}

/** What the user's options say without a word about the mode. */
function givenMode({ adapter, command, page }: ClientSource): LaunchMode {
  if (adapter !== undefined) return "adapter";
  if (command !== undefined) return "spawn";
  return page === undefined ? "attach" : "browser";
}

/** How long drivers and pages have for their hello by default (milliseconds). */
const HELLO_MS = 30_000;

/** What a run of clients needs beside its launcher and its time. */
export type RunSetting = Omit<
  ClientRunOptions,
  "launcher" | "lever" | "timeScale" | "askedScale" | "advertisedMs"
>;

/** Opens them, in the time that they turn out to live in. Whoever opens them stops the launcher. */
export function openClients(source: ClientSource, setting: RunSetting): Promise<ChosenTime> {
  const { command, time = "auto", timeScale } = source;
  const { contract, endpoint } = setting.judge;
  const mode = modeOf(source);
  return chooseTime({
    wanted: time,
    mode,
    contract,
    endpoint,
    signal: setting.signal,
    ...(command === undefined ? {} : { argv: command }),
    ...(timeScale === undefined ? {} : { timeScale }),
    open: (chosen) => openLauncher(source, mode, setting, chosen),
    rehearse: (launcher, chosen, script) => {
      const { lever, timeScale: scale, askedScale } = chosen;
      const run = createClientRun({ ...setting, launcher, lever, timeScale: scale, askedScale });
      return inClientCase(run, "time", "in which time the client lives", script);
    },
  });
}

function openLauncher(
  source: ClientSource,
  mode: LaunchMode,
  { judge, launchMs, seed, signal }: RunSetting,
  time: ClientTime,
): Launcher | Promise<Launcher> {
  const { adapter, command: argv = [], page = "", replies, tell = () => undefined, WebSocket } = source;
  const { endpoint } = judge;
  const { atOnce: most, env, speed } = time;
  const atOnce = most === undefined ? {} : { atOnce: most };
  // Who gives clients longer than drivers and pages have anyway gives it to these as well.
  const patience = launchMs > HELLO_MS ? { waitMs: launchMs } : {};
  const hello = {
    channel: endpoint.name,
    commands: endpoint.commands.map(({ name }) => name),
    timeScale: time.askedScale,
    seed,
  };
  switch (mode) {
    case "attach":
      return openAttach({ tell });
    case "spawn":
      return openSpawn({ argv, env, ...atOnce });
    case "driver":
      return openDriver({ argv, env, hello, signal, ...atOnce, ...patience });
    case "browser":
      return openBrowser({ page, hello, tell, signal, ...patience });
    case "adapter":
      if (adapter === undefined) throw new UsageError("There is no adapter.");
      return openAdapter({
        adapter,
        speed,
        ...(WebSocket === undefined ? {} : { WebSocket }),
        ...(replies === undefined ? {} : { replies }),
      });
  }
}
