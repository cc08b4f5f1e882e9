/** Builds what is measured into bench/.build: the generated code of each mode, typia's, and the programs. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { MODES, type Mode } from "./own.js";
import { ajvStandalone } from "./peers/ajv.js";

const bench = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
export const out = `${bench}.build`;

const PROGRAMS = [
  "codecs",
  "receive",
  "fan-out",
  "counting-clients",
  "masked-sender",
  "agreement",
  "sizes",
  "schema-types",
];

/** Installs the peers where they are not; prepares all. Says what is not there and why. */
export async function prepare(say: (line: string) => void): Promise<void> {
  if (!existsSync(`${bench}node_modules/zod`)) {
    say("installing the peers (once)");
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: bench,
      stdio: "inherit",
    });
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const mode of MODES) await buildOwn(mode, say);
  await buildTypia(say);
  await buildStandalone();
  await build({
    entryPoints: PROGRAMS.map((name) => `${bench}${name}.ts`),
    outdir: out,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    outExtension: { ".js": ".js" },
    // They find schemas and the mix from where they stand.
    define: { BENCH: JSON.stringify(bench) },
  });
}

/** The generated `workflow` with its judge shown; `auto` is the committed one. */
async function buildOwn(mode: Mode, say: (line: string) => void): Promise<void> {
  const folder = mode === "auto" ? `${root}generated` : `${out}/generated-${mode}`;
  try {
    if (mode !== "auto") {
      const args = ["--import", "tsx", "src/cli/main.ts", "generate", "--codec", mode, "--out", folder];
      execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    }
    await build({
      entryPoints: [`${folder}/workflow.ts`],
      outfile: `${out}/own-${mode}.js`,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      logLevel: "silent",
      plugins: [shown],
    });
  } catch (error) {
    if (mode === "auto") throw error;
    say(`generate --codec ${mode} does not run here, its rows are left out: ${firstLine(error)}`);
  }
}

/** Exports the function that decides what no template fits, so that its row can be measured. */
const shown: Plugin = {
  name: "shown",
  setup({ onLoad }) {
    onLoad({ filter: /workflow\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, "utf8");
      const check = code.includes("function quickEvent(") ? "quickEvent" : "judgeEvent";
      return { contents: `${code}\nexport { ${check} as checkEvent };\n`, loader: "ts" };
    });
  },
};

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";
}

/** The validator that Ajv writes as code, with what that code asks for. */
async function buildStandalone(): Promise<void> {
  await build({
    stdin: { contents: ajvStandalone(), resolveDir: bench, loader: "js" },
    outfile: `${out}/ajv-standalone.js`,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
  });
}

async function buildTypia(say: (line: string) => void): Promise<void> {
  try {
    writeFileSync(
      `${out}/tsconfig.json`,
      JSON.stringify({ extends: "../tsconfig.json", include: ["typia-source"] }),
    );
    const args = ["node_modules/typia/lib/executable/typia.js", "generate"];
    const places = [
      "--input",
      "peers/typia",
      "--output",
      ".build/typia-source",
      "--project",
      "tsconfig.json",
    ];
    execFileSync(process.execPath, [...args, ...places], { cwd: bench, stdio: ["ignore", "ignore", "pipe"] });
    await build({
      entryPoints: [`${out}/typia-source/events.ts`],
      outfile: `${out}/typia.js`,
      bundle: true,
      packages: "external",
      format: "esm",
      platform: "node",
      target: "node20",
    });
  } catch (error) {
    say(`typia does not build here, its rows are left out: ${firstLine(error)}`);
  }
}
