import { type ShortCircuit, startBare } from "./short-circuit.js";

/** Accepts every handshake and says nothing. */
export const shortCircuit: ShortCircuit = {
  name: "silent",
  fault: "Accepts every handshake and says nothing.",
  passes: ["S-HS-01", "S-FR-11", "S-FR-16"],
  start: () => startBare(() => {}),
};
