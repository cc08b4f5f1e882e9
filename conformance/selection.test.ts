import { describe, expect, it } from "vitest";
import type { Check } from "./check.js";
import { caseSelector, selectChecks } from "./selection.js";

const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  "S-FR-01": ["1.1.1", "1.1.3"],
  "S-FR-11": ["2.1", "2.10"],
};
const checks: Check[] = ["S-HS-01", "S-FR-01", "S-FR-11", "S-CD-01", "S-CD-02"].map((id) => ({
  id,
  ...(NUMBERS[id] === undefined ? {} : { autobahn: NUMBERS[id] }),
  run: () => Promise.reject(new Error("never run")),
}));
const select = (only: string[], skip: string[] = []): string[] =>
  selectChecks(checks, { only, skip }, "server").map(({ id }) => id);

describe("a selection", () => {
  it.each<[string[], string[], string[]]>([
    [[], [], ["S-HS-01", "S-FR-01", "S-FR-11", "S-CD-01", "S-CD-02"]],
    [["S-FR-01"], [], ["S-FR-01"]],
    [["s-fr-01"], [], ["S-FR-01"]],
    [["S-CD-*"], [], ["S-CD-01", "S-CD-02"]],
    [["S-CD"], [], ["S-CD-01", "S-CD-02"]],
    [["*-01"], ["S-HS-*"], ["S-FR-01", "S-CD-01"]],
    [["autobahn:2.*"], [], ["S-FR-11"]],
    [["autobahn:1.1.3"], [], ["S-FR-01"]],
    [["autobahn:2.10", "S-CD"], [], ["S-FR-11", "S-CD-01", "S-CD-02"]],
  ])("of %j without %j is %j", (only, skip, expected) => {
    expect(select(only, skip)).toEqual(expected);
  });

  it.each([
    [["S-XX-01"], [], "matches no check"],
    [["autobahn:99.1"], [], "matches no check"],
    [["autobahn:1.1.2"], [], "matches no check"],
    [["S-FR-05"], [], "not built yet"],
    [["C-FR-01"], [], "is about clients, and here a server is judged"],
    [["C-"], [], "is about clients"],
    [["S-CD-*"], ["S-CD-*"], "Nothing is left"],
    [["S-CD-*"], ["S-ZZ-*"], "matches no check"],
  ])("of %j without %j is a mistake of the user", (only, skip, message) => {
    expect(() => select(only, skip)).toThrow(message);
  });
});

describe("the cases of a selection", () => {
  it.each<[string[], [string, string | undefined][], boolean]>([
    [
      [],
      [
        ["S-FR-11", "2.1"],
        ["S-FR-11", undefined],
      ],
      true,
    ],
    [
      ["S-FR-11"],
      [
        ["S-FR-11", "2.1"],
        ["S-FR-11", undefined],
      ],
      true,
    ],
    [["autobahn:2.1"], [["S-FR-11", "2.1"]], true],
    [
      ["autobahn:2.1"],
      [
        ["S-FR-11", "2.10"],
        ["S-FR-11", undefined],
      ],
      false,
    ],
    [["autobahn:2.*"], [["S-FR-11", "2.10"]], true],
    // Selected by its id as well: then all of it runs, and of the others only what has the number.
    [
      ["autobahn:2.1", "S-FR-11"],
      [
        ["S-FR-11", "2.10"],
        ["S-FR-11", undefined],
      ],
      true,
    ],
    [
      ["autobahn:2.1", "S-FR-11"],
      [
        ["S-FR-12", "2.10"],
        ["S-FR-12", undefined],
      ],
      false,
    ],
  ])("of %j has %j: %s", (only, cases, selected) => {
    const selects = caseSelector({ only });
    for (const [check, number] of cases) expect(selects(check, number)).toBe(selected);
  });
});
