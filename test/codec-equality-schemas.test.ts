import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generate } from "../src/codegen/generate.js";
import { inlineContract } from "../src/codegen/inline-contract.js";
import type { Contract, JsonSchema } from "../src/contract/contract.js";
import { createOracle } from "../src/contract/validate.js";
import { decodeDifference } from "./equality.js";
import { loadGenerated } from "./generated-module.js";

const NAMES = ["a", "b", "constructor", "__proto__", "we ird", ""];
const TEXTS = [
  "",
  "a",
  "ab",
  "1",
  "__proto__",
  "\u{1f600}",
  "\ud800",
  "2020-02-30",
  "2020-02-29T10:00:00Z",
  "0.5",
];
const NUMBERS = [0, -0, 1, 2, 3, -1, 1.5, 0.07, 1e21, 2 ** 53];
/** Stands for 1e400 in a value, which JSON.stringify cannot write. */
const HUGE = "@1e400";

/** JSON values of a small world, so that schemas over the same words are met often. */
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, ...TEXTS, ...NUMBERS, HUGE),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie("value")), { maxLength: 4 }).map(parsedObject),
  ),
})).value;

/** An object as JSON.parse makes it: `__proto__` is a member like any other. */
function parsedObject(entries: readonly (readonly [string, unknown])[]): unknown {
  const members = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return JSON.parse(`{${members.join(",")}}`);
}

const small = fc.nat({ max: 3 });
const bound = fc.constantFrom(0, 1, 2, 3, -1, 1.5);
const unique = <T>(arbitrary: fc.Arbitrary<T>, minLength = 0) =>
  fc.uniqueArray(arbitrary, { minLength, maxLength: 3, comparator: "SameValueZero" });
const distinct = fc.uniqueArray(values, {
  minLength: 1,
  maxLength: 3,
  selector: (value) => JSON.stringify(value),
});

/** Schemas of draft-07 with every keyword, shallow enough to be met by chance. */
const schemas = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const schema = tie("schema");
  const map = fc.array(fc.tuple(fc.constantFrom(...NAMES), schema), { maxLength: 3 }).map(parsedObject);
  const list = fc.array(schema, { minLength: 1, maxLength: 3 });
  const keyword = fc.oneof(
    fc.record({ type: fc.constantFrom("string", "number", "integer", "boolean", "null", "object", "array") }),
    fc.record({ type: fc.constantFrom("string", "number", "object", "array"), nullable: fc.constant(true) }),
    fc.record({ type: unique(fc.constantFrom("string", "number", "integer", "null", "object", "array"), 1) }),
    fc.record({ enum: distinct }),
    fc.record({ const: values }),
    fc.record({ minimum: bound }),
    fc.record({ maximum: bound }),
    fc.record({ exclusiveMinimum: bound }),
    fc.record({ exclusiveMaximum: bound }),
    fc.record({ multipleOf: fc.constantFrom(1, 2, 0.01, 1e-9, 1.5) }),
    fc.record({ minLength: small }),
    fc.record({ maxLength: small }),
    fc.record({ pattern: fc.constantFrom("^a", "", "\\d", "b$", "/", "^.$", "\\p{L}") }),
    fc.record({
      format: fc.constantFrom(
        "date",
        "date-time",
        "uuid",
        "uri",
        "int32",
        "int64",
        "float",
        "time",
        "nothing",
      ),
    }),
    fc.record({ format: fc.constant("date"), formatMinimum: fc.constantFrom("2020-01-01", "2021-01-01") }),
    fc.record({ required: unique(fc.constantFrom(...NAMES)) }),
    fc.record({ properties: map }),
    fc.record({ properties: map, required: unique(fc.constantFrom(...NAMES), 1) }),
    fc.record({ properties: map, additionalProperties: schema }),
    fc.record({ properties: map, additionalProperties: fc.constant(false) }),
    fc.record({
      patternProperties: fc.record({ "^a": schema, o: schema }, { requiredKeys: [] }),
      additionalProperties: schema,
    }),
    // Ajv skips what follows `propertyNames` in an empty object; without this the test would be of that.
    fc.record({ propertyNames: schema, minProperties: fc.constant(1) }),
    fc.record({ minProperties: small }),
    fc.record({ maxProperties: small }),
    fc.record({ dependencies: map }),
    fc.record({
      dependencies: fc.record({ a: unique(fc.constantFrom(...NAMES)), b: schema }, { requiredKeys: [] }),
    }),
    fc.record({ items: schema }),
    fc.record({ items: fc.array(schema, { minLength: 1, maxLength: 2 }), additionalItems: schema }),
    fc.record({ additionalItems: schema }),
    fc.record({ minItems: small }),
    fc.record({ maxItems: small }),
    fc.record({ uniqueItems: fc.boolean(), items: schema }),
    fc.record({ uniqueItems: fc.constant(true) }),
    // In a loop Ajv takes the verdict of the list before for that of an empty one; see docs of `contains` in check.ts.
    fc.record({ contains: schema, minItems: fc.constant(1) }),
    fc.record({ allOf: list }),
    fc.record({ anyOf: list }),
    fc.record({ oneOf: list }),
    fc.record({ not: schema }),
    fc.record({ if: schema, then: schema, else: schema }, { requiredKeys: ["if"] }),
    fc.record({ then: schema }),
    fc.record({ $ref: fc.constantFrom("#/definitions/Leaf", "#/definitions/Tree", "#/definitions/Pair") }),
    fc.record({ title: fc.constantFrom("Node", "A title", "*/"), description: fc.constant("*/ `x` ${1}") }),
  );
  return {
    schema: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { weight: 1, arbitrary: fc.boolean() },
      {
        weight: 12,
        arbitrary: fc.array(keyword, { minLength: 1, maxLength: 3 }).map(merged),
      },
    ),
  };
}).schema;

