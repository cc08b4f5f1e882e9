import { altered, memberOf, objectIn } from "./mutant.js";

/** Escapes HTML in text that is to pass through untouched. */
export const mutant = altered({
  name: "content-html-escaped",
  fault: "Escapes HTML in text that is to pass through untouched.",
  channel: "workflow",
  killedBy: "S-CD-11",
  alter: () => ({
    event(text) {
      const frame = objectIn(text);
      const data = memberOf(frame, "data");
      const { chunk } = data;
      if (frame?.["event"] !== "token_stream" || typeof chunk !== "string") return undefined;
      const escaped = chunk.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      return [JSON.stringify({ ...frame, data: { ...data, chunk: escaped } })];
    },
  }),
});
