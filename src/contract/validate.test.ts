import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "./contract.js";
import { inlineEndpoint } from "./inline-endpoint.js";
import {
  compileSchema,
  createOracle,
  isTooDeep,
  MAX_DEPTH,
  type OracleResult,
  SchemaError,
  utf8Length,
} from "./validate.js";

const named = (name: string, more: object = {}, extra: object = {}) => ({
  type: "object",
  required: ["kind", ...Object.keys(more)],
  properties: { kind: { const: name }, ...more },
  ...extra,
});

const endpoint = inlineEndpoint({
  send: "/kind",
  receive: "/op",
  events: { note: named("note", { text: { type: "string" } }), tick: named("tick") },
  commands: { go: { type: "object", properties: { op: { const: "go" } } } },
  protocol: { never: ["label"], maxBytes: 4096 },
});
const oracle = createOracle({ definitions: {} }, endpoint, "event");

function refused(result: OracleResult) {
  if (result.ok) throw new Error(`accepted as ${result.messages.join()}`);
  expect(result.error.received.length).toBeLessThanOrEqual(80);
  expect(result.error.hint).not.toBe("");
  return result.error;
}

function single(schema: object, of: Endpoint["protocol"]["transport"] = "websocket") {
  const one = inlineEndpoint({ commands: { only: { ...schema } }, protocol: { transport: of } });
  return createOracle({ definitions: {} }, one, "command");
}

describe("The oracle of a frame", () => {
  it("accepts a frame that its message describes, and gives what JSON.parse gave", () => {
    const result = oracle.judge(' {"kind":"note","text":"hi","more":1}\n');
    expect(result).toEqual({ ok: true, value: { kind: "note", text: "hi", more: 1 }, messages: ["note"] });
  });

  it("reads UTF-8 bytes as it reads text", () => {
    const bytes = new TextEncoder().encode('{"kind":"note","text":"ä𝄞"}');
    expect(oracle.judge(bytes)).toEqual(oracle.judge('{"kind":"note","text":"ä𝄞"}'));
  });

  it.each([
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "not-text", ""],
    ["a message over maxBytes", JSON.stringify({ kind: "note", text: "x".repeat(5000) }), "too-large", ""],
    ["nesting over 512 levels", "[".repeat(600), "too-deep", ""],
    ["broken JSON", '{"kind":', "not-json", ""],
    ["a byte order mark", '\ufeff{"kind":"tick"}', "not-json", ""],
    ["two documents", '{"kind":"tick"}{"kind":"tick"}', "not-json", ""],
    ["an array", "[]", "not-object", ""],
    ["null", "null", "not-object", ""],
    ["a frame without a name", "{}", "missing-discriminator", ""],
    ["a name under the other direction's field", '{"op":"tick"}', "wrong-discriminator", "/op"],
    ["a name under a field listed in never", '{"label":"tick"}', "wrong-discriminator", "/label"],
    ["an unknown name", '{"kind":"tock"}', "unknown-message", "/kind"],
    ["a missing field", '{"kind":"note"}', "invalid-payload", "/text"],
    ["a field of another type", '{"kind":"note","text":1}', "invalid-payload", "/text"],
  ])("refuses %s", (_, frame, code, path) => {
    expect(refused(oracle.judge(frame))).toMatchObject({ code, path });
  });

  it("measures maxBytes in UTF-8 bytes, not in characters", () => {
    const text = JSON.stringify({ kind: "note", text: "€".repeat(1500) });
    expect(text.length).toBeLessThan(4096);
    expect(refused(oracle.judge(text)).code).toBe("too-large");
  });

  it("allows 512 levels of nesting and no more", () => {
    const any = single({});
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(any.judge(nested(MAX_DEPTH)).ok).toBe(true);
    expect(refused(any.judge(nested(MAX_DEPTH + 1))).code).toBe("too-deep");
    expect(any.judge(JSON.stringify("[".repeat(1000))).ok).toBe(true);
  });

  it("takes no limit from a document that declares none", () => {
    expect(single({}).judge(JSON.stringify("x".repeat(2_000_000))).ok).toBe(true);
  });

  it("does not take 1e400 for a number, and 1.0 and 1e2 for integers", () => {
    const integer = single({ type: "integer" });
    expect(integer.judge("1.0").ok && integer.judge("1e2").ok && integer.judge("-0").ok).toBe(true);
    expect(refused(single({ type: "number" }).judge("1e400")).code).toBe("invalid-payload");
  });

  it("takes 19.99 for a multiple of 0.01", () => {
    expect(single({ multipleOf: 0.01 }).judge("19.99").ok).toBe(true);
    expect(single({ multipleOf: 0.01 }).judge("19.995").ok).toBe(false);
  });

  it("keeps __proto__ as data", () => {
    const result = single({ type: "object" }).judge('{"__proto__":1}');
    expect(result.ok && Object.hasOwn(Object(result.value), "__proto__")).toBe(true);
  });

  it("names all messages that accept a frame told by shape", () => {
    const shapes = inlineEndpoint({ events: { a: { type: "object" }, b: { required: ["x"] }, c: false } });
    const judged = createOracle({ definitions: {} }, shapes, "event").judge('{"x":1}');
    expect(judged).toMatchObject({ ok: true, messages: ["a", "b"] });
  });

  it("shows the issue of the candidate that got furthest, and names all candidates", () => {
    const shapes = inlineEndpoint({
      events: { a: { type: "string" }, b: { properties: { x: { properties: { y: { type: "string" } } } } } },
    });
    const error = refused(createOracle({ definitions: {} }, shapes, "event").judge('{"x":{"y":1}}'));
    expect(error).toMatchObject({ path: "/x/y", expected: "one of: a, b" });
  });

  it("points at a name field in a channel whose commands have none", () => {
    const shapes = inlineEndpoint({
      commands: { ask: { type: "object", required: ["query"], properties: { query: { type: "string" } } } },
      events: { done: named("done") },
      send: "/kind",
    });
    const error = refused(createOracle({ definitions: {} }, shapes, "command").judge('{"kind":"ping"}'));
    expect(error).toMatchObject({ code: "invalid-payload", path: "/kind" });
    expect(error.hint).toContain("told by their shape");
  });

  it("counts pointers from the Socket.IO event array", () => {
    const io = inlineEndpoint({
      commands: { say: { type: "object", properties: { text: { type: "string" } } } },
      receive: "$event",
      protocol: { transport: "socket.io" },
    });
    const judge = createOracle({ definitions: {} }, io, "command");
    expect(judge.judge('["say",{"text":"x"}]')).toMatchObject({ ok: true, messages: ["say"] });
    expect(refused(judge.judge('["say",{"text":1}]'))).toMatchObject({ path: "/1/text" });
    expect(refused(judge.judge('{"text":1}')).code).toBe("not-object");
    expect(refused(judge.judge('[1,{"text":1}]')).code).toBe("missing-discriminator");
  });
});

