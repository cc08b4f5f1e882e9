/** A schema for each part of draft-07: what the tests of generated payloads run over. */

import type { JsonSchema } from "../contract/contract.js";

/** Definitions that {@link SAMPLE_SCHEMAS} refer to. */
export const SAMPLE_DEFINITIONS: Readonly<Record<string, JsonSchema>> = {
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

/** Each by the keyword that it shows. */
export const SAMPLE_SCHEMAS: readonly (readonly [string, JsonSchema])[] = [
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
  ["a member that can never be", { type: "object", properties: { a: { not: {} }, b: { type: "null" } } }],
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
