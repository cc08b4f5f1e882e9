import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { JsonSchema } from "../contract/contract.js";
import { compileSchema } from "../contract/validate.js";
import { UnsatisfiableError } from "./bounded-filter.js";
import { invalidPayload, openViolations, violationKinds } from "./invalid-payload.js";
import { SAMPLE_DEFINITIONS, SAMPLE_SCHEMAS } from "./sample-schemas.js";

const kinds = (schema: JsonSchema) =>
  violationKinds(schema, SAMPLE_DEFINITIONS).map(({ keyword, pointer }) => `${keyword} ${pointer}`);

describe("An invalid payload", () => {
  it.each(SAMPLE_SCHEMAS)("is refused, and what it was made from is not: %s", (_, schema) => {
    if (kinds(schema).length === 0) return;
    const validate = compileSchema(schema, SAMPLE_DEFINITIONS, "a test");
    const violations = fc.sample(invalidPayload(schema, SAMPLE_DEFINITIONS), { numRuns: 150, seed: 3 });
    for (const { value, valid, label } of violations) {
      expect(validate(value), `${label}: ${JSON.stringify(value)}`).toBeDefined();
      expect(validate(valid)).toBeUndefined();
    }
  });

  it.each<[string, JsonSchema, string[]]>([
    ["type", { type: "integer" }, ["type "]],
    ["null for an object", { type: "object" }, ["type ", "null "]],
    ["enum", { enum: ["a", "b"] }, ["enum "]],
    ["const", { const: "a" }, ["const "]],
    ["bounds", { minimum: 1, maximum: 2 }, ["minimum ", "maximum "]],
    [
      "exclusive bounds",
      { type: "number", exclusiveMinimum: 1, exclusiveMaximum: 2 },
      ["type ", "exclusiveMinimum ", "exclusiveMaximum "],
    ],
    ["multipleOf", { multipleOf: 0.01 }, ["multipleOf "]],
    ["lengths", { type: "string", minLength: 1, maxLength: 65536 }, ["type ", "minLength ", "maxLength "]],
    ["pattern", { type: "string", pattern: "^[a-z]+$" }, ["type ", "pattern "]],
    ["format", { type: "string", format: "date-time" }, ["type ", "format "]],
    [
      "items",
      { type: "array", items: { type: "null" }, minItems: 1, maxItems: 100, uniqueItems: false },
      ["type ", "minItems ", "maxItems ", "type /0"],
    ],
    ["unique items", { type: "array", uniqueItems: true }, ["type ", "uniqueItems "]],
    [
      "closed object",
      {
        type: "object",
        additionalProperties: false,
        required: ["node_id"],
        properties: { node_id: true, on: true },
      },
      ["type ", "null ", "additionalProperties ", "renamed /node_id", "required /node_id", "renamed /on"],
    ],
    [
      "open object",
      { type: "object", required: ["a"], properties: { a: true, b: { type: "string" } } },
      ["type ", "null ", "renamed /a", "required /a", "type /b"],
    ],
    [
      "names and numbers of members",
      { minProperties: 1, maxProperties: 2, propertyNames: { pattern: "^[a-z]+$" } },
      ["minProperties ", "maxProperties ", "propertyNames "],
    ],
    ["contains", { type: "array", contains: { const: 1 } }, ["type ", "contains "]],
    ["nothing", true, []],
  ])("violates each keyword of: %s", (_, schema, expected) => {
    expect(kinds(schema)).toEqual(expected);
  });

  it("reaches places in optional, nested and repeated parts", () => {
    const schema = {
      type: "object",
      properties: {
        a: {
          type: "object",
          properties: {
            list: {
              type: "array",
              items: {
                oneOf: [
                  { type: "null" },
                  { type: "object", required: ["x"], properties: { x: { type: "integer", minimum: 0 } } },
                ],
              },
            },
          },
        },
      },
    };
    expect(kinds(schema)).toContain("minimum /a/list/0/x");
    const wanted = { kinds: [{ keyword: "minimum", pointer: "/a/list/0/x" }] };
    for (const violation of fc.sample(invalidPayload(schema, {}, wanted), 50)) {
      expect(violation.label).toBe("minimum at /a/list/0/x: below the minimum");
    }
  });

  it("differs from the valid payload in one place only", () => {
    const schema = {
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: "string" }, b: { enum: [1, 2] } },
    };
    for (const { value, valid, pointer } of fc.sample(invalidPayload(schema, {}), {
      numRuns: 200,
      seed: 5,
    })) {
      if (pointer === "") continue;
      const name = pointer.slice(1);
      const rest = (given: unknown) =>
        JSON.stringify(Object.entries(Object(given)).filter(([key]) => key.toLowerCase() !== name));
      expect(rest(value)).toBe(rest(valid));
    }
  });

  it("may have to fit a further condition", () => {
    const schema = {
      type: "object",
      required: ["op"],
      properties: { op: { const: "a" }, n: { type: "integer" } },
    };
    const other = fc.sample(invalidPayload(schema, {}, { fits: ({ pointer }) => pointer === "/n" }), 20);
    expect(new Set(other.map(({ pointer }) => pointer))).toEqual(new Set(["/n"]));
  });

  it("says so where nothing can be wrong", () => {
    expect(() => fc.sample(invalidPayload(true, {}), 1)).toThrow(UnsatisfiableError);
  });

  it("shrinks to a small payload with the same fault", () => {
    const schema = {
      type: "object",
      required: ["a"],
      properties: { a: { type: "integer", maximum: 9 }, b: { type: "string" } },
    };
    const kind = { keyword: "maximum", pointer: "/a" };
    const result = fc.check(
      fc.property(invalidPayload(schema, {}, { kinds: [kind] }), () => false),
      { seed: 9 },
    );
    expect(result.counterexample?.[0]).toMatchObject({ value: { a: 10 } });
  });
});

test("a payload that is given gets one fault of a kind, where it has the place", () => {
  const violations = openViolations(
    {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer", maximum: 3 } },
      additionalProperties: false,
    },
    {},
  );
  const kind = { keyword: "maximum", pointer: "/b" };
  expect(violations.of({ a: "kept", b: 1 }, kind, 0)?.value).toEqual({ a: "kept", b: 4 });
  expect(violations.of({ a: "kept" }, kind, 0)).toBeUndefined();
  expect(violations.of({ a: "kept", b: 9 }, kind, 0)).toBeUndefined();
});
