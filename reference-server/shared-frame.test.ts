import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeShared } from "./shared-frame.js";

/** What ws frames its messages with; its types do not know it. */
const ws: { Sender: { frame(data: Buffer, options: object): Buffer[] } } = createRequire(import.meta.url)(
  "ws",
);

const protocol = {
  encode: (event: { text: string }) => JSON.stringify(event),
  encodeInto(event: { text: string }, bytes: Uint8Array, offset: number) {
    const text = JSON.stringify(event);
    const { read, written } = new TextEncoder().encodeInto(text, bytes.subarray(offset));
    if (read < text.length) throw new RangeError("no room");
    return offset + written;
  },
  nameOf: () => "note",
};
const { encodeInto: _, ...withoutBytes } = protocol;

describe("a shared frame", () => {
  it.each([
    ["written as bytes", protocol],
    ["written as text", withoutBytes],
  ])("is byte for byte what ws would send, at every length of the header: %s", (_title, codec) => {
    const lengths = [0, 1, 113, 114, 115, 65_523, 65_524, 65_525, 65_526, 200_000];
    const texts = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.nat(200_000).map((length) => "é".repeat(length)),
    );
    const check = (text: string): void => {
      const shared = encodeShared(codec, { text });
      const payload = Buffer.from(JSON.stringify({ text }));
      const theirs = ws.Sender.frame(payload, {
        fin: true,
        opcode: 1,
        mask: false,
        readOnly: false,
        rsv1: false,
      });
      expect(Buffer.concat(theirs).equals(shared.wire)).toBe(true);
      expect(payload.equals(shared.payload)).toBe(true);
      expect(JSON.parse(shared.text)).toEqual({ text });
      expect(shared.name).toBe("note");
    };
    for (const length of lengths) check("x".repeat(length));
    fc.assert(fc.property(texts, check), { numRuns: 100 });
  });

  it("is not touched by the ones after it", () => {
    const first = encodeShared(protocol, { text: "first" });
    const before = Buffer.from(first.wire);
    encodeShared(protocol, { text: "second" });
    expect(before.equals(first.wire)).toBe(true);
  });

  it("gives on what the codec says of an event that it does not write", () => {
    const refusing = {
      ...protocol,
      encodeInto: () => {
        throw new TypeError("not mine");
      },
    };
    expect(() => encodeShared(refusing, { text: "" })).toThrow("not mine");
  });
});
