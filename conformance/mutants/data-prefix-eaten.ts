import { altered, objectIn } from "./mutant.js";

/** Eats `data: ` out of the content. */
export const mutant = altered({
  name: "data-prefix-eaten",
  fault: "Eats `data: ` out of the content.",
  channel: "answer",
  killedBy: "S-CD-11",
  alter: () => ({
    event(text) {
      const frame = objectIn(text);
      const content = frame?.["content"];
      if (frame?.["type"] !== "content" || typeof content !== "string") return undefined;
      return [JSON.stringify({ ...frame, content: content.replaceAll("data: ", "") })];
    },
  }),
});
