import { type ShortCircuit, startBare } from "./short-circuit.js";

/** Answers every frame with the same refusal. */
export const shortCircuit: ShortCircuit = {
  name: "error-for-everything",
  fault: "Answers every frame with the same refusal.",
  passes: ["S-HS-01", "S-FR-11", "S-FR-16", "S-CD-02", "S-CD-09"],
  start: () =>
    startBare((socket) => {
      socket.on("message", () =>
        socket.send('{"event":"error","data":{"error":"no","code":"invalid-payload"}}'),
      );
    }),
};
