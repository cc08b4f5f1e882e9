/** Faults that only show where there are several connections: S-SM-05, S-SM-07. */
import { eventIn, type Fields, memberOf, objectIn } from "../content.js";
import type { Alter, Line } from "../frame-proxy.js";
import { altered, type Mutant } from "../mutant.js";

/** One connection of a server, as a fault that concerns several of them sees it. */
interface Seat {
  line?: Line;
  /** Path and query of its request. */
  target: string;
  /** Whatever the fault keeps of it. */
  readonly kept: Set<string>;
}

/** Makes the alteration of each connection with a list of all that are open. */
function amongAll(
  handlers: (own: Seat, others: () => readonly Seat[]) => Pick<ReturnType<Alter>, "event" | "command">,
): Alter {
  const seats = new Set<Seat>();
  return () => {
    const own: Seat = { target: "", kept: new Set() };
    return {
      request(head) {
        own.target = head.split(" ", 2)[1] ?? "";
        return head;
      },
      opened(line) {
        own.line = line;
        seats.add(own);
      },
      closed: () => void seats.delete(own),
      ...handlers(own, () => [...seats].filter((seat) => seat !== own)),
    };
  };
}

function tell(seats: readonly Seat[], text: string): void {
  for (const { line } of seats) line?.toClient(text);
}

const isUpdate = (frame: Fields | undefined): frame is Fields =>
  frame?.["event"] === "session.update" ||
  frame?.["event"] === "task.update" ||
  frame?.["event"] === "progress.update";

/** Where a request went, without its query. */
const pathOf = ({ target }: Seat): string | undefined => target.split("?", 1)[0];

/** Tells other connections the events that leak, besides. */
function leaking(
  leaks: (text: string) => boolean,
  hears: (own: Seat, other: Seat) => boolean = () => true,
): Alter {
  return amongAll((own, others) => ({
    event(text) {
      if (leaks(text))
        tell(
          others().filter((other) => hears(own, other)),
          text,
        );
      return undefined;
    },
  }));
}

/** Tells the updates of a session to others, by whether one command about it has marked them, and another unmarked. */
function updatesTo(
  marks: { readonly by: string; readonly until?: string },
  hears: (isMarked: boolean) => boolean,
): Alter {
  return amongAll((own, others) => ({
    command(text) {
      const frame = objectIn(text);
      const session = String(frame?.["session_id"]);
      if (frame?.["event"] === marks.by) own.kept.add(session);
      else if (marks.until !== undefined && frame?.["event"] === marks.until) own.kept.delete(session);
      return undefined;
    },
    event(text) {
      const frame = objectIn(text);
      if (!isUpdate(frame)) return undefined;
      const session = String(frame["session_id"]);
      tell(
        others().filter(({ kept }) => hears(kept.has(session))),
        text,
      );
      return undefined;
    },
  }));
}

/** Keeps some events of a session from all but its first subscriber. */
function firstSubscriberOnly(isKept: (frame: Fields) => boolean): Alter {
  return amongAll((own, others) => ({
    command(text) {
      const frame = objectIn(text);
      const session = String(frame?.["session_id"]);
      if (frame?.["event"] === "subscribe" && !others().some(({ kept }) => kept.has(session))) {
        own.kept.add(session);
      }
      return undefined;
    },
    event(text) {
      const frame = objectIn(text);
      const mine = own.kept.has(String(frame?.["session_id"]));
      return frame !== undefined && isKept(frame) && !mine ? [] : undefined;
    },
  }));
}

