import { altered } from "./mutant.js";

/** Drops the connection when a message needs a 64-bit length. */
export const mutant = altered({
  name: "long-frame-cut",
  fault: "Drops the connection when a message needs a 64-bit length.",
  channel: "tasks",
  killedBy: "S-FR-01",
  alter: () => ({
    command(text, line) {
      if (Buffer.byteLength(text) < 65_536) return undefined;
      line.reset();
      return [];
    },
  }),
});
