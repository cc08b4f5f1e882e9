import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDocument } from "./references.js";
import { writeDocument } from "./test-support/documents.js";

const HEAD = "asyncapi: 3.1.0\n";
const said = async (files: string | Record<string, string>) => {
  const { findings } = await openDocument(writeDocument(files));
  return findings.map(({ file, line, rule, message }) => `${file}:${line} ${rule} ${message}`);
};

describe("a document with all that it refers to", () => {
  it("is read across files and folders, each file once", async () => {
    const path = writeDocument({
      "main/asyncapi.yaml": `${HEAD}a: { $ref: '../common/b.yaml#/x' }\nc: { $ref: '../common/b.yaml#/y' }\n`,
      "common/b.yaml": "x: 1\ny: { $ref: './c.json' }\n",
      "common/c.json": '{"$ref": "#/z", "z": true}',
    });
    const { files, findings } = await openDocument(path);
    expect(findings).toEqual([]);
    expect(files.map((file) => file.name)).toEqual(["asyncapi.yaml", "../common/b.yaml", "../common/c.json"]);
  });

  it("may refer in a circle, where something stands on the way", async () => {
    expect(
      await said({
        "a.yaml": `${HEAD}node: { properties: { next: { $ref: 'b.yaml#/node' } } }\n`,
        "b.yaml": "node: { items: { $ref: 'a.yaml#/node' } }\n",
      }),
    ).toEqual([]);
  });

  it("may hold what only looks like a reference, as data", async () => {
    expect(await said(`${HEAD}x:\n  const: { $ref: nowhere.yaml }\n`)).toEqual([]);
  });
});

describe("what does not resolve is refused where it stands", () => {
  it.each([
    [
      "a missing file",
      `${HEAD}\nx: { $ref: gone.yaml }\n`,
      "3 reference `$ref` to gone.yaml, which cannot be read: there is no such file.",
    ],
    ["a missing place", `${HEAD}x:\n  $ref: '#/y/z'\n`, '2 reference `$ref` "#/y/z" leads nowhere'],
    ["a pointer without a slash", `${HEAD}x: { $ref: '#y' }\n`, '2 reference `$ref` "#y" cannot be followed'],
    [
      "the network",
      `${HEAD}x: { $ref: 'https://example.com/a.yaml' }\n`,
      "2 reference `$ref` to https://example.com/a.yaml: nothing is fetched",
    ],
    ["another scheme", `${HEAD}x: { $ref: 'urn:a:b' }\n`, "2 reference"],
    [
      "a circle",
      `${HEAD}x: { $ref: '#/y' }\ny: { $ref: '#/x' }\n`,
      '2 reference `$ref` "#/y" leads back to itself: asyncapi.yaml#/x → asyncapi.yaml#/y → asyncapi.yaml#/x.',
    ],
    ["a place inside itself", `${HEAD}x: { $ref: '#/x/y' }\n`, "2 reference"],
    ["itself", `${HEAD}x: { $ref: '#/x' }\n`, "2 reference"],
  ])("%s", async (_, text, expected) => {
    expect((await said(text))[0]).toContain(`asyncapi.yaml:${expected}`);
  });

  it("a circle of whole files", async () => {
    const found = await said({
      "a.yaml": `${HEAD}x: { $ref: b.yaml }\n`,
      "b.yaml": "$ref: c.yaml\n",
      "c.yaml": "$ref: b.yaml\n",
    });
    expect(found.join("\n")).toContain('a.yaml:2 reference `$ref` "b.yaml" leads back to itself');
  });

  it("a broken file, by its own line", async () => {
    expect(await said({ "a.yaml": `${HEAD}x: { $ref: b.yaml }\n`, "b.yaml": "ok: 1\nbad: [\n" })).toEqual([
      expect.stringMatching(/^b\.yaml:3 syntax /),
    ]);
  });
});

describe("what is no document is refused", () => {
  it.each([
    ["no version", "channels: {}\n", "asyncapi.yaml:1 document This file has no `asyncapi` field"],
    [
      "another version",
      "info: {}\nasyncapi: 1.2.0\n",
      'asyncapi.yaml:2 document This file says asyncapi "1.2.0"',
    ],
    ["OpenAPI", "openapi: 3.0.0\n", "asyncapi.yaml:1 document This OpenAPI document has no `asyncapi` field"],
    ["a text", "hello\n", "asyncapi.yaml:1 document"],
    ["nothing", "", "asyncapi.yaml:1 document"],
  ])("%s", async (_, text, expected) => {
    expect((await said(text))[0]).toContain(expected);
  });

  it("a missing file, a folder, bytes that are no text, and a file without end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wireproof-document-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, "folder"));
    writeFileSync(join(folder, "bytes"), Uint8Array.of(0x61, 0xff, 0xfe));
    writeFileSync(join(folder, "large"), new Uint8Array(16 * 1024 * 1024 + 1));
    const why = async (name: string) =>
      (await openDocument(join(folder, name))).findings.map((one) => one.message);
    expect(await why("gone")).toEqual(["The document gone cannot be read: there is no such file."]);
    expect(await why("folder")).toEqual(["The document folder cannot be read: it is a directory."]);
    expect(await why("bytes")).toEqual(["The document bytes cannot be read: it is not UTF-8 text."]);
    expect(await why("large")).toEqual([
      "The document large cannot be read: it is larger than 16777216 bytes.",
    ]);
  });
});