export const severalMutants: readonly Mutant[] = [
  altered({
    name: "leak-across-sessions",
    fault: "Every connection gets the events of every session.",
    channel: "workflow",
    killedBy: "S-SM-05",
    across: () => leaking((text) => memberOf(objectIn(text), "data")["session_uuid"] !== undefined),
  }),
  altered({
    name: "answer-on-every-connection",
    fault: "Sends each piece of an answer to every connection.",
    channel: "answer",
    killedBy: "S-SM-05",
    across: () => leaking((text) => objectIn(text)?.["type"] === "content"),
  }),
  altered({
    name: "turn-on-every-connection",
    fault: "Sends what an agent says to every connection.",
    channel: "conversation",
    killedBy: "S-SM-05",
    across: () => leaking((text) => eventIn(text)?.name === "chat_response"),
  }),
  altered({
    name: "refusals-on-every-connection",
    fault: "Tells every connection what it refuses one.",
    channel: "workflow",
    killedBy: "S-SM-07",
    across: () => leaking((text) => objectIn(text)?.["event"] === "error"),
  }),
  altered({
    name: "status-of-the-question-before",
    fault: "Shows in each status the question that was answered before, whoever had asked it.",
    channel: "answer",
    killedBy: "S-SM-07",
    across: () => {
      let before = "";
      return () => {
        let asked = "";
        return {
          command(text) {
            asked = String(objectIn(text)?.["query"] ?? "").slice(0, 200);
            return undefined;
          },
          event(text) {
            const frame = objectIn(text);
            if (frame?.["type"] === "done") before = asked;
            if (frame?.["type"] !== "status") return undefined;
            return [JSON.stringify({ ...frame, message: `Thinking after ${before}` })];
          },
        };
      };
    },
  }),
  altered({
    name: "input-moves-every-session",
    fault: "What one person says answers every session that waits for somebody.",
    channel: "workflow",
    killedBy: "S-SM-07",
    across: () =>
      amongAll((own, others) => ({
        command(text) {
          if (objectIn(text)?.["cmd"] !== "user_input") return undefined;
          for (const { line, kept } of others()) if (kept.has("waits")) line?.toServer(text);
          return undefined;
        },
        event(text) {
          const name = objectIn(text)?.["event"];
          if (name === "human_interaction_required") own.kept.add("waits");
          else if (name === "execution:completed") own.kept.delete("waits");
          return undefined;
        },
      })),
  }),
  altered({
    name: "updates-after-leaving",
    fault: "Whoever has unsubscribed from a session hears of it as long as others do.",
    channel: "tasks",
    killedBy: "S-SM-05",
    across: () => updatesTo({ by: "unsubscribe", until: "subscribe" }, (hasLeft) => hasLeft),
  }),
  altered({
    name: "updates-after-leaving-company",
    fault: "Whoever unsubscribes while others stay hears on, and whoever leaves last does not.",
    channel: "tasks",
    killedBy: "S-SM-07",
    across: () =>
      amongAll((own, others) => ({
        command(text) {
          const frame = objectIn(text);
          const session = String(frame?.["session_id"]);
          if (frame?.["event"] === "subscribe") own.kept.add(session).delete(`left ${session}`);
          if (frame?.["event"] !== "unsubscribe") return undefined;
          own.kept.delete(session);
          if (others().some(({ kept }) => kept.has(session))) own.kept.add(`left ${session}`);
          return undefined;
        },
        event(text) {
          const frame = objectIn(text);
          if (!isUpdate(frame)) return undefined;
          const left = `left ${String(frame["session_id"])}`;
          tell(
            others().filter(({ kept }) => kept.has(left)),
            text,
          );
          return undefined;
        },
      })),
  }),
  altered({
    name: "updates-without-subscription",
    fault: "Every connection gets the updates of every session, subscribed or not.",
    channel: "tasks",
    killedBy: "S-SM-07",
    across: () => updatesTo({ by: "subscribe" }, (hasSubscribed) => !hasSubscribed),
  }),
  altered({
    name: "second-subscriber-missed",
    fault: "Tells only the first subscriber of a session what became of a task.",
    channel: "tasks",
    killedBy: "S-SM-07",
    across: () => firstSubscriberOnly((frame) => frame["event"] === "task.update"),
  }),
  altered({
    name: "second-subscriber-not-told-of-a-pause",
    fault: "Tells only the first subscriber of a session that it has been paused.",
    channel: "tasks",
    killedBy: "S-SM-07",
    across: () =>
      firstSubscriberOnly(
        (frame) => frame["event"] === "session.update" && memberOf(frame, "data")["status"] === "paused",
      ),
  }),
  altered({
    name: "second-subscriber-told-twice",
    fault: "Tells the second subscriber of a session everything twice.",
    channel: "tasks",
    killedBy: "S-SM-07",
    across: () =>
      amongAll((own, others) => ({
        command(text) {
          const frame = objectIn(text);
          const session = String(frame?.["session_id"]);
          if (frame?.["event"] !== "subscribe") return undefined;
          if (others().some(({ kept }) => kept.has(session))) own.kept.add(`twice ${session}`);
          own.kept.add(session);
          return undefined;
        },
        event(text) {
          const frame = objectIn(text);
          const twice = own.kept.has(`twice ${String(frame?.["session_id"])}`);
          return frame?.["event"] === "progress.update" && twice ? [text, text] : undefined;
        },
      })),
  }),
  altered({
    name: "leak-across-session-types",
    fault: "A group connection gets what persons say at the same pipeline.",
    channel: "pipeline",
    killedBy: "S-SM-07",
    across: () =>
      leaking(
        (text) => ["user_message", "response"].includes(String(objectIn(text)?.["type"])),
        (own, other) => other.target !== own.target && pathOf(other) === pathOf(own),
      ),
  }),
  altered({
    name: "leak-across-pipelines",
    fault: "A connection gets the questions of every pipeline.",
    channel: "pipeline",
    killedBy: "S-SM-07",
    across: () =>
      leaking(
        (text) => objectIn(text)?.["type"] === "user_message",
        (own, other) => pathOf(other) !== pathOf(own),
      ),
  }),
  altered({
    name: "echo-to-the-sender-only",
    fault: "Echoes a question to nobody but the one who asked.",
    channel: "pipeline",
    killedBy: "S-SM-07",
    across: () =>
      amongAll((own) => ({
        command(text) {
          if (objectIn(text)?.["type"] === "message") own.kept.add("asked");
          return undefined;
        },
        event: (text) =>
          objectIn(text)?.["type"] === "user_message" && !own.kept.has("asked") ? [] : undefined,
      })),
  }),
  altered({
    name: "first-piece-kept-from-the-sender",
    fault: "Does not give the one who asked the answer's first piece.",
    channel: "pipeline",
    killedBy: "S-SM-07",
    across: () =>
      amongAll((own) => ({
        command(text) {
          if (objectIn(text)?.["type"] === "message") own.kept.add("waits");
          return undefined;
        },
        event(text) {
          const frame = objectIn(text);
          const dropped =
            frame?.["type"] === "response" &&
            memberOf(frame, "data")["is_final"] === false &&
            own.kept.delete("waits");
          return dropped ? [] : undefined;
        },
      })),
  }),
  altered({
    name: "pieces-twice-for-listeners",
    fault: "Gives those who only listen each unfinished piece of an answer twice.",
    channel: "pipeline",
    killedBy: "S-SM-07",
    across: () =>
      amongAll((own) => ({
        command(text) {
          if (objectIn(text)?.["type"] === "message") own.kept.add("asked");
          return undefined;
        },
        event(text) {
          const frame = objectIn(text);
          const listens = frame?.["type"] === "response" && !own.kept.has("asked");
          return listens && memberOf(frame, "data")["is_final"] === false ? [text, text] : undefined;
        },
      })),
  }),
];
