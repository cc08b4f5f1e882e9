/** Faults in the content of events: S-CD-02, S-CD-09, S-CD-11. */
import { eventIn, objectIn, packetOf, rewritten } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

export const eventMutants: readonly Mutant[] = [
  altered({
    name: "enum-value-off-the-list",
    fault: "Says a status that the schema does not list.",
    channel: "workflow",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    alter: () => ({ event: (text) => [text.replace('"status":"running"', '"status":"busy"')] }),
  }),
  altered({
    name: "number-as-string",
    fault: "Writes a number as a string.",
    channel: "tasks",
    killedBy: "S-CD-02",
    needs: ["S-SM-01"],
    alter: () => ({ event: (text) => [text.replace(/"total_tasks":([0-9]+)/, '"total_tasks":"$1"')] }),
  }),
  altered({
    name: "required-field-missing",
    fault: "Leaves a required field out of one event of fifty.",
    channel: "workflow",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    across() {
      // Over all connections: none of them alone sees fifty.
      let events = 0;
      return () => ({
        event: (text) =>
          rewritten(text, (frame, { chunk: _, ...data }) =>
            frame["event"] === "token_stream" && ++events % 50 === 0 ? { ...frame, data } : undefined,
          ),
      });
    },
  }),
  altered({
    name: "key-type-for-event",
    fault: "Names its events with `type` for `event`.",
    channel: "workflow",
    killedBy: "S-CD-09",
    needs: ["S-CD-11"],
    alter: () => ({ event: (text) => [text.replace('"event":', '"type":')] }),
  }),
  altered({
    name: "content-html-escaped",
    fault: "Escapes HTML in text that is to pass through untouched.",
    channel: "workflow",
    killedBy: "S-CD-11",
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) => {
          const { chunk } = data;
          if (frame["event"] !== "token_stream" || typeof chunk !== "string") return undefined;
          const escaped = chunk.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
          return { ...frame, data: { ...data, chunk: escaped } };
        }),
    }),
  }),
  altered({
    name: "data-prefix-eaten",
    fault: "Eats `data: ` out of the content.",
    channel: "answer",
    killedBy: "S-CD-11",
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame) =>
          frame["type"] === "content"
            ? { ...frame, content: String(frame["content"]).replaceAll("data: ", "") }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "non-ascii-mangled",
    fault: "Replaces characters beyond ASCII by question marks.",
    channel: "conversation",
    killedBy: "S-CD-11",
    alter: () => ({
      event: (text) => (text.startsWith("42") ? [text.replace(/[^\0-\x7f]/gu, "?")] : undefined),
    }),
  }),
  altered({
    name: "answers-out-of-order",
    fault: "Answers the second of two waiting questions first.",
    channel: "answer",
    killedBy: "S-CD-11",
    alter: () => {
      let waiting = 0;
      let answer: string[] = [];
      let held: string[] | undefined;
      return {
        command(text) {
          if (typeof objectIn(text)?.["query"] === "string") waiting++;
          return undefined;
        },
        event(text) {
          answer.push(text);
          const type = objectIn(text)?.["type"];
          if (type !== "done" && type !== "error") return [];
          waiting--;
          const whole = answer;
          answer = [];
          if (held !== undefined) {
            const first = held;
            held = undefined;
            return [...whole, ...first];
          }
          if (waiting === 0) return whole;
          held = whole;
          return [];
        },
      };
    },
  }),

  altered({
    name: "null-for-absent",
    fault: "Writes null where a field is absent.",
    channel: "workflow",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["event"] === "token_stream" && !("agent_id" in data)
            ? { ...frame, data: { ...data, agent_id: null } }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "data-null-in-paused",
    fault: "Writes `data: null` in one kind of event only, that of a rest.",
    channel: "workflow",
    killedBy: "S-CD-02",
    needs: ["S-SM-01"],
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame) =>
          frame["event"] === "execution:paused" ? { ...frame, data: null } : undefined,
        ),
    }),
  }),
  altered({
    name: "status-capitalised",
    fault: "Writes a status with a capital letter.",
    channel: "tasks",
    killedBy: "S-CD-02",
    needs: ["S-SM-01"],
    alter: () => ({ event: (text) => [text.replace('"status":"completed"', '"status":"Completed"')] }),
  }),
  altered({
    name: "id-as-string-in-final",
    fault: "Writes the id as a string, in the final piece of an answer only.",
    channel: "pipeline",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    alter: () => ({
      event: (text) =>
        rewritten(text, (frame, data) =>
          frame["type"] === "response" && data["is_final"] === true
            ? { ...frame, data: { ...data, id: String(data["id"]) } }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "content-as-list",
    fault: "Sends a piece of an answer as a list of words, from the second connection on.",
    channel: "answer",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    alter: ({ nth }) => ({
      event: (text) =>
        rewritten(text, (frame) =>
          nth > 0 && frame["type"] === "content"
            ? { ...frame, content: String(frame["content"]).split(" ") }
            : undefined,
        ),
    }),
  }),
  altered({
    name: "status-message-missing",
    fault: "Leaves the message out of what it says of its work.",
    channel: "conversation",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    alter: () => ({
      event(text) {
        const event = eventIn(text);
        if (event?.fields["type"] !== "agent_status") return undefined;
        return [packetOf(event.name, { type: "agent_status", content: { status: "thinking" } })];
      },
    }),
  }),
  altered({
    name: "two-arguments",
    fault: "Sends a Socket.IO event with a second argument.",
    channel: "conversation",
    killedBy: "S-CD-02",
    needs: ["S-CD-11"],
    alter: () => ({
      event: (text) =>
        text.startsWith('42["chat_response"') ? [text.replace(/\]$/, ',{"v":2}]')] : undefined,
    }),
  }),
  altered({
    name: "kind-for-type",
    fault: "Names its responses with `kind` for `type`.",
    channel: "conversation",
    killedBy: "S-CD-09",
    needs: ["S-CD-11"],
    alter: () => ({ event: (text) => [text.replace('{"type":', '{"kind":')] }),
  }),
  altered({
    name: "one-event-named-by-type",
    fault: "Names one kind of event with `type` for `event`, and the others rightly.",
    channel: "tasks",
    killedBy: "S-CD-09",
    needs: ["S-SM-01"],
    alter: () => ({
      event: (text) => [text.replace('"event":"progress.update"', '"type":"progress.update"')],
    }),
  }),
  altered({
    name: "event-for-type-in-errors",
    fault: "Names its refusals with `event` for `type`.",
    channel: "answer",
    killedBy: "S-CD-09",
    needs: ["S-CD-03"],
    alter: () => ({ event: (text) => [text.replace('"type":"error"', '"event":"error"')] }),
  }),
  altered({
    name: "long-content-cut",
    fault: "Cuts content after 60 000 characters.",
    channel: "conversation",
    killedBy: "S-CD-07",
    alter: () => ({
      command(text) {
        const event = eventIn(text);
        const said = event?.fields["current_text"];
        if (event === undefined || typeof said !== "string" || said.length <= 60_000) return undefined;
        return [packetOf(event.name, { ...event.fields, current_text: said.slice(0, 60_000) }, event.ack)];
      },
    }),
  }),
  altered({
    name: "astral-cut",
    fault: "Drops characters beyond the basic plane.",
    channel: "pipeline",
    killedBy: "S-CD-11",
    alter: () => ({ event: (text) => [text.replace(/[\u{10000}-\u{10ffff}]/gu, "")] }),
  }),
  altered({
    name: "line-ends-normalised",
    fault: "Makes one line feed of a carriage return and a line feed.",
    channel: "workflow",
    killedBy: "S-CD-11",
    alter: () => ({ event: (text) => [text.replaceAll("\\r\\n", "\\n")] }),
  }),
  altered({
    name: "blanks-trimmed",
    fault: "Trims the question.",
    channel: "answer",
    killedBy: "S-CD-11",
    alter: () => ({
      command: (text) =>
        rewritten(text, (frame) => {
          const { query } = frame;
          return typeof query === "string" && query.trim() !== ""
            ? { ...frame, query: query.trim() }
            : undefined;
        }),
    }),
  }),
  altered({
    name: "refused-text-remembered",
    fault: "Mixes the text of a refused question into the next answer.",
    channel: "answer",
    killedBy: "S-CD-11",
    alter: () => {
      let refused = "";
      return {
        command(text) {
          const frame = objectIn(text);
          const query = frame?.["query"];
          if (
            typeof query === "string" &&
            Object.keys(frame ?? {}).some((key) => !/^(query|session_id)$/.test(key))
          )
            refused = query.slice(0, 200);
          return undefined;
        },
        event: (text) =>
          rewritten(text, (frame) => {
            if (refused === "" || frame["type"] !== "content") return undefined;
            const content = `${refused} ${String(frame["content"])}`;
            refused = "";
            return { ...frame, content };
          }),
      };
    },
  }),
];
