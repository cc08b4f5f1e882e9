import { describe, expect, it } from "vitest";
import { loadGenerated } from "../../test/generated-module.js";
import type { JsonSchema } from "../contract/contract.js";
import { createOracle } from "../contract/validate.js";
import { generate } from "./generate.js";
import { inlineContract } from "./inline-contract.js";

type Row = readonly [
  keyword: string,
  schema: JsonSchema,
  accepted: readonly string[],
  refused: readonly string[],
];

// Values are JSON texts: `1e400` and `__proto__` can be said only so.
const ROWS: readonly Row[] = [
  ["true", true, ["1", "null"], []],
  ["false", false, [], ["1", "null"]],
  ["type string", { type: "string" }, ['""'], ["1", "null", "[]", "{}", "true"]],
  ["type integer", { type: "integer" }, ["1", "1.0", "-0", "1e2"], ["1.5", '"1"', "1e400"]],
  ["type number", { type: "number" }, ["1.5", "9e307"], ["1e400", "-1e400", "true"]],
  ["type boolean", { type: "boolean" }, ["true", "false"], ["0", "null"]],
  ["type null", { type: "null" }, ["null"], ["0", "{}", '""']],
  ["type object", { type: "object" }, ["{}"], ["[]", "null"]],
  ["type array", { type: "array" }, ["[]"], ["{}", '"a"']],
  ["type list", { type: ["string", "null"] }, ['"a"', "null"], ["1"]],
  ["nullable", { type: "string", nullable: true }, ['"a"', "null"], ["1"]],
  ["nullable and enum", { type: "string", nullable: true, enum: ["a"] }, ['"a"'], ["null"]],
  [
    "enum",
    { enum: ["a", 1, null, { b: [1] }] },
    ['"a"', "1.0", "null", '{"b":[1]}'],
    ['"b"', '{"b":[2]}', "true"],
  ],
  ["const", { const: 0 }, ["0", "-0"], ["1", "false", '""']],
  ["const object", { const: { a: 1, b: 2 } }, ['{"b":2,"a":1}'], ['{"a":1}', '{"a":1,"b":2,"c":3}', "[]"]],
  [
    "const __proto__",
    { const: JSON.parse('{"__proto__":1}') },
    ['{"__proto__":1}'],
    ["{}", '{"__proto__":2}'],
  ],
  ["minimum", { minimum: 2 }, ["2", '"a"', "1e400", "-1e400"], ["1.9"]],
  ["maximum", { type: "number", maximum: 2 }, ["2"], ["2.1", "1e400"]],
  ["exclusiveMinimum", { type: "integer", exclusiveMinimum: 0 }, ["1"], ["0"]],
  ["exclusiveMaximum", { exclusiveMaximum: 0 }, ["-1", "[]"], ["0"]],
  ["multipleOf", { multipleOf: 0.01 }, ["19.99", "1e308", "0"], ["0.001"]],
  ["minLength", { minLength: 2 }, ['"ab"', "1"], ['"\u{1f600}"', '"a"']],
  ["maxLength", { maxLength: 2 }, ['"\u{1f600}\u{1f600}"', '"\\ud800\\ud800"'], ['"abc"']],
  ["pattern", { pattern: "^\\p{L}/$" }, ['"é/"', "1"], ['"1/"', '"é"']],
  [
    "format date-time",
    { format: "date-time" },
    ['"2020-02-29T23:59:60Z"', '"2020-01-01 00:00:00+01"', "1"],
    ['"2019-02-29T00:00:00Z"', '"2020-01-01T00:00:00"'],
  ],
  ["format uuid", { format: "uuid" }, ['"urn:uuid:AAAAAAAA-0000-0000-0000-000000000000"'], ['"aaaaaaaa"']],
  ["format unknown", { format: "cucumber" }, ['"x"'], []],
  ["format int32", { format: "int32" }, ["2147483647", '"x"'], ["2147483648", "1.5"]],
  ["format int64", { format: "int64" }, ["1e300"], ["1.5"]],
  ["format double", { format: "double" }, ["1.5", '"x"'], []],
  ["formatMinimum", { format: "date", formatMinimum: "2020-01-02" }, ['"2020-01-02"'], ['"2020-01-01"']],
  [
    "formatExclusiveMaximum",
    { format: "date-time", formatExclusiveMaximum: "2020-01-02T00:00:00Z" },
    ['"2020-01-01T23:59:59Z"'],
    ['"2020-01-02T01:00:00+01:00"'],
  ],
  [
    "formatMaximum of a time",
    { format: "time", formatMaximum: "10:00:00Z" },
    ['"11:00:00+02:00"'],
    ['"10:00:01Z"'],
  ],
  [
    "formatExclusiveMinimum of an iso-time",
    { format: "iso-time", formatExclusiveMinimum: "10:00:00" },
    ['"10:00:01"'],
    ['"10:00:00"'],
  ],
  [
    "formatMinimum of an iso-date-time",
    { format: "iso-date-time", formatMinimum: "2020-01-01T10:00:00Z" },
    ['"2020-01-02T00:00:00Z"'],
    ['"2020-01-01T09:00:00Z"'],
  ],
  ["required", { required: ["a", "constructor"] }, ['{"a":null}', "[]"], ["{}"]],
  ["required names that Ajv never misses", { required: ["__proto__", ""] }, ["{}"], []],
  [
    "properties",
    { properties: { a: { type: "string" }, "b c": { minimum: 1 } } },
    ["{}", '{"a":"x"}', "1"],
    ['{"a":1}', '{"b c":0}'],
  ],
  [
    "properties that every object inherits",
    { properties: { toString: { type: "string" } } },
    ['{"toString":"x"}'],
    ["{}"],
  ],
  [
    "properties.__proto__",
    { properties: JSON.parse('{"__proto__":{"type":"string"}}') },
    ['{"__proto__":1}'],
    [],
  ],
  [
    "additionalProperties",
    { properties: { a: true }, additionalProperties: false },
    ['{"a":1}'],
    ['{"b":1}', '{"__proto__":1}'],
  ],
  [
    "additionalProperties schema",
    { properties: { a: true }, additionalProperties: { type: "null" } },
    ['{"a":1,"b":null}'],
    ['{"b":1}'],
  ],
  [
    "patternProperties",
    { patternProperties: { "^x": { type: "null" } }, additionalProperties: false },
    ['{"xa":null}', "{}"],
    ['{"xa":1}', '{"a":null}'],
  ],
  ["propertyNames", { propertyNames: { maxLength: 1 } }, ['{"a":1}', "{}"], ['{"ab":1}']],
  ["minProperties", { minProperties: 1 }, ['{"a":1}', "[]"], ["{}"]],
  ["maxProperties", { maxProperties: 1 }, ['{"a":1}'], ['{"a":1,"b":1}']],
  [
    "dependencies",
    { dependencies: { a: ["b"], c: { required: ["d"] } } },
    ['{"a":1,"b":1}', '{"b":1}', '{"c":1,"d":1}'],
    ['{"a":1}', '{"c":1}'],
  ],
  ["items", { items: { type: "string" } }, ['["a"]', "[]", "{}"], ['["a",1]']],
  [
    "items list",
    { items: [{ type: "string" }, { type: "null" }], additionalItems: false },
    ["[]", '["a"]', '["a",null]'],
    ["[1]", '["a",null,1]'],
  ],
  ["additionalItems", { items: [true], additionalItems: { type: "null" } }, ["[1,null]"], ["[1,2]"]],
  ["additionalItems alone", { additionalItems: false }, ["[1]"], []],
  ["minItems", { minItems: 1 }, ["[1]"], ["[]"]],
  ["maxItems", { maxItems: 1 }, ["[1]", "{}"], ["[1,2]"]],
  [
    "uniqueItems",
    { uniqueItems: true },
    ['[1,"1",{"a":1},{"a":2}]'],
    ["[1,1.0]", '[{"a":1},{"a":1}]', "[[0],[-0]]"],
  ],
  [
    "uniqueItems of texts",
    { uniqueItems: true, items: { type: "string" } },
    ['["a","b"]', '["__proto__","__proto__"]'],
    ['["a","a"]'],
  ],
  ["contains", { contains: { type: "null" } }, ["[1,null]", "{}"], ["[]", "[1]"]],
  ["allOf", { allOf: [{ minimum: 1 }, { maximum: 2 }] }, ["1", '"a"'], ["0", "3"]],
  [
    "anyOf",
    { anyOf: [{ type: "string" }, { required: ["a"], type: "object" }] },
    ['"a"', '{"a":1}'],
    ["1", "{}"],
  ],
  [
    "oneOf",
    {
      oneOf: [
        { minimum: 1, type: "number" },
        { maximum: 2, type: "number" },
      ],
    },
    ["0", "3"],
    ["1.5", '"a"'],
  ],
  ["oneOf of one", { oneOf: [{ type: "string" }] }, ['"a"'], ["1"]],
  ["not", { not: { type: "string" } }, ["1"], ['"a"']],
  [
    "if",
    { if: { type: "string" }, then: { minLength: 1 }, else: { type: "null" } },
    ['"a"', "null"],
    ['""', "1"],
  ],
  ["if without then", { if: { type: "string" }, else: { type: "null" } }, ['""', "null"], ["1"]],
  ["then without if", { then: false }, ["1"], []],
  ["$ref", { $ref: "#/definitions/Short" }, ['"a"'], ["1", '"abc"']],
  ["$ref with siblings", { $ref: "#/definitions/Short", minLength: 1 }, ['"a"'], ['""', '"abc"']],
  [
    "$ref to itself",
    { $ref: "#/definitions/Tree" },
    ['{"kids":[{"kids":[]}]}'],
    ['{"kids":[{"kids":[1]}]}', "1"],
  ],
  ["a contradiction", { type: "object", enum: ["a"] }, [], ['"a"', "{}"]],
];

