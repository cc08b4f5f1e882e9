import { expect, it } from "vitest";
import { ranges } from "./list.js";

it.each([
  [["2.1", "2.2", "2.3", "2.5"], "2.1–2.3, 2.5"],
  [["6.4.1", "6.4.2", "7.1.1"], "6.4.1–6.4.2, 7.1.1"],
  [["1.1.9", "1.1.10"], "1.1.9–1.1.10"],
  [["3.*"], "3.*"],
  [[], ""],
])("case numbers are drawn together: %j is %s", (numbers, said) => {
  expect(ranges(numbers)).toBe(said);
});
