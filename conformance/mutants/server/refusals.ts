/** Bad commands that are taken, or refused in the wrong way: S-CD-03, S-CD-04, S-CD-05, S-CD-10, on every channel. */
import { eventIn, isJson, memberOf, objectIn, packetOf, rewritten } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

const TASKS_COMMANDS = new Set(["subscribe", "unsubscribe", "start", "pause", "resume", "stop", "ping"]);

export const refusalMutants: readonly Mutant[] = [
  altered({
    name: "wrong-type-coerced",
    fault: "Takes a number where a string is due, and makes one of it.",
    channel: "workflow",
    killedBy: "S-CD-03",
    alter: () => ({
      command: (text) =>
        rewritten(text, (frame, data) => {
          const wrong = Object.entries(data).filter(([, value]) => typeof value === "number");
          if (wrong.length === 0) return undefined;
          const coerced = wrong.map(([key, value]): [string, unknown] => [key, String(value)]);
          return { ...frame, data: { ...data, ...Object.fromEntries(coerced) } };
        }),
    }),
  }),
  altered({
    name: "maximum-off-by-one",
    fault: "Takes a query that is one character longer than it may be.",
    channel: "answer",
    killedBy: "S-CD-03",
    alter: () => ({
      command: (text) =>
        rewritten(text, (frame) => {
          const { query } = frame;
          return typeof query === "string" && [...query].length === 65_537
            ? { ...frame, query: [...query].slice(1).join("") }
            : undefined;
        }),
    }),
  }),
  altered({
    name: "empty-array-accepted",
    fault: "Takes a message without a single component.",
    channel: "pipeline",
    killedBy: "S-CD-03",
    alter: () => ({
      command: (text) =>
        rewritten(text, (frame) =>
          Array.isArray(frame["message"]) && frame["message"].length === 0
            ? { ...frame, message: [{ type: "Plain", text: "nothing" }] }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "nested-extra-field-accepted",
    fault: "Takes an unknown field in a component of a message.",
    channel: "pipeline",
    killedBy: "S-CD-03",
    alter: () => ({
      command: (text) =>
        rewritten(text, (frame) => {
          const { message } = frame;
          if (!Array.isArray(message)) return undefined;
          const parts = message.map((part: unknown) => {
            const fields = objectIn(JSON.stringify(part));
            return fields?.["type"] === "Plain" && typeof fields["text"] === "string"
              ? { type: "Plain", text: fields["text"] }
              : part;
          });
          return { ...frame, message: parts };
        }),
    }),
  }),
  altered({
    name: "required-field-defaulted",
    fault: "Takes a command without its session and uses one of its own.",
    channel: "tasks",
    killedBy: "S-CD-03",
    alter: () => ({
      command: (text) =>
        rewritten(text, (frame) =>
          frame["event"] === "subscribe" && !("session_id" in frame)
            ? { ...frame, session_id: "the-default" }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "bad-turn-ignored",
    fault: "Says nothing about a turn that does not fit the schema.",
    channel: "conversation",
    killedBy: "S-CD-03",
    alter: () => ({
      event: (text) => {
        const event = eventIn(text);
        return event?.name === "error" && event.fields["code"] === "invalid-payload" ? [] : undefined;
      },
    }),
  }),
  altered({
    name: "turn-with-wrong-image-paths-taken",
    fault: "Takes a turn whose list of pictures is no list of strings.",
    channel: "conversation",
    killedBy: "S-CD-03",
    alter: () => ({
      command(text) {
        const event = eventIn(text);
        if (event?.name !== "chat_message" || !("current_image_paths" in event.fields)) return undefined;
        const { current_image_paths: _, ...rest } = event.fields;
        return [packetOf(event.name, rest, event.ack)];
      },
    }),
  }),
  altered({
    name: "refused-twice",
    fault: "Refuses a bad payload twice.",
    channel: "answer",
    killedBy: "S-CD-03",
    alter: () => ({
      event: (text) => (objectIn(text)?.["code"] === "invalid-payload" ? [text, text] : undefined),
    }),
  }),
  altered({
    name: "payload-refused-with-state-code",
    fault: "Says `illegal-state` of a payload that does not fit.",
    channel: "tasks",
    killedBy: "S-CD-03",
    alter: () => ({ event: (text) => [text.replace('"code":"invalid-payload"', '"code":"illegal-state"')] }),
  }),
  altered({
    name: "closes-on-bad-payload",
    fault: "Refuses a bad payload and closes with 1011.",
    channel: "pipeline",
    killedBy: "S-CD-03",
    alter: () => ({
      event(text, line) {
        if (objectIn(text)?.["code"] !== "invalid-payload") return undefined;
        line.toClient(text);
        line.close(1011);
        return [];
      },
    }),
  }),
  altered({
    name: "bad-json-ignored",
    fault: "Says nothing about text that is no JSON.",
    channel: "pipeline",
    killedBy: "S-CD-04",
    alter: () => ({ event: (text) => (objectIn(text)?.["code"] === "not-json" ? [] : undefined) }),
  }),
  altered({
    name: "trailing-comma-accepted",
    fault: "Reads JSON with a trailing comma.",
    channel: "answer",
    killedBy: "S-CD-04",
    alter: () => ({
      command: (text) => (isJson(text) ? undefined : [text.replace(/,(\s*[}\]])/g, "$1")]),
    }),
  }),
  altered({
    name: "second-document-ignored",
    fault: "Reads the first of two documents in a frame and forgets the second.",
    channel: "tasks",
    killedBy: "S-CD-04",
    alter: () => ({
      command(text) {
        if (isJson(text)) return undefined;
        const ends = [...text.matchAll(/\}/g)].map(({ index }) => text.slice(0, index + 1));
        const first = ends.find(isJson);
        return first === undefined ? undefined : [first];
      },
    }),
  }),
  altered({
    name: "null-kills-connection",
    fault: "Drops the connection on the text `null`.",
    channel: "answer",
    killedBy: "S-CD-04",
    alter: () => ({
      command(text, line) {
        if (text.trim() !== "null") return undefined;
        line.end();
        return [];
      },
    }),
  }),
  altered({
    name: "unknown-command-closes",
    fault: "Closes with 1008 on an unknown command.",
    channel: "tasks",
    killedBy: "S-CD-05",
    alter: () => ({
      command(text, line) {
        const name = objectIn(text)?.["event"];
        if (typeof name !== "string" || TASKS_COMMANDS.has(name)) return undefined;
        line.close(1008);
        return [];
      },
    }),
  }),
  altered({
    name: "nameless-command-ignored",
    fault: "Ignores a command without a name in silence.",
    channel: "pipeline",
    killedBy: "S-CD-05",
    alter: () => ({
      event: (text) => (objectIn(text)?.["code"] === "missing-discriminator" ? [] : undefined),
    }),
  }),
  altered({
    name: "unknown-socket-io-event-ignored",
    fault: "Ignores a Socket.IO event that it has no listener for.",
    channel: "conversation",
    killedBy: "S-CD-05",
    alter: () => ({
      command(text) {
        const event = eventIn(text);
        return event !== undefined && event.name !== "chat_message" ? [] : undefined;
      },
    }),
  }),
  altered({
    name: "cmd-taken-for-event",
    fault: "Takes a command that names itself with `cmd` for `event`.",
    channel: "tasks",
    killedBy: "S-CD-10",
    alter: () => ({
      command: (text) => [text.includes('"event":') ? text : text.replace('"cmd":', '"event":')],
    }),
  }),
  altered({
    name: "foreign-field-ignored",
    fault: "Ignores a command that names itself with `event` for `type`.",
    channel: "pipeline",
    killedBy: "S-CD-10",
    alter: () => ({
      event: (text) => (objectIn(text)?.["code"] === "wrong-discriminator" ? [] : undefined),
    }),
  }),
  altered({
    name: "state-code-for-valid-command",
    fault: "Refuses with a state code a command that its state allows, when a field is at its longest.",
    channel: "workflow",
    killedBy: "S-CD-01",
    alter: () => ({
      command(text, line) {
        const data = memberOf(objectIn(text), "data");
        if (![...String(data["token"] ?? "")][63]) return undefined;
        line.toClient(JSON.stringify({ event: "error", data: { error: "not now", code: "illegal-state" } }));
        return [];
      },
    }),
  }),
  altered({
    name: "unknown-component-refused",
    fault: "Refuses a component of a type that it does not know.",
    channel: "pipeline",
    killedBy: "S-CD-01",
    // One of many kinds of component: as many as the profile ci draws.
    runs: 25,
    alter: () => {
      const known = /"type":"(?:Plain|At|AtAll|Image|Voice|File|Quote|Source|message|ping|disconnect)"/g;
      return {
        command(text, line) {
          if (!isJson(text) || !text.replace(known, "").includes('"type":')) return undefined;
          line.toClient(JSON.stringify({ type: "error", message: "what is that?", code: "invalid-payload" }));
          return [];
        },
      };
    },
  }),
  altered({
    name: "empty-turn-refused",
    fault: "Refuses a turn without `current_text`, which may be absent.",
    channel: "conversation",
    killedBy: "S-CD-01",
    alter: () => ({
      command(text, line) {
        const event = eventIn(text);
        if (event?.name !== "chat_message" || "current_text" in event.fields) return undefined;
        line.toClient(packetOf("error", { message: "say something", code: "invalid-payload" }));
        return [];
      },
    }),
  }),
  altered({
    name: "longest-query-refused",
    fault: "Refuses a query of exactly the greatest length.",
    channel: "answer",
    killedBy: "S-CD-01",
    alter: () => ({
      command(text, line) {
        const query = objectIn(text)?.["query"];
        if (typeof query !== "string" || [...query].length < 65_536) return undefined;
        line.toClient(JSON.stringify({ type: "error", message: "too long", code: "invalid-payload" }));
        return [];
      },
    }),
  }),
];
