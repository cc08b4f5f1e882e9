import { altered } from "./mutant.js";

/** Replaces characters beyond ASCII by question marks. */
export const mutant = altered({
  name: "non-ascii-mangled",
  fault: "Replaces characters beyond ASCII by question marks.",
  channel: "conversation",
  killedBy: "S-CD-11",
  alter: () => ({
    event: (text) => (text.startsWith("42") ? [text.replace(/[^\0-\x7f]/gu, "?")] : undefined),
  }),
});
