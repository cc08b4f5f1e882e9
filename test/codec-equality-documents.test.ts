import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { type GeneratedFile, generate } from "../src/codegen/generate.js";
import type { Contract, Direction } from "../src/contract/contract.js";
import { messagesOf } from "../src/contract/discriminate.js";
import { loadContract } from "../src/document/load.js";
import { assertDecodesAlike, assertEncodesAlike } from "./equality.js";
import { loadGenerated } from "./generated-module.js";
import { requirement } from "./requirement.js";

const documents = requirement("documents");
const DIRECTIONS: readonly Direction[] = ["event", "command"];
/** Frames for each document, shared out over its endpoints and directions. */
const CASES = 10_000;

const NAMES = [
  "gemini",
  "slack-rtm",
  "kraken-one-channel",
  "kraken-many-channels",
  "kubescape-synchronizer",
  "microcks-user-signed-up",
  "elevenlabs-agent",
];

const generatedFor = new Map<string, Promise<{ contract: Contract; files: GeneratedFile[] }>>();

function generated(name: string): Promise<{ contract: Contract; files: GeneratedFile[] }> {
  const made = generatedFor.get(name) ?? make(name);
  generatedFor.set(name, made);
  return made;
}

async function make(name: string): Promise<{ contract: Contract; files: GeneratedFile[] }> {
  const contract = await loadContract(join(documents.location, `${name}.yaml`), { cacheDir: false });
  return { contract, files: await generate(contract) };
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!documents.available).each(NAMES)("the code for %s", (name) => {
  it("is emitted for every endpoint", async () => {
    const { contract, files } = await generated(name);
    expect(files.map((file) => file.path)).toContain("wire.ts");
    expect(files).toHaveLength(2 + contract.endpoints.length);
  });

  it(`decodes and encodes as Ajv decides, on ${CASES} frames`, async () => {
    const { contract, files } = await generated(name);
    const parts = contract.endpoints.flatMap((endpoint, index) =>
      DIRECTIONS.filter((direction) => messagesOf(endpoint, direction).length > 0).map((direction) => ({
        endpoint,
        direction,
        index,
      })),
    );
    const runs = Math.ceil(CASES / parts.length);
    for (const { endpoint, direction, index } of parts) {
      const path = files[index + 2]?.path ?? "";
      const module = await loadGenerated(files, path);
      const codec = direction === "event" ? module.eventCodec : module.commandCodec;
      assertDecodesAlike({ contract, endpoint, direction, codec }, { runs, seed: 30, pool: 30 });
      assertEncodesAlike(
        { contract, endpoint, direction, codec },
        { runs: Math.ceil(runs / 10), seed: 31, pool: 30 },
      );
    }
  }, 60_000);
});

describe.skipIf(!documents.available)("the code for all of them", () => {
  it("compiles under the strictest settings, as Node and as bundlers resolve it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wireproof-generated-"));
    folders.push(folder);
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    const paths: string[] = [];
    for (const name of NAMES) {
      await mkdir(join(folder, name));
      for (const file of (await generated(name)).files.filter(({ path }) => path.endsWith(".ts"))) {
        paths.push(join(folder, name, file.path));
        await writeFile(join(folder, name, file.path), file.text);
      }
    }
    for (const resolution of ["node", "bundler"] as const) expect(diagnostics(paths, resolution)).toEqual([]);
  }, 120_000);
});

/** What the TypeScript compiler says of generated files. */
function diagnostics(paths: readonly string[], resolution: "node" | "bundler"): string[] {
  const program = ts.createProgram([...paths], {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    module: resolution === "node" ? ts.ModuleKind.NodeNext : ts.ModuleKind.ESNext,
    moduleResolution:
      resolution === "node" ? ts.ModuleResolutionKind.NodeNext : ts.ModuleResolutionKind.Bundler,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noImplicitReturns: true,
    noEmit: true,
  });
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    return `${diagnostic.file?.fileName}:${(at?.line ?? 0) + 1} ${text}`;
  });
}
