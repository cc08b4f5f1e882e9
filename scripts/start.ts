/**
 * `npm start`: the whole of it once, for real. Proves that the generated code is what the document gives, starts the
 * reference server as a process of its own, judges it on every channel over real connections, and stops it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";

/** Durations of the document are multiplied by this, on both sides, so that seconds of patience take a moment. */
const TIME_SCALE = "0.1";
const REPORTS = "reports";

/** The command line, from source: `npm start` needs no build. */
const wireproof = (args: readonly string[], stdout: "inherit" | "pipe"): ChildProcess =>
  spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
    stdio: ["ignore", stdout, "inherit"],
  });

async function exitOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 2;
}

const run = (args: readonly string[]): Promise<number> => exitOf(wireproof(args, "inherit"));

/** Starts the server and gives the URL of each channel, in the order in which it prints them. */
async function serve(): Promise<{ server: ChildProcess; urls: ReadonlyMap<string, string> }> {
  const server = wireproof(["serve", "--port", "0", "--time-scale", TIME_SCALE, "--log", "none"], "pipe");
  if (server.stdout === null) throw new Error("A child with a pipe has its stream.");
  const urls = new Map<string, string>();
  for await (const line of createInterface({ input: server.stdout })) {
    say(line);
    const [, channel, url] = /^\s+(\S+)\s+((?:ws|http)s?:\/\/\S+)/.exec(line) ?? [];
    if (channel !== undefined && url !== undefined) urls.set(channel, url);
    if (line.startsWith("Ready")) return { server, urls };
  }
  throw new Error("The server ended before it listened; see above.");
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const start = performance.now();
  say("1. The generated code is what the document gives");
  if ((await run(["generate", "--check"])) !== 0) return 1;

  say("\n2. The reference server");
  const { server, urls } = await serve();
  const stopped = exitOf(server);
  process.once("exit", () => server.kill());
  const failed: string[] = [];
  try {
    say("\n3. Judged over real connections");
    mkdirSync(REPORTS, { recursive: true });
    for (const [channel, url] of urls) {
      const report = `json=${REPORTS}/${channel}.json`;
      const args = [
        "check",
        "server",
        url,
        "--channel",
        channel,
        "--time-scale",
        TIME_SCALE,
        "--report",
        report,
      ];
      if ((await run(args)) !== 0) failed.push(channel);
    }
  } finally {
    server.kill("SIGTERM");
  }
  const code = await stopped;

  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  say(`\nReports: ${[...urls.keys()].map((channel) => `${REPORTS}/${channel}.json`).join(" ")}`);
  if (code !== 0) failed.push(`the server, which ended with ${code}`);
  say(
    failed.length === 0
      ? `All ${urls.size} channels conform (${seconds} s).`
      : `Failed: ${failed.join(", ")} (${seconds} s).`,
  );
  return failed.length === 0 && urls.size > 0 ? 0 : 1;
}

process.exitCode = await main();
