import { altered, isJson } from "./mutant.js";

/** Drops the connection on text that is no JSON. */
export const mutant = altered({
  name: "bad-json-closes-1006",
  fault: "Drops the connection on text that is no JSON.",
  channel: "tasks",
  killedBy: "S-CD-04",
  alter: () => ({
    command(text, line) {
      if (isJson(text)) return undefined;
      line.reset();
      return [];
    },
  }),
});
