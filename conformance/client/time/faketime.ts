/**
 * libfaketime: makes the clock of somebody else's process run faster, without a change in it. Measured with 0.9.10 and
 * Node 20: at ten times the speed a backoff is late by at most 2 %, at thirty times with 24 processes by more than half.
 */
import { accessSync, constants, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { startGroup } from "../../process-group.js";
import { monotonic, within } from "../../time.js";

/** How much faster by default, and how many processes at once: more of either, and what is measured is the machine. */
export const FAKETIME = { speed: 10, atOnce: 8 } as const;

/** What is installed, or why nothing is. */
export type FoundLibrary = { readonly path: string } | { readonly missing: string };

const NAME = "libfaketime.so.1";

/** Looks where Debian, Fedora, Alpine, Arch and a build by hand put it. */
export function findLibfaketime(root = "/usr"): FoundLibrary {
  if (process.platform !== "linux") {
    return { missing: `libfaketime is used on Linux only, and this is ${process.platform}` };
  }
  const folders = [
    ...subfolders(join(root, "lib")).map((abi) => join(root, "lib", abi, "faketime")),
    join(root, "lib/faketime"),
    join(root, "lib64/faketime"),
    join(root, "local/lib/faketime"),
  ];
  for (const folder of folders) {
    const path = join(folder, NAME);
    try {
      accessSync(path, constants.R_OK);
      return { path };
    } catch {
      // The next one.
    }
  }
  return {
    missing: `libfaketime is not installed (no ${NAME} in ${join(root, "lib/*/faketime")}); on Debian: apt-get install faketime`,
  };
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What a process needs in its environment for a clock that runs `speed` times as fast. */
export function faketimeEnvironment(
  library: string,
  speed: number,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  const before = environment["LD_PRELOAD"];
  return {
    LD_PRELOAD: before === undefined || before === "" ? library : `${library}:${before}`,
    FAKETIME: `+0 x${speed}`,
    // Timers of event loops wait by the monotonic clock: it has to run faster as well.
    FAKETIME_DONT_FAKE_MONOTONIC: "0",
    FAKETIME_NO_CACHE: "1",
  };
}

/** The wait of the sample program (milliseconds of its own time), and how long it may take to start (of the wall). */
const SAMPLE = { ms: 2000, startMs: 15_000 } as const;

/** Programs that wait, in the languages in which that is done in more than one way. */
function sampleOf([program = ""]: readonly string[]): readonly string[] {
  const name = basename(program);
  const script = `console.log("a"); setTimeout(() => console.log("b"), ${SAMPLE.ms})`;
  if (/^node(js)?(-?\d+)?$/.test(name)) return [program, "-e", script];
  if (/^(npx|npm|pnpm|yarn|tsx|ts-node)$/.test(name)) return [process.execPath, "-e", script];
  if (/^python[\d.]*$/.test(name)) {
    const seconds = SAMPLE.ms / 1000;
    return [
      program,
      "-c",
      `import asyncio; print("a", flush=True); asyncio.run(asyncio.sleep(${seconds})); print("b", flush=True)`,
    ];
  }
  return ["/bin/sh", "-c", `echo a; sleep ${SAMPLE.ms / 1000}; echo b`];
}

/**
 * Lets a program of the same kind as `argv` wait two seconds of its own time. Gives why its time does not run faster, or
 * undefined when it does. That the user's own program keeps time as well is another question.
 */
export async function whyNoFaketime(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  speed: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [program = "", ...args] = sampleOf(argv);
  const stamps: number[] = [];
  const group = startGroup({
    program,
    args,
    env,
    read: (text) => {
      for (const _ of text.matchAll(/[ab]/g)) stamps.push(monotonic());
    },
    termMs: 500,
  });
  try {
    await within(group.drained, SAMPLE.startMs + SAMPLE.ms, signal);
  } finally {
    await group.stop();
  }
  const [from, to] = stamps;
  const name = basename(program);
  if (from === undefined) return `${name} does not start under libfaketime`;
  if (to === undefined) return `${name} hangs under libfaketime`;
  // Halfway between the two times: what a busy machine adds changes no answer.
  const took = to - from;
  const limit = (SAMPLE.ms + SAMPLE.ms / speed) / 2;
  return took <= limit
    ? undefined
    : `${name} waits ${Math.round(took)} ms of the wall for ${SAMPLE.ms} ms under libfaketime`;
}
