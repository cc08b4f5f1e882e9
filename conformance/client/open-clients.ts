/** Opens what starts the clients of a run: the launcher of its mode, and the lever that shortens their time. */
import type { Endpoint } from "../../src/contract/contract.js";
import { UsageError } from "../server/subject.js";
import type { LaunchMode, TimeLever } from "./check.js";
import { openAttach } from "./launch/attach.js";
import { openDriver } from "./launch/driver.js";
import { openSpawn } from "./launch/spawn.js";
import type { Launcher } from "./launcher.js";

/** How the user wants time to be shortened. */
export type WantedTime = "auto" | "option" | "faketime" | "real";

/** How clients are launched. */
export interface ClientSource {
  /** Default: `spawn` with a command, `browser` with a page, else `attach`. */
  readonly mode?: LaunchMode;
  /** `spawn`, `driver`: program and arguments. */
  readonly command?: readonly string[];
  /** `browser`: URL or HTML file of a page. */
  readonly page?: string;
  /** Default `auto`: the first that works. */
  readonly time?: WantedTime;
  /** Multiplies every duration of the contract. */
  readonly timeScale?: number;
  /** `attach`: shows a line to the user; default: nothing is shown. */
  readonly tell?: (text: string) => void;
}

/** Clients that can be started, and how their time runs. */
export interface OpenClients {
  readonly launcher: Launcher;
  readonly lever: TimeLever;
  /** What declared durations are multiplied by where the kit waits and judges. */
  readonly timeScale: number;
  /** What the client is asked to multiply them by. */
  readonly askedScale: number;
}

/** The mode of a source. Throws UsageError for what cannot go together. */
export function modeOf(source: ClientSource): LaunchMode {
  const { command, page, time = "auto", timeScale } = source;
  const mode = source.mode ?? (command !== undefined ? "spawn" : page !== undefined ? "browser" : "attach");
  const hasCommand = command !== undefined && command.length > 0;
  if ((mode === "spawn" || mode === "driver") && !hasCommand) {
    throw new UsageError(
      `There is no ${mode === "driver" ? "driver" : "client"} to start. Write its command after \`--\`: -- node client.js`,
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

/** Opens them. Whoever opens them stops the launcher. */
export async function openClients(
  source: ClientSource,
  run: { readonly endpoint: Endpoint; readonly seed: number; readonly signal: AbortSignal },
): Promise<OpenClients> {
  const { time = "auto", timeScale = 1 } = source;
  const scale = time === "real" ? 1 : timeScale;
  const launcher = await openLauncher(source, { ...run, timeScale: scale });
  return { launcher, lever: scale === 1 ? "real" : "option", timeScale: scale, askedScale: scale };
}

function openLauncher(
  source: ClientSource,
  run: {
    readonly endpoint: Endpoint;
    readonly seed: number;
    readonly signal: AbortSignal;
    readonly timeScale: number;
  },
): Launcher | Promise<Launcher> {
  const { command: argv = [], tell = () => undefined } = source;
  const { endpoint, seed, signal, timeScale } = run;
  const mode = modeOf(source);
  switch (mode) {
    case "attach":
      return openAttach({ tell });
    case "spawn":
      return openSpawn({ argv });
    case "driver":
      return openDriver({
        argv,
        signal,
        hello: {
          channel: endpoint.name,
          commands: endpoint.commands.map(({ name }) => name),
          timeScale,
          seed,
        },
      });
    case "adapter":
    case "browser":
      throw new UsageError(`The launch mode ${mode} is not built yet.`);
  }
}
