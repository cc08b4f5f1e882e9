/** Faults in the closing handshake: S-FR-16 to S-FR-18. */
import { altered, type Mutant } from "../mutant.js";
import { OPCODE } from "../proxy-wire.js";

export const closingMutants: readonly Mutant[] = [
  altered({
    name: "closing-handshake-unanswered",
    fault: "Never answers a Close frame.",
    channel: "workflow",
    killedBy: "S-FR-16",
    // Neither may the server's own Close pass, with which it ends a connection that has gone silent: it would look like one.
    alter: () => ({ control: ({ opcode }) => (opcode === OPCODE.close ? null : undefined) }),
  }),
];
