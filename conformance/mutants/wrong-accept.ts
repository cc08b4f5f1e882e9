import { altered } from "./mutant.js";

/** Computes Sec-WebSocket-Accept wrongly. */
export const mutant = altered({
  name: "wrong-accept",
  fault: "Computes Sec-WebSocket-Accept wrongly.",
  channel: "workflow",
  killedBy: "S-HS-01",
  alter: () => ({
    response: (head) => head.replace(/(sec-websocket-accept: )\S+/i, "$1s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
  }),
});
