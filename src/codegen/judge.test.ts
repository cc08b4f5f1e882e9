import { describe, expect, it } from "vitest";
import { type GeneratedModule, loadGenerated } from "../../test/generated-module.js";
import type { Discriminator, JsonSchema, ProtocolRules } from "../contract/contract.js";
import { inferDiscriminator } from "../contract/infer-discriminator.js";
import type { InlineEndpoint } from "../contract/inline-endpoint.js";
import { createOracle } from "../contract/validate.js";
import { generate } from "./generate.js";
import { inlineContract } from "./inline-contract.js";

const named = (field: string, name: unknown, more: Record<string, JsonSchema> = {}): JsonSchema => ({
  type: "object",
  required: [field, ...Object.keys(more)],
  properties: { [field]: { const: name }, ...more },
});

/** The module for an endpoint, and a decode that also asks the oracle. */
async function compiled(given: InlineEndpoint, direction: "event" | "command") {
  const contract = inlineContract(given);
  const module: GeneratedModule = await loadGenerated(await generate(contract), "inline.ts");
  const codec = direction === "event" ? module.eventCodec : module.commandCodec;
  const oracle = createOracle(contract, contract.endpoints[0], direction);
  const outcome = (text: string): string => {
    const ours = codec.decode(text);
    const theirs = oracle.judge(text);
    const said = ours.ok ? "ok" : `${ours.error.code} ${ours.error.path}`.trim();
    const meant = theirs.ok ? "ok" : `${theirs.error.code} ${theirs.error.path}`.trim();
    expect(said, `the oracle on ${text}`).toBe(meant);
    return said;
  };
  return { codec, outcome };
}

type Table = readonly (readonly [frame: string, outcome: string])[];

describe("a declared field", async () => {
  const { codec, outcome } = await compiled(
    {
      events: { tick: named("event", "tick", { at: { type: "integer" } }), tock: named("event", "tock") },
      commands: { start: named("cmd", "start") },
      send: "/event",
      receive: "/cmd",
      protocol: { never: ["type"] },
    },
    "event",
  );
  const table: Table = [
    ['{"event":"tick","at":1}', "ok"],
    ['{"event":"tock","event":"tick","at":1}', "ok"],
    ['{"event":"tick"}', "invalid-payload /at"],
    ['{"event":"boom"}', "unknown-message /event"],
    ['{"event":"start"}', "unknown-message /event"],
    ['{"cmd":"tick","at":1}', "wrong-discriminator /cmd"],
    ['{"type":"tick","at":1}', "wrong-discriminator /type"],
    ['{"type":1}', "missing-discriminator"],
    ['{"event":1}', "missing-discriminator /event"],
    ['{"event":null,"type":"tick"}', "missing-discriminator /event"],
    ["[]", "not-object"],
    ["null", "not-object"],
    ["{", "not-json"],
    ["", "not-json"],
    ["\ufeff{}", "not-json"],
  ];
  it.each(table)("%s: %s", (frame, wanted) => expect(outcome(frame)).toBe(wanted));

  it("teaches how to mend a frame that names itself by the field of another channel", () => {
    expect(codec.decode('{"type":"tick","at":1}')).toEqual({
      ok: false,
      error: {
        code: "wrong-discriminator",
        path: "/type",
        expected: "`event`: one of tick, tock",
        received: '"tick"',
        hint: "This channel names its events with `event`: rename `type`.",
      },
    });
  });

  it("says when a name travels the other way", () => {
    const result = codec.decode('{"event":"start"}');
    expect(result.ok ? "" : result.error.hint).toContain("travels the other way");
  });
});

describe("no field at all", async () => {
  const question: JsonSchema = {
    type: "object",
    required: ["query"],
    properties: { query: { type: "string" } },
    additionalProperties: false,
  };
  const { codec, outcome } = await compiled(
    { commands: { question }, events: { answer: named("type", "answer") }, send: "/type" },
    "command",
  );
  const table: Table = [
    ['{"query":"x"}', "ok"],
    ['{"type":"ping"}', "invalid-payload /type"],
    ['{"query":1}', "invalid-payload /query"],
  ];
  it.each(table)("%s: %s", (frame, wanted) => expect(outcome(frame)).toBe(wanted));

  it("says that the frame is told by its shape", () => {
    const result = codec.decode('{"type":"ping"}');
    expect(result.ok ? "" : result.error.hint).toContain("told by their shape");
  });
});

