/** Faults in keeping requests apart: S-RR-02 to S-RR-06. */
import type { Endpoint } from "../../../src/contract/contract.js";
import { type Fields, memberOf, objectIn } from "../content.js";
import type { Line } from "../frame-proxy.js";
import { altered, type Mutant, type Variant } from "../mutant.js";

/** A pong of `workflow` with another token; without one where that is undefined. */
const pongWith = (token: unknown): string =>
  JSON.stringify({ event: "pong", ...(token === undefined ? {} : { data: { token } }) });

const isPing = (frame: Fields | undefined): boolean => frame?.["cmd"] === "ping";
const isPong = (frame: Fields | undefined): boolean => frame?.["event"] === "pong";
const tokenOf = (frame: Fields | undefined): unknown => memberOf(frame, "data")["token"];

/** The refusals of `tasks` carry the session as a correlation id: the reference server leaves it out of some. */
const correlatedRefusals: Variant = {
  name: "tasks with ids in its refusals",
  channel: "tasks",
  declare: (endpoint: Endpoint) => ({
    ...endpoint,
    events: endpoint.events.map((event) =>
      event.name === "error" ? { ...event, correlation: "/session_id" } : event,
    ),
  }),
};

export const correlationMutants: readonly Mutant[] = [
  altered({
    name: "one-reply-for-several",
    fault: "Answers only the last of several pings that came at once.",
    channel: "workflow",
    killedBy: "S-RR-02",
    alter: () => {
      let waiting = 0;
      return {
        command(text) {
          if (isPing(objectIn(text))) waiting += 1;
          return undefined;
        },
        event(text) {
          if (!isPong(objectIn(text))) return undefined;
          waiting -= 1;
          return waiting > 0 ? [] : undefined;
        },
      };
    },
  }),
  altered({
    name: "latest-token-for-all",
    fault: "Answers each of several pings with the token of the latest.",
    channel: "workflow",
    killedBy: "S-RR-02",
    alter: () => {
      let latest: unknown;
      return {
        command(text) {
          const frame = objectIn(text);
          if (isPing(frame)) latest = tokenOf(frame);
          return undefined;
        },
        event: (text) => (isPong(objectIn(text)) ? [pongWith(latest)] : undefined),
      };
    },
  }),
  altered({
    name: "third-request-lost",
    fault: "Loses each third ping of a connection.",
    channel: "pipeline",
    killedBy: "S-RR-02",
    alter: () => {
      let pings = 0;
      return {
        command(text) {
          if (objectIn(text)?.["type"] !== "ping") return undefined;
          pings += 1;
          return pings % 3 === 0 ? [] : undefined;
        },
      };
    },
  }),
  altered({
    name: "empty-id-ignored",
    fault: "Takes an empty token for none.",
    channel: "workflow",
    killedBy: "S-RR-03",
    alter: () => ({
      event(text) {
        const frame = objectIn(text);
        return isPong(frame) && tokenOf(frame) === "" ? [pongWith(undefined)] : undefined;
      },
    }),
  }),
  altered({
    name: "long-id-cut",
    fault: "Cuts tokens after 48 characters.",
    channel: "workflow",
    killedBy: "S-RR-03",
    alter: () => ({
      event(text) {
        const frame = objectIn(text);
        const token = tokenOf(frame);
        return isPong(frame) && typeof token === "string" && token.length > 48
          ? [pongWith(token.slice(0, 48))]
          : undefined;
      },
    }),
  }),
  altered({
    name: "id-in-ascii-only",
    fault: "Writes a question mark for each character of a token that is not ASCII.",
    channel: "workflow",
    killedBy: "S-RR-03",
    alter: () => ({
      event(text) {
        const frame = objectIn(text);
        const token = tokenOf(frame);
        return isPong(frame) && typeof token === "string"
          ? [pongWith(token.replace(/[^\u0000-\u007f]/g, "?"))]
          : undefined;
      },
    }),
  }),
  altered({
    name: "id-used-again-dropped",
    fault: "Drops a ping with the token of the one before.",
    channel: "workflow",
    killedBy: "S-RR-03",
    alter: () => {
      let before: unknown;
      return {
        command(text) {
          const frame = objectIn(text);
          if (!isPing(frame)) return undefined;
          const token = tokenOf(frame);
          const again = token !== undefined && token === before;
          before = token;
          return again ? [] : undefined;
        },
      };
    },
  }),
  altered({
    name: "reply-to-another-connection",
    fault: "Keeps the last token for the whole server: a ping is answered with that of another connection.",
    channel: "workflow",
    killedBy: "S-RR-04",
    needs: ["S-RR-01", "S-CD-05"],
    across: () => {
      let last: unknown;
      return () => ({
        event(text) {
          const frame = objectIn(text);
          if (!isPong(frame)) return undefined;
          const token = tokenOf(frame);
          const given = last ?? token;
          last = token;
          return [pongWith(given)];
        },
      });
    },
  }),
  altered({
    name: "session-of-another-subscriber",
    fault: "Confirms one subscription in a while with a session that somebody else asked for.",
    channel: "tasks",
    killedBy: "S-RR-04",
    needs: ["S-RR-01"],
    across: () => {
      let before: unknown;
      return () => ({
        event(text) {
          const frame = objectIn(text);
          if (frame?.["event"] !== "subscribed") return undefined;
          const session_id = before ?? frame["session_id"];
          before = frame["session_id"];
          return [JSON.stringify({ ...frame, session_id })];
        },
      });
    },
  }),
  altered({
    name: "refusal-without-id",
    fault: "Leaves the id of the request out of the refusal of an invalid one.",
    channel: "tasks",
    variant: correlatedRefusals,
    killedBy: "S-RR-05",
    alter: () => ({}),
  }),
  altered({
    name: "refusal-with-another-id",
    fault: "Refuses an invalid request under a fixed id.",
    channel: "tasks",
    variant: correlatedRefusals,
    killedBy: "S-RR-05",
    alter: () => ({
      event(text) {
        const frame = objectIn(text);
        return frame?.["event"] === "error"
          ? [JSON.stringify({ ...frame, session_id: "unknown" })]
          : undefined;
      },
    }),
  }),
  altered({
    name: "stale-reply-after-reconnect",
    fault: "Sends the pongs that a dropped connection did not take to whoever connects next.",
    channel: "workflow",
    killedBy: "S-RR-06",
    across: () => {
      const kept: string[] = [];
      return () => {
        const waiting: string[] = [];
        const giveAway = (line: Line): void => {
          for (const text of kept.splice(0)) line.toClient(text);
        };
        return {
          opened(line) {
            giveAway(line);
            // The one that dropped may be noticed later than the one that came.
            for (const ms of [50, 100, 200]) line.later(ms, () => giveAway(line));
          },
          command(text) {
            const frame = objectIn(text);
            if (isPing(frame)) waiting.push(pongWith(tokenOf(frame)));
            return undefined;
          },
          event(text, line) {
            if (!isPong(objectIn(text))) return undefined;
            // An answer takes its time: the client may be gone by then.
            line.later(80, () => {
              waiting.shift();
              line.toClient(text);
            });
            return [];
          },
          closed() {
            kept.push(...waiting.splice(0));
          },
        };
      };
    },
  }),
  altered({
    name: "pongs-kept-for-the-next",
    fault: "Answers on the next connection to a pipeline what a dropped one asked, a while after it came.",
    channel: "pipeline",
    killedBy: "S-RR-06",
    across: () => {
      const owed = new Map<string, string[]>();
      return () => {
        const waiting: string[] = [];
        let path = "";
        const giveAway = (line: Line): void => {
          for (const text of owed.get(path)?.splice(0) ?? []) line.toClient(text);
        };
        return {
          request(head) {
            path = head.split(/[ ?]/, 2)[1] ?? "";
            return head;
          },
          opened(line) {
            for (const ms of [50, 100, 200]) line.later(ms, () => giveAway(line));
          },
          event(text, line) {
            if (objectIn(text)?.["type"] !== "pong") return undefined;
            waiting.push(text);
            line.later(80, () => {
              waiting.shift();
              line.toClient(text);
            });
            return [];
          },
          closed() {
            owed.set(path, [...(owed.get(path) ?? []), ...waiting]);
          },
        };
      };
    },
  }),
];