/** One schema of several keywords. Ajv compiles a bound of a format only beside a format that has an order. */
function merged(keywords: readonly object[]): JsonSchema {
  const schema: { [keyword: string]: unknown } = Object.assign({}, ...keywords);
  return "formatMinimum" in schema ? { ...schema, format: "date" } : schema;
}

const definitions: Contract["definitions"] = {
  Leaf: { type: ["string", "null"], maxLength: 2 },
  Tree: {
    type: "object",
    properties: { a: { $ref: "#/definitions/Tree" }, b: { $ref: "#/definitions/Leaf" } },
  },
  Pair: {
    type: "array",
    items: [{ $ref: "#/definitions/Leaf" }, { $ref: "#/definitions/Pair" }],
    maxItems: 2,
  },
};

/** A contract of one endpoint with a command for each schema, and each value as a frame of each command. */
async function compare(
  seed: number,
  schemaCount: number,
  valueCount: number,
): Promise<{ frames: number; accepted: number }> {
  const drawn = fc.sample(schemas, { numRuns: schemaCount, seed });
  const commands = Object.fromEntries(
    drawn.map((schema, index) => [`m${index}`, message(`m${index}`, schema)]),
  );
  const contract = inlineContract({ commands, receive: "/cmd", definitions });
  const [endpoint] = contract.endpoints;
  const files = await generate(contract);
  const { commandCodec } = await loadGenerated(files, "inline.ts");
  const oracle = createOracle(contract, endpoint, "command");
  const texts = fc
    .sample(values, { numRuns: valueCount, seed: seed + 1 })
    .map((value) => JSON.stringify(value));
  let accepted = 0;
  for (const [index, schema] of drawn.entries()) {
    for (const text of texts) {
      const frame = `{"cmd":"m${index}","value":${text.replaceAll(JSON.stringify(HUGE), "1e400")}}`;
      const difference = decodeDifference(oracle, commandCodec, frame);
      if (difference !== undefined) throw new Error(`${JSON.stringify(schema)}\n${frame}\n${difference}`);
      if (oracle.judge(frame).ok) accepted++;
    }
  }
  return { frames: drawn.length * texts.length, accepted };
}

function message(name: string, schema: JsonSchema): JsonSchema {
  return {
    type: "object",
    required: ["cmd", "value"],
    properties: { cmd: { const: name }, value: schema },
    additionalProperties: false,
  };
}

describe("checks emitted for any schema of draft-07", () => {
  it.each([1, 2, 3])(
    "decide as Ajv does (seed %i)",
    async (seed) => {
      const { frames, accepted } = await compare(seed, 150, 80);
      // Neither all nor nothing: else the schemas say nothing.
      expect(accepted).toBeGreaterThan(frames / 20);
      expect(accepted).toBeLessThan((frames * 19) / 20);
    },
    60_000,
  );
});
