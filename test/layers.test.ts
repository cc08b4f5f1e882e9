import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { importsOf, judgeImport } from "./layers.js";
import { ROOT } from "./requirement.js";

const FOLDERS = ["src", "conformance", "reference-server", "generated", "playground"];
/** Tests, and what only tests use. */
const isTest = (file: string): boolean => /(\.test\.ts$|(^|\/)test-)/.test(file);

const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file)),
).filter((file) => !isTest(file));

const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

describe("imports point one way", () => {
  it("in every file", () => {
    const faults = sources.flatMap((file) =>
      importsOf(textOf(file)).flatMap((found) => judgeImport(file, found) ?? []),
    );
    expect(faults).toEqual([]);
    expect(sources.length).toBeGreaterThan(10);
  });

  it.each([
    ["src/contract/lifecycle.ts", 'import { x } from "../document/load.js";', "not this one"],
    ["src/contract/lifecycle.ts", 'import { x } from "../wire/protocol.js";', "only import types"],
    ["src/wire/socket.ts", 'import ws from "ws";', "may not use"],
    ["src/codegen/print.ts", 'import { readFileSync } from "node:fs";', "may not use"],
    ["conformance/judge.ts", 'const x = await import("../generated/one.js");', "not this one"],
    ["conformance/judge.ts", 'export { x } from "../reference-server/hub.js";', "not this one"],
    ["conformance/server/check.ts", 'import { m } from "../mutants/one.js";', "not this one"],
    ["reference-server/server.ts", 'import { x } from "../src/contract/validate.js";', "not this one"],
    ["src/codegen/generate.ts", 'import { Parser } from "@asyncapi/parser";', "may not use"],
    ["src/document/load.ts", 'import { x } from "./load.test.js";', "a test"],
    ["elsewhere/file.ts", 'import "node:fs";', "no layer"],
  ])("a planted fault in %s is found: %s", (file, text, said) => {
    const faults = importsOf(text).flatMap((found) => judgeImport(file, found) ?? []);
    expect(faults.join()).toContain(said);
  });

  it.each([
    ["src/contract/contract.ts", 'import type { Reply } from "../wire/protocol.js";'],
    ["src/contract/contract.ts", 'export type { Reply } from "../wire/protocol.js";'],
    ["src/contract/contract.ts", 'import { type Reply } from "../wire/protocol.js";'],
    ["reference-server/mock.ts", 'import { x } from "../src/contract/lifecycle.js";'],
    ["generated/one.ts", 'import { x } from "./wire.js";'],
    ["conformance/server/check.ts", 'import { Ajv } from "../../src/contract/validate.js";'],
  ])("what is allowed in %s is not: %s", (file, text) => {
    expect(importsOf(text).flatMap((found) => judgeImport(file, found) ?? [])).toEqual([]);
  });
});

/** A channel's name that the vocabulary of the contract uses as well, for a reply. */
const ORDINARY: ReadonlySet<string> = new Set(["answer"]);

describe("the tool names no channel of its own document", () => {
  const names = channelNames(JSON.parse(textOf("generated/contract.json")));
  const generic = sources.filter((file) => /^(src|playground|conformance\/(?!mutants\/))/.test(file));

  it("in any file of src/, playground/ and conformance/", () => {
    const faults = generic.flatMap((file) =>
      namesUsed(textOf(file), names)
        .filter((name) => !ORDINARY.has(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(faults).toEqual([]);
    expect(names.literals.size).toBeGreaterThanOrEqual(5);
    expect(names.anywhere.size).toBeGreaterThan(20);
  });

  it("and a planted name is found, in code, text and comment", () => {
    const [channel = ""] = names.literals;
    const [name = ""] = names.anywhere;
    expect(namesUsed(`const a = "${channel}";`, names)).toEqual([channel]);
    expect(namesUsed(`// as in ${name}`, names)).toEqual([name]);
    expect(namesUsed(`const a = { "${name}": 1 };`, names)).toEqual([name]);
    expect(namesUsed(`const ${channel}s = 1;`, names)).toEqual([]);
  });
});

interface Names {
  /** Channel names, some of which are ordinary words: forbidden as a whole string only. */
  readonly literals: ReadonlySet<string>;
  /** Names of messages and fields that no other text would hold: forbidden anywhere. */
  readonly anywhere: ReadonlySet<string>;
}

/** The names of channels, messages and fields that stand in a compiled contract. */
function channelNames(contract: unknown): Names {
  const literals = new Set<string>();
  const anywhere = new Set<string>();
  const isDistinctive = (name: string): boolean => /^[a-z]+([_:.][a-z_]+)+$/.test(name);
  for (const endpoint of list(member(contract, "endpoints"))) {
    for (const channel of list(member(endpoint, "channels"))) literals.add(String(channel));
    for (const message of [...list(member(endpoint, "commands")), ...list(member(endpoint, "events"))]) {
      for (const name of [member(message, "name"), member(message, "wireName")]) {
        if (typeof name === "string" && isDistinctive(name)) anywhere.add(name);
      }
      collectFields(member(message, "payload"), (field) => isDistinctive(field) && anywhere.add(field));
    }
  }
  return { literals, anywhere };
}

function collectFields(schema: unknown, found: (field: string) => void): void {
  if (typeof schema !== "object" || schema === null) return;
  const properties = member(schema, "properties");
  if (typeof properties === "object" && properties !== null)
    for (const field of Object.keys(properties)) found(field);
  for (const child of Object.values(schema)) collectFields(child, found);
}

function namesUsed(text: string, names: Names): string[] {
  const used = new Set<string>();
  for (const name of names.anywhere) {
    const whole = new RegExp(`(^|[^A-Za-z0-9_])${name.replaceAll(".", "\\.")}($|[^A-Za-z0-9_])`);
    if (whole.test(text)) used.add(name);
  }
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && names.literals.has(node.text)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest));
  return [...used];
}

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
