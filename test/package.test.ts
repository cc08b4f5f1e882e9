import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "./requirement.js";
import { builtCli } from "./served.js";

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** What npm writes into node_modules about each installed package. */
interface InstalledPackage {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
}

const MAX_INSTALLED_MB = 80;

const project = mkdtempSync(join(tmpdir(), "wireproof-fresh-"));
const run = (program: string, args: readonly string[], cwd = project): string =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });

// Both files are written by npm, in this shape.
const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as Manifest;
const installed = (): Record<string, InstalledPackage> =>
  JSON.parse(readFileSync(join(project, "node_modules/.package-lock.json"), "utf8")).packages;

const endpoints: string[] = JSON.parse(readFileSync(`${ROOT}generated/contract.json`, "utf8")).endpoints.map(
  (endpoint: { name: string }) => endpoint.name,
);

let tarball = "";
beforeAll(() => {
  builtCli();
  // The scripts would only build again what is already built.
  const packed = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], ROOT),
  );
  tarball = join(project, packed[0].filename);
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "fresh", private: true, type: "module" }),
  );
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", tarball]);
  // Optional peers are the user's own; the entries that need them find those of this checkout.
  for (const peer of Object.keys(manifest.peerDependencies)) {
    symlinkSync(join(ROOT, "node_modules", peer), join(project, "node_modules", peer));
  }
}, 180_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe("a fresh install of the packed tarball", () => {
  it("runs no install script", () => {
    const withScripts = Object.entries(installed()).filter(([, entry]) => entry.hasInstallScript === true);
    expect(withScripts).toEqual([]);
  });

  it(`is under ${MAX_INSTALLED_MB} MB, with everything that it brings`, () => {
    const packages = Object.keys(installed()).length;
    const megabytes = folderBytes(join(project, "node_modules")) / 1e6;
    process.stdout.write(
      `tarball ${(statSync(tarball).size / 1e6).toFixed(2)} MB, installed ${megabytes.toFixed(1)} MB in ${packages} packages\n`,
    );
    expect(megabytes).toBeLessThan(MAX_INSTALLED_MB);
    expect(packages).toBeGreaterThan(Object.keys(manifest.dependencies).length);
  });

  it("brings neither the official readers as packages nor anything that phones home", () => {
    const names = Object.keys(installed()).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13));
    expect(names.filter((name) => /^@(asyncapi|stoplight|scarf)\//.test(name))).toEqual([]);
  });

  it("holds the licences of what it bundles, and its own", () => {
    const at = join(project, "node_modules/wireproof");
    expect(readFileSync(join(at, "dist/THIRD-PARTY-LICENSES.txt"), "utf8")).toContain("@asyncapi/parser");
    expect(readFileSync(join(at, "LICENSE"), "utf8")).toContain("Apache License");
  });

  it("can be imported by every name that it exports", () => {
    const names = Object.keys(manifest.exports)
      .filter((name) => !/\.(json|yaml)$/.test(name))
      .map((name) => name.replace(".", "wireproof"));
    const script = `for (const name of ${JSON.stringify(names)}) {
      const found = Object.keys(await import(name));
      if (found.length === 0) throw new Error(name + " exports nothing");
    }
    for (const file of ["wireproof/asyncapi.yaml", "wireproof/contract.json", "wireproof/package.json"]) {
      (await import("node:fs")).readFileSync(new URL(import.meta.resolve(file)));
    }`;
    run(process.execPath, ["--input-type=module", "-e", script]);
  }, 60_000);

  it("does what the README shows", () => {
    const [, example = ""] = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(`${ROOT}README.md`, "utf8")) ?? [];
    expect(example).toContain("wireproof/");
    const said = run(process.execPath, ["--input-type=module", "-e", example]);
    expect(said).toMatch(/^wrong-discriminator .*`event`/);
  });

  it("exports one entry for each endpoint of its document", () => {
    for (const endpoint of endpoints) expect(Object.keys(manifest.exports)).toContain(`./${endpoint}`);
  });

  it("runs the command line: it lints a document with the bundled readers", () => {
    const document = join(project, "pets.yaml");
    writeFileSync(document, PETS);
    const bin = join(project, "node_modules/.bin/wireproof");
    expect(run(bin, ["--version"]).trim()).toMatch(/^\d+\.\d+\.\d+/);
    run(bin, ["lint", document]);
    run(bin, ["generate", document, "--out", "pets"]);
    expect(readdirSync(join(project, "pets"))).toContain("pets.ts");
  }, 60_000);
});

