import { type ShortCircuit, startBare } from "./short-circuit.js";

/** Refuses every handshake. */
export const shortCircuit: ShortCircuit = {
  name: "refuses-everything",
  fault: "Refuses every handshake.",
  passes: [],
  start: () => startBare(),
};
