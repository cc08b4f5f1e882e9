import { describe, expect, it } from "vitest";
import { readContract } from "./read-contract.js";

const whole = {
  format: 1,
  title: "T",
  version: "1",
  asyncapi: "3.1.0",
  sha256: "0".repeat(64),
  perspective: "server",
  endpoints: [],
  definitions: {},
};

it("a compiled contract comes back as it was", () => {
  expect(readContract(JSON.stringify(whole))).toEqual(whole);
});

describe("anything else is refused with what to do", () => {
  it.each([
    ["no JSON", "{", "It is not JSON"],
    ["no contract", "{}", "It has no `format`"],
    [
      "a later format",
      JSON.stringify({ ...whole, format: 2 }),
      "It has the format 2; this version reads contracts of format 1",
    ],
    [
      "half a contract",
      JSON.stringify({ ...whole, endpoints: [{ name: "x" }] }),
      "It is no whole contract: `/endpoints/0`",
    ],
    ["a field that nobody knows", JSON.stringify({ ...whole, more: 1 }), "additional properties"],
  ])("%s", (_, text, said) => {
    expect(() => readContract(text, "dir/contract.json")).toThrow(said);
    expect(() => readContract(text, "dir/contract.json")).toThrow(
      /^dir\/contract\.json:1:1 .*\n.*wireproof generate/,
    );
  });
});
