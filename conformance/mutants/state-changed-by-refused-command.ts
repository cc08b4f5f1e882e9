import { altered, memberOf, objectIn } from "./mutant.js";

/** A refused command changes the state all the same. */
export const mutant = altered({
  name: "state-changed-by-refused-command",
  fault: "A refused command changes the state all the same.",
  channel: "tasks",
  killedBy: "S-SM-02",
  alter: () => ({
    event(text, line) {
      const frame = objectIn(text);
      const refused = frame?.["event"] === "error" && memberOf(frame, "data")["code"] === "illegal-state";
      // What a server does that changes the state first and looks at it afterwards.
      if (refused) line.toServer(JSON.stringify({ event: "start", session_id: frame["session_id"] }));
      return undefined;
    },
  }),
});
