import { altered, objectIn } from "./mutant.js";

/** Never answers a ping of the application. */
export const mutant = altered({
  name: "no-pong",
  fault: "Never answers a ping of the application.",
  channel: "pipeline",
  killedBy: "S-HB-02",
  alter: () => ({ event: (text) => (objectIn(text)?.["type"] === "pong" ? [] : undefined) }),
});
