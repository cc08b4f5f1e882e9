import { altered } from "./mutant.js";

/** Drops the connection on a JSON array. */
export const mutant = altered({
  name: "array-kills-connection",
  fault: "Drops the connection on a JSON array.",
  channel: "workflow",
  killedBy: "S-CD-04",
  alter: () => ({
    command(text, line) {
      if (!text.trimStart().startsWith("[")) return undefined;
      line.reset();
      return [];
    },
  }),
});
