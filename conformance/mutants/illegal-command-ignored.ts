import { altered } from "./mutant.js";

/** Neither takes nor refuses a command that its state does not allow. */
export const mutant = altered({
  name: "illegal-command-ignored",
  fault: "Neither takes nor refuses a command that its state does not allow.",
  channel: "workflow",
  killedBy: "S-SM-02",
  alter: () => ({ event: (text) => (text.includes('"illegal-state"') ? [] : undefined) }),
});