describe("Socket.IO events", async () => {
  const { outcome } = await compiled(
    {
      events: {
        text: named("type", "text"),
        stop: named("type", "stop"),
        error: { type: "object", required: ["code"], properties: { code: { type: "string" } } },
      },
      protocol: {
        transport: "socket.io",
        send: declared(
          ["$event", "/type"],
          [
            ["text", ["say"], ["text"]],
            ["stop", ["say"], ["stop"]],
            ["error", ["error"], []],
          ],
        ),
      },
    },
    "event",
  );
  const table: Table = [
    ['["say",{"type":"stop"}]', "ok"],
    ['["error",{"code":"x"}]', "ok"],
    ['["say",{"type":"boom"}]', "unknown-message /1/type"],
    ['["say",{}]', "missing-discriminator /1"],
    ['["say",null]', "missing-discriminator /1"],
    ['["error",{}]', "invalid-payload /1/code"],
    ['["boom",{}]', "unknown-message /0"],
    ['["error"]', "invalid-payload"],
    ['["error",{"code":"x"},1]', "invalid-payload /2"],
    ["[1,{}]", "missing-discriminator /0"],
    ["[]", "missing-discriminator /0"],
    ["{}", "not-object"],
  ];
  it.each(table)("%s: %s", (frame, wanted) => expect(outcome(frame)).toBe(wanted));
});

describe("an inferred field", () => {
  const open: JsonSchema = { type: "object", required: ["audio"], properties: { audio: { type: "string" } } };
  const nested = (kind: string): JsonSchema => ({
    type: "object",
    required: ["data"],
    properties: { data: named("kind", kind) },
  });
  const numeric = (op: number): JsonSchema => ({
    type: "object",
    required: ["op"],
    properties: { op: { enum: [op] } },
  });
  const position = (name: string): JsonSchema => ({
    type: "array",
    items: [{ const: name }, { type: "number" }],
    minItems: 1,
  });
  const cases: readonly [string, Record<string, JsonSchema>, Table][] = [
    [
      "flat, with a message told by presence",
      { ping: named("type", "ping"), pong: named("type", "pong"), audio: open },
      [
        ['{"type":"ping"}', "ok"],
        ['{"audio":"x"}', "ok"],
        ['{"type":"other","audio":"x"}', "ok"],
        ['{"type":"other"}', "invalid-payload /audio"],
        ["[]", "not-object"],
      ],
    ],
    [
      "nested",
      { one: nested("one"), two: nested("two") },
      [
        ['{"data":{"kind":"two"}}', "ok"],
        ['{"data":{"kind":"three"}}', "unknown-message /data/kind"],
        ['{"data":{}}', "missing-discriminator /data"],
        ['{"data":[]}', "missing-discriminator /data"],
      ],
    ],
    [
      "a number",
      { hello: numeric(10), ready: numeric(0) },
      [
        ['{"op":10}', "ok"],
        ['{"op":-0}', "ok"],
        ['{"op":"10"}', "unknown-message /op"],
        ['{"op":11}', "unknown-message /op"],
        ["{}", "missing-discriminator"],
      ],
    ],
    [
      "a position",
      { bid: position("bid"), ask: position("ask") },
      [
        ['["ask",1]', "ok"],
        ['["ask","x"]', "invalid-payload /1"],
        ['["other"]', "unknown-message /0"],
        ["[]", "missing-discriminator"],
        ['{"0":"ask"}', "invalid-payload"],
      ],
    ],
    [
      "none: shapes",
      {
        a: { type: "object", required: ["x"] },
        b: { type: "object", required: ["y"] },
        c: { type: "string" },
      },
      [
        ['{"x":1}', "ok"],
        ['"text"', "ok"],
        ["1", "invalid-payload"],
      ],
    ],
  ];
  it.each(cases)("%s", async (_, events, table) => {
    const send = inferDiscriminator(inlineContract({ events }).endpoints[0].events, {});
    const { outcome } = await compiled({ events, protocol: { send } }, "event");
    for (const [frame, wanted] of table) expect(outcome(frame), frame).toBe(wanted);
  });
});

