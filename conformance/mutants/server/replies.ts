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

  altered({
    name: "subscribe-answered-for-another-session",
    fault: "Answers a subscription with the id of the one before it.",
    channel: "tasks",
    // The answer names a session that nobody asked for here: illegal before it is a wrong reply.
    killedBy: "S-SM-01",
    across: () => {
      let before = "none";
      return () => ({
        event(text) {
          const frame = objectIn(text);
          if (frame?.["event"] !== "subscribed") return undefined;
          const session_id = before;
          before = String(frame["session_id"]);
          return [JSON.stringify({ ...frame, session_id })];
        },
      });
    },
  }),
  altered({
    name: "unsubscribe-unanswered",
    fault: "Ends a subscription without a word.",
    channel: "tasks",
    killedBy: "S-RR-01",
    alter: () => ({ event: (text) => (objectIn(text)?.["event"] === "unsubscribed" ? [] : undefined) }),
  }),
  altered({
    name: "pong-for-first-connection-only",
    fault: "Answers pings on its first connections only.",
    channel: "pipeline",
    killedBy: "S-RR-01",
    alter: ({ nth }) => ({
      event: (text) => (nth > 3 && objectIn(text)?.["type"] === "pong" ? [] : undefined),
    }),
  }),
  altered({
    name: "acknowledgement-missing",
    fault: "Never acknowledges a turn that asks for it.",
    channel: "conversation",
    killedBy: "S-RR-01",
    alter: () => ({ event: (text) => (text.startsWith("43") ? [] : undefined) }),
  }),
  altered({
    name: "acknowledgement-of-another-shape",
    fault: "Acknowledges with a bare `true`.",
    channel: "conversation",
    killedBy: "S-RR-01",
    alter: () => ({ event: (text) => [text.replace(/^(43\d+)\[.*\]$/s, "$1[true]")] }),
  }),
];
