import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.js";
import { watchMaskKeys } from "./mask-keys.js";

const key = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

describe("mask keys", () => {
  it("that are drawn by chance are accused by none of a hundred seeds", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const random = seededRandom(seed);
      const keys = watchMaskKeys();
      for (let connection = 0; connection < 10; connection += 1) {
        const fault = keys.open();
        for (let frame = 0; frame < 200; frame += 1) expect(fault(random.bytes(4))).toBeUndefined();
      }
    }
  });

  it("may be the same twice, as chance has it, but not in a row and not three times", () => {
    const fault = watchMaskKeys().open();
    expect([1, 2, 1, 3].map((value) => fault(key(value)))).toEqual(Array(4).fill(undefined));
    expect(fault(key(3))).toContain("two frames in a row");
    expect(fault(key(1))).toContain("3 frames of one connection");
    expect(fault(key(1))).toContain("two frames in a row");
  });

  it("are drawn afresh for each connection", () => {
    const keys = watchMaskKeys();
    const firsts = [1, 2, 3].map(() => keys.open()(key(9)));
    expect(firsts.slice(0, 2)).toEqual([undefined, undefined]);
    expect(firsts[2]).toContain("first frame of 3 connections");
  });
});
