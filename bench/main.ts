/**
 * The whole bench: prepares, checks that all peers do the same work, measures on each Node that is there, prints, and
 * writes RESULTS.md.
 *
 * Run: npm run bench [-- --gate] [--quick] [--only <part of a section's name>] [--processes <n>]
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CODEGEN_GOALS, GOALS, type Goal, NOISE, SIZE_GOALS } from "./goals.js";
import { out, prepare } from "./prepare.js";
import { type Measured, median } from "./rounds.js";
import type { Size } from "./sizes.js";
import { plainTable, table } from "./table.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const bench = fileURLToPath(new URL(".", import.meta.url));

const { values: options } = parseArgs({
  options: {
    gate: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    processes: { type: "string", default: "3" },
  },
});

/** A section: what it is called, its program with arguments, and what its rows are divided by. */
interface Section {
  readonly name: string;
  readonly title: string;
  readonly args: readonly string[];
  readonly unit: string;
}

const SECTIONS: readonly Section[] = [
  ...(
    [
      ["decode", "Decode: text to a value that was checked"],
      ["use", "Decode and use: find the node, look at the kind, keep the text"],
      ["miss", "Decode texts with their fields in another order, which no template fits"],
      ["buffer", "Decode from a Buffer"],
      ["encode to string", "Encode to a string"],
      ["encode to bytes", "Encode to UTF-8 bytes in a buffer"],
    ] as const
  ).map(([name, title]) => ({ name, title, args: ["codecs.js", name], unit: "of a message" })),
  {
    name: "receive",
    title: "Receive through `ws`: processor time of the server, its handler included",
    args: ["receive.js"],
    unit: "of a message",
  },
  ...[200, 1_000].flatMap((connections) =>
    [1, 8].map((messages) => ({
      name: `fan-out ${connections} ${messages}`,
      title: `Fan-out to ${connections} connections, ${messages} a tick: processor time of the server`,
      args: ["fan-out.js", `${connections}`, `${messages}`],
      unit: "of a delivery",
    })),
  ),
];

/** A row over several processes. */
interface Row {
  readonly name: string;
  readonly nanoseconds: number;
  readonly ratio: number;
  readonly from: number;
  readonly to: number;
  /** One of each process, for goals that divide two rows. */
  readonly ratios: readonly number[];
}

interface NodeBinary {
  readonly major: string;
  readonly version: string;
  readonly path: string;
}

const say = (line: string): void => console.error(`bench: ${line}`);

await prepare(say);
const agreement = spawnSync(process.execPath, [`${out}/agreement.js`, "--run"], { encoding: "utf8" });
if (agreement.status !== 0) {
  console.error(`The peers do not do the same work:\n${agreement.stdout}${agreement.stderr}`);
  process.exit(1);
}
say(agreement.stdout.trim());

const nodes = nodeBinaries();
const wanted = SECTIONS.filter(({ name }) => name.includes(options.only));
const results = new Map<string, Map<string, readonly Row[]>>();
for (const section of wanted) {
  const rows = new Map(nodes.map((node) => [node.major, measureSection(section, node)]));
  results.set(section.name, rows);
  console.log(`\n${section.title}\n${plainTable(sectionTable(section, rows))}`);
}
const sizes = "sizes".includes(options.only) ? measureSizes() : [];
if (sizes.length > 0) console.log(`\nBundles (bytes)\n${plainTable(sizeTable(sizes))}`);
const codegen = "codegen".includes(options.only) ? measureCodegen() : [];
if (codegen.length > 0)
  console.log(`\nCode generation, a whole process\n${plainTable(codegenTable(codegen))}`);
const judged = [...judgeRatios(), ...judgeSizes(), ...judgeCodegen()];
const goals = [
  ["path", "against", ...nodes.map(({ major }) => `Node ${major}`), "goal", ""],
  ...judged.map(({ cells }) => cells),
];
console.log(`\nGoals\n${plainTable(goals)}`);
if (options.only === "" && !options.quick) writeFileSync(`${bench}RESULTS.md`, report());
const missed = judged.filter(({ ok }) => !ok);
if (options.gate && missed.length > 0) {
  console.error(
    `\n${missed.length} goals were missed by more than the noise allowed (${NOISE} of the goal).`,
  );
  process.exit(1);
}

