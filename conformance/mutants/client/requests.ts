/** Faults with requests, and with commands that outlive their connection or have none: C-RR-01 to C-RR-05, C-RC-09, C-RC-10. */

import { WebSocket } from "ws";
import type { Client } from "../../../src/client/client.js";
import type { Json } from "../../../src/contract/contract.js";
import { memberOf, objectIn } from "../content.js";
import { altered, type ClientMutant } from "./client-mutant.js";
import type { Application, Side } from "./our-client.js";
import { guardedQueue } from "./variants.js";

/** The code of an error of a client. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** An application with a queue of its own for commands without a connection, which `flush` empties. */
function queueing(
  right: Application,
  isOpen: () => boolean,
  flush: (waiting: readonly Json[]) => readonly Json[],
): Partial<Application> {
  const waiting: Json[] = [];
  return {
    async send(command) {
      if (isOpen()) return right.send(command);
      waiting.push(command);
      return undefined;
    },
    onStatus(status) {
      right.onStatus(status);
      if (status.state !== "connected") return;
      for (const command of flush(waiting.splice(0))) right.send(command).catch(() => undefined);
    },
  };
}

/** A client that restores nothing. */
function unrestored(side: Side): Side {
  const { reconnect } = side;
  return reconnect === undefined ? side : { ...side, reconnect: { ...reconnect, restore: [] } };
}

/** An application that itself subscribes on each connection to all that it ever has. */
function resubscribing(right: Application, client: Client<unknown, unknown>): Partial<Application> {
  const subscribed: Json[] = [];
  return {
    async send(command) {
      if (objectIn(JSON.stringify(command))?.["event"] === "subscribe") subscribed.push(command);
      return right.send(command);
    },
    onStatus(status) {
      right.onStatus(status);
      if (status.state !== "connected") return;
      for (const command of subscribed) client.send(command).catch(() => undefined);
    },
  };
}

export const requestMutants: readonly ClientMutant[] = [
  altered({
    name: "replies-by-order",
    fault: "Gives each reply to the oldest request, whatever its id.",
    killedBy: "C-RR-01",
    side: (side) => ({ ...side, correlation: {} }),
  }),
  altered({
    name: "stray-reply-settles",
    fault: "Gives a reply with an unknown id to the request that was made last.",
    killedBy: "C-RR-02",
    side(side) {
      const tokens: unknown[] = [];
      return {
        ...side,
        encode(command) {
          const text = side.encode(command);
          const { token } = memberOf(objectIn(text), "data");
          if (token !== undefined) tokens.push(token);
          return text;
        },
        decode(frame) {
          const event = typeof frame === "string" ? objectIn(frame) : undefined;
          const data = memberOf(event, "data");
          const isStray = event?.["event"] === "pong" && !tokens.includes(data["token"]);
          return side.decode(
            isStray && tokens.length > 0
              ? JSON.stringify({ ...event, data: { ...data, token: tokens.at(-1) } })
              : frame,
          );
        },
      };
    },
  }),
  altered({
    name: "request-without-end",
    fault: "Waits for a reply without end.",
    channel: "tasks",
    killedBy: "C-RR-03",
    side: (side) => ({ ...side, answerMs: 1_000_000_000 }),
  }),
  altered({
    name: "request-given-up-too-soon",
    fault: "Gives a request up after a fifth of the declared time.",
    channel: "tasks",
    killedBy: "C-RR-03",
    side: (side) => ({ ...side, answerMs: side.answerMs / 5 }),
  }),
  altered({
    name: "refusal-unheard",
    fault: "Leaves a request open that was refused.",
    channel: "tasks",
    killedBy: "C-RR-04",
    side: ({ reject: _, ...side }) => side,
  }),
  altered({
    name: "refusal-without-code",
    fault: "Does not hand on the code of a refusal.",
    killedBy: "C-RR-04",
    application: (right) => ({
      async send(command) {
        try {
          return await right.send(command);
        } catch (error) {
          throw codeOf(error) === "refused" ? new Error("it failed") : error;
        }
      },
    }),
  }),
  altered({
    name: "lost-requests-forgotten",
    fault: "Settles no request of a connection that is lost.",
    killedBy: "C-RR-05",
    application: (right) => ({
      async send(command) {
        try {
          return await right.send(command);
        } catch (error) {
          if (codeOf(error) === "connection-lost") return new Promise(() => undefined);
          throw error;
        }
      },
    }),
  }),
  altered({
    name: "lost-requests-repeated",
    fault: "Sends requests of a lost connection again on the next one.",
    killedBy: "C-RR-05",
    application(right) {
      const lost: Json[] = [];
      return {
        async send(command) {
          try {
            return await right.send(command);
          } catch (error) {
            if (codeOf(error) === "connection-lost") lost.push(command);
            throw error;
          }
        },
        onStatus(status) {
          right.onStatus(status);
          if (status.state !== "connected") return;
          for (const command of lost.splice(0)) right.send(command).catch(() => undefined);
        },
      };
    },
  }),
  altered({
    name: "lost-while-offline",
    fault: "Says of a command without a connection that it was sent.",
    killedBy: "C-RC-10",
    application: (right) => ({
      async send(command) {
        try {
          return await right.send(command);
        } catch (error) {
          if (codeOf(error) === "offline") return undefined;
          throw error;
        }
      },
    }),
  }),
  altered({
    name: "queues-what-it-should-reject",
    fault: "Keeps commands without a connection for the next one, where they are to be rejected.",
    channel: "pipeline",
    killedBy: "C-RC-10",
    options: () => ({ offline: "queue" }),
  }),
  altered({
    name: "rejects-what-it-should-queue",
    fault: "Rejects commands without a connection, where they are to wait for one.",
    variant: guardedQueue,
    killedBy: "C-RC-10",
    options: () => ({ offline: "reject" }),
  }),
  altered({
    name: "queue-flushed-twice",
    fault: "Sends what has waited twice.",
    variant: guardedQueue,
    killedBy: "C-RC-10",
    side: (side) => ({ ...side, lifecycles: [] }),
    application: (right, _, client) =>
      queueing(
        right,
        () => client.status.state === "connected",
        (waiting) => [...waiting, ...waiting],
      ),
  }),
  altered({
    name: "no-re-subscription",
    fault: "Forgets on a new connection what it had subscribed to.",
    channel: "tasks",
    killedBy: "C-RC-09",
    side: unrestored,
  }),
  altered({
    name: "re-subscribes-twice",
    fault: "Sends twice what it brings back on a new connection.",
    channel: "tasks",
    killedBy: "C-RC-09",
    socket() {
      let sockets = 0;
      return class Twice extends WebSocket {
        readonly #nth = sockets++;

        override send(frame: string | Uint8Array): void {
          super.send(frame);
          if (this.#nth > 0 && objectIn(String(frame))?.["event"] === "subscribe") super.send(frame);
        }
      };
    },
  }),
  altered({
    name: "re-subscribes-what-has-ended",
    fault: "Subscribes again to what it has unsubscribed from.",
    channel: "tasks",
    killedBy: "C-RC-09",
    side: unrestored,
    application: (right, _, client) => resubscribing(right, client),
  }),
];