function declared(
  fields: readonly string[],
  rows: readonly (readonly [message: string, ...values: string[][]])[],
): ProtocolRules["send"] {
  const list = rows.map(([message, ...values]) => ({ message, values }));
  const discriminator: Discriminator = { origin: "declared", fields, rows: list, presence: [] };
  return discriminator;
}

describe("an encoder", async () => {
  const { codec } = await compiled(
    {
      commands: {
        say: { ...Object(named("cmd", "say", { text: { type: "string" } })), additionalProperties: false },
      },
      receive: "/cmd",
      protocol: { maxBytes: 100 },
    },
    "command",
  );
  const refusal = (value: unknown) => {
    try {
      return codec.encode(value);
    } catch (error) {
      if (error instanceof Error && error.name === "EncodeError" && "code" in error && "path" in error) {
        return `${error.code} ${error.path}`.trim();
      }
      throw error;
    }
  };
  it.each([
    ["a valid value", { cmd: "say", text: "é" }, '{"cmd":"say","text":"é"}'],
    ["a member that is undefined", { cmd: "say", text: "a", more: undefined }, '{"cmd":"say","text":"a"}'],
    ["a lone surrogate", { cmd: "say", text: "\ud800" }, '{"cmd":"say","text":"\\ud800"}'],
    [
      "a Date, as its text",
      { cmd: "say", text: new Date(0) },
      '{"cmd":"say","text":"1970-01-01T00:00:00.000Z"}',
    ],
    ["a missing field", { cmd: "say", text: undefined }, "invalid-payload /text"],
    ["an unknown field", { cmd: "say", text: "a", "x/y": 1 }, "invalid-payload /x~1y"],
    ["NaN, which is written as null", { cmd: "say", text: Number.NaN }, "invalid-payload /text"],
    ["a BigInt", { cmd: "say", text: 1n }, "not-json"],
    ["a function, which is not written", { cmd: "say", text: () => 1 }, "invalid-payload /text"],
    ["a hole", { cmd: "say", text: [undefined] }, "invalid-payload /text"],
    ["nothing", undefined, "not-json"],
    ["too much", { cmd: "say", text: "x".repeat(90) }, "too-large"],
  ])("given %s", (_, value, wanted) => expect(refusal(value)).toBe(wanted));

  it("refuses a cycle in the words of JSON.stringify", () => {
    const circle: Record<string, unknown> = { cmd: "say" };
    circle["text"] = circle;
    expect(() => codec.encode(circle)).toThrow(
      /^not-json: Make it one JSON document\. Got "not JSON: TypeError: .*circular/,
    );
  });

  it("says in its message what to do", () => {
    expect(() => codec.encode({ cmd: "say" })).toThrow("invalid-payload: Make /text a string. Got nothing.");
  });

  it("writes bytes at an offset, and says when they do not fit", () => {
    const bytes = new Uint8Array(40);
    expect(codec.encodeInto({ cmd: "say", text: "é" }, bytes, 4)).toBe(4 + 25);
    expect(new TextDecoder().decode(bytes.subarray(4, 29))).toBe('{"cmd":"say","text":"é"}');
    expect(() => codec.encodeInto({ cmd: "say", text: "é" }, bytes, 20)).toThrow(RangeError);
  });

  it("is a Standard Schema", () => {
    expect(codec["~standard"].validate({ cmd: "say", text: "a" })).toEqual({
      value: { cmd: "say", text: "a" },
    });
    expect(codec["~standard"].validate({ cmd: "say", text: 1 })).toEqual({
      issues: [{ message: "Expected a string, got 1. Make /text a string.", path: ["text"] }],
    });
  });
});
