import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonSchema } from "../contract/contract.js";
import { isObject, valueAt } from "../contract/pointer.js";
import { compileSchema } from "../contract/validate.js";
import { UnsatisfiableError } from "./bounded-filter.js";
import { SAMPLE_SCHEMAS as SCHEMAS, SAMPLE_DEFINITIONS as TREE } from "./sample-schemas.js";
import { type ValidOptions, validPayload } from "./valid-payload.js";

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
