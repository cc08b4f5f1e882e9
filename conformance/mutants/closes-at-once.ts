import { type ShortCircuit, startBare } from "./short-circuit.js";

/** Accepts every handshake and closes at once. */
export const shortCircuit: ShortCircuit = {
  name: "closes-at-once",
  fault: "Accepts every handshake and closes at once.",
  passes: ["S-HS-01"],
  start: () => startBare((socket) => socket.close(1000)),
};
