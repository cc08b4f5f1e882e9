import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ROOT } from "../../test/requirement.js";
import { lintDocument } from "./lint.js";
import { loadContract } from "./load.js";
import { channelText, writeDocument } from "./test-support/documents.js";

const files = () => ({
  "asyncapi.yaml": channelText({ events: { tell: { $ref: "tell.yaml" } } }),
  "tell.yaml": "title: Tell\ntype: object\nproperties: { kind: { const: tell } }\n",
});

const cacheFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-cache-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Loads in a process of its own, and tells which modules of the official readers that process holds. */
const loadElsewhere = (path: string, cacheDir: string): string[] => {
  const script = `
    import { createRequire } from "node:module";
    import { loadContract } from ${JSON.stringify(join(ROOT, "src/document/load.ts"))};
    import { lintDocument } from ${JSON.stringify(join(ROOT, "src/document/lint.ts"))};
    const options = { cacheDir: ${JSON.stringify(cacheDir)} };
    await loadContract(${JSON.stringify(path)}, options);
    await lintDocument(${JSON.stringify(path)}, options);
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((name) => /@asyncapi|yaml\\/dist/.test(name));
    console.log(JSON.stringify(loaded));`;
  const argv = ["--import", "tsx", "--input-type=module", "-e", script];
  const output = execFileSync(process.execPath, argv, { cwd: ROOT, encoding: "utf8", timeout: 60_000 });
  return JSON.parse(output);
};

describe("a document that was read before", () => {
  it("is not read again: the official parser is not even loaded", () => {
    const [path, cacheDir] = [writeDocument(files()), cacheFolder()];
    expect(loadElsewhere(path, cacheDir)).not.toEqual([]);
    expect(loadElsewhere(path, cacheDir)).toEqual([]);
  });

  it("gives the same contract and the same findings", async () => {
    const [path, cacheDir] = [writeDocument(files()), cacheFolder()];
    const [cold, coldLint] = [await loadContract(path, { cacheDir }), await lintDocument(path, { cacheDir })];
    expect(await loadContract(path, { cacheDir })).toEqual(cold);
    expect(await lintDocument(path, { cacheDir })).toEqual(coldLint);
    expect(readdirSync(cacheDir)).toHaveLength(2);
  });

  it("is read again when any file of it has changed", async () => {
    const [path, cacheDir] = [writeDocument(files()), cacheFolder()];
    const before = await loadContract(path, { cacheDir });
    const part = join(dirname(path), "tell.yaml");
    writeFileSync(part, readFileSync(part, "utf8").replace("const: tell", "const: told"));
    const after = await loadContract(path, { cacheDir });
    expect(after.sha256).not.toBe(before.sha256);
    expect(JSON.stringify(after)).toContain('"const":"told"');
  });

  it("is told apart by whose side it was written from", async () => {
    const [path, cacheDir] = [writeDocument(files()), cacheFolder()];
    await loadContract(path, { cacheDir });
    expect((await loadContract(path, { cacheDir, perspective: "client" })).perspective).toBe("client");
  });
});

describe("an entry that is not whole", () => {
  it.each([
    ["empty", () => ""],
    ["cut", (text: string) => text.slice(0, text.length / 2)],
    ["edited", (text: string) => text.replace('"format":1', '"format":9')],
    ["no JSON", () => "0\nnothing"],
  ])("(%s) is ignored and written anew", async (_, damage) => {
    const [path, cacheDir] = [writeDocument(files()), cacheFolder()];
    const cold = await loadContract(path, { cacheDir });
    const [name = ""] = readdirSync(cacheDir);
    const entry = join(cacheDir, name);
    const text = readFileSync(entry, "utf8");
    writeFileSync(entry, damage(text));
    expect(await loadContract(path, { cacheDir })).toEqual(cold);
    expect(readFileSync(entry, "utf8")).toBe(text);
  });

  it("cannot be written either: then nothing is kept and nothing fails", async () => {
    const path = writeDocument(files());
    await expect(loadContract(path, { cacheDir: join(path, "under-a-file") })).resolves.toMatchObject({
      format: 1,
    });
  });
});

it("keeps the last 32 entries", async () => {
  const cacheDir = cacheFolder();
  for (let n = 0; n < 40; n++) writeFileSync(join(cacheDir, `contract-${n}.json`), "");
  await loadContract(writeDocument(files()), { cacheDir });
  expect(readdirSync(cacheDir)).toHaveLength(32);
});

it("keeps nothing when told so", async () => {
  await expect(loadContract(writeDocument(files()), { cacheDir: false })).resolves.toMatchObject({
    format: 1,
  });
});
