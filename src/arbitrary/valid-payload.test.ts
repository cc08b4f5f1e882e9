import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonSchema } from "../contract/contract.js";
import { isObject, valueAt } from "../contract/pointer.js";
import { compileSchema } from "../contract/validate.js";
import { UnsatisfiableError } from "./bounded-filter.js";
import { type ValidOptions, validPayload } from "./valid-payload.js";

const TREE = {
  Tree: {
    type: "object",
    required: ["name"],
    properties: { name: { type: "string" }, kids: { type: "array", items: { $ref: "#/definitions/Tree" } } },
    additionalProperties: false,
  },
  Chain: {
    anyOf: [
      { type: "object", required: ["next"], properties: { next: { $ref: "#/definitions/Chain" } } },
      { type: "null" },
    ],
  },
};

const SCHEMAS: readonly (readonly [string, JsonSchema])[] = [
  ["true", true],
  ["no keyword", {}],
  ["type", { type: "string" }],
  ["several types", { type: ["integer", "null", "array"] }],
  ["nullable", { type: "object", nullable: true, required: ["a"] }],
  ["const", { const: { a: [1, null] } }],
  ["enum", { enum: ["a", 1, null, { b: 1 }] }],
  ["enum and type", { type: "string", enum: ["a", 1, "bcd"], minLength: 2 }],
  ["integer bounds", { type: "integer", minimum: 3, maximum: 5 }],
  ["huge integers", { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 }],
  ["exclusive bounds", { type: "integer", exclusiveMinimum: 3, exclusiveMaximum: 5 }],
  ["narrow number", { type: "number", minimum: 0.1, maximum: 0.2 }],
  ["number from 0 to 1", { type: "number", minimum: 0, maximum: 1 }],
  ["exclusive number", { type: "number", exclusiveMinimum: 0 }],
  ["multipleOf", { type: "number", multipleOf: 0.01, minimum: 0 }],
  ["integer and fraction of multipleOf", { type: "integer", multipleOf: 1.5 }],
  ["two multiples", { allOf: [{ multipleOf: 4 }, { multipleOf: 6 }], type: "integer" }],
  ["int32", { type: "integer", format: "int32" }],
  ["lengths", { type: "string", minLength: 2, maxLength: 4 }],
  ["a long string", { type: "string", minLength: 1, maxLength: 65536 }],
  ["pattern", { type: "string", pattern: "^[a-z]{2,4}-\\d+$" }],
  ["pattern and length", { type: "string", pattern: "^[A-Z]+$", minLength: 10, maxLength: 12 }],
  ["pattern without anchors", { type: "string", pattern: "b+" }],
  ["property class", { type: "string", pattern: "^\\p{L}+$" }],
  ["look-ahead", { type: "string", pattern: "^(?!x)[a-z]{3}$" }],
  ["array", { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 3 }],
  ["array of anything", { type: "array" }],
  ["a hundred items", { type: "array", items: { type: "integer" }, maxItems: 100 }],
  ["unique items", { type: "array", items: { enum: [1, 2, 3, 4] }, uniqueItems: true, minItems: 3 }],
  ["tuple", { type: "array", items: [{ type: "string" }, { type: "integer" }], minItems: 2 }],
  ["closed tuple", { type: "array", items: [{ const: "e" }, true], additionalItems: false }],
  [
    "tuple with rest",
    { type: "array", items: [{ type: "string" }], additionalItems: { type: "null" }, minItems: 3 },
  ],
  ["contains", { type: "array", items: { type: "integer" }, contains: { const: 7 } }],
  ["object", { type: "object", required: ["a"], properties: { a: { type: "string" }, b: { type: "null" } } }],
  ["required but not described", { type: "object", required: ["a", "b"], properties: { a: true } }],
  ["closed object", { type: "object", properties: { a: { type: "integer" } }, additionalProperties: false }],
  ["map", { type: "object", additionalProperties: { type: "integer" }, minProperties: 1, maxProperties: 2 }],
  [
    "minProperties over optional ones",
    {
      properties: { a: { const: 1 }, b: { const: 2 } },
      additionalProperties: false,
      minProperties: 1,
      type: "object",
    },
  ],
  [
    "patternProperties",
    {
      type: "object",
      patternProperties: { "^n_": { type: "number" }, "^s_": { type: "string" } },
      additionalProperties: false,
    },
  ],
  [
    "overlapping patterns",
    { type: "object", patternProperties: { "^a": { type: "integer" }, b$: { minimum: 5 } } },
  ],
  ["propertyNames", { type: "object", propertyNames: { pattern: "^[A-Z]+$" }, minProperties: 2 }],
  ["a forbidden member", { type: "object", properties: { a: false, b: true } }],
  [
    "dependencies",
    {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      dependencies: { a: ["b"], b: { required: ["c"] } },
    },
  ],
  [
    "allOf",
    {
      allOf: [
        { type: "object", required: ["a"], properties: { a: { type: "integer" } } },
        { properties: { a: { minimum: 5 } }, required: ["b"] },
      ],
    },
  ],
  [
    "allOf with closed parts",
    {
      allOf: [
        { properties: { a: { type: "string" } }, additionalProperties: { type: "integer" } },
        { properties: { a: {}, b: {} }, additionalProperties: false },
      ],
      type: "object",
    },
  ],
  [
    "anyOf",
    {
      anyOf: [
        { type: "string", maxLength: 3 },
        { type: "integer", minimum: 10 },
      ],
    },
  ],
  [
    "oneOf",
    {
      oneOf: [
        { type: "object", required: ["t"], properties: { t: { const: "a" } } },
        { type: "object", required: ["t", "x"], properties: { t: { const: "b" }, x: { type: "integer" } } },
      ],
    },
  ],
  ["oneOf that overlaps", { oneOf: [{ type: "integer" }, { type: "number", minimum: 5 }] }],
  [
    "known kinds and an open rest",
    {
      oneOf: [
        {
          type: "object",
          required: ["type"],
          properties: { type: { const: "Plain" }, text: { type: "string" } },
          additionalProperties: false,
        },
        {
          type: "object",
          required: ["type"],
          properties: { type: { type: "string", not: { enum: ["Plain"] } } },
        },
      ],
    },
  ],
  ["not a type", { not: { type: ["object", "array"] } }],
  ["not required", { type: "object", properties: { a: true, b: true }, not: { required: ["a"] } }],
  ["not a value", { type: "string", not: { const: "a" } }],
  [
    "if then else",
    {
      type: "object",
      required: ["kind"],
      properties: { kind: { enum: ["x", "y"] }, n: { type: "integer" } },
      if: { properties: { kind: { const: "x" } } },
      then: { required: ["n"] },
      else: { not: { required: ["n"] } },
    },
  ],
  ["a reference with siblings", { $ref: "#/definitions/Tree", required: ["kids"] }],
  ["recursion", { $ref: "#/definitions/Tree" }],
  ["recursion through anyOf", { $ref: "#/definitions/Chain" }],
  ["keywords without a type", { properties: { cmd: { const: "go" } }, required: ["cmd"] }],
];