/** The Node that runs this, and the one that the bench's packages bring. */
function nodeBinaries(): NodeBinary[] {
  const packaged = `${bench}node_modules/node-${platform()}-${arch()}/bin/node`;
  const paths = [process.execPath, ...(existsSync(packaged) ? [packaged] : [])];
  if (paths.length === 1) say("no other Node for this platform: measured on the one that runs this");
  return paths.map((path) => {
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
    return { path, version, major: version.slice(1).split(".")[0] ?? "" };
  });
}

function measureSection({ name, args }: Section, node: NodeBinary): Row[] {
  const runs: Measured[][] = [];
  for (let n = 1; n <= Number(options.processes); n++) {
    say(`${name}, Node ${node.major}, process ${n} of ${options.processes}`);
    const [program = "", ...rest] = args;
    const text = execFileSync(node.path, ["--expose-gc", `${out}/${program}`, ...rest], {
      encoding: "utf8",
      timeout: 600_000,
      env: { ...process.env, NODE_ENV: "production", ...(options.quick ? { BENCH_QUICK: "1" } : {}) },
    });
    runs.push(JSON.parse(text));
  }
  return (runs[0] ?? []).map(({ name: row }) => {
    const found = runs.flatMap((run) => run.filter((each) => each.name === row));
    const ratios = found.map(({ ratio }) => ratio);
    return {
      name: row,
      nanoseconds: median(found.map(({ nanoseconds }) => nanoseconds)),
      ratio: median(ratios),
      from: Math.min(...ratios),
      to: Math.max(...ratios),
      ratios,
    };
  });
}

function sectionTable({ unit }: Section, byNode: ReadonlyMap<string, readonly Row[]>): string[][] {
  const [first = []] = byNode.values();
  const head = ["", ...nodes.map(({ major }) => `Node ${major}`)];
  const rows = first.map(({ name }, index) => [
    name,
    ...nodes.map(({ major }) => {
      const row = byNode.get(major)?.find((each) => each.name === name);
      if (row === undefined) return "–";
      if (index === 0) return `1.00 = ${Math.round(row.nanoseconds)} ns ${unit}`;
      return `${row.ratio.toFixed(2)} (${row.from.toFixed(2)}–${row.to.toFixed(2)})`;
    }),
  ]);
  return [head, ...rows];
}

interface Judged {
  readonly ok: boolean;
  readonly cells: string[];
}

function judgeRatios(): Judged[] {
  return GOALS.filter(({ section }) => results.has(section)).map((goal) => {
    const found = nodes.map(({ major }) => ({ got: ratioOf(goal, major), atMost: goal.atMost[major] }));
    const limits = [...new Set(Object.values(goal.atMost))];
    const times = goal.by !== undefined;
    const spell = (ratio: number): string => (times ? `${(1 / ratio).toFixed(1)}× faster` : ratio.toFixed(2));
    return verdict(
      goal.path,
      goal.against,
      found.map(({ got }) => (got === undefined ? "–" : spell(got))),
      limits.map((limit) => (times ? `≥ ${1 / limit}×` : `≤ ${limit}`)).join(" / "),
      found.map(({ got, atMost }) => (got === undefined || atMost === undefined ? undefined : got / atMost)),
    );
  });
}

/** A line of the goals: met, within the noise, or missed. */
function verdict(
  path: string,
  against: string,
  got: string[],
  goal: string,
  shares: readonly (number | undefined)[],
): Judged {
  const known = shares.filter((share) => share !== undefined);
  const worst = Math.max(...known);
  const mark =
    known.length === 0 ? "not measured" : worst <= 1 ? "met" : worst <= NOISE ? "within noise" : "missed";
  return { ok: mark === "met" || mark === "within noise", cells: [path, against, ...got, goal, mark] };
}

function ratioOf({ section, of, by }: Goal, major: string): number | undefined {
  const rows = results.get(section)?.get(major) ?? [];
  const own = rows.find(({ name }) => name === of);
  const other = rows.find(({ name }) => name === by);
  if (own === undefined || (by !== undefined && other === undefined)) return undefined;
  return median(own.ratios.map((ratio, n) => ratio / (other?.ratios[n] ?? 1)));
}

function measureSizes(): Size[] {
  say("bundle sizes");
  return JSON.parse(execFileSync(process.execPath, [`${out}/sizes.js`], { encoding: "utf8" }));
}

function sizeTable(list: readonly Size[]): string[][] {
  const rows = list.map(({ name, min, gzip, brotli }) => [
    name,
    ...[min, gzip, brotli].map((bytes) => bytes.toLocaleString("en")),
  ]);
  return [["", "min", "gzip", "brotli"], ...rows];
}

