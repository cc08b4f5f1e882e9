import { altered } from "./mutant.js";

/** Takes a command that names itself with `type` for `cmd`. */
export const mutant = altered({
  name: "foreign-field-accepted",
  fault: "Takes a command that names itself with `type` for `cmd`.",
  channel: "workflow",
  killedBy: "S-CD-10",
  alter: () => ({ command: (text) => [text.includes('"cmd":') ? text : text.replace('"type":', '"cmd":')] }),
});
