import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFrameReader } from "./decode.js";
import { encodeFrame } from "./encode.js";
import { type FrameFault, type FrameSpec, OPCODE, type WireFrame } from "./frame.js";
import { createAssembler } from "./message.js";

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const read = (hex: string, peer: "server" | "client" = "server"): WireFrame[] =>
  createFrameReader(peer).push(fromHex(hex), 0);
const codes = (faults: readonly FrameFault[]): string[] => faults.map(({ code }) => code);

describe("a read frame", () => {
  it("unmasks the Hello of RFC 6455 section 5.7", () => {
    const [frame] = read("81 85 37fa213d 7f9f4d5158", "client");
    expect(Buffer.from(frame?.payload ?? []).toString()).toBe("Hello");
    expect(frame?.faults).toEqual([]);
  });

  it.each<[string, string, FrameFault["code"]]>([
    ["a masked frame of a server", "81 85 37fa213d 7f9f4d5158", "masked"],
    ["RSV1 without an extension", "c1 00", "reserved-bits"],
    ["opcode 3", "83 00", "reserved-opcode"],
    ["opcode 15", "8f 00", "reserved-opcode"],
    ["a fragmented ping", "09 00", "control-fragmented"],
    ["a ping of 126 bytes", `89 7e007e ${"00".repeat(126)}`, "control-too-long"],
    ["a length of 5 in 16 bits", "81 7e0005 48656c6c6f", "length-not-minimal"],
    ["a length of 126 in 64 bits", `82 7f000000000000007e ${"00".repeat(126)}`, "length-not-minimal"],
  ])("notes %s and reads on", (_, hex, code) => {
    const frames = read(`${hex}8100`);
    expect(codes(frames[0]?.faults ?? [])).toContain(code);
    expect(frames).toHaveLength(2);
  });

  it("notes an unmasked frame of a client", () => {
    expect(codes(read("8105 48656c6c6f", "client")[0]?.faults ?? [])).toEqual(["unmasked"]);
  });

  it.each([
    ["with its top bit set", "817f8000000000000000", "length-top-bit"],
    ["beyond what is kept", "817f4000000000000000", "too-large"],
  ])("stops at a 64-bit length %s, before anything is allocated", (_, hex, code) => {
    const reader = createFrameReader("server");
    expect(reader.push(fromHex(hex), 0)).toEqual([]);
    expect(reader.broken?.code).toBe(code);
    expect(reader.push(fromHex("8100"), 0)).toEqual([]);
    expect(reader.pendingBytes).toBe(0);
  });
});

/** Legal frames, and illegal ones that can still be read. */
const anyFrame: fc.Arbitrary<FrameSpec> = fc.record({
  fin: fc.boolean(),
  rsv: fc.integer({ min: 0, max: 7 }),
  opcode: fc.integer({ min: 0, max: 15 }),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 10 }),
    fc.integer({ min: 120, max: 130 }).map((length) => new Uint8Array(length).fill(7)),
    fc.integer({ min: 65_530, max: 65_540 }).map((length) => new Uint8Array(length).fill(7)),
  ),
  mask: fc.oneof(fc.constant(false as const), fc.uint8Array({ minLength: 4, maxLength: 4 })),
});

const shown = (frame: FrameSpec | WireFrame): string =>
  `${frame.fin} ${frame.rsv} ${frame.opcode} ${Buffer.from(frame.payload ?? []).toString("base64")}`;

describe("any sequence of frames, cut into any chunks", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 30 }),
        (specs, cuts) => {
          const stream = Buffer.concat(specs.map((spec) => encodeFrame(spec, () => new Uint8Array(4))));
          const reader = createFrameReader("server");
          const frames: WireFrame[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            frames.push(...reader.push(stream.subarray(at, at + cut), 0));
            at = Math.min(stream.length, at + cut);
          }
          expect(frames.map(shown)).toEqual(specs.map(shown));
          expect(reader.pendingBytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("also one byte at a time", () => {
    const stream = encodeFrame(
      { opcode: OPCODE.text, payload: new TextEncoder().encode("é".repeat(100)), mask: false },
      () => new Uint8Array(4),
    );
    const reader = createFrameReader("server");
    const frames = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte), 0));
    expect(frames).toHaveLength(1);
  });
});

describe("frames joined to messages", () => {
  const join = (...hexes: string[]) => {
    const assembler = createAssembler(100);
    return hexes.flatMap((hex) => read(hex)).map((frame) => assembler.push(frame));
  };

  it("are one text, whichever way it is cut, also inside a code point", () => {
    const results = join("01 02 48 c3", "00 00", "80 01 a9");
    expect(results.at(-1)?.message?.text).toBe("Hé");
    expect(results.at(-1)?.message?.frames).toBe(3);
  });

  it("let control frames pass between them", () => {
    expect(join("01 01 48", "89 00", "80 01 69").at(-1)?.message?.text).toBe("Hi");
  });

  it.each<[string, string[], FrameFault["code"]]>([
    ["a continuation of nothing", ["80 01 69"], "orphan-continuation"],
    ["a new message inside another", ["01 01 48", "81 01 69"], "interrupted-message"],
    ["text that is not UTF-8", ["81 02 c3 28"], "invalid-utf8"],
    ["text that ends inside a code point", ["81 01 c3"], "invalid-utf8"],
    ["more bytes than are kept", [`01 40${"00".repeat(64)}`, `80 40${"00".repeat(64)}`], "too-large"],
  ])("note %s", (_, hexes, code) => {
    expect(codes(join(...hexes).flatMap(({ faults }) => faults))).toContain(code);
  });

  it("keep a byte order mark: JSON.parse is to see it", () => {
    expect(join("81 05 efbbbf 7b7d").at(0)?.message?.text).toBe("\ufeff{}");
  });
});