const FORMATS =
  "date time date-time iso-time iso-date-time duration uri uri-reference uri-template url email hostname ipv4 ipv6 regex uuid json-pointer json-pointer-uri-fragment relative-json-pointer byte password binary unknown".split(
    " ",
  );

function sample(schema: JsonSchema, options: ValidOptions = {}, runs = 300): Json[] {
  return fc.sample(validPayload(schema, TREE, options), { numRuns: runs, seed: 7 });
}

describe("A generated payload", () => {
  it.each(SCHEMAS)("is valid by construction: %s", (_, schema) => {
    const valid = compileSchema(schema, TREE, "a test");
    let refused = 0;
    const values = sample(schema, { onRefused: () => refused++ });
    for (const value of values) expect(valid(value), JSON.stringify(value)).toBeUndefined();
    expect(refused).toBe(0);
  });

  it.each(FORMATS)("is a true member of format %s", (format) => {
    const schema = { type: "string", format };
    const valid = compileSchema(schema, {}, "a test");
    for (const value of sample(schema)) expect(valid(value), String(value)).toBeUndefined();
    expect(new Set(sample(schema)).size).toBeGreaterThan(5);
  });

  it("is what its JSON text says", () => {
    for (const [, schema] of SCHEMAS) {
      for (const value of sample(schema, {}, 50))
        expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
    }
  });

  it("is the same under the same seed", () => {
    for (const [, schema] of SCHEMAS) expect(sample(schema, {}, 20)).toStrictEqual(sample(schema, {}, 20));
  });

  it.each([
    [
      { type: "string", minLength: 2, maxLength: 40 },
      (v: Json) => String(v).length === 2,
      (v: Json) => [...String(v)].length === 40,
    ],
    [{ type: "integer", minimum: -3, maximum: 900 }, (v: Json) => v === -3, (v: Json) => v === 900],
    [
      { type: "array", items: { type: "null" }, minItems: 1, maxItems: 30 },
      (v: Json) => Object(v).length === 1,
      (v: Json) => Object(v).length === 30,
    ],
    [
      { type: "object", properties: { a: { const: 1 }, b: { const: 2 } }, additionalProperties: false },
      (v: Json) => Object.keys(Object(v)).length === 0,
      (v: Json) => Object.keys(Object(v)).length === 2,
    ],
  ])("favours the edges of %j", (schema, low, high) => {
    const values = sample(schema, {}, 200);
    expect(values.some(low)).toBe(true);
    expect(values.some(high)).toBe(true);
  });

  it("holds escapes, controls and astral characters, and lone surrogates only where asked", () => {
    const text = sample({ type: "string" }).join("");
    expect(text).toMatch(/[\u0000-\u001f]/);
    expect(text).toMatch(/["\\]/);
    expect(text).toMatch(/[\u{10000}-\u{10ffff}]/u);
    const lone = /\p{Surrogate}/u;
    expect(text).not.toMatch(lone);
    expect(
      sample({ type: "string" }, { loneSurrogates: true }).some((value) => lone.test(String(value))),
    ).toBe(true);
  });

  it("draws from the examples that are valid", () => {
    const values = sample({ type: "string", minLength: 30 }, { examples: ["short", "x".repeat(31)] });
    expect(values).toContain("x".repeat(31));
    expect(values).not.toContain("short");
  });

  it("is an example where nothing can be built", () => {
    const schema = { type: "string", pattern: "^(?=Q)\\p{Lu}\\p{Nd}{5}$" };
    expect(sample(schema, { examples: ["Q12345"] }, 3)).toEqual(["Q12345", "Q12345", "Q12345"]);
  });

  it("says so where the schema allows nothing", () => {
    for (const schema of [
      false,
      { allOf: [{ type: "string" }, { type: "null" }] },
      { type: "integer", minimum: 0.2, maximum: 0.4 },
    ]) {
      expect(() => sample(schema, {}, 1)).toThrow(UnsatisfiableError);
    }
    expect(() =>
      fc.sample(
        validPayload(
          { $ref: "#/definitions/A" },
          { A: { type: "object", required: ["a"], properties: { a: { $ref: "#/definitions/A" } } } },
        ),
        1,
      ),
    ).toThrow(UnsatisfiableError);
  });
});

describe("A placement", () => {
  const schema = {
    type: "object",
    properties: {
      data: { type: "object", properties: { id: { type: "string" }, other: { type: "integer" } } },
    },
  };
  it("puts one of its values at the place", () => {
    const ids = sample(schema, { at: { "/data/id": { values: ["a", "b"] } } }).map((value) =>
      valueAt(value, "/data/id"),
    );
    expect(new Set(ids)).toEqual(new Set(["a", "b", undefined]));
  });
  it("makes the place and what it lies in be there", () => {
    const values = sample(schema, { at: { "/data/id": { values: ["a"], required: true } } });
    expect(new Set(values.map((value) => valueAt(value, "/data/id")))).toEqual(new Set(["a"]));
  });
  it("leaves the place out when there is no value for it", () => {
    for (const value of sample(schema, { at: { "/data/id": { values: [] } } })) {
      expect(valueAt(value, "/data/id")).toBeUndefined();
    }
  });
  it("chooses the branch that can hold it", () => {
    const branches = {
      oneOf: [
        { type: "null" },
        {
          type: "object",
          required: ["t"],
          properties: { t: { const: 1 }, deep: { type: "array", items: schema } },
        },
      ],
    };
    const values = sample(branches, { at: { "/deep/0/data/id": { required: true } } });
    expect(values.every((value) => typeof valueAt(value, "/deep/0/data/id") === "string")).toBe(true);
  });
});

describe("A counterexample", () => {
  it("shrinks to a small value that is still valid", () => {
    const valid = compileSchema({ $ref: "#/definitions/Tree" }, TREE, "a test");
    const result = fc.check(
      fc.property(validPayload({ $ref: "#/definitions/Tree" }, TREE), (value) => {
        const kids = isObject(value) ? value["kids"] : undefined;
        return !(Array.isArray(kids) && kids.length > 0);
      }),
      { seed: 1, numRuns: 500 },
    );
    const [smallest] = result.counterexample ?? [];
    expect(valid(smallest)).toBeUndefined();
    expect(JSON.stringify(smallest).length).toBeLessThan(60);
  });
});
