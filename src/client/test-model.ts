/**
 * What the contract says of a client that is seen from outside: sockets, statuses and time. Written from PROTOCOL.md
 * without a look at the client, so that two readings of the same rules meet.
 */

import type { ClientRules, Reconnect } from "../wire/protocol.js";
import type { ClientStatus } from "./status.js";
import type { MemorySocket, VirtualClock } from "./test-network.js";

/** Room for what is said a moment later: `doubt` of a heartbeat that has run out. */
const GRACE_MS = 250;

/** Watches one client; `violations` says what it did against the contract. */
export interface Model {
  readonly violations: string[];
  /** The application, and the platform. */
  connecting(): void;
  closing(): void;
  wake(type: string): void;
  slept(): void;
  /** The network. */
  socket(socket: MemorySocket): void;
  accepted(socket: MemorySocket): void;
  /** The server, or the network, is about to end the client's own socket. */
  ending(socket: MemorySocket, code: number): void;
  sent(socket: MemorySocket, name: string, token: string | undefined): void;
  /** The declared first event is about to arrive. */
  first(): void;
  /** A pong is about to arrive. */
  ponged(token: string | undefined): void;
  /** Something is about to arrive that the client itself has to close for. */
  fault(): void;
  status(status: ClientStatus): void;
  /** Everything that is due has happened. */
  settled(): void;
}

