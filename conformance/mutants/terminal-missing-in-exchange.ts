import { altered } from "./mutant.js";

/** Never says that the session is over. */
export const mutant = altered({
  name: "terminal-missing-in-exchange",
  fault: "Never says that the session is over.",
  channel: "workflow",
  killedBy: "S-CD-11",
  alter: () => ({ event: (text) => (text.includes('"execution:completed"') ? [] : undefined) }),
});
