/**
 * What some tests need and not every machine has. A test that lacks it says so and why; where WIREPROOF_REQUIRE=all
 * (as in .ci/run) it fails instead, so that nothing is left out in silence.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type RequirementName = "chromium" | "go" | "python" | "aiohttp" | "documents" | "libfaketime";

export interface Requirement {
  readonly available: boolean;
  /** Why it is missing and how to get it; where it is, when it is there. */
  readonly reason: string;
  /** Path of the program, library or folder; empty when it is missing. */
  readonly location: string;
}

/** The repository. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

type Probe = () => Requirement;

const present = (location: string): Requirement => ({
  available: true,
  reason: `found: ${location}`,
  location,
});
const missing = (reason: string): Requirement => ({ available: false, reason, location: "" });

const PROBES: Readonly<Record<RequirementName, Probe>> = {
  chromium: () =>
    firstFile(
      [
        process.env["CHROMIUM"] ?? "",
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
      ],
      "Chromium is not installed; on Debian: apt-get install chromium, elsewhere set CHROMIUM to its path",
    ),
  libfaketime: () =>
    firstFile(
      ["x86_64-linux-gnu", "aarch64-linux-gnu", "."].map(
        (abi) => `/usr/lib/${abi}/faketime/libfaketime.so.1`,
      ),
      "libfaketime is not installed; on Debian: apt-get install faketime",
    ),
  documents: () =>
    firstFile(
      [fileURLToPath(new URL("../../shared/documents", import.meta.url))],
      "the folder ../shared/documents of other people's documents is not beside the repository",
    ),
  python: () =>
    answers("python3", ["-c", "import websockets"])
      ? present("python3")
      : missing("Python 3 with websockets is not installed; python3 -m pip install websockets"),
  aiohttp: () =>
    answers("python3", ["-c", "import aiohttp"])
      ? present("python3")
      : missing("Python 3 with aiohttp is not installed; python3 -m pip install aiohttp"),
  go: () => {
    if (!answers("go", ["version"]))
      return missing("Go is not installed; on Debian: apt-get install golang-go");
    return answers("go", ["mod", "download"], `${ROOT}test/peers/go`)
      ? present("go")
      : missing("Go is installed, but it could not fetch the module of test/peers/go");
  },
};

const known = new Map<RequirementName, Requirement>();

/** Looks once whether `name` is there. Throws when it is not and WIREPROOF_REQUIRE=all; else prints why. */
export function requirement(name: RequirementName): Requirement {
  const before = known.get(name);
  if (before !== undefined) return before;
  const found = PROBES[name]();
  known.set(name, found);
  if (!found.available) {
    if (process.env["WIREPROOF_REQUIRE"] === "all")
      throw new Error(`Needed by WIREPROOF_REQUIRE=all: ${found.reason}.`);
    process.stderr.write(`not tested here (${name}): ${found.reason}\n`);
  }
  return found;
}

function firstFile(paths: readonly string[], otherwise: string): Requirement {
  const path = paths.find((candidate) => candidate !== "" && existsSync(candidate));
  return path === undefined ? missing(otherwise) : present(path);
}

function answers(program: string, args: readonly string[], cwd = ROOT): boolean {
  return spawnSync(program, args, { cwd, timeout: 120_000, stdio: "ignore" }).status === 0;
}
