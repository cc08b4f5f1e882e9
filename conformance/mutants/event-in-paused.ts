import { altered, memberOf, objectIn } from "./mutant.js";

/** Goes on sending tokens while the session rests. */
export const mutant = altered({
  name: "event-in-paused",
  fault: "Goes on sending tokens while the session rests.",
  channel: "workflow",
  killedBy: "S-SM-01",
  alter: () => ({
    event(text) {
      const frame = objectIn(text);
      if (frame?.["event"] !== "execution:paused") return undefined;
      const uuid = memberOf(frame, "data")["session_uuid"];
      const data = { node_id: "n", chunk: "late", ...(uuid === undefined ? {} : { session_uuid: uuid }) };
      return [text, JSON.stringify({ event: "token_stream", data })];
    },
  }),
});
