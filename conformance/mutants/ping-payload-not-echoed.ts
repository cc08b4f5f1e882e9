import { altered } from "./mutant.js";

/** Answers an RFC 6455 ping with an empty pong. */
export const mutant = altered({
  name: "ping-payload-not-echoed",
  fault: "Answers an RFC 6455 ping with an empty pong.",
  channel: "workflow",
  killedBy: "S-FR-11",
  alter: () => ({
    control: ({ from, opcode }) => (from === "server" && opcode === 10 ? new Uint8Array(0) : undefined),
  }),
});
