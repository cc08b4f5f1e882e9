import { altered, memberOf, objectIn } from "./mutant.js";

/** Refuses a valid command for its payload when an optional field is missing. */
export const mutant = altered({
  name: "valid-command-refused",
  fault: "Refuses a valid command for its payload when an optional field is missing.",
  channel: "workflow",
  killedBy: "S-CD-01",
  alter: () => ({
    command(text, line) {
      const frame = objectIn(text);
      if (frame?.["cmd"] !== "start_session" || "session_uuid" in memberOf(frame, "data")) return undefined;
      const data = { error: "session_uuid is required", code: "invalid-payload" };
      line.toClient(JSON.stringify({ event: "error", data }));
      return [];
    },
  }),
});
