import { altered } from "./mutant.js";

/** Names its events with `type` for `event`. */
export const mutant = altered({
  name: "key-type-for-event",
  fault: "Names its events with `type` for `event`.",
  channel: "workflow",
  killedBy: "S-CD-09",
  needs: ["S-CD-11"],
  alter: () => ({ event: (text) => [text.replace('"event":', '"type":')] }),
});
