import { describe, expect, it } from "vitest";
import { inlineEndpoint } from "./inline-endpoint.js";
import { definitionsUsedBy, describesObject, payloadOf, payloadSchema, resolveSchema } from "./payload.js";
import { createAjv } from "./validate.js";

const definitions = {
  Tree: {
    type: "object",
    properties: { next: { $ref: "#/definitions/Tree" }, leaf: { $ref: "#/definitions/a~1b" } },
  },
  "a/b": { type: "string" },
  Other: { type: "number" },
  Loop: { $ref: "#/definitions/Loop" },
};

describe("the payload of a frame", () => {
  it("is the frame itself", () => {
    expect(payloadOf(inlineEndpoint({}), { a: 1 })).toEqual({ a: 1 });
  });

  it("is element 1 of a Socket.IO event", () => {
    const endpoint = inlineEndpoint({ protocol: { transport: "socket.io" } });
    expect(payloadOf(endpoint, ["name", { a: 1 }])).toEqual({ a: 1 });
    expect(payloadOf(endpoint, { a: 1 })).toBeUndefined();
  });
});

describe("the schema of a payload", () => {
  it("brings all that it refers to, and nothing else", () => {
    const schema = payloadSchema({ definitions }, { payload: { $ref: "#/definitions/Tree" } });
    expect(schema).toMatchObject({ definitions: { Tree: {}, "a/b": {} } });
    expect(schema).not.toHaveProperty("definitions.Other");
    expect(createAjv().validate(schema, { next: { leaf: 1 } })).toBe(false);
    expect(createAjv().validate(schema, { next: { leaf: "x" } })).toBe(true);
  });

  it("takes what looks like a reference inside data for data", () => {
    const schema = { const: { $ref: "#/definitions/Other" } };
    expect(definitionsUsedBy([schema], definitions)).toEqual([]);
  });

  it("does not follow a reference to itself for ever", () => {
    expect(resolveSchema({ $ref: "#/definitions/Loop" }, definitions)).toBe(true);
  });
});

describe("a schema of objects only", () => {
  it.each([
    [{ type: "object" }, true],
    [{ type: ["object"] }, true],
    [{ type: ["object", "null"] }, false],
    [{ $ref: "#/definitions/Tree" }, true],
    [{ oneOf: [{ type: "object" }, { $ref: "#/definitions/Tree" }] }, true],
    [{ oneOf: [{ type: "object" }, { type: "array" }] }, false],
    [{ allOf: [{ required: ["a"] }, { type: "object" }] }, true],
    [{ properties: {} }, false],
    [true, false],
    [{ $ref: "#/definitions/Loop" }, false],
  ])("%j: %j", (schema, expected) => {
    expect(describesObject(schema, definitions)).toBe(expected);
  });
});
