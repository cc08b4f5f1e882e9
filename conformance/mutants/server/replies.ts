/** Faults in replies and their correlation: S-RR. */
import { objectIn } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

export const replyMutants: readonly Mutant[] = [
  altered({
    name: "reply-twice",
    fault: "Answers each ping twice.",
    channel: "tasks",
    killedBy: "S-RR-01",
    alter: () => ({ event: (text) => (objectIn(text)?.["event"] === "pong" ? [text, text] : undefined) }),
  }),
];