describe("a generated channel entry of the installed package", () => {
  it.each(endpoints)("decodes in Node: wireproof/%s", (endpoint) => {
    const script = `import { decodeEvent } from "wireproof/${endpoint}";
      console.log(JSON.stringify(decodeEvent("nonsense")));`;
    expect(JSON.parse(run(process.execPath, ["--input-type=module", "-e", script]))).toMatchObject({
      ok: false,
      error: { code: "not-json" },
    });
  });

  it.each(endpoints)(
    "bundles for a browser without any module of Node, and decodes there: wireproof/%s",
    async (endpoint) => {
      const contents = `import * as all from "wireproof/${endpoint}"; export const decode = all.decodeEvent; export { all };`;
      const bundle = await build({
        stdin: { contents, resolveDir: project, loader: "js" },
        bundle: true,
        minify: true,
        write: false,
        metafile: true,
        format: "esm",
        platform: "browser",
      });
      const inputs = Object.values(bundle.metafile.inputs).flatMap(({ imports }) => imports);
      expect(inputs.filter(({ external }) => external === true)).toEqual([]);
      const code = bundle.outputFiles[0]?.text ?? "";
      // A strict Content-Security-Policy forbids both.
      expect(code).not.toMatch(/\beval\(|new Function\(/);
      const module = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
      expect(module.decode("nonsense")).toMatchObject({ ok: false, error: { code: "not-json" } });
    },
  );

  it("makes a client of it, in Node and in a page, from wireproof/client", async () => {
    const contents = `import { createClient } from "wireproof/client";
      import { workflowClient } from "wireproof/workflow";
      class WebSocket { close() {} }
      const client = createClient(workflowClient, { url: "ws://server/", WebSocket, platform: null });
      client.connect().catch(() => {});
      export const state = client.status.state;
      client.close();
      export const last = client.status.state;`;
    const inNode = `${contents} console.log(state, last);`;
    expect(run(process.execPath, ["--input-type=module", "-e", inNode]).trim()).toBe(
      "connecting disconnected",
    );
    const stdin = { contents, resolveDir: project, loader: "js" as const };
    const bundle = await build({
      stdin,
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "browser",
    });
    const inputs = Object.keys(bundle.metafile.inputs);
    // What only Node can see stays out of pages.
    expect(inputs.filter((input) => /client-node|node:/.test(input))).toEqual([]);
    const code = bundle.outputFiles[0]?.text ?? "";
    expect(code).not.toMatch(/\beval\(|new Function\(/);
    const page = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
    expect([page.state, page.last]).toEqual(["connecting", "disconnected"]);
  });

  it("has types that fit a page and its WebSocket", () => {
    writeFileSync(
      join(project, "page.ts"),
      `import { type ClientOptions, createClient } from "wireproof/client";
      import { type Pong, workflowClient } from "wireproof/workflow";
      const options: ClientOptions = { url: "wss://here/", WebSocket, platform: window, onReady: () => {} };
      const client = createClient(workflowClient, options);
      export const pong: Promise<Pong> = client.send({ cmd: "ping" });
      client.on("token_stream", ({ data }) => console.log(data.chunk.length));`,
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const page = ["--lib", "ES2022,DOM", "--module", "ESNext", "--moduleResolution", "bundler"];
    run(process.execPath, [tsc, "page.ts", "--noEmit", "--strict", "--exactOptionalPropertyTypes", ...page]);
  }, 60_000);

  it("would be found out if it needed Node: a planted import fails to bundle", async () => {
    const contents = 'import { readFileSync } from "node:fs"; console.log(readFileSync);';
    const stdin = { contents, resolveDir: project, loader: "js" as const };
    const bundled = build({ stdin, bundle: true, write: false, platform: "browser", logLevel: "silent" });
    await expect(bundled).rejects.toThrow(/node:fs/);
  });
});

function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

const PETS = `asyncapi: 3.1.0
info: { title: Pets, version: 1.0.0, description: A document that is not ours. }
servers:
  here: { host: 127.0.0.1:9000, protocol: ws }
channels:
  pets:
    address: /pets
    messages:
      seen:
        summary: A pet was seen.
        payload: { type: object, required: [kind], properties: { kind: { const: seen }, name: { type: string } } }
        examples: [{ name: one, payload: { kind: seen, name: Rex } }]
operations:
  tell:
    action: send
    channel: { $ref: '#/channels/pets' }
    messages: [{ $ref: '#/channels/pets/messages/seen' }]
`;
