import { describe, expect, it } from "vitest";
import { closeBody, mayBeSent, parseClose } from "./close.js";

describe("the body of a Close frame", () => {
  it("holds a code and a reason", () => {
    expect(parseClose(closeBody(1000, "bye"))).toEqual({ code: 1000, reason: "bye", faults: [] });
  });

  it("may be empty", () => {
    expect(parseClose(closeBody())).toEqual({ reason: "", faults: [] });
  });

  it.each([
    ["one byte", Uint8Array.of(3), "close-one-byte"],
    ["a code that is never sent", closeBody(1005), "close-code"],
    ["a reason that is not UTF-8", Uint8Array.of(3, 0xe8, 0xff), "close-reason-utf8"],
  ])("is faulty with %s", (_, body, code) => {
    expect(parseClose(body).faults.map((fault) => fault.code)).toEqual([code]);
  });

  it("may hold the codes that RFC 6455 section 7.4 and IANA leave to endpoints, and no other", () => {
    const legal = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999];
    const illegal = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535];
    expect(legal.filter((code) => !mayBeSent(code))).toEqual([]);
    expect(illegal.filter((code) => mayBeSent(code))).toEqual([]);
  });
});
