/** Faults in coming back: C-HS-06, C-HS-07, C-RC-01 to C-RC-08, C-RC-11, and what they do to refused credentials: C-SM-02. */

import { WebSocket } from "ws";
import type { ClientOptions } from "../../../src/client/client.js";
import { altered, type ClientMutant } from "./client-mutant.js";
import type { Alteration } from "./our-client.js";
import { guardedQueue, spreadOut } from "./variants.js";

/** A client that takes another policy for the declared one. */
function believing(reconnect: NonNullable<ClientOptions["reconnect"]>): Alteration {
  return { options: () => ({ reconnect }) };
}

/** A client whose table of close codes says something else of one. */
function retrying(code: number, retry: boolean): Alteration {
  return {
    side: (side) => {
      const row = side.closeCodes[code] ?? { cause: [], by: "both" as const };
      return { ...side, closeCodes: { ...side.closeCodes, [code]: { ...row, retry } } };
    },
  };
}

/** Longer than any run. */
const NEVER_MS = 1_000_000_000;

export const policyMutants: readonly ClientMutant[] = [
  altered({
    name: "waits-for-a-response-for-ever",
    fault: "Never gives up an attempt that gets no response.",
    killedBy: "C-HS-06",
    ...believing({ connectTimeoutMs: NEVER_MS }),
  }),
  altered({
    name: "waits-for-a-response-too-briefly",
    fault: "Gives up an attempt after 2 s, though 10 s are declared.",
    killedBy: "C-HS-06",
    ...believing({ connectTimeoutMs: 2000 }),
  }),
  altered({
    name: "double-socket-while-connecting",
    fault: "Opens a second socket where the first one takes its time.",
    killedBy: "C-HS-07",
    socket: ({ clock, timeScale }) =>
      class Doubled extends WebSocket {
        constructor(url: string, protocols: string[], options?: object) {
          super(url, protocols, options);
          clock.setTimeout(() => {
            if (this.readyState !== this.CONNECTING) return;
            const second = new WebSocket(url, protocols, options);
            second.on("error", () => second.terminate());
            this.once("close", () => second.terminate());
          }, 1000 * timeScale);
        }
      },
  }),
  altered({
    name: "double-socket-while-open",
    fault: "Connects once more as soon as it is connected.",
    killedBy: "C-HS-07",
    application: (right, { url }) => ({
      onStatus(status) {
        right.onStatus(status);
        if (status.state !== "connected") return;
        const second = new WebSocket(url);
        second.on("error", () => second.terminate());
      },
    }),
  }),
  altered({
    name: "comes-back-at-once",
    fault: "Waits for nothing before its attempts.",
    timeScale: 0.2,
    killedBy: "C-RC-01",
    ...believing({ initialDelayMs: 0 }),
  }),
  altered({
    name: "first-retry-at-once",
    fault: "Makes its first attempt at once, and only then waits.",
    timeScale: 0.2,
    killedBy: "C-RC-01",
    application: (right, _, client) => ({
      onStatus(status) {
        right.onStatus(status);
        if (status.state !== "reconnecting" || status.delayMs === undefined || status.code !== 1006) return;
        if (status.attempt > 1) return;
        client.close();
        void client.connect();
      },
    }),
  }),
  altered({
    name: "never-comes-back",
    fault: "Makes no attempt after a lost connection.",
    killedBy: "C-RC-01",
    ...believing(false),
  }),
  altered({
    name: "linear-for-exponential",
    fault: "Lets its delays grow by addition where doubling is declared.",
    killedBy: "C-RC-02",
    ...believing({ strategy: "linear" }),
  }),
  altered({
    name: "delays-do-not-grow",
    fault: "Waits the first delay again and again.",
    killedBy: "C-RC-02",
    channel: "pipeline",
    ...believing({ strategy: "exponential", factor: 1 }),
  }),
  altered({
    name: "no-cap",
    fault: "Lets its delays grow beyond the declared longest.",
    channel: "tasks",
    killedBy: "C-RC-02",
    ...believing({ maxDelayMs: NEVER_MS }),
  }),
  altered({
    name: "never-stops",
    fault: "Makes attempts without end where five are declared.",
    killedBy: "C-RC-02",
    ...believing({ maxAttempts: null }),
  }),
  altered({
    name: "one-attempt-too-few",
    fault: "Makes four attempts of five.",
    killedBy: "C-RC-02",
    ...believing({ maxAttempts: 4 }),
  }),
  altered({
    name: "jitter-that-nobody-declared",
    fault: "Halves a delay by chance where none may vary.",
    timeScale: 0.2,
    killedBy: "C-RC-02",
    options: () => ({ reconnect: { jitter: 0.9 }, random: alternating() }),
  }),
  altered({
    name: "attempts-reset-at-open",
    fault: "Takes an open for a success: the count of attempts starts anew.",
    timeScale: 0.1,
    killedBy: "C-RC-03",
    ...believing({ resetAfterMs: 0 }),
  }),
  altered({
    name: "attempts-never-reset",
    fault: "Counts attempts on, however long a connection has lasted.",
    timeScale: 0.3,
    killedBy: "C-RC-04",
    ...believing({ resetAfterMs: NEVER_MS }),
  }),
  altered({
    name: "back-after-clean-close",
    fault: "Comes back after a clean close that no row of the table retries.",
    killedBy: "C-RC-05",
    ...believing({ onCleanClose: true }),
  }),
  altered({
    name: "back-after-1000",
    fault: "Comes back although the server has said that all is done.",
    channel: "pipeline",
    killedBy: "C-RC-05",
    ...retrying(1000, true),
  }),
  altered({
    name: "away-after-restart",
    fault: "Stays away from a server that has said that it restarts.",
    killedBy: "C-RC-05",
    ...retrying(1012, false),
  }),
  altered({
    name: "back-after-close-on-purpose",
    fault: "Lets the timer of the next attempt run when it is closed.",
    killedBy: "C-RC-06",
    application: (right, _, client) => ({
      close() {
        if (client.status.state !== "reconnecting") right.close();
      },
    }),
  }),
  altered({
    name: "gives-up-in-silence",
    fault: "Never says that it has given up.",
    killedBy: "C-RC-07",
    application: (right) => ({
      onStatus(status) {
        if (status.state !== "failed") right.onStatus(status);
      },
    }),
  }),
  altered({
    name: "no-jitter",
    fault: "Waits the same time as every other client.",
    variant: spreadOut,
    timeScale: 0.6,
    killedBy: "C-RC-08",
    verdict: "warn",
    options: () => ({ random: () => 0.5 }),
  }),
  altered({
    name: "half-the-jitter",
    fault: "Draws its delays from the later half of the declared window.",
    variant: spreadOut,
    timeScale: 0.6,
    killedBy: "C-RC-08",
    verdict: "warn",
    options: ({ random }) => ({ random: () => 0.5 + random() / 2 }),
  }),
  altered({
    name: "two-attempts-an-end",
    fault: "Makes two attempts after each end of a connection.",
    killedBy: "C-RC-11",
    application: (right, { clock, url }) => ({
      onStatus(status) {
        right.onStatus(status);
        const { delayMs, state } = status;
        if (state !== "reconnecting" || delayMs === undefined) return;
        clock.setTimeout(() => {
          const second = new WebSocket(url);
          second.on("error", () => second.terminate());
        }, delayMs);
      },
    }),
  }),
  altered({
    name: "back-after-refused-credentials",
    fault: "Comes back after 4401, though nothing has changed by then.",
    variant: guardedQueue,
    killedBy: "C-SM-02",
    ...retrying(4401, true),
  }),
  altered({
    name: "storm-after-401",
    fault: "Tries again at once when its credentials are refused.",
    variant: guardedQueue,
    timeScale: 0.2,
    killedBy: "C-SM-02",
    application: (right, _, client) => ({
      onStatus(status) {
        right.onStatus(status);
        if (status.state !== "reconnecting" || status.reason !== "HTTP 401") return;
        client.close();
        void client.connect();
      },
    }),
  }),
];

/** Draws the middle first, then the beginning: the first delay is right. */
function alternating(): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return drawn === 1 ? 0.5 : 0.2;
  };
}
