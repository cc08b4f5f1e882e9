/** `npm run check`: everything that holds for the repository beside its tests. One line a step; output only of failures. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { generate } from "../src/codegen/generate.js";
import { readContract } from "../src/document/read-contract.js";
import { lockFaults, sourceFaults } from "./source-faults.js";

interface Step {
  readonly name: string;
  /** What is wrong; empty when nothing is. */
  readonly run: () => Promise<string> | string;
}

/** Upper bounds in bytes of what users download or load; raised only with a reason in CHANGELOG. */
const LIMITS: Readonly<Record<string, number>> = {
  "dist/asyncapi.js": 2_700_000,
  "dist/cli/main.js": 30_000,
};

/** Upper bound in bytes of one decoder of one generated endpoint, bundled and minified for a browser. */
const DECODER_LIMIT = 40_000;

/** Upper bound in bytes of all that the page of `serve` loads beside a codec, each file gzipped. */
const PLAYGROUND_LIMIT = 40_000;

/** Upper bound in bytes of the client with the small codecs of one endpoint, as a page loads them: minified and gzipped. */
const CLIENT_LIMIT = 8_250;
const CLIENT_ENDPOINT = "workflow";

/** The same of the client alone. */
const CLIENT_ALONE_LIMIT = 5_250;

/** The same of what a browser takes of that endpoint's codecs: events are read, commands written, one message is hot. */
const CODEC_LIMIT = 3_000;

const MAX_OUTPUT_LINES = 80;

const command = (program: string, ...args: string[]): string => {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
  const result = spawnSync(program, args, {
    env,
    encoding: "utf8",
    timeout: 600_000,
    shell: process.platform === "win32",
  });
  return result.status === 0
    ? ""
    : `${result.stdout}${result.stderr}${result.error?.message ?? ""}` || `exit ${result.status}`;
};
const npx = (...args: string[]): string => command("npx", "--no-install", ...args);

const tracked = (): string[] => {
  const listed = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { encoding: "utf8" });
  return listed.stdout.split("\0").filter((file) => file !== "");
};

const steps: readonly Step[] = [
  { name: "format and lint", run: () => npx("biome", "ci", "--error-on-warnings") },
  { name: "types", run: () => npx("tsc", "-p", ".", "--noEmit") },
  { name: "types of what runs in pages", run: () => npx("tsc", "-p", "tsconfig.browser.json", "--noEmit") },
  { name: "generated files are fresh", run: () => npx("tsx", "src/cli/main.ts", "generate", "--check") },
  { name: "left-overs, lengths, machine paths", run: sources },
  { name: "lock file", run: () => lockFaults(readFileSync("package-lock.json", "utf8")).join("\n") },
  { name: "layers and names", run: () => npx("vitest", "run", "test/layers.test.ts") },
  { name: "no unused file, export or dependency", run: () => npx("knip", "--no-progress") },
  { name: "publint", run: () => packed((tarball) => npx("publint", "--strict", tarball)) },
  {
    name: "types of the package (attw)",
    run: () =>
      packed((tarball) =>
        npx("attw", tarball, "--profile", "esm-only", "--exclude-entrypoints", "./asyncapi.yaml"),
      ),
  },
  {
    name: "tarball, fresh install, browser-clean entries",
    run: () => npx("vitest", "run", "test/package.test.ts"),
  },
  { name: "sizes", run: sizes },
];

