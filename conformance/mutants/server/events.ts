/** Faults in the content of events: S-CD-02, S-CD-09, S-CD-11. */
import { objectIn, rewritten } from "../content.js";
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
];
