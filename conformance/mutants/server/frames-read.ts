/** Faults in reading frames: S-FR-01 to S-FR-12, S-FR-14, S-FR-15, S-FR-20. */
import { altered, type Mutant } from "../mutant.js";
import { OPCODE } from "../proxy-wire.js";

export const frameReadingMutants: readonly Mutant[] = [
  altered({
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
  }),
  altered({
    name: "ping-payload-not-echoed",
    fault: "Answers an RFC 6455 ping with an empty pong.",
    channel: "workflow",
    killedBy: "S-FR-11",
    alter: () => ({
      control: ({ from, opcode }) =>
        from === "server" && opcode === OPCODE.pong ? new Uint8Array(0) : undefined,
    }),
  }),
];
