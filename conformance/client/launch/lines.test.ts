import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineReader } from "./lines.js";

/** What a reader makes of these pieces. */
function read(pieces: readonly string[], longest?: number): { lines: string[]; tooLong: string[] } {
  const lines: string[] = [];
  const tooLong: string[] = [];
  const take = createLineReader(
    (text) => lines.push(text),
    (beginning) => tooLong.push(beginning),
    longest,
  );
  for (const piece of pieces) take(piece);
  return { lines, tooLong };
}

describe("text that comes in pieces", () => {
  it("is the same lines however it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "\r", "\u2028", "😀") })),
        fc.array(fc.nat(40)),
        (texts, cuts) => {
          const all = texts.map((text) => `${text}\n`).join("");
          const at = [...new Set(cuts)].sort((a, b) => a - b).filter((cut) => cut < all.length);
          const pieces = [...at, all.length].map((to, index) => all.slice(at[index - 1] ?? 0, to));
          expect(read(pieces).lines).toEqual(texts.map((text) => text.replace(/\r$/, "")));
        },
      ),
    );
  });

  it("may end its lines as Windows does", () => {
    expect(read(["a\r", "\nb\r\n"]).lines).toEqual(["a", "b"]);
  });

  it("is no line before its end has come", () => {
    expect(read(["a\nb"]).lines).toEqual(["a"]);
  });

  it("holds no line longer than it may be: that is told once, and the next one is read", () => {
    expect(read(["12345", "67", "89\n", "ok\n"], 6)).toEqual({ lines: ["ok"], tooLong: ["12345"] });
  });

  it("may be just as long as it may be", () => {
    expect(read(["123", "456\n"], 6)).toEqual({ lines: ["123456"], tooLong: [] });
  });
});
