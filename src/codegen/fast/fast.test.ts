import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { loadGenerated } from "../../../test/generated-module.js";
import type { JsonSchema } from "../../contract/contract.js";
import { generate } from "../generate.js";
import { inlineContract } from "../inline-contract.js";
import { untemplated } from "./fast.js";
import { layoutOf } from "./layout.js";
import { shapeOf } from "./shape.js";

const text = { type: "string" };
const object = (properties: object, required: readonly string[] = [], more: object = {}): JsonSchema => ({
  type: "object",
  properties,
  required,
  ...more,
});

describe("the template of a schema", () => {
  it.each<[string, JsonSchema, string]>([
    [
      "members in their order",
      object({ a: text, b: { type: "integer" } }, ["a", "b"]),
      '{"a":$text,"b":$integer}',
    ],
    ["an optional member behind", object({ a: text, b: text }, ["a"]), '{"a":$text(,"b":$text)?}'],
    ["an optional member before", object({ a: text, b: text }, ["b"]), '{("a":$text,)?"b":$text}'],
    ["nothing but optional members", object({ a: text, b: text }), '{("a":$text;)?("b":$text)?}'],
    ["a constant", object({ a: { const: "x" } }, ["a"]), '{"a":"x"}'],
    ["a few words", object({ a: { enum: ["x", "y"] } }, ["a"]), '{"a":"(x|y)"}'],
    [
      "formats",
      object({ a: { ...text, format: "date-time" }, b: { ...text, format: "uuid" } }, ["a", "b"]),
      '{"a":$time,"b":$uuid}',
    ],
    ["null beside a text", object({ a: { type: ["string", "null"] } }, ["a"]), '{"a":($text|null)}'],
    ["a list of texts", object({ a: { type: "array", items: text } }, ["a"]), '{"a":$texts}'],
    [
      "an object inside",
      object({ a: object({ b: { type: "boolean" } }) }),
      '{("a":$here{("b":$boolean)?})?}',
    ],
    [
      "members of several schemas",
      { allOf: [object({ a: text }, ["a"]), object({ b: text }, ["b"])] },
      '{"a":$text,"b":$text}',
    ],
    ["without a member that has none", object({ a: text, b: { type: "object" } }, ["a"]), '{"a":$text}'],
  ])("has %s", (_, schema, template) => {
    const found = shapeOf(schema, {}, []);
    expect("why" in found ? found.why : layoutOf(found.shape).template).toBe(template);
  });

  it.each<[JsonSchema, string]>([
    [true, "it may be anything"],
    [object({ a: {} }, ["a"]), "/a may be anything"],
    [object({ a: { type: "object", additionalProperties: text } }, ["a"]), "/a is a map"],
    [object({ a: { type: "array", items: object({ b: text }) } }, ["a"]), "/a is a list of objects"],
    [{ oneOf: [object({ a: text }), object({ b: text })] }, "it may be anything"],
    [object({ a: text }, [], { oneOf: [object({}), object({ a: text })] }), "it is a union or a condition"],
    [object({ a: text }, ["b"]), "it requires b, which it does not describe"],
    [
      object({ a: { $ref: "#/definitions/Loop" } }, ["a"]),
      "/a/a/a/a/a/a/a/a/a holds itself, or goes too deep",
    ],
  ])("is not there for %j: %s", (schema, why) => {
    const found = shapeOf(schema, { Loop: object({ a: { $ref: "#/definitions/Loop" } }, ["a"]) }, []);
    if (why === "it may be anything") expect(found).toHaveProperty("why");
    else expect(found).toEqual({ why });
  });
});

const named = (name: string, properties: object = {}): JsonSchema =>
  object({ type: { const: name }, ...properties }, ["type"], { additionalProperties: false });
const contract = inlineContract({
  commands: {
    say: named("say", { text }),
    go: named("go", { to: { type: "number" } }),
    any: named("any", { of: {} }),
  },
  receive: "/type",
});
const [endpoint] = contract.endpoints;

describe("fast codecs", () => {
  it("say which messages are not always read by a template, and why", () => {
    expect(untemplated({ endpoint, direction: "command", definitions: {} })).toEqual([
      { message: "any", why: "without some members: /of may be anything" },
    ]);
  });

  it("write members in the order of the schema, and none that is undefined", async () => {
    const { commandCodec } = await loadGenerated(await generate(contract, { codec: "fast" }), "inline.ts");
    expect(commandCodec.encode({ text: 'a"\ud800', type: "say" })).toBe(
      '{"type":"say","text":"a\\"\\ud800"}',
    );
    expect(commandCodec.encode({ type: "go", to: undefined })).toBe('{"type":"go"}');
  });

  it("write nothing beyond the offset that they return, and fit to the byte", async () => {
    const { commandCodec } = await loadGenerated(await generate(contract, { codec: "fast" }), "inline.ts");
    const value = { type: "say", text: "é会😀\n" };
    const expected = Buffer.from(JSON.stringify(value));
    for (const room of [0, 1, 9]) {
      const bytes = new Uint8Array(expected.length + 4 + room).fill(7);
      expect(commandCodec.encodeInto(value, bytes, 4)).toBe(4 + expected.length);
      expect(Buffer.from(bytes.subarray(4, 4 + expected.length))).toEqual(expected);
      expect([...bytes.subarray(0, 4), ...bytes.subarray(4 + expected.length)]).toEqual(
        Array(4 + room).fill(7),
      );
    }
    expect(() => commandCodec.encodeInto(value, new Uint8Array(expected.length + 3), 4)).toThrow(RangeError);
  });
});

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe("where regular expressions are not compiled", () => {
  it.each([
    ["--jitless", 0],
    ["--no-warnings", 1],
  ])("node %s reads %i frame by a template", async (flag, read) => {
    const folder = mkdtempSync(join(tmpdir(), "wireproof-jitless-"));
    folders.push(folder);
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    for (const { path, text: source } of await generate(contract, { codec: "fast" })) {
      if (!path.endsWith(".ts")) continue;
      const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
      const code = ts.transpileModule(source, { compilerOptions: options }).outputText;
      writeFileSync(join(folder, path.replace(/ts$/, "js")), code);
    }
    const script = `
      let parsed = 0;
      const { parse } = JSON;
      JSON.parse = (text) => (parsed++, parse(text));
      const { decodeCommand } = await import("./inline.js");
      if (!decodeCommand('{"type":"say","text":"a"}').ok) throw new Error("refused");
      console.log(1 - parsed);`;
    const run = execFileSync(process.execPath, [flag, "--input-type=module", "-e", script], { cwd: folder });
    expect(run.toString().trim()).toBe(`${read}`);
  });
});
