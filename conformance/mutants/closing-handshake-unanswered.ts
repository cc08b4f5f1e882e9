import { altered } from "./mutant.js";

/** Never answers a Close frame. */
export const mutant = altered({
  name: "closing-handshake-unanswered",
  fault: "Never answers a Close frame.",
  channel: "workflow",
  killedBy: "S-FR-16",
  alter: () => ({ control: ({ from, opcode }) => (from === "client" && opcode === 8 ? null : undefined) }),
});
