import { altered } from "./mutant.js";

const CLOSE = 8;

/** Never answers a Close frame. */
export const mutant = altered({
  name: "closing-handshake-unanswered",
  fault: "Never answers a Close frame.",
  channel: "workflow",
  killedBy: "S-FR-16",
  // Neither may the server's own Close pass, with which it ends a connection that has gone silent: it would look like one.
  alter: () => ({ control: ({ opcode }) => (opcode === CLOSE ? null : undefined) }),
});
