/** Faults in the order of events and in the states of one connection: S-SM-01 to S-SM-04, S-SM-06. */
import { eventIn, memberOf, objectIn, packetOf, rewritten } from "../content.js";
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

  altered({
    name: "pause-never-acknowledged",
    fault: "Never says that a session rests.",
    channel: "workflow",
    killedBy: "S-SM-01",
    alter: () => ({ event: (text) => (objectIn(text)?.["event"] === "execution:paused" ? [] : undefined) }),
  }),
  altered({
    name: "pause-answered-by-running",
    fault: "Answers a pause with `running` for `paused`.",
    channel: "tasks",
    killedBy: "S-SM-01",
    alter: () => ({ event: (text) => [text.replace('"status":"paused"', '"status":"running"')] }),
  }),
  altered({
    name: "update-after-unsubscribed",
    fault: "Sends one more update after a subscription has ended.",
    channel: "tasks",
    killedBy: "S-SM-01",
    alter: () => ({
      event(text) {
        const frame = objectIn(text);
        if (frame?.["event"] !== "unsubscribed") return undefined;
        const data = { total_tasks: 9, completed_tasks: 9 };
        const late = { event: "progress.update", session_id: frame["session_id"], data };
        return [text, JSON.stringify(late)];
      },
    }),
  }),
  altered({
    name: "ended-twice",
    fault: "Says twice that a session of tasks has failed.",
    channel: "tasks",
    killedBy: "S-SM-01",
    alter: () => ({
      event: (text) => (/"event":"session.update".*"status":"failed"/.test(text) ? [text, text] : undefined),
    }),
  }),
  altered({
    name: "id-changes-in-the-stream",
    fault: "Changes the id of an answer half-way.",
    channel: "pipeline",
    killedBy: "S-SM-01",
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["type"] === "response" && data["is_final"] === true
            ? { ...frame, data: { ...data, id: Number(data["id"]) + 1_000_000 } }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "final-piece-twice",
    fault: "Sends the final piece of an answer twice.",
    channel: "pipeline",
    killedBy: "S-SM-01",
    alter: () => ({
      event: (text) => (/"type":"response".*"is_final":true/.test(text) ? [text, text] : undefined),
    }),
  }),
  altered({
    name: "never-final",
    fault: "Never marks a piece of an answer as the last.",
    channel: "pipeline",
    killedBy: "S-SM-01",
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["type"] === "response" ? { ...frame, data: { ...data, is_final: false } } : undefined,
        ),
    }),
  }),
  altered({
    name: "disconnect-ignored",
    fault: "Stays when the client says goodbye.",
    channel: "pipeline",
    killedBy: "S-SM-01",
    alter: () => ({ command: (text) => (objectIn(text)?.["type"] === "disconnect" ? [] : undefined) }),
  }),
  altered({
    name: "goodbye-with-another-code",
    fault: "Answers a goodbye with close code 1001.",
    channel: "pipeline",
    killedBy: "S-SM-01",
    alter: () => ({
      command(text, line) {
        if (objectIn(text)?.["type"] !== "disconnect") return undefined;
        line.close(1001);
        return [];
      },
    }),
  }),
  altered({
    name: "stop-twice",
    fault: "Ends a turn twice.",
    channel: "conversation",
    killedBy: "S-SM-01",
    alter: () => ({ event: (text) => (eventIn(text)?.fields["type"] === "stop" ? [text, text] : undefined) }),
  }),
  altered({
    name: "stop-missing",
    fault: "Never ends a turn.",
    channel: "conversation",
    killedBy: "S-SM-01",
    alter: () => ({ event: (text) => (eventIn(text)?.fields["type"] === "stop" ? [] : undefined) }),
  }),
  altered({
    name: "text-after-stop",
    fault: "Sends a piece of the answer after its end.",
    channel: "conversation",
    killedBy: "S-SM-01",
    alter: () => ({
      event: (text) =>
        eventIn(text)?.fields["type"] === "stop"
          ? [text, packetOf("chat_response", { type: "text", content: { data: "P.S." } })]
          : undefined,
    }),
  }),
  altered({
    name: "closes-after-each-answer",
    fault: "Closes with 1000 after each answer.",
    channel: "answer",
    killedBy: "S-SM-01",
    alter: () => ({
      event(text, line) {
        if (objectIn(text)?.["type"] !== "done") return undefined;
        line.toClient(text);
        line.close(1000);
        return [];
      },
    }),
  }),
  altered({
    name: "busy-turn-taken",
    fault: "Swallows a turn that comes during an answer, without a refusal.",
    channel: "conversation",
    killedBy: "S-SM-02",
    alter: () => ({
      event: (text) => (eventIn(text)?.fields["code"] === "illegal-state" ? [] : undefined),
    }),
  }),
  altered({
    name: "refused-start-renames-session",
    fault: "Gives the session that runs the name of one whose start was refused.",
    channel: "workflow",
    killedBy: "S-SM-02",
    alter: () => {
      let asked: unknown;
      let renamed: unknown;
      return {
        command(text) {
          const frame = objectIn(text);
          if (frame?.["cmd"] === "start_session") asked = memberOf(frame, "data")["session_uuid"];
          return undefined;
        },
        event(text) {
          const frame = objectIn(text);
          const data = memberOf(frame, "data");
          if (data["code"] === "illegal-state") renamed = asked;
          if (renamed === undefined || data["session_uuid"] === undefined) return undefined;
          return [JSON.stringify({ ...frame, data: { ...data, session_uuid: renamed } })];
        },
      };
    },
  }),
  altered({
    name: "illegal-command-closes",
    fault: "Closes with 1000 on a command that its state does not allow.",
    channel: "tasks",
    killedBy: "S-SM-02",
    alter: () => ({
      event(text, line) {
        if (memberOf(objectIn(text), "data")["code"] !== "illegal-state") return undefined;
        line.close(1000);
        return [];
      },
    }),
  }),
  altered({
    name: "refused-in-one-state-only",
    fault: "Takes a command for granted in one of the states that forbid it: resuming what runs.",
    channel: "tasks",
    killedBy: "S-SM-02",
    alter: () => {
      const running = new Set<unknown>();
      return {
        event(text) {
          const frame = objectIn(text);
          const { status } = memberOf(frame, "data");
          if (frame?.["event"] === "session.update" || frame?.["event"] === "subscribed") {
            if (status === "running") running.add(frame["session_id"]);
            else running.delete(frame["session_id"]);
          }
          return undefined;
        },
        command(text) {
          const frame = objectIn(text);
          return frame?.["event"] === "resume" && running.has(frame["session_id"]) ? [] : undefined;
        },
      };
    },
  }),
];
