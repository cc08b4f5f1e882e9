/** Faults in the opening handshake: S-HS. */
import { altered, type Mutant } from "../mutant.js";

export const handshakeMutants: readonly Mutant[] = [
  altered({
    name: "wrong-accept",
    fault: "Computes Sec-WebSocket-Accept wrongly.",
    channel: "workflow",
    killedBy: "S-HS-01",
    alter: () => ({
      response: (head) => head.replace(/(sec-websocket-accept: )\S+/i, "$1s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    }),
  }),
];
