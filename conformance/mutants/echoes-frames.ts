import { type ShortCircuit, startBare } from "./short-circuit.js";

/** Sends every frame back. */
export const shortCircuit: ShortCircuit = {
  name: "echoes-frames",
  fault: "Sends every frame back.",
  passes: ["S-HS-01", "S-FR-11", "S-FR-16"],
  start: () =>
    startBare((socket) => {
      socket.on("message", (bytes, isBinary) => socket.send(bytes, { binary: isBinary }));
    }),
};
