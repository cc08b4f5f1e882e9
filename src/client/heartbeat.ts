import type { Cancel, Clock } from "../wire/clock.js";
import type { Heartbeat } from "../wire/protocol.js";

/** The heartbeat of one connection (PROTOCOL.md#heartbeat). */
export interface Pulse {
  /** Something arrived: sends a ping that is overdue, because timers of hidden pages are late. */
  frame(): void;
  /** The server pinged. */
  pinged(): void;
  /** The server has said its interval, in real milliseconds. */
  adopt(intervalMs: unknown): void;
  /** Network or page are back: asks whether anybody is there, out of turn at most once in each `timeoutMs`. */
  probe(): void;
  stop(): void;
}

/** Shorter intervals than this are not taken from a server: they would be a flood. */
const MIN_INTERVAL_MS = 100;

/**
 * Starts to beat, counted from now. `ping` sends one and calls its argument when the pong has come; `measured` gets
 * the milliseconds that it took; `drop` leaves the connection.
 */
export function startHeartbeat(
  { initiator, intervalMs, timeoutMs = Infinity, life }: Heartbeat,
  clock: Clock,
  scale: number,
  ping: (answered: () => void) => void,
  measured: (rttMs: number) => void,
  drop: () => void,
): Pulse {
  const isOurs = initiator !== "server";
  const timeout = timeoutMs * scale;
  let interval = typeof intervalMs === "number" ? intervalMs * scale : Infinity;
  /** When the last ping was sent, or came. */
  let last = clock.now();
  /** When the unanswered ones were sent, oldest first. */
  let unanswered: readonly number[] = [];
  let cancel: Cancel = () => {};
  let isDoubted = false;
  let isOver = false;

  function beat(): void {
    const sent = clock.now();
    last = sent;
    unanswered = [...unanswered, sent];
    ping(() => {
      measured(clock.now() - sent);
      // Whoever answers this one was there after all that came before it.
      unanswered = unanswered.filter((at) => at > sent);
    });
  }

  /** Does what is due, and waits for what is due next. */
  function look(): void {
    cancel();
    const now = clock.now();
    const due = last + interval;
    if (isOurs && now >= due) beat();
    const bound = (isOurs ? (unanswered[0] ?? Infinity) : due) + timeout;
    if (now < bound) isDoubted = false;
    // After a sleep the timer may be served before what waits in the socket: that is read first.
    else if (isDoubted) drop();
    else isDoubted = true;
    const next = Math.min(isDoubted ? now + timeout / 100 : bound, isOurs ? last + interval : Infinity);
    if (!isOver && next < Infinity) cancel = clock.after(next - now, look);
  }

  look();
  return {
    frame() {
      if (life === "any") unanswered = [];
      if (isOurs && clock.now() >= last + interval) look();
    },
    pinged() {
      last = clock.now();
      look();
    },
    adopt(said) {
      interval = typeof said === "number" && said > 0 ? Math.max(said, MIN_INTERVAL_MS) : Infinity;
      look();
    },
    probe() {
      if (isOurs && unanswered.length === 0 && clock.now() >= last + timeout) beat();
      look();
    },
    stop() {
      isOver = true;
      cancel();
    },
  };
}
