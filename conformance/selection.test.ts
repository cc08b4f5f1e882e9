import { describe, expect, it } from "vitest";
import type { Check } from "./check.js";
import { selectChecks } from "./selection.js";

const checks: Check[] = ["S-HS-01", "S-FR-01", "S-FR-11", "S-CD-01", "S-CD-02"].map((id) => ({
  id,
  run: () => Promise.reject(new Error("never run")),
}));
const select = (only: string[], skip: string[] = []): string[] =>
  selectChecks(checks, { only, skip }).map(({ id }) => id);

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
  ])("of %j without %j is %j", (only, skip, expected) => {
    expect(select(only, skip)).toEqual(expected);
  });

  it.each([
    [["S-XX-01"], [], "matches no check"],
    [["autobahn:99.1"], [], "matches no check"],
    [["S-FR-05"], [], "not built yet"],
    [["S-CD-*"], ["S-CD-*"], "Nothing is left"],
    [["S-CD-*"], ["S-ZZ-*"], "matches no check"],
  ])("of %j without %j is a mistake of the user", (only, skip, message) => {
    expect(() => select(only, skip)).toThrow(message);
  });
});
