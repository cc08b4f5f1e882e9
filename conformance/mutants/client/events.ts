/** Faults with events and commands: C-CD-01 to C-CD-07, C-SM-01, C-SM-03, C-SM-04, C-RB-01. */

import { WebSocket } from "ws";
import type { Json } from "../../../src/contract/contract.js";
import type { Decoded } from "../../../src/wire/protocol.js";
import { objectIn } from "../content.js";
import { altered, type ClientMutant } from "./client-mutant.js";
import type { Alteration, Side } from "./our-client.js";
import { openedByEvent } from "./variants.js";

/** A client that decodes events otherwise. */
function decoding(decode: (text: string, side: Side) => Decoded<unknown>): Pick<Alteration, "side"> {
  return {
    side: (side) => ({
      ...side,
      decode: (frame) => decode(typeof frame === "string" ? frame : Buffer.from(frame).toString(), side),
    }),
  };
}

/** A client that writes its commands otherwise. */
function encoding(encode: (command: Record<string, unknown>) => unknown): Pick<Alteration, "side"> {
  return {
    side: (side) => ({
      ...side,
      encode: (command) => JSON.stringify(encode(objectIn(side.encode(command)) ?? {})),
    }),
  };
}

/** A client that follows no lifecycle. */
const stateless: Pick<Alteration, "side"> = { side: (side) => ({ ...side, lifecycles: [] }) };

/** A client that waits for no event before it is connected. */
const hasty: Pick<Alteration, "side"> = { side: (side) => ({ ...side, first: null, lifecycles: [] }) };

/** A command that opens nothing before the session is open. */
const QUESTION = { type: "message", message: [{ type: "Plain", text: "Anybody there?" }] };

