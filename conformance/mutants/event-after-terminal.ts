import { altered, objectIn } from "./mutant.js";

/** Sends a piece of the answer after it is done. */
export const mutant = altered({
  name: "event-after-terminal",
  fault: "Sends a piece of the answer after it is done.",
  channel: "answer",
  killedBy: "S-SM-01",
  alter: () => ({
    event: (text) =>
      objectIn(text)?.["type"] === "done"
        ? [text, JSON.stringify({ type: "content", content: "one more thing" })]
        : undefined,
  }),
});
