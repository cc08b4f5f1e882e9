import { expect, test } from "vitest";
import { byRound } from "./rounds.js";

const kind = (name: string, ...families: readonly string[]) => ({ name, families });

test("one of each coarse group comes before a second one of any", () => {
  const all = [
    kind("a", "type 1", "open type"),
    kind("b", "type 1", "open type"),
    kind("c", "type 1", "close type"),
    kind("d", "extra 3", "open extra"),
  ];
  expect(byRound(all, 2).map(({ name }) => name)).toEqual(["a", "d"]);
  expect(byRound(all, 3).map(({ name }) => name)).toEqual(["a", "d", "c"]);
  expect(byRound(all, 9).map(({ name }) => name)).toEqual(["a", "d", "c", "b"]);
});
