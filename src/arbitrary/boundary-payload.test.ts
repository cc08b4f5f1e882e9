import { expect, test } from "vitest";
import type { JsonSchema } from "../contract/contract.js";
import { boundaryPayloads } from "./boundary-payload.js";

const schema: JsonSchema = {
  type: "object",
  required: ["text", "parts"],
  additionalProperties: false,
  properties: {
    text: { type: "string", minLength: 1, maxLength: 65_536 },
    token: { type: "string", pattern: "^[a-z0-9-]{3,64}$", minLength: 3, maxLength: 64 },
    parts: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      items: {
        type: "object",
        required: ["size"],
        properties: { size: { type: "integer", minimum: -5, maximum: 900 } },
      },
    },
  },
};

const made = (options: Partial<Parameters<typeof boundaryPayloads>[2]> = {}): Map<string, unknown> =>
  new Map(
    // Where a place has several payloads at one bound the plain one comes first.
    [...boundaryPayloads(schema, {}, { seed: 1, ...options })]
      .reverse()
      .map(({ keyword, pointer, value }) => [`${keyword} ${pointer}`, value]),
  );

test("each bounded string, number and array comes exactly at each of its bounds, at any depth", () => {
  const found = made();
  expect(found.get("maxLength /text")).toMatchObject({ text: "a".repeat(65_536) });
  expect(found.get("minLength /text")).toMatchObject({ text: "a" });
  expect(found.get("maxLength /token")).toMatchObject({ token: "a".repeat(64) });
  expect(found.get("maximum /parts/0/size")).toMatchObject({
    parts: expect.arrayContaining([expect.objectContaining({ size: 900 })]),
  });
  expect(found.get("minimum /parts/0/size")).toMatchObject({
    parts: expect.arrayContaining([expect.objectContaining({ size: -5 })]),
  });
  expect(found.get("maxItems /parts")).toMatchObject({ parts: { length: 16 } });
  expect(found.get("minItems /parts")).toMatchObject({ parts: { length: 1 } });
});

test("a text is as long in characters as in those that take two units of UTF-16", () => {
  const lengths = [...boundaryPayloads(schema, {}, { seed: 1 })]
    .filter(({ keyword, pointer }) => keyword === "maxLength" && pointer === "/text")
    .map(({ value }) =>
      typeof value === "object" && value !== null && "text" in value ? String(value["text"]) : "",
    );
  expect(lengths.map((text) => [[...text].length, text.length])).toEqual([
    [65_536, 65_536],
    [65_536, 131_072],
  ]);
});

test("a place whose values are given is left alone, and so is a payload that does not fit", () => {
  const found = made({
    at: { "/token": { values: ["abc"] } },
    fits: (value) => JSON.stringify(value).length < 9000,
  });
  expect([...found.keys()].filter((key) => key.endsWith("/token"))).toEqual([]);
  expect(found.has("maxLength /text")).toBe(false);
  expect(found.has("minLength /text")).toBe(true);
});
