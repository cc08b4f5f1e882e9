/**
 * Looks for flakes: `check server --profile ci` again and again against the reference server, or `check client` against our
 * own client, with another seed each time, two at a time beside one busy core. Prints failures, flakes, inconclusive rows,
 * retries and the wall time, and exits 1 unless there was no failure, no flake, and at most one inconclusive row in each run.
 *
 *     npx tsx scripts/hundred-runs.ts --runs 100 --channel workflow --seed 1
 *     npx tsx scripts/hundred-runs.ts --runs 50 --role client --channel workflow
 *
 * The limits of how tightly a run may be squeezed are those of the catalogue: two cores, one of them busy.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Report } from "../conformance/report/report.js";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    /** What is judged: `server`, or `client` by its driver. */
    role: { type: "string", default: "server" },
    channel: { type: "string", default: "workflow" },
    /** Of the first run; each following one has the next. */
    seed: { type: "string", default: "1" },
    "at-once": { type: "string", default: "2" },
    /** Of a client: what the waits of the document allow, unless it is said. */
    "time-scale": { type: "string" },
    profile: { type: "string", default: "ci" },
    /** No busy core. */
    idle: { type: "boolean", default: false },
    /** From source, though there is a build: it may be an old one. */
    sources: { type: "boolean", default: false },
  },
});
const RUNS = Number(values.runs);
const SERVER_SCALE = values["time-scale"] ?? "0.05";
const FIRST_SEED = Number(values.seed);

/** A run that takes longer than this hangs (milliseconds). */
const RUN_MOST_MS = 300_000;

/** The built command line where there is one: a hundred starts from source cost minutes of a core. */
const program =
  existsSync("dist/cli/main.js") && !values.sources
    ? ["dist/cli/main.js"]
    : ["--import", "tsx", "src/cli/main.ts"];

const wireproof = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [...program, ...args], { stdio: ["ignore", "pipe", "pipe"] });

/** What one run came to. */
interface Result {
  readonly seed: number;
  readonly exitCode: number;
  readonly ms: number;
  readonly failed: readonly string[];
  readonly flaky: readonly string[];
  readonly inconclusive: readonly string[];
  /** Things that were tried again, as the notes of the outcomes tell. */
  readonly retries: number;
  readonly samples: number;
  readonly trouble?: string;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}

/** Starts a server of its own for a run, so that no run can disturb another's. */
async function startServer(seed: number): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const child = wireproof([
    ...["serve", "--port", String(port), "--channel", values.channel],
    ...["--time-scale", SERVER_SCALE, "--seed", String(seed), "--log", "none"],
  ]);
  child.stderr?.resume();
  if (child.stdout === null) throw new Error("The server has no output.");
  // It says its addresses as soon as it listens.
  await Promise.race([once(createInterface({ input: child.stdout }), "line"), once(child, "exit")]);
  return { url: `ws://127.0.0.1:${port}`, child };
}

/** What is judged in one run: the arguments of the command line, and what ends it. */
interface Subject {
  readonly args: readonly string[];
  end(): Promise<void>;
}

async function startSubject(seed: number, report: string): Promise<Subject> {
  const common = ["--channel", values.channel, "--profile", values.profile, "--seed", String(seed)];
  const told = [...common, "--report", `json=${report}`];
  if (values.role === "client") {
    const scale = values["time-scale"] === undefined ? [] : ["--time-scale", values["time-scale"]];
    const driver = [process.execPath, "--import", "tsx", "scripts/own-client.ts"];
    return {
      args: ["check", "client", ...told, ...scale, "--driver", "--", ...driver],
      end: async () => undefined,
    };
  }
  const { url, child } = await startServer(seed);
  return {
    args: ["check", "server", url, ...told, "--time-scale", SERVER_SCALE],
    async end() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function runOnce(seed: number, folder: string): Promise<Result> {
  const file = join(folder, `${seed}.json`);
  const subject = await startSubject(seed, file);
  const started = performance.now();
  try {
    const child = wireproof(subject.args);
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2000)));
    child.stdout?.resume();
    const hangs = setTimeout(() => child.kill("SIGKILL"), RUN_MOST_MS);
    const [code] = await once(child, "close");
    clearTimeout(hangs);
    const ms = performance.now() - started;
    const exitCode = typeof code === "number" ? code : 2;
    if (!existsSync(file))
      return { ...nothing(seed, exitCode, ms), trouble: said.trim() || "it wrote no report" };
    // The kit has written it: tests hold that form to its schema.
    return resultOf(JSON.parse(readFileSync(file, "utf8")) as Report, seed, exitCode, ms);
  } finally {
    await subject.end();
  }
}

