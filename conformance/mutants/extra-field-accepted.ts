import { altered, objectIn } from "./mutant.js";

/** Accepts a command with an unknown field. */
export const mutant = altered({
  name: "extra-field-accepted",
  fault: "Accepts a command with an unknown field.",
  channel: "tasks",
  killedBy: "S-CD-03",
  alter: () => ({
    command(text) {
      const frame = objectIn(text);
      if (frame === undefined) return undefined;
      const known = Object.entries(frame).filter(([key]) => key === "event" || key === "session_id");
      return [JSON.stringify(Object.fromEntries(known))];
    },
  }),
});
