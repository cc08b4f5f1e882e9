/** Faults in the order of events and in the states of one connection: S-SM-01 to S-SM-04, S-SM-06. */
import { memberOf, objectIn } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

export const orderMutants: readonly Mutant[] = [
  altered({
    name: "terminal-twice",
    fault: "Says twice that the session is over.",
    channel: "workflow",
    killedBy: "S-SM-01",
    alter: () => ({ event: (text) => (text.includes('"execution:completed"') ? [text, text] : undefined) }),
  }),
  altered({
    name: "terminal-missing",
    fault: "Never says that an answer is done.",
    channel: "answer",
    killedBy: "S-SM-01",
    alter: () => ({ event: (text) => (objectIn(text)?.["type"] === "done" ? [] : undefined) }),
  }),
  altered({
    name: "terminal-missing-in-exchange",
    fault: "Never says that the session is over.",
    channel: "workflow",
    killedBy: "S-CD-11",
    alter: () => ({ event: (text) => (text.includes('"execution:completed"') ? [] : undefined) }),
  }),
  altered({
    name: "event-after-terminal",
    fault: "Sends a piece of the answer after it is done.",
    channel: "answer",
    killedBy: "S-SM-01",
    alter: () => ({
      event: (text) =>
        objectIn(text)?.["type"] === "done"
          ? [text, JSON.stringify({ type: "content", content: "one more thing" })]
          : undefined,
    }),
  }),
  altered({
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
  }),
  altered({
    name: "illegal-command-ignored",
    fault: "Neither takes nor refuses a command that its state does not allow.",
    channel: "workflow",
    killedBy: "S-SM-02",
    alter: () => ({ event: (text) => (text.includes('"illegal-state"') ? [] : undefined) }),
  }),
  altered({
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
  }),
];
