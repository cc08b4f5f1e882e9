import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./contract.js";
import { inferDiscriminator } from "./infer-discriminator.js";

const object = (properties: Record<string, JsonSchema>, required = Object.keys(properties)): JsonSchema => ({
  type: "object",
  required,
  properties,
});

const infer = (payloads: Record<string, JsonSchema>, definitions: Record<string, JsonSchema> = {}) =>
  inferDiscriminator(
    Object.entries(payloads).map(([name, payload]) => ({ name, payload })),
    definitions,
  );

describe("what tells messages apart is", () => {
  it("a field with distinct constants", () => {
    const found = infer({ a: object({ type: { const: "a" } }), b: object({ type: { const: "b" } }) });
    expect(found).toMatchObject({ origin: "inferred", fields: ["/type"], presence: [] });
    expect(found.rows).toEqual([
      { message: "a", values: [["a"]], optional: [false] },
      { message: "b", values: [["b"]], optional: [false] },
    ]);
  });

  it("a field with enums of one member, or of several that share none", () => {
    const found = infer({ a: object({ op: { enum: [1] } }), b: object({ op: { enum: [2, 3] } }) });
    expect(found.rows.map((row) => row.values)).toEqual([[[1]], [[2, 3]]]);
  });

  it("the flat field before the nested one", () => {
    const both = (kind: string) =>
      object({ inner: object({ kind: { const: kind } }), type: { const: kind } });
    expect(infer({ a: both("a"), b: both("b") }).fields).toEqual(["/type"]);
  });

  it("a nested field where no flat one tells", () => {
    const nested = (kind: string) => object({ head: object({ kind: { const: kind } }) });
    expect(infer({ a: nested("a"), b: nested("b") }).fields).toEqual(["/head/kind"]);
  });

  it("a position in an array", () => {
    const tuple = (name: string): JsonSchema => ({
      type: "array",
      items: [{ const: name }, {}],
      minItems: 2,
    });
    const found = infer({ a: tuple("a"), b: tuple("b") });
    expect(found.fields).toEqual(["/0"]);
    expect(found.rows[0]?.optional).toEqual([false]);
  });

  it("two fields, where the first is shared", () => {
    const dispatch = (name: string) => object({ op: { const: 0 }, t: { const: name } });
    const found = infer({ hello: object({ op: { const: 10 } }), a: dispatch("A"), b: dispatch("B") });
    expect(new Set(found.fields)).toEqual(new Set(["/op", "/t"]));
  });

  it("a constant behind references and combiners", () => {
    const definitions = { A: object({ type: { const: "a" } }), Base: object({ id: { type: "string" } }) };
    const a: JsonSchema = { $ref: "#/definitions/A" };
    const b: JsonSchema = { allOf: [{ $ref: "#/definitions/Base" }, object({ type: { const: "b" } })] };
    const found = infer({ a, b }, definitions);
    expect(found.fields).toEqual(["/type"]);
    expect(found.rows.map((row) => row.optional)).toEqual([[false], [false]]);
  });

  it("a constant of every branch of a union", () => {
    const union: JsonSchema = { oneOf: [object({ type: { const: "x" } }), object({ type: { const: "y" } })] };
    const found = infer({ union, z: object({ type: { const: "z" } }) });
    expect(found.rows[0]?.values).toEqual([["x", "y"]]);
  });

  it("a required field that the others do not know, where constants do not tell", () => {
    const found = infer({
      audio: object({ chunk: {} }),
      text: object({ words: {} }),
      any: object({ x: {} }, []),
    });
    expect(found).toMatchObject({ origin: "inferred", fields: [] });
    expect(found.presence).toEqual([
      { message: "audio", pointer: "/chunk" },
      { message: "text", pointer: "/words" },
    ]);
  });

  it("nothing, where all share their values", () => {
    const shared = object({ event: { enum: ["a", "b"] } });
    expect(infer({ one: shared, two: shared }).origin).toBe("none");
  });

  it("nothing, where there is one message", () => {
    expect(infer({ one: object({ type: { const: "one" } }) })).toMatchObject({
      origin: "none",
      rows: [{ message: "one", values: [] }],
    });
  });
});

it("says where the field may be absent", () => {
  const found = infer({ a: object({ type: { const: "a" } }), b: object({ type: { const: "b" } }, []) });
  expect(found.rows.map((row) => row.optional)).toEqual([[false], [true]]);
});

it("ends on a schema that contains itself", () => {
  const definitions: Record<string, JsonSchema> = {
    Node: {
      type: "object",
      properties: { next: { $ref: "#/definitions/Node" } },
      allOf: [{ $ref: "#/definitions/Node" }],
    },
  };
  const node = { $ref: "#/definitions/Node" };
  expect(infer({ a: node, b: node }, definitions).origin).toBe("none");
});

it("takes 500 messages within a second", () => {
  const messages = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [
      `m${n}`,
      object({ type: { const: `m${n}` }, data: object({ n: { const: n % 7 } }) }),
    ]),
  );
  const start = performance.now();
  expect(infer(messages).fields).toEqual(["/type"]);
  expect(performance.now() - start).toBeLessThan(1000);
});
