/** A client, or the driver of clients, as a process: what it is told, and how its end is told. */
import { exitText, LAST_WORDS_MS, lastWords, type ProcessGroup, startGroup } from "../../process-group.js";
import { within } from "../../time.js";
import { UsageError } from "../../usage-error.js";
import type { LaunchedClient } from "../check.js";

/** A program and how it is started. */
export interface ClientProgram {
  /** Program and arguments; never one string that somebody splits. */
  readonly argv: readonly string[];
  readonly cwd?: string;
  /** Added to the kit's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How long a client has between SIGTERM and SIGKILL when its case is over (milliseconds): what it does then judges nobody. */
const TERM_MS = 1000;

/** Starts it. Throws {@link UsageError} when there is no such program. */
export async function startProgram(
  { argv, cwd, env }: ClientProgram,
  more: {
    readonly args?: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly read?: (text: string) => void;
  },
): Promise<ProcessGroup> {
  const [program, ...args] = argv;
  if (program === undefined || program === "") {
    throw new UsageError("There is no command to start. Write it after `--`: -- node client.js");
  }
  const group = startGroup({
    program,
    args: [...args, ...(more.args ?? [])],
    cwd,
    env: { ...env, ...more.env },
    ...(more.read === undefined ? {} : { read: more.read, writes: true }),
    termMs: TERM_MS,
  });
  if (group.pid > 0) return group;
  await group.gone;
  await group.stop();
  throw new UsageError(`"${program}" could not be started: ${group.failure?.message ?? "nobody knows why"}.`);
}

/** Tells at once how a process ended without being asked to, and a little later what it wrote last. */
export function watchEnd(group: ProcessGroup, tell: (how: string, words: Promise<string>) => void): void {
  group.onDeath((exit) => {
    const words = within(group.drained, LAST_WORDS_MS).then(() => lastWords(group.output()));
    tell(exitText(exit), words);
  });
}

/** The process as a check sees it. */
export function asSeen(group: ProcessGroup): NonNullable<LaunchedClient["process"]> {
  return {
    get exit() {
      return group.exit;
    },
    terminate: group.terminate,
    output: group.output,
  };
}
