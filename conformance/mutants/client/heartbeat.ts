/** Faults in the heartbeat: C-HB-01 to C-HB-07. */

import { WebSocket } from "ws";
import type { Json } from "../../../src/contract/contract.js";
import type { Heartbeat } from "../../../src/wire/protocol.js";
import { altered, type ClientMutant } from "./client-mutant.js";
import type { Alteration, Side } from "./our-client.js";
import { pingedByServer, TOLD, toldBeat } from "./variants.js";

/** A client that takes another heartbeat for the declared one. */
function beating(change: Partial<Heartbeat>): Pick<Alteration, "side"> {
  return {
    side: (side: Side) => ({ ...side, heartbeat: { mode: "none", ...side.heartbeat, ...change } }),
  };
}

const PING = { cmd: "ping" };

/** Longer than any run. */
const NEVER_MS = 1_000_000_000;

export const heartbeatMutants: readonly ClientMutant[] = [
  altered({
    name: "never-pings",
    fault: "Has no heartbeat.",
    killedBy: "C-HB-01",
    ...beating({ mode: "none" }),
  }),
  altered({
    name: "pings-every-3-s",
    fault: "Pings ten times as often as declared.",
    killedBy: "C-HB-01",
    ...beating({ intervalMs: 3000 }),
  }),
  altered({
    name: "pings-once",
    fault: "Pings at open, and never again.",
    killedBy: "C-HB-01",
    ...beating({ intervalMs: NEVER_MS }),
    application: (right, _, client) => ({
      onStatus(status) {
        right.onStatus(status);
        if (status.state === "connected") client.send(PING).catch(() => undefined);
      },
    }),
  }),
  altered({
    name: "missed-pong-ignored",
    fault: "Waits for a pong without end.",
    killedBy: "C-HB-03",
    ...beating({ timeoutMs: NEVER_MS }),
  }),
  altered({
    name: "any-event-is-a-pong",
    fault: "Takes whatever comes for the pong that alone is a sign of life.",
    killedBy: "C-HB-03",
    ...beating({ life: "any" }),
  }),
  altered({
    name: "gives-a-server-up-too-soon",
    fault: "Waits four seconds for a pong where ten are declared.",
    killedBy: "C-HB-03",
    ...beating({ timeoutMs: 4000 }),
  }),
  altered({
    name: "silence-is-the-end",
    fault: "Does not come back to a server that was silent.",
    killedBy: "C-HB-03",
    options: () => ({ shouldRetry: ({ code }) => (code === 4408 ? false : undefined) }),
  }),
  altered({
    name: "timely-pong-too-late",
    fault: "Waits a little less for a pong than declared.",
    timeScale: 0.1,
    killedBy: "C-HB-04",
    ...beating({ timeoutMs: 8500 }),
  }),
  altered({
    name: "pong-without-effect",
    fault: "Counts from the first ping, whatever was answered since.",
    channel: "pipeline",
    timeScale: 0.1,
    killedBy: "C-HB-04",
    side: (side) => ({
      ...side,
      heartbeat: { mode: "none", ...side.heartbeat, pong: "a name that no event has" },
    }),
  }),
  altered({
    name: "waits-for-the-old-socket",
    fault: "Makes no attempt before the old socket has said that it is closed.",
    killedBy: "C-HB-05",
    ...waitingForClose(),
  }),
  altered({
    name: "leaked-heartbeat",
    fault: "Lets the heartbeat of a lost connection beat on.",
    killedBy: "C-HB-06",
    ...beating({ mode: "none" }),
    application: (right, { clock, timeScale }, client) => ({
      onStatus(status) {
        right.onStatus(status);
        if (status.state !== "connected") return;
        clock.setInterval(() => client.send(PING).catch(() => undefined), 30_000 * timeScale);
      },
    }),
  }),
  altered({
    name: "ping-of-the-server-unanswered",
    fault: "Takes the server's ping for an event like any other.",
    variant: pingedByServer,
    killedBy: "C-HB-02",
    ...beating({ mode: "none", initiator: "client" }),
  }),
  altered({
    name: "pong-without-its-token",
    fault: "Answers the server's pings without their tokens.",
    variant: pingedByServer,
    killedBy: "C-HB-02",
    side: (side) => ({ ...side, correlation: {} }),
  }),
  altered({
    name: "told-interval-unread",
    fault: "Pings as often as it always did, whatever the server tells.",
    variant: toldBeat,
    killedBy: "C-HB-07",
    ...beating({ intervalMs: 30_000 }),
  }),
  altered({
    name: "told-interval-unbounded",
    fault: "Takes any interval for one, and floods the server for 0.",
    variant: toldBeat,
    killedBy: "C-HB-07",
    ...beating({ mode: "none" }),
    application: (right, { clock }, client) => ({
      onEvent(event, name) {
        right.onEvent(event, name);
        if (name !== TOLD.message) return;
        const { beat_ms: ms } = { beat_ms: null, ...(event as Record<string, Json>) };
        if (typeof ms !== "number") return;
        clock.setInterval(() => client.send({ type: "ping" }).catch(() => undefined), ms);
      },
    }),
  }),
];

/** The URL is told only when every socket before is closed. */
function waitingForClose(): Alteration {
  const old = new Map<string, WebSocket[]>();
  return {
    socket: ({ caseId }) =>
      class Remembered extends WebSocket {
        constructor(url: string, protocols: string[], options?: object) {
          super(url, protocols, options);
          old.set(caseId, [...(old.get(caseId) ?? []), this]);
        }
      },
    options: ({ caseId, url }) => ({
      reconnect: { connectTimeoutMs: NEVER_MS },
      async url() {
        const sockets = old.get(caseId) ?? [];
        await Promise.all(
          sockets.map(
            (socket) =>
              socket.readyState === WebSocket.CLOSED ||
              new Promise((resolve) => socket.once("close", resolve)),
          ),
        );
        return url;
      },
    }),
  };
}
