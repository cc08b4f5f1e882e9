/** The two streams of the command line: results go to stdout, progress and errors to stderr. */

export interface Terminal {
  /** Writes one line of the result. */
  readonly result: (line: string) => void;
  /** Writes one line of progress or of an error. */
  readonly progress: (line: string) => void;
  /** Shows how far it is: one live line on a terminal, plain lines elsewhere. */
  readonly status: (line: string) => void;
  /** Whether {@link status} is a live line. */
  readonly live: boolean;
  /** Whether results may be coloured. */
  readonly colors: boolean;
  /** Columns of the terminal that shows results; undefined where none does. */
  readonly width: number | undefined;
}

/** The process's own streams. Colours go only to a terminal and obey NO_COLOR (and FORCE_COLOR). */
export function processTerminal(): Terminal {
  // A reader that has seen enough (`| head`) closes the pipe: that is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const live = process.stderr.isTTY === true;
  const clear = live ? "\r\u001b[K" : "";
  return {
    result: (line) => {
      process.stderr.write(clear);
      process.stdout.write(`${line}\n`);
    },
    progress: (line) => process.stderr.write(`${clear}${line}\n`),
    status: (line) =>
      process.stderr.write(live ? `${clear}${line.slice(0, process.stderr.columns - 1)}` : `${line}\n`),
    live,
    colors: wantsColors(process.env, process.stdout.isTTY === true),
    width: process.stdout.isTTY === true ? process.stdout.columns : undefined,
  };
}

/** https://no-color.org: set and not empty means none, whatever else is set. */
export function wantsColors(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0";
  return terminal && env["TERM"] !== "dumb";
}
