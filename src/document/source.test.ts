import { describe, expect, it } from "vitest";
import { parseSource } from "./source.js";

const parse = (text: string) => parseSource("/x/a.yaml", "a.yaml", text, new Map());
const lineOf = (text: string, ...path: string[]) => {
  const { line, column } = parse(text).file?.position(path) ?? { line: 0, column: 0 };
  return `${line}:${column}`;
};

describe("every value is found again in the text", () => {
  it.each([
    ["a: 1\nb:\n  c: 2\n", ["b", "c"], "3:3"],
    ["list:\n  - x\n  - y: 1\n", ["list", "1", "y"], "3:5"],
    ['{\n "a": {\n  "b": [1,\n   2]}}', ["a", "b", "1"], "4:4"],
    ["'404': x\n", ["404"], "1:1"],
    ["404: x\n", ["404"], "1:1"],
  ])("in %j at %j", (text, path, position) => {
    expect(lineOf(text, ...path)).toBe(position);
  });

  it("behind an alias, where its anchor stands", () => {
    expect(lineOf("one: &x\n  deep: 1\ntwo: *x\n", "two", "deep")).toBe("2:3");
  });

  it("behind a merge key", () => {
    const text = "base: &x\n  deep: 1\nuse:\n  <<: *x\n  own: 2\n";
    expect(lineOf(text, "use", "deep")).toBe("2:3");
    expect(lineOf(text, "use", "own")).toBe("5:3");
    expect(parse(text).file?.root).toMatchObject({ use: { deep: 1, own: 2 } });
  });

  it("and of a path that leads nowhere the deepest part that is there", () => {
    expect(lineOf("a:\n  b: 1\n", "a", "b", "c", "d")).toBe("2:3");
    expect(lineOf("a:\n  b: 1\n", "z")).toBe("1:1");
  });
});

describe("a file that cannot be read is refused with its line", () => {
  it.each([
    ["a: 1\nb: [1\n", 3],
    ["a: 1\nb: 2\na: 3\n", 3],
    ["ok: 1\nbad: `tick`\n", 2],
    ["a: *missing\n", 1],
    ["a: 1\n---\nb: 2\n", 2],
  ])("%j at line %d", (text, line) => {
    const { file, findings } = parse(text);
    expect(file).toBeUndefined();
    expect(findings[0]).toMatchObject({ rule: "syntax", severity: "error", file: "a.yaml", line });
  });

  it("one that contains itself", () => {
    expect(parse("a: &x\n  b: *x\n").findings).toMatchObject([{ rule: "syntax" }]);
  });

  it("one that unfolds without end", () => {
    const level = (n: number) =>
      `l${n}: &l${n} [${Array(9)
        .fill(`*l${n - 1}`)
        .join(", ")}]\n`;
    const bomb = `l0: &l0 [x]\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(level).join("")}`;
    expect(parse(bomb).findings).toMatchObject([{ rule: "syntax" }]);
  });

  it("one that is nested without end", () => {
    expect(parse(`a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`).findings).toMatchObject([
      { rule: "syntax" },
    ]);
  });
});

it("keeps `on`, `yes` and dates as they were written", () => {
  expect(parse("on: yes\nat: 2024-01-01\n").file?.root).toEqual({ on: "yes", at: "2024-01-01" });
});
