import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { editDistance, suggestion } from "./suggest.js";

describe("a mistyped name", () => {
  it.each([
    ["taks", ["tasks", "answers"], " (Did you mean tasks?)"],
    ["TASKS", ["tasks"], " (Did you mean tasks?)"],
    ["something", ["tasks", "answers"], " (There are: tasks, answers.)"],
    ["x", [], ""],
  ])("%s among %j gives %j", (wanted, known, said) => {
    expect(suggestion(wanted, known)).toBe(said);
  });

  it("is not answered by a list that nobody reads", () => {
    const known = Array.from({ length: 25 }, (_, i) => `channel-${i}`);
    expect(suggestion("entirely-else", known)).toBe("");
  });
});

describe("the edit distance", () => {
  test.prop([fc.string(), fc.string()])(
    "is the same in both directions, and 0 exactly for equal texts",
    (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    },
  );

  test.prop([fc.string({ minLength: 1 }), fc.nat()])("is 1 when one character is missing", (text, at) => {
    const i = at % text.length;
    expect(editDistance(text, text.slice(0, i) + text.slice(i + 1))).toBe(1);
  });
});
