import { altered } from "./mutant.js";

/** Writes a number as a string. */
export const mutant = altered({
  name: "number-as-string",
  fault: "Writes a number as a string.",
  channel: "tasks",
  killedBy: "S-CD-02",
  needs: ["S-SM-01"],
  alter: () => ({ event: (text) => [text.replace(/"total_tasks":([0-9]+)/, '"total_tasks":"$1"')] }),
});
