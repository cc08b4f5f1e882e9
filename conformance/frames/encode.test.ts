import { describe, expect, it } from "vitest";
import { encodeFrame } from "./encode.js";
import { type FrameSpec, OPCODE } from "./frame.js";

const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const bytes = (spec: FrameSpec): string => Buffer.from(encodeFrame(spec, () => key)).toString("hex");
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("a written frame", () => {
  it("is the masked Hello of RFC 6455 section 5.7", () => {
    expect(bytes({ opcode: OPCODE.text, payload: text("Hello") })).toBe("818537fa213d7f9f4d5158");
  });

  it("is the unmasked Hello of section 5.7 when asked to break the rule", () => {
    expect(bytes({ opcode: OPCODE.text, payload: text("Hello"), mask: false })).toBe("810548656c6c6f");
  });

  it.each<[string, FrameSpec, string]>([
    ["FIN 0", { opcode: 1, fin: false, mask: false, payload: text("Hel") }, "010348656c"],
    ["a continuation", { opcode: 0, mask: false, payload: text("lo") }, "80026c6f"],
    ["RSV1", { opcode: 1, rsv: 4, mask: false }, "c100"],
    ["RSV2", { opcode: 1, rsv: 2, mask: false }, "a100"],
    ["RSV3 on a ping", { opcode: 9, rsv: 1, mask: false }, "9900"],
    ["a reserved opcode", { opcode: 0xb, mask: false }, "8b00"],
    ["a zero mask key", { opcode: 1, payload: text("Hi"), mask: new Uint8Array(4) }, "8182000000004869"],
    [
      "a length of 5 in 16 bits",
      { opcode: 1, lengthBits: 16, payload: text("Hello"), mask: false },
      "817e000548656c6c6f",
    ],
    [
      "a length that lies",
      { opcode: 1, declaredLength: 3n, payload: text("Hello"), mask: false },
      "810348656c6c6f",
    ],
    [
      "a 64-bit length with its top bit set",
      { opcode: 1, declaredLength: 1n << 63n, mask: false },
      "817f8000000000000000",
    ],
  ])("can have %s", (_, spec, expected) => {
    expect(bytes(spec)).toBe(expected);
  });

  it.each([
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
  ])("writes a length of %i in its shortest form", (length, header) => {
    const written = bytes({ opcode: OPCODE.binary, mask: false, payload: new Uint8Array(length) });
    expect(written.startsWith(header)).toBe(true);
    expect(written.length / 2).toBe(header.length / 2 + length);
  });
});
