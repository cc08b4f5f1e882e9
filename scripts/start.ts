/**
 * `npm start`: the whole of it once, for real. Proves that the generated code is what the document gives, starts the
 * reference server as a process of its own, judges it on every channel over real connections, and stops it.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";

/** Durations of the document are multiplied by this, on both sides, so that seconds of patience take a moment. */
const TIME_SCALE = "0.05";
const REPORTS = "reports";

/** How many channels are judged at once: the checks wait more than they work, and two cores are enough for two. */
const AT_ONCE = 2;

/** The command line, from source: `npm start` needs no build. */
const wireproof = (args: readonly string[], stdio: StdioOptions): ChildProcess =>
  spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], { stdio });

async function exitOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 2;
}

/** Runs a verb to its end and gives what it printed. Progress is shown only when it fails. */
async function run(args: readonly string[]): Promise<{ code: number; printed: string }> {
  const child = wireproof(args, ["ignore", "pipe", "pipe"]);
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      texts[stream] += text;
    });
  }
  const [code] = await once(child, "close");
  return {
    code: typeof code === "number" ? code : 2,
    printed: `${code === 0 ? "" : texts.stderr}${texts.stdout}`.trimEnd(),
  };
}

/** Starts the server and gives the URL of each channel, in the order in which it prints them. */
async function serve(): Promise<{ server: ChildProcess; urls: ReadonlyMap<string, string> }> {
  const server = wireproof(
    ["serve", "--port", "0", "--time-scale", TIME_SCALE, "--log", "none"],
    ["ignore", "pipe", "inherit"],
  );
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
  const fresh = await run(["generate", "--check"]);
  say(fresh.printed);
  if (fresh.code !== 0) return 1;

  say("\n2. The reference server");
  const { server, urls } = await serve();
  const stopped = exitOf(server);
  process.once("exit", () => server.kill());
  const failed: string[] = [];
  try {
    say("\n3. Judged over real connections");
    mkdirSync(REPORTS, { recursive: true });
    const queue = [...urls];
    const judgeNext = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [channel, url] = next;
        // Without a path the kit fills the address in itself, so that cases can have addresses of their own.
        const { origin } = new URL(url.replace(/^ws/, "http"));
        const report = `json=${REPORTS}/${channel}.json`;
        const args = [
          "check",
          "server",
          origin,
          "--channel",
          channel,
          "--time-scale",
          TIME_SCALE,
          "--report",
          report,
        ];
        const { code, printed } = await run(args);
        say(`\n${printed}`);
        if (code !== 0) failed.push(channel);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, judgeNext));
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
