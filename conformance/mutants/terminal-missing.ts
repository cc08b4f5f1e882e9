import { altered, objectIn } from "./mutant.js";

/** Never says that an answer is done. */
export const mutant = altered({
  name: "terminal-missing",
  fault: "Never says that an answer is done.",
  channel: "answer",
  killedBy: "S-SM-01",
  alter: () => ({ event: (text) => (objectIn(text)?.["type"] === "done" ? [] : undefined) }),
});