describe("A hint", () => {
  const schema = {
    type: "object",
    additionalProperties: false,
    required: ["node_id"],
    properties: { node_id: { type: "string", minLength: 1 }, status: { enum: ["on", "off"] } },
  };
  it.each([
    [{}, "/node_id", "Add `node_id` to the payload."],
    [{ nodeId: "a" }, "/node_id", "Rename `nodeId` to `node_id`."],
    [{ node_id: "a", Status: "on" }, "/Status", "Rename `Status` to `status`."],
    [{ node_id: "a", other: 1 }, "/other", "Remove `other` from the payload."],
    [{ node_id: "a", status: "up" }, "/status", 'Set `/status` to one of "on", "off".'],
    [{ node_id: "" }, "/node_id", "Correct `/node_id`: it must NOT have fewer than 1 characters."],
    [{ node_id: 1 }, "/node_id", "Send `/node_id` as string."],
  ])("tells what to do about %j", (value, path, hint) => {
    const issue = compileSchema(schema, {}, "a test")(value);
    expect(issue).toMatchObject({ path, hint });
  });
});

describe("A schema that Ajv cannot compile", () => {
  it("is an error that names the message and where it stands", () => {
    const bad = single({ type: "string", pattern: "(" });
    expect(() => bad.judge('"x"')).toThrow(SchemaError);
    expect(() => bad.judge('"x"')).toThrow(/command "only" \(inline:1\)/);
  });

  it("resolves definitions that refer to each other", () => {
    const definitions = {
      Tree: {
        type: "object",
        properties: { kids: { type: "array", items: { $ref: "#/definitions/Tree" } } },
      },
    };
    const validate = compileSchema({ $ref: "#/definitions/Tree" }, definitions, "a test");
    expect(validate({ kids: [{ kids: [] }] })).toBeUndefined();
    expect(validate({ kids: [{ kids: 1 }] })?.path).toBe("/kids/0/kids");
  });
});

describe("Measuring text", () => {
  it("counts UTF-8 bytes as an encoder does, lone surrogates included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
    expect(utf8Length("\ud800a\udc00")).toBe(7);
  });

  it("does not count brackets inside strings", () => {
    expect(isTooDeep(JSON.stringify('[\\"['.repeat(600)))).toBe(false);
  });
});