function judgeSizes(): Judged[] {
  return SIZE_GOALS.flatMap(({ name, goal, never }) => {
    const size = sizes.find((each) => each.name === name);
    if (size === undefined) return [];
    const mark =
      size.gzip <= goal ? "met" : size.gzip <= never ? "above the goal, below the limit" : "missed";
    const got = `${size.gzip.toLocaleString("en")} B`;
    const wish = `${goal.toLocaleString("en")}, never over ${never.toLocaleString("en")} B`;
    return [
      { ok: mark !== "missed", cells: [name, "gzip", got, ...nodes.slice(1).map(() => ""), wish, mark] },
    ];
  });
}

interface Timed {
  readonly name: string;
  readonly ms: readonly number[];
}

/** Whole processes, in turn. */
function measureCodegen(): Timed[] {
  const cli = `${root}dist/cli/main.js`;
  if (!existsSync(cli)) {
    say("dist/ is not built: no times of `generate`; npm run build");
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), "wireproof-bench-"));
  const times = new Map<string, number[]>();
  const time = (name: string, args: readonly string[], tmp: string): void => {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, TMPDIR: tmp },
    });
    if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
    times.set(name, [...(times.get(name) ?? []), performance.now() - began]);
  };
  try {
    for (let run = 0; run < (options.quick ? 2 : 7); run++) {
      say(`code generation, run ${run + 1}`);
      const tmp = mkdtempSync(join(folder, "run-"));
      const generate = [cli, "generate", "--out", join(tmp, "generated")];
      time("wireproof generate, cold", generate, tmp);
      time("wireproof generate, nothing changed", generate, tmp);
      time("quicktype: types only", [`${out}/schema-types.js`, "quicktype"], tmp);
      time(
        "json-schema-to-typescript: types only",
        [`${out}/schema-types.js`, "json-schema-to-typescript"],
        tmp,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [...times].map(([name, ms]) => ({ name, ms }));
}

function codegenTable(list: readonly Timed[]): string[][] {
  const rows = list.map(({ name, ms }) => [
    name,
    `${Math.round(median(ms))}`,
    `${Math.round(Math.min(...ms))}–${Math.round(Math.max(...ms))}`,
  ]);
  return [["", "ms", "spread"], ...rows];
}

function judgeCodegen(): Judged[] {
  return CODEGEN_GOALS.flatMap(({ name, atMost }) => {
    const timed = codegen.find((each) => each.name === name);
    if (timed === undefined) return [];
    const ms = median(timed.ms);
    return [
      verdict(
        name,
        "a whole process",
        [`${Math.round(ms)} ms`, ...nodes.slice(1).map(() => "")],
        `≤ ${atMost} ms`,
        [ms / atMost],
      ),
    ];
  });
}

function versions(): string {
  const { dependencies } = JSON.parse(readFileSync(`${bench}package.json`, "utf8"));
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

function report(): string {
  const [cpu] = cpus();
  const machine = `${cpu?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`;
  const sections = wanted.map((section) => {
    return `## ${section.title}\n\n${table(sectionTable(section, results.get(section.name) ?? new Map()))}`;
  });
  return `# Measurements

Written by \`npm run bench\`; not edited.

Machine: ${machine}. Node: ${nodes.map(({ version }) => version).join(", ")}.

**How.** The mix is \`bench/mix.json\`: 500 events of the \`workflow\` channel, four of five of them \`token_stream\`, 155 bytes in
the mean, one string of ten with an escape, one of twenty with a character beyond Latin-1. All contenders of a section
take turns in one process, each in a loop of its own; a round divides each time by the first row's of the same round. A
ratio is the median of the rounds, and of ${options.processes} processes; behind it the lowest and highest process. Less is better.
\`wireproof\` is \`generated/workflow.ts\` as it is committed (\`--codec auto\`: a template for the hot event in what browsers
read, for all in what servers do); the other two are made from the same document. Unless a row says "no validation" it
refuses what the document refuses; \`bench/agreement.ts\` tries that before anything is measured, and lists where a peer's
own means are weaker.

Peers: ${versions()}.

## Goals

${table(goals)}

${sections.join("\n\n")}

## Bundles for a browser, in bytes

esbuild, minified.

${table(sizeTable(sizes))}

## Code generation: a whole process, on Node ${nodes[0]?.major}

Wireproof reads the AsyncAPI document and writes types, codecs and protocols of five endpoints; the others write types of
the same 53 schemas.

${table(codegenTable(codegen))}
`;
}
