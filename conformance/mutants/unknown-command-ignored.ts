import { altered, objectIn } from "./mutant.js";

const KNOWN = new Set(["start_session", "pause_session", "resume_session", "user_input", "ping"]);

/** Ignores an unknown command in silence. */
export const mutant = altered({
  name: "unknown-command-ignored",
  fault: "Ignores an unknown command in silence.",
  channel: "workflow",
  killedBy: "S-CD-05",
  alter: () => ({
    command(text) {
      const cmd = objectIn(text)?.["cmd"];
      return typeof cmd === "string" && !KNOWN.has(cmd) ? [] : undefined;
    },
  }),
});
