import { altered } from "./mutant.js";

/** Says twice that the session is over. */
export const mutant = altered({
  name: "terminal-twice",
  fault: "Says twice that the session is over.",
  channel: "workflow",
  killedBy: "S-SM-01",
  alter: () => ({ event: (text) => (text.includes('"execution:completed"') ? [text, text] : undefined) }),
});
