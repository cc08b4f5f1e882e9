import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AJV_OPTIONS } from "../../contract/validate.js";
import { memberAt, rootOf } from "../place.js";
import { parseSource } from "../source.js";
import { createEmptiness } from "./emptiness.js";

/** Why no value fits a schema; `others` stand beside it as `#/definitions/…`. */
function whyEmpty(schema: unknown, others: object = {}): string | undefined {
  const text = JSON.stringify({ schema, definitions: others });
  const { file } = parseSource("/a.json", "a.json", text, new Map());
  const place = file === undefined ? undefined : memberAt(rootOf(file), "schema");
  if (place === undefined) throw new Error("The schema of the test cannot be read.");
  return createEmptiness()(place)?.text;
}

describe("no value fits", () => {
  it.each<[unknown, RegExp]>([
    [
      { allOf: [{ type: "string" }, { type: ["number", "null"] }] },
      /^no type is left of `string` and `number or null`$/,
    ],
    [{ type: "number", minimum: 2, maximum: 1 }, /^nothing lies between 2 and 1$/],
    [{ type: "number", exclusiveMinimum: 1, maximum: 1 }, /^nothing lies between 1 and 1$/],
    [{ type: "integer", exclusiveMinimum: 1, exclusiveMaximum: 2 }, /^no whole number lies between 1 and 2$/],
    [{ type: "string", minLength: 3, maxLength: 2 }, /^`minLength` 3 is above `maxLength` 2$/],
    [{ allOf: [{ type: "array", minItems: 2 }, { maxItems: 1 }] }, /^`minItems` 2 is above `maxItems` 1$/],
    [{ type: "array", minItems: 1, items: false }, /^it needs an item 0, .*`false` allows nothing$/],
    [
      { type: "object", minProperties: 1, maxProperties: 0 },
      /^`minProperties` 1 is above `maxProperties` 0$/,
    ],
    [
      { type: "object", required: ["a", "b"], maxProperties: 1 },
      /^it requires 2 fields, and `maxProperties` is 1$/,
    ],
    [
      { type: "object", required: ["a"], additionalProperties: false },
      /^it requires `a`, which .* shuts out$/,
    ],
    [
      { type: "object", required: ["a"], properties: { a: false } },
      /^it requires `a`, .*`false` allows nothing$/,
    ],
    [{ type: "string", enum: [1, null] }, /^none of its values \(1, null\) keeps what else it asks for$/],
    [{ allOf: [{ const: "a" }, { enum: ["b", "c"] }] }, /^none of its values/],
    [{ const: "abc", maxLength: 2 }, /^none of its values/],
    [{ const: "abc", pattern: "^b" }, /^none of its values/],
    [
      { type: "integer", oneOf: [{ type: "string" }, { type: "null" }] },
      /^no branch of its `oneOf` can be met$/,
    ],
    [{ not: {} }, /^its `not` forbids everything$/],
    [{ $ref: "#/definitions/endless" }, /^it requires `next`, and nothing can stand there$/],
  ])("%j", (schema, why) => {
    const endless = {
      type: "object",
      required: ["next"],
      properties: { next: { $ref: "#/definitions/endless" } },
    };
    expect(whyEmpty(schema, { endless })).toMatch(why);
  });
});

describe("some value may fit", () => {
  it.each<[unknown]>([
    [true],
    [{}],
    [{ type: "number", minimum: 1, maximum: 1 }],
    [{ minimum: 2, maximum: 1 }],
    [{ type: ["object", "null"], required: ["a"], additionalProperties: false }],
    [{ type: "object", required: ["ab"], patternProperties: { "^a": {} }, additionalProperties: false }],
    [{ type: "object", properties: { a: false } }],
    [{ type: "array", items: false }],
    [{ anyOf: [false, { type: "string" }] }],
    [{ type: "string", enum: [1, "a"] }],
    [{ not: { type: "string" } }],
    [{ if: { not: {} }, else: { type: "string" } }],
    [{ $ref: "#/definitions/list" }],
  ])("%j", (schema) => {
    const list = {
      type: "object",
      required: ["next"],
      properties: { next: { anyOf: [{ type: "null" }, { $ref: "#/definitions/list" }] } },
    };
    expect(whyEmpty(schema, { list })).toBeUndefined();
  });
});

// Small words and numbers, so that schemas contradict themselves often and values fit often.
const number = fc.integer({ min: -1, max: 3 });
const type = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");
const name = fc.constantFrom("a", "b");
const scalar = fc.oneof(fc.constantFrom(null, true, "", "a", "ab"), number, fc.constantFrom(0.5, 1.5));
const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const inner = tie("schema");
  const keywords = fc.record(
    {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 2 })),
      minimum: number,
      maximum: number,
      exclusiveMinimum: number,
      exclusiveMaximum: number,
      minLength: fc.nat({ max: 3 }),
      maxLength: fc.nat({ max: 3 }),
      pattern: fc.constantFrom("^a", "b$"),
      minItems: fc.nat({ max: 3 }),
      maxItems: fc.nat({ max: 3 }),
      items: fc.oneof(inner, fc.array(inner, { minLength: 1, maxLength: 2 })),
      additionalItems: inner,
      minProperties: fc.nat({ max: 3 }),
      maxProperties: fc.nat({ max: 3 }),
      required: fc.uniqueArray(name, { maxLength: 2 }),
      properties: fc.dictionary(name, inner, { maxKeys: 2 }),
      patternProperties: fc.dictionary(fc.constantFrom("^a", "b$"), inner, { maxKeys: 1 }),
      additionalProperties: inner,
      enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 }),
      const: scalar,
      not: inner,
      allOf: fc.array(inner, { minLength: 1, maxLength: 2 }),
      anyOf: fc.array(inner, { minLength: 1, maxLength: 2 }),
      oneOf: fc.array(inner, { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  );
  // Few keywords at once: a schema with all of them is empty nearly always.
  const few = fc
    .tuple(keywords, fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 }))
    .map(([all, chosen]) => {
      const entries = Object.entries(all);
      const kept = new Set(chosen.map((at) => at % Math.max(1, entries.length)));
      return Object.fromEntries(entries.filter((_, at) => kept.has(at)));
    });
  return { schema: fc.oneof({ depthSize: "small", maxDepth: 3 }, fc.boolean(), few) };
});
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(name, tie("value"), { maxKeys: 2 }),
  ),
}));

it("whatever a value fits is never called empty", () => {
  const ajv = new Ajv({ ...AJV_OPTIONS, validateSchema: false, addUsedSchema: false });
  let empty = 0;
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 20, maxLength: 20 }), (given, values) => {
      const why = whyEmpty(given);
      if (why === undefined) return;
      empty++;
      const validate = ajv.compile(given as object);
      for (const one of values) expect([why, one, validate(one)]).toEqual([why, one, false]);
    }),
    { numRuns: 2000, seed: 1 },
  );
  expect(empty).toBeGreaterThan(200);
});
