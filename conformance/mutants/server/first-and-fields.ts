/** Faults of repeated commands, of the first event and of fields that hold together: S-SM-03, S-SM-04, S-SM-06. */
import { memberOf, objectIn, rewritten } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

const isConnected = (text: string): boolean => objectIn(text)?.["type"] === "connected";

export const firstAndFieldsMutants: readonly Mutant[] = [
  altered({
    name: "second-start-ignored",
    fault: "Neither takes nor refuses a second start of a session.",
    channel: "workflow",
    killedBy: "S-SM-03",
    alter: () => {
      let running = false;
      return {
        command(text) {
          if (objectIn(text)?.["cmd"] !== "start_session") return undefined;
          if (running) return [];
          running = true;
          return undefined;
        },
        event(text) {
          if (text.includes('"execution:completed"') || text.includes('"error"')) running = false;
          return undefined;
        },
      };
    },
  }),
  altered({
    name: "second-subscribe-taken",
    fault: "Answers a second subscription like the first.",
    channel: "tasks",
    killedBy: "S-SM-03",
    alter: () => {
      const answers = new Map<unknown, string>();
      return {
        command(text, line) {
          const frame = objectIn(text);
          const answer = answers.get(frame?.["session_id"]);
          if (frame?.["event"] === "unsubscribe") answers.delete(frame["session_id"]);
          if (frame?.["event"] !== "subscribe" || answer === undefined) return undefined;
          line.toClient(answer);
          return [];
        },
        event(text) {
          const frame = objectIn(text);
          if (frame?.["event"] === "subscribed") answers.set(frame["session_id"], text);
          return undefined;
        },
      };
    },
  }),
  altered({
    name: "double-pause-answered-twice",
    fault: "Takes a pause that comes twice at once twice.",
    channel: "tasks",
    killedBy: "S-SM-03",
    alter: () => {
      let pauses = 0;
      return {
        command(text) {
          if (objectIn(text)?.["event"] !== "pause") return undefined;
          pauses += 1;
          return pauses > 1 ? [] : undefined;
        },
        event(text) {
          const frame = objectIn(text);
          if (frame?.["event"] !== "session.update" || memberOf(frame, "data")["status"] !== "paused") {
            return undefined;
          }
          const copies = Math.max(1, pauses);
          pauses = 0;
          return Array.from({ length: copies }, () => text);
        },
      };
    },
  }),

  altered({
    name: "connected-missing",
    fault: "Never says that a connection is open.",
    channel: "pipeline",
    killedBy: "S-SM-04",
    alter: () => ({ event: (text) => (isConnected(text) ? [] : undefined) }),
  }),
  altered({
    name: "connected-twice",
    fault: "Says twice that a connection is open.",
    channel: "pipeline",
    killedBy: "S-SM-04",
    alter: () => ({ event: (text) => (isConnected(text) ? [text, text] : undefined) }),
  }),
  altered({
    name: "connected-again-with-each-pong",
    fault: "Says again with each pong that a connection is open.",
    channel: "pipeline",
    killedBy: "S-SM-04",
    alter: () => {
      let first = "";
      return {
        event(text) {
          if (isConnected(text)) first = text;
          return objectIn(text)?.["type"] === "pong" ? [text, first] : undefined;
        },
      };
    },
  }),
  altered({
    name: "connected-not-first",
    fault: "Lets a connection hear others before it says that it is open.",
    channel: "pipeline",
    killedBy: "S-SM-04",
    alter: () => ({
      event(text, line) {
        if (!isConnected(text)) return undefined;
        line.later(300, () => line.toClient(text));
        return [];
      },
    }),
  }),
  altered({
    name: "connected-late",
    fault: "Says too late that a connection is open.",
    channel: "pipeline",
    killedBy: "S-SM-04",
    alter: () => ({
      event(text, line) {
        if (!isConnected(text)) return undefined;
        line.later(4000, () => line.toClient(text));
        return [];
      },
    }),
  }),

  altered({
    name: "foreign-session-uuid",
    fault: "Names a session in its events that nobody has started.",
    channel: "workflow",
    killedBy: "S-SM-06",
    needs: ["S-SM-01"],
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["event"] === "token_stream" && data["session_uuid"] !== undefined
            ? { ...frame, data: { ...data, session_uuid: "12345678-1234-4234-8234-123456789abc" } }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "progress-goes-down",
    fault: "Counts a finished task back.",
    channel: "tasks",
    killedBy: "S-SM-06",
    needs: ["S-SM-01"],
    alter: () => ({
      event(text) {
        const frame = objectIn(text);
        const data = memberOf(frame, "data");
        if (frame?.["event"] !== "progress.update" || Number(data["completed_tasks"]) < 1) return undefined;
        return [text, JSON.stringify({ ...frame, data: { ...data, completed_tasks: 0 } })];
      },
    }),
  }),
  altered({
    name: "more-completed-than-there-are",
    fault: "Counts one task more than there are.",
    channel: "tasks",
    killedBy: "S-SM-06",
    needs: ["S-SM-01"],
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["event"] === "progress.update"
            ? { ...frame, data: { ...data, completed_tasks: Number(data["total_tasks"]) + 1 } }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "message-id-reused",
    fault: "Gives every question the same id.",
    channel: "pipeline",
    killedBy: "S-SM-06",
    needs: ["S-SM-01"],
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["type"] === "user_message" ? { ...frame, data: { ...data, id: 999_999 } } : undefined,
        ),
    }),
  }),
  altered({
    name: "one-id-for-question-and-answer",
    fault: "Gives an answer the id of a question.",
    channel: "pipeline",
    killedBy: "S-SM-06",
    needs: ["S-CD-11"],
    alter: () => {
      let question: unknown;
      return {
        event: (text) =>
          rewritten(text, (frame, data) => {
            if (frame["type"] === "user_message") question = data["id"];
            return frame["type"] === "response" ? { ...frame, data: { ...data, id: question } } : undefined;
          }),
      };
    },
  }),
  altered({
    name: "delta-where-cumulative",
    fault: "Sends the piece of an answer where the text so far is due.",
    channel: "pipeline",
    killedBy: "S-SM-06",
    needs: ["S-CD-11"],
    alter: () => {
      const before = new Map<unknown, string>();
      return {
        event: (text) =>
          rewritten(text, (frame, data) => {
            if (frame["type"] !== "response" || data["is_final"] === true) return undefined;
            const content = String(data["content"]);
            const sent = before.get(data["id"]) ?? "";
            before.set(data["id"], content);
            return { ...frame, data: { ...data, content: content.slice(sent.length) } };
          }),
      };
    },
  }),
];
