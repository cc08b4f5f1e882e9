import { describe, expect, it } from "vitest";
import type { Change } from "../contract/diff/diff.js";
import { type DiffOutcome, printDiff } from "./diff-forms.js";
import { diffExitCode, verdictOf } from "./diff-verdict.js";

const BREAKING: Change = {
  effect: "breaking",
  rule: "pattern",
  endpoint: "rooms",
  direction: "command",
  message: "join",
  pointer: "/room",
  was: "any text",
  is: "texts that match a|<b>",
  why: "Old clients may send any text.",
  mend: "Go on taking it.",
  newSource: { file: "my, own.yaml", line: 7 },
};
const {
  message: _message,
  pointer: _pointer,
  direction: _direction,
  mend: _mend,
  newSource: _source,
  ...rule
} = BREAKING;
const UNDECIDED: Change = { ...rule, effect: "may-break", rule: "audience", was: "a", is: "b" };
const COMPATIBLE: Change = { ...UNDECIDED, effect: "compatible", rule: "rate" };

const outcome = (changes: readonly Change[], bump: DiffOutcome["bump"]): DiffOutcome => ({
  old: { document: "old.yaml", version: "1.2.3" },
  new: { document: "new.yaml", version: "1.2.3" },
  bump,
  changes,
});
const ALL = outcome([BREAKING, UNDECIDED, COMPATIBLE], "major");

describe("text", () => {
  it("says place, verdict, rule, what it was and is, who breaks, and what to do, and counts", () => {
    expect(printDiff("text", ALL).split("\n")).toEqual([
      "my, own.yaml:7 breaking pattern: rooms: command `join` /room",
      "    was: any text",
      "    is:  texts that match a|<b>",
      "  Old clients may send any text.",
      "  Go on taking it.",
      "may break audience: rooms: connection",
      "    was: a",
      "    is:  b",
      "  Old clients may send any text.",
      "compatible rate: rooms: connection",
      "    was: a",
      "    is:  b",
      "  Old clients may send any text.",
      "old.yaml → new.yaml: 1 breaking, 1 may break, 1 compatible; version: major (1.2.3 → 2.0.0; the new document says the same)",
    ]);
  });

  it.each([
    ["minor", "1.3.0"],
    ["patch", "1.2.4"],
  ] as const)("a %s bump leads to %s", (bump, version) => {
    expect(printDiff("text", outcome([], bump))).toContain(`${bump} (1.2.3 → ${version};`);
  });

  it("a version that is no semantic version is not counted up", () => {
    const dated = { ...ALL, old: { document: "old.yaml", version: "2026-11" } };
    expect(printDiff("text", dated)).toMatch(/version: major$/);
  });
});

describe("markdown", () => {
  it("is a table whose cells hold bars and angle brackets", () => {
    const [title, , , , row] = printDiff("markdown", ALL).split("\n");
    expect(title).toBe("## The new contract: breaking");
    expect(row).toBe(
      "| breaking | my, own.yaml:7 rooms: command `join` /room | pattern | any text | texts that match a\\|&lt;b> | Old clients may send any text. Go on taking it. |",
    );
    expect(printDiff("markdown", outcome([], "none"))).toBe(
      "## No difference on the wire\n\nold.yaml → new.yaml: no difference on the wire; version: none",
    );
  });
});

describe("github", () => {
  it("has a level for each verdict, and no place where none is known", () => {
    const lines = printDiff("github", ALL).split("\n");
    expect(lines.map((line) => line.slice(0, line.indexOf("::", 2)))).toEqual([
      "::error file=my%2C own.yaml,line=7,title=breaking%3A pattern",
      "::warning title=may break%3A audience",
      "::notice title=compatible%3A rate",
      expect.stringMatching(/^old\.yaml/),
    ]);
  });
});

describe("the exit code", () => {
  it.each([
    [[BREAKING, UNDECIDED], "breaking", 1, 1],
    [[UNDECIDED, COMPATIBLE], "may-break", 1, 0],
    [[COMPATIBLE], "compatible", 0, 0],
    [[], "same", 0, 0],
  ] as const)("of %j", (changes, verdict, strict, lenient) => {
    expect(verdictOf(changes)).toBe(verdict);
    expect([diffExitCode(changes, false), diffExitCode(changes, true)]).toEqual([strict, lenient]);
  });
});
