import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { formatPointer, isObject, parsePointer, valueAt } from "./pointer.js";

describe("a JSON pointer", () => {
  it.each([
    ["", []],
    ["/a", ["a"]],
    ["/a/0/b", ["a", "0", "b"]],
    ["/", [""]],
    ["/a~1b/m~0n", ["a/b", "m~n"]],
    ["/~01", ["~1"]],
  ])("%j is the parts %j", (pointer, parts) => {
    expect(parsePointer(pointer)).toEqual(parts);
    expect(formatPointer(parts)).toBe(pointer);
  });

  it("starts with a slash, and says so when it does not", () => {
    expect(() => parsePointer("a/b")).toThrow('Write "/a/b"');
  });

  test.prop([fc.array(fc.string())])("comes back from its parts unchanged", (parts) => {
    expect(parsePointer(formatPointer(parts))).toEqual(parts);
  });

  it.each([
    ["/a/b", 1],
    ["/list/1", "y"],
    ["/list/01", undefined],
    ["/list/2", undefined],
    ["/list/-", undefined],
    ["/a/b/c", undefined],
    ["/null", null],
    ["/toString", undefined],
    ["/a/__proto__", undefined],
    ["", "the whole"],
  ])("%j finds %j", (pointer, found) => {
    const value = { a: { b: 1 }, list: ["x", "y"], null: null };
    expect(valueAt(pointer === "" ? "the whole" : value, pointer)).toEqual(found);
  });

  it("finds `__proto__` where a frame holds it as data", () => {
    expect(valueAt(JSON.parse('{"__proto__": 7}'), "/__proto__")).toBe(7);
  });

  it("knows an object from null and from an array", () => {
    expect([{}, null, [], "x"].map(isObject)).toEqual([true, false, false, false]);
  });
});
