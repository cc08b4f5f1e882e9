import { altered } from "./mutant.js";

/** Says a status that the schema does not list. */
export const mutant = altered({
  name: "enum-value-off-the-list",
  fault: "Says a status that the schema does not list.",
  channel: "workflow",
  killedBy: "S-CD-02",
  needs: ["S-CD-11"],
  alter: () => ({ event: (text) => [text.replace('"status":"running"', '"status":"busy"')] }),
});