const definitions = {
  Short: { type: "string", maxLength: 2 },
  Tree: {
    type: "object",
    properties: { kids: { type: "array", items: { $ref: "#/definitions/Tree" } } },
    required: ["kids"],
  },
};

describe("the check of", async () => {
  const wrapped = ROWS.map(([, schema], index): [string, JsonSchema] => [
    `m${index}`,
    {
      type: "object",
      required: ["cmd", "value"],
      properties: { cmd: { const: `m${index}` }, value: schema },
    },
  ]);
  const contract = inlineContract({ commands: Object.fromEntries(wrapped), receive: "/cmd", definitions });
  const { commandCodec } = await loadGenerated(await generate(contract), "inline.ts");
  const oracle = createOracle(contract, contract.endpoints[0], "command");
  const decides = (index: number, text: string) => {
    const frame = `{"cmd":"m${index}","value":${text}}`;
    expect(oracle.judge(frame).ok, `the oracle on ${text}`).toBe(commandCodec.decode(frame).ok);
    return commandCodec.decode(frame).ok;
  };

  it.each(ROWS.map((row, index) => [row[0], row, index] as const))(
    "%s",
    (_, [, , accepted, refused], index) => {
      expect(accepted.filter((text) => !decides(index, text))).toEqual([]);
      expect(refused.filter((text) => decides(index, text))).toEqual([]);
    },
  );
});