function sources(): string {
  const files = tracked().filter(
    (file) => file !== "package-lock.json" && statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
  return files.flatMap((file) => sourceFaults(file, readFileSync(file, "utf8"))).join("\n");
}

/** Packs what is built, without building it again, and asks about the tarball. */
function packed(ask: (tarball: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-pack-"));
  try {
    const fault = command(
      "npm",
      "pack",
      "--ignore-scripts",
      "--loglevel=error",
      "--pack-destination",
      folder,
    );
    return fault || ask(join(folder, readdirSync(folder)[0] ?? ""));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sizes(): Promise<string> {
  const faults: string[] = [];
  const bounded = (what: string, bytes: number, limit: number): void => {
    if (bytes > limit) faults.push(`${what}: ${bytes} bytes, over its limit of ${limit}`);
  };
  for (const [file, limit] of Object.entries(LIMITS)) bounded(file, statSync(file).size, limit);
  const generated = tracked().filter((file) => /^generated\/(?!wire\.).*\.ts$/.test(file));
  for (const file of generated) {
    const decoder = await bundled(`export { decodeEvent } from "./${file}";`);
    bounded(`decodeEvent of ${file}`, decoder.length, DECODER_LIMIT);
  }
  bounded(`the codecs of ${CLIENT_ENDPOINT} in a browser, gzipped`, await codecBytes(), CODEC_LIMIT);
  bounded("the client with its codecs, gzipped", await clientBytes(), CLIENT_LIMIT);
  bounded("the client alone, gzipped", await clientAloneBytes(), CLIENT_ALONE_LIMIT);
  bounded("the playground, gzipped", playgroundBytes(), PLAYGROUND_LIMIT);
  return faults.join("\n");
}

/** What a page loads for these lines. */
async function bundled(contents: string): Promise<Uint8Array> {
  const bundle = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  return bundle.outputFiles[0]?.contents ?? new Uint8Array();
}

async function clientBytes(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-size-"));
  try {
    const contract = readContract(readFileSync("generated/contract.json", "utf8"));
    for (const { path, text } of await generate(contract, { codec: "small" })) {
      writeFileSync(join(folder, path), text);
    }
    const side = JSON.stringify(join(folder, `${CLIENT_ENDPOINT}.ts`));
    const code = await bundled(`
      export { createClient } from "./dist/client.js";
      export { ${CLIENT_ENDPOINT}Client } from ${side};`);
    return gzipSync(code).length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function clientAloneBytes(): Promise<number> {
  return gzipSync(await bundled(`export { createClient } from "./dist/client.js";`)).length;
}

async function codecBytes(): Promise<number> {
  const code = await bundled(
    `export { decodeEvent, encodeCommand } from "./generated/${CLIENT_ENDPOINT}.ts";`,
  );
  return gzipSync(code).length;
}

function playgroundBytes(): number {
  const folder = "dist/playground";
  return readdirSync(folder)
    .map((file) => gzipSync(readFileSync(join(folder, file))).length)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** The end of a long output says the most. */
function excerpt(output: string): string {
  const lines = output.trimEnd().split("\n");
  const left = lines.length - MAX_OUTPUT_LINES;
  const shown = left > 0 ? [`… ${left} lines before`, ...lines.slice(left)] : lines;
  return shown.map((line) => `     ${line.slice(0, 300)}`).join("\n");
}

/** Median of some starts in ms: printed, not judged, because it is the machine's as much as ours. */
function startMs(...args: string[]): string {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    spawnSync(process.execPath, args);
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[2]?.toFixed(0) ?? "";
}

let failed = 0;
for (const step of steps) {
  const start = performance.now();
  const fault = await Promise.resolve(step.run()).catch((error: unknown) => String(error));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (fault !== "") failed++;
  process.stdout.write(`${fault === "" ? "ok  " : "FAIL"} ${step.name} (${seconds} s)\n`);
  if (fault !== "") process.stdout.write(`${excerpt(fault)}\n`);
}
process.stdout.write(
  `size: the client with the small codecs of ${CLIENT_ENDPOINT} ${await clientBytes()} bytes, the client alone ${await clientAloneBytes()}, the codecs alone ${await codecBytes()}, minified and gzipped\n`,
);
process.stdout.write(
  `start: wireproof --help ${startMs("dist/cli/main.js", "--help")} ms, bare Node ${startMs("-e", "0")} ms (medians of 5)\n`,
);
process.stdout.write(`playground: ${(playgroundBytes() / 1000).toFixed(1)} kB gzipped, all of its files\n`);
process.stdout.write(`check: ${steps.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
