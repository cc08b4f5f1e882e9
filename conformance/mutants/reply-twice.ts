import { altered, objectIn } from "./mutant.js";

/** Answers each ping twice. */
export const mutant = altered({
  name: "reply-twice",
  fault: "Answers each ping twice.",
  channel: "tasks",
  killedBy: "S-RR-01",
  alter: () => ({ event: (text) => (objectIn(text)?.["event"] === "pong" ? [text, text] : undefined) }),
});
