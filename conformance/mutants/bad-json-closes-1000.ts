import { altered, isJson } from "./mutant.js";

/** Closes with 1000 on text that is no JSON. */
export const mutant = altered({
  name: "bad-json-closes-1000",
  fault: "Closes with 1000 on text that is no JSON.",
  channel: "workflow",
  killedBy: "S-CD-04",
  alter: () => ({
    command(text, line) {
      if (isJson(text)) return undefined;
      line.close(1000);
      return [];
    },
  }),
});