export const eventMutants: readonly ClientMutant[] = [
  altered({
    name: "sends-what-its-schema-refuses",
    fault: "Sends commands whose data are a number.",
    killedBy: "C-CD-01",
    ...encoding((command) => ({ ...command, data: 7 })),
  }),
  altered({
    name: "sends-in-a-state-that-forbids-it",
    fault: "Resumes at open what never ran.",
    killedBy: "C-CD-01",
    ...stateless,
    options: () => ({
      onReady: async ({ send }) => {
        // The types of commands are those of the channel.
        await send({ cmd: "resume_session", data: {} } as never);
      },
    }),
  }),
  altered({
    name: "delivers-twice",
    fault: "Delivers every event twice.",
    killedBy: "C-CD-02",
    application: (right) => ({
      onEvent(event, name) {
        right.onEvent(event, name);
        right.onEvent(event, name);
      },
    }),
  }),
  altered({
    name: "forgets-a-field",
    fault: "Drops the timestamps of events.",
    killedBy: "C-CD-02",
    application: (right) => ({
      onEvent(event, name) {
        const { timestamp: _, ...rest } = { ...(event as Record<string, Json>) };
        right.onEvent(rest, name);
      },
    }),
  }),
  altered({
    name: "dies-of-an-unknown-event",
    fault: "Throws at an event whose name it does not know.",
    killedBy: "C-CD-03",
    ...decoding((text, side) => {
      const decoded = side.decode(text);
      if (!decoded.ok && decoded.error.code === "unknown-message") throw new Error(decoded.error.hint);
      return decoded;
    }),
  }),
  altered({
    name: "closes-at-an-unknown-event",
    fault: "Ends the connection at an event whose name it does not know.",
    channel: "pipeline",
    killedBy: "C-CD-03",
    application: (_right, _scene, client) => {
      client.onUnknown(() => client.close(1002));
      return {};
    },
  }),
  altered({
    name: "dies-of-broken-json",
    fault: "Throws at a text that is no JSON.",
    killedBy: "C-CD-04",
    ...decoding((text, side) => {
      JSON.parse(text);
      return side.decode(text);
    }),
  }),
  altered({
    name: "invalid-event-delivered",
    fault: "Delivers events that their schema refuses.",
    killedBy: "C-CD-04",
    ...decoding((text, side) => {
      const decoded = side.decode(text);
      if (decoded.ok || decoded.error.code !== "invalid-payload") return decoded;
      const value = objectIn(text);
      return { ok: true, value, name: String(value?.["event"]) };
    }),
  }),
  altered({
    name: "invalid-event-hidden",
    fault: "Drops in silence what its schema refuses.",
    channel: "answer",
    killedBy: "C-CD-04",
    application: (right) => ({
      onError(error) {
        if (error.code !== "invalid-payload") right.onError(error);
      },
    }),
  }),
  altered({
    name: "copies-by-assignment",
    fault: "Copies the fields of events one by one, __proto__ among them.",
    killedBy: "C-CD-05",
    application: (right) => ({
      onEvent(event, name) {
        // An event of this channel is an object.
        const fields = event as Record<string, Json>;
        const copy: Record<string, Json> = {};
        for (const key of Object.keys(fields)) copy[key] = fields[key] ?? null;
        right.onEvent(copy, name);
      },
    }),
  }),
  altered({
    name: "text-ends-at-nul",
    fault: "Cuts texts off at a NUL character.",
    channel: "answer",
    killedBy: "C-CD-05",
    application: (right) => ({
      onEvent(event, name) {
        const cut: Json = JSON.parse(JSON.stringify(event).replace(/\\u0000[^"]*/g, ""));
        right.onEvent(cut, name);
      },
    }),
  }),
  altered({
    name: "type-for-cmd",
    fault: "Names its commands by `type`, where `cmd` is declared.",
    killedBy: "C-CD-06",
    ...encoding(({ cmd, ...rest }) => ({ type: cmd, ...rest })),
  }),
  altered({
    name: "reads-type-for-event",
    fault: "Takes the name of an event from `type` where there is no `event`.",
    killedBy: "C-CD-07",
    ...decoding((text, side) => {
      const { type, ...rest } = objectIn(text) ?? {};
      return side.decode(
        type !== undefined && rest["event"] === undefined ? JSON.stringify({ event: type, ...rest }) : text,
      );
    }),
  }),
  altered({
    name: "wrong-field-hidden",
    fault: "Drops in silence an event that another field names.",
    channel: "tasks",
    killedBy: "C-CD-07",
    application: (right) => ({
      onError(error) {
        if (error.code !== "wrong-discriminator") right.onError(error);
      },
    }),
  }),
  altered({
    name: "speaks-before-the-session-is-open",
    fault: "Sends its first command at open, though an event has to open the session.",
    variant: openedByEvent,
    killedBy: "C-SM-01",
    ...hasty,
    options: () => ({
      onReady: async ({ send }) => {
        // The types of commands are those of the channel.
        await send(QUESTION as never);
      },
    }),
  }),
  altered({
    name: "flushes-before-ready",
    fault: "Empties its queue at open, though an event has to open the session.",
    variant: openedByEvent,
    killedBy: "C-SM-01",
    ...hasty,
    options: () => ({ offline: "queue" }),
    application: (right, _, client) => ({
      onStatus(status) {
        right.onStatus(status);
        if (status.state === "connecting") client.send(QUESTION).catch(() => undefined);
      },
    }),
  }),
  altered({
    name: "events-overtake",
    fault: "Hands every second event on a little later than the one behind it.",
    killedBy: "C-SM-03",
    application(right) {
      let count = 0;
      return {
        onEvent(event, name) {
          count += 1;
          if (count % 2 === 0) right.onEvent(event, name);
          else setTimeout(() => right.onEvent(event, name), 5);
        },
      };
    },
  }),
  altered({
    name: "every-third-event-lost",
    fault: "Drops every third event.",
    channel: "answer",
    killedBy: "C-SM-03",
    application(right) {
      let count = 0;
      return {
        onEvent(event, name) {
          count += 1;
          if (count % 3 !== 0) right.onEvent(event, name);
        },
      };
    },
  }),
  altered({
    name: "illegal-event-unnoticed",
    fault: "Follows no lifecycle, and finds every event legal.",
    killedBy: "C-SM-04",
    ...stateless,
  }),
  altered({
    name: "closes-at-an-illegal-event",
    fault: "Ends the connection at an event that its state forbids.",
    channel: "tasks",
    killedBy: "C-SM-04",
    application: (right, _, client) => ({
      onError(error) {
        right.onError(error);
        if (error.code === "illegal-state") client.close(1002);
      },
    }),
  }),
  altered({
    name: "chokes-on-a-flood",
    fault: "Reads nothing more once 200 events have come in one second.",
    killedBy: "C-RB-01",
    socket: () =>
      class Choking extends WebSocket {
        constructor(url: string, protocols: string[], options?: object) {
          super(url, protocols, options);
          let count = 0;
          let since = performance.now();
          this.on("message", () => {
            if (performance.now() - since > 1000) {
              since = performance.now();
              count = 0;
            }
            count += 1;
            if (count > 200) this.pause();
          });
        }
      },
  }),
];