const nothing = (seed: number, exitCode: number, ms: number): Result => ({
  ...{ seed, exitCode, ms, failed: [], flaky: [], inconclusive: [], retries: 0, samples: 0 },
});

function resultOf(report: Report, seed: number, exitCode: number, ms: number): Result {
  const told = (wanted: (outcome: Report["outcomes"][number]) => boolean): string[] =>
    report.outcomes.filter(wanted).map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`);
  const notes = report.outcomes.flatMap((outcome) => outcome.notes ?? []);
  const retries = notes.filter((note) => /\b(again|retried|retry)\b/i.test(note)).length;
  return {
    seed,
    exitCode,
    ms,
    failed: [
      ...told(({ verdict }) => verdict === "fail" || verdict === "warn"),
      ...report.harnessFaults.map(({ check, message }) => `${check} fault of the kit: ${message}`),
    ],
    flaky: told(({ flaky }) => Boolean(flaky)),
    inconclusive: told(({ verdict }) => verdict === "inconclusive"),
    retries,
    samples: report.run.cases,
  };
}

/** One core that does nothing else. */
const busy = values.idle
  ? undefined
  : new Worker("for (;;) Math.sqrt(Math.random());", { eval: true, name: "a busy core" });

const folder = mkdtempSync(join(tmpdir(), "wireproof-runs-"));
const started = performance.now();
const results: Result[] = [];
try {
  const seeds = Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index);
  const worker = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const result = await runOnce(seed, folder);
      results.push(result);
      const state = result.exitCode === 0 ? "ok" : `exit ${result.exitCode}`;
      console.log(`${results.length}/${RUNS} seed ${seed}: ${state} in ${(result.ms / 1000).toFixed(1)} s`);
      for (const line of [...result.failed, ...result.flaky, ...result.inconclusive])
        console.log(`    ${line}`);
      if (result.trouble !== undefined) console.log(`    ${result.trouble}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, worker));
} finally {
  await busy?.terminate();
  rmSync(folder, { recursive: true, force: true });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const failures = results.filter(({ exitCode, failed }) => exitCode !== 0 || failed.length > 0).length;
const flakes = sum(results.map(({ flaky }) => flaky.length));
const mostInconclusive = Math.max(0, ...results.map(({ inconclusive }) => inconclusive.length));
const seconds = results.map(({ ms }) => ms / 1000).sort((a, b) => a - b);
console.log(
  [
    "",
    `${results.length} runs of check ${values.role} --profile ${values.profile} on ${values.channel}, ${values["at-once"]} at a time${values.idle ? "" : " beside one busy core"}, in ${((performance.now() - started) / 1000).toFixed(0)} s`,
    `runs that failed: ${failures}`,
    `flakes: ${flakes}`,
    `inconclusive rows in a run: at most ${mostInconclusive}`,
    `retries: ${sum(results.map(({ retries }) => retries))} in ${sum(results.map(({ samples }) => samples))} cases`,
    `a run takes ${seconds[Math.floor(seconds.length / 2)]?.toFixed(1)} s (median), ${seconds.at(-1)?.toFixed(1)} s (most)`,
  ].join("\n"),
);
process.exitCode = failures > 0 || flakes > 0 || mostInconclusive > 1 ? 1 : 0;
