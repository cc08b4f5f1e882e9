/** The built command line, as a user runs it: `node dist/cli/main.js …`. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { ROOT } from "./requirement.js";

/** The built `wireproof`. Throws when it was not built. */
export function builtCli(): string {
  const path = `${ROOT}dist/cli/main.js`;
  if (!existsSync(path)) throw new Error("dist/ is missing: run `npm run build` first (`npm test` does).");
  return path;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs the built command line to its end. */
export function runCli(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): CliResult {
  const start = performance.now();
  const env = { ...process.env, NO_COLOR: "1", ...options.env };
  const result = spawnSync(process.execPath, [builtCli(), ...args], {
    cwd: options.cwd ?? ROOT,
    env,
    encoding: "utf8",
    timeout: 120_000,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr, ms: performance.now() - start };
}

export interface Served {
  /** URL by channel, as the server printed them. */
  readonly urls: Readonly<Record<string, string>>;
  readonly process: ChildProcess;
  /** Sends SIGTERM and gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `wireproof serve --port 0 …` and waits until it has printed where it listens. */
export async function startServe(args: readonly string[] = []): Promise<Served> {
  const child = spawn(process.execPath, [builtCli(), "serve", "--port", "0", "--log", "none", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const urls: Record<string, string> = {};
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(overdue);
    return child.exitCode;
  };
  const printed = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, channel, url] = /^\s*(\S+)\s+((?:ws|http)s?:\/\/\S+)/.exec(line) ?? [];
      if (channel !== undefined && url !== undefined) urls[channel] = url;
      if (line.startsWith("Ready")) resolve();
    });
    gone.then(() => reject(new Error(`serve ended with ${child.exitCode} before it listened.`)), reject);
  });
  await printed;
  return { urls, process: child, stop };
}
