import { altered, objectIn } from "./mutant.js";

/** Answers a ping without its token. */
export const mutant = altered({
  name: "pong-without-token",
  fault: "Answers a ping without its token.",
  channel: "workflow",
  killedBy: "S-HB-02",
  alter: () => ({
    event: (text) => (objectIn(text)?.["event"] === "pong" ? [JSON.stringify({ event: "pong" })] : undefined),
  }),
});