export function watch(protocol: ClientRules, clock: VirtualClock, random: number): Model {
  const policy = protocol.reconnect as Reconnect;
  const violations: string[] = [];
  const say = (text: string): void => {
    violations.push(`${clock.time} ms: ${text}`);
  };
  const beats = protocol.heartbeat;
  const interval = typeof beats?.intervalMs === "number" ? beats.intervalMs : Number.POSITIVE_INFINITY;
  const timeout = beats?.timeoutMs ?? Number.POSITIVE_INFINITY;

  let isRunning = false;
  let attempts = 0;
  let current: MemorySocket | undefined;
  let isUnderWay = false;
  let startedAt = 0;
  let isFirstAwaited = false;
  let openedAt: number | undefined;
  let dueAt: number | undefined;
  let isWoken = false;
  /** Why the current socket ends, when it ends. */
  let end: { readonly retry: boolean; readonly code?: number } | undefined;
  let cancelReset = (): void => {};
  let unanswered: { readonly at: number; readonly token: string | undefined }[] = [];
  let lastPing = 0;
  let isWokenSincePing = false;
  let wokeAt = Number.NEGATIVE_INFINITY;

  function delay(): number {
    const { strategy, initialDelayMs, factor, maxDelayMs, jitter } = policy;
    const grown =
      strategy === "linear" ? initialDelayMs * (attempts + 1) : initialDelayMs * factor ** attempts;
    if (jitter === "full") return random * Math.min(grown, maxDelayMs);
    return Math.min(grown * (1 + (2 * random - 1) * jitter), maxDelayMs);
  }

  function over(): void {
    current = undefined;
    isUnderWay = false;
    openedAt = undefined;
    unanswered = [];
    cancelReset();
  }

  /** What may have made the client leave by itself, when nobody ended the socket. */
  function ownReason(): { readonly retry: boolean } | undefined {
    const code = current?.closed?.code;
    if (openedAt === undefined) {
      return clock.time >= startedAt + policy.connectTimeoutMs ? { retry: true } : undefined;
    }
    if (code === 4408) {
      const [oldest] = unanswered;
      const isSilent = oldest !== undefined && clock.time >= oldest.at + timeout;
      const isLate =
        protocol.first != null && isFirstAwaited && clock.time >= openedAt + protocol.first.withinMs;
      return isSilent || isLate ? { retry: true } : undefined;
    }
    return undefined;
  }

  return {
    violations,
    connecting() {
      if (isRunning) return;
      isRunning = true;
      attempts = 0;
      dueAt = clock.time;
    },
    closing() {
      isRunning = false;
      dueAt = undefined;
      over();
    },
    wake(type) {
      if (type === "online") isWoken = true;
      isWokenSincePing = true;
    },
    slept() {
      wokeAt = clock.time;
    },
    socket(socket) {
      if (!isRunning) say("a socket after the client was closed, or had given up");
      else if (!isUnderWay) say("a socket that no rule asks for");
      if (current !== undefined) say("a second socket");
      current = socket;
    },
    accepted(socket) {
      if (socket !== current) return;
      openedAt = clock.time;
      lastPing = clock.time;
      isFirstAwaited = true;
    },
    ending(socket, code) {
      if (socket !== current || !socket.isLive) return;
      const row = openedAt === undefined ? undefined : protocol.closeCodes[code];
      const isUnclean = openedAt === undefined || code === 1006;
      end = { retry: row?.retry ?? (isUnclean || policy.onCleanClose), code };
    },
    sent(socket, name, token) {
      if (socket !== current) say("something sent on a socket that was left");
      if (name !== beats?.ping) return;
      const gap = clock.time - lastPing;
      if (gap < interval && !(isWokenSincePing && gap >= timeout)) say(`a ping after ${gap} ms`);
      lastPing = clock.time;
      isWokenSincePing = false;
      unanswered.push({ at: clock.time, token });
    },
    first() {
      isFirstAwaited = false;
    },
    ponged(token) {
      const index =
        protocol.correlation[beats?.pong ?? ""] === undefined
          ? 0
          : unanswered.findIndex((ping) => ping.token === token);
      if (index >= 0) unanswered = unanswered.slice(index + 1);
    },
    fault() {
      if (current !== undefined && openedAt !== undefined) end ??= { retry: false };
    },
    status({ state, attempt, delayMs, reason }) {
      if (state === "connected") {
        const open = openedAt;
        if (open === undefined) say("connected without an open socket");
        const left = (open ?? 0) + policy.resetAfterMs - clock.time;
        const reset = (): void => {
          attempts = 0;
        };
        if (left > 0) cancelReset = clock.after(left, reset);
        else reset();
        return;
      }
      if (state === "connecting" || (state === "reconnecting" && delayMs === undefined)) {
        if (dueAt === undefined) say("an attempt that no rule asks for");
        else if (clock.time < dueAt && !isWoken) say(`an attempt ${dueAt - clock.time} ms too early`);
        dueAt = undefined;
        end = undefined;
        isUnderWay = true;
        startedAt = clock.time;
      }
      const isEnd =
        (state === "reconnecting" && delayMs !== undefined) || state === "failed" || state === "disconnected";
      if (!isEnd || !isRunning) return;
      const why = end ?? ownReason();
      if (why === undefined) say(`${state} for no reason that a rule knows (${reason})`);
      const isLast = policy.maxAttempts !== null && attempts >= policy.maxAttempts;
      const mayRetry = why?.retry !== false && !isLast;
      over();
      if (mayRetry !== (state === "reconnecting"))
        say(`${state} where the contract says ${mayRetry ? "again" : "no more"}`);
      if (state !== "reconnecting") {
        if (isLast && why?.retry && reason !== "Max reconnection attempts reached")
          say(`failed with "${reason}"`);
        isRunning = false;
        return;
      }
      const wanted = delay();
      if (delayMs !== wanted) say(`attempt ${attempts} waits ${delayMs} ms, the contract says ${wanted}`);
      attempts++;
      if (attempt !== attempts) say(`attempt ${attempt} where it is attempt ${attempts}`);
      dueAt = clock.time + wanted;
      isWoken = false;
    },
    settled() {
      if (dueAt !== undefined && clock.time > dueAt && current === undefined)
        say("an attempt that is due was not made");
      const [oldest] = unanswered;
      const isAwake = clock.time > wokeAt + GRACE_MS;
      if (isAwake && oldest !== undefined && clock.time > oldest.at + timeout + GRACE_MS)
        say("a silent server was not left");
      if (openedAt !== undefined && clock.time > lastPing + interval) say("a ping that is due was not sent");
      if (
        current !== undefined &&
        openedAt === undefined &&
        clock.time > startedAt + policy.connectTimeoutMs
      ) {
        say("an attempt that takes too long was not given up");
      }
    },
  };
}
