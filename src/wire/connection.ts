/**
 * A socket that speaks a contract, seen from the side that decides: every frame is decoded, offered to the lifecycle
 * guard and handed to a member of the channel; every event is checked and encoded on its way out.
 *
 * What it promises (PROTOCOL.md#connections): a bad frame is refused once and changes nothing; a handler that throws
 * costs one `internal` and no connection; nothing is sent after a close; the queue is bounded.
 */

import type { Cancel, Clock } from "./clock.js";
import { type CloseCause, closeCodeOf } from "./close-codes.js";
import { createGuard, type Guard, touchingNames } from "./guard.js";
import type { ProtocolSide } from "./protocol.js";
import { type Refusal, refusalOf } from "./refusal.js";
import type { Acknowledge, SharedFrame, Socket } from "./socket.js";

/** One client, as the handlers of a channel see it. */
export interface Connection<Out> {
  readonly id: string;
  /**
   * Sends an event; `false` when the connection is closed or closing. `shared` is its frame, when the caller encoded it
   * for many. Throws {@link IllegalEvent} or the codec's EncodeError: both are faults of the caller.
   */
  emit(event: Out, shared?: SharedFrame): boolean;
  /** Tells the guard that another connection moved what this one shares. */
  other(lifecycle: string, key: unknown, to: string): boolean;
  /** State of a lifecycle (of one key). */
  state(lifecycle: string, key?: unknown): string;
  /** Starts the closing handshake with the code of `cause`. */
  close(cause: CloseCause, reason?: string): void;
  /** Destroys the socket without a handshake. */
  drop(): void;
  /** Bytes that the client has not taken yet. */
  buffered(): number;
}

/** What a channel does for one connection. */
export interface Member<In, Out> {
  /** Handles a command that the guard let through. A returned refusal takes it back: no state has changed. */
  take(command: In, connection: Connection<Out>): Refusal | undefined;
  /** Looks at a command before the guard does, for refusals that go before `illegal-state`. */
  inspect?(command: In, connection: Connection<Out>): Refusal | undefined;
  /**
   * The event that says a refusal; `command` is absent when the frame did not decode. `undefined` where the protocol
   * has no such event: then nothing is sent, and saying it elsewhere is the member's business.
   */
  refuse(refusal: Refusal, command: In | undefined): Out | undefined;
  /** The connection is gone: everything that it held is to be released. */
  left(): void;
}

/** What became of a connection, when it is over. */
export interface ConnectionEnd {
  readonly id: string;
  readonly code: number;
  readonly reason: string;
  readonly durationMs: number;
  readonly commands: number;
  readonly events: number;
  readonly refused: number;
}

export interface ConnectionOptions<In, Out> {
  readonly id: string;
  readonly protocol: ProtocolSide<In, Out>;
  readonly socket: Socket;
  readonly clock: Clock;
  /** Multiplies every duration of the contract. */
  readonly timeScale: number;
  /** Called once, before any frame: what it returns is the connection's own. It may emit. */
  readonly join: (connection: Connection<Out>) => Member<In, Out>;
  /** The payload of a value, which lifecycles point into; by default the value, or element 1 under Socket.IO. */
  readonly payloadOf?: (value: In | Out) => unknown;
  /** Commands allowed in a window; the protocol's `rate` where absent. */
  readonly rate?: ProtocolSide<In, Out>["rate"];
  /** Commands that may wait under `queued`; 16 where absent. */
  readonly waiting?: number;
  /** A bug of a handler or of the codec, for whoever watches the server; the client sees only `internal`. */
  readonly onFault: (fault: unknown) => void;
  readonly onEnd: (end: ConnectionEnd) => void;
}

/** A server was about to send what its own contract forbids. */
export class IllegalEvent extends Error {
  override readonly name = "IllegalEvent";
}

const SEND_QUEUE_BYTES = 4 * 1024 * 1024;
const WAITING = 16;
/** How long a peer may take to answer a Close before its socket is destroyed; not scaled below a second. */
const CLOSE_MS = 5_000;
/** Share of the grace that passes between the bound of a silence and the close. */
const DOUBT_SHARE = 0.1;

/** Makes a connection of an open socket and returns it; it lives until the socket's end. */
export function openConnection<In, Out>(options: ConnectionOptions<In, Out>): Connection<Out> {
  const { protocol, socket, clock, timeScale } = options;
  const guard: Guard = createGuard(protocol);
  // One set for all connections: a thousand guards need not be asked about what none of them follows.
  const touching = touchingNames(protocol);
  const payloadOf = options.payloadOf ?? (protocol.transport === "socket.io" ? second : identity);
  const sendQueueBytes = protocol.sendQueueBytes ?? SEND_QUEUE_BYTES;
  const rate = options.rate ?? protocol.rate;
  const openedAt = clock.now();
  const waiting: { command: In; acknowledge: Acknowledge | undefined }[] = [];
  const counts = { commands: 0, events: 0, refused: 0 };

  let phase: "open" | "closing" | "closed" = "open";
  let member: Member<In, Out> | undefined;
  let lastLife = openedAt;
  let cancelPatience: Cancel = () => {};
  let cancelDestroy: Cancel = () => {};
  let windowStart = openedAt;
  let inWindow = 0;
  let draining = false;

  const connection: Connection<Out> = {
    id: options.id,

    emit(event, shared) {
      if (phase !== "open") return false;
      const name = shared?.name ?? protocol.nameOf(event);
      const frame = shared ?? protocol.encode(event);
      if (touching.has(name) && guard.emit(name, payloadOf(event)) === "illegal") {
        throw new IllegalEvent(
          `${protocol.name}: ${name} is illegal in the state of connection ${options.id}`,
        );
      }
      counts.events++;
      if (typeof frame !== "string" && socket.sendShared !== undefined) {
        // It says itself when it leaves something queued.
        socket.sendShared(frame);
      } else {
        socket.send(typeof frame === "string" ? frame : frame.text);
        closeSlow();
      }
      if (waiting.length > 0 && phase === "open") scheduleWaiting();
      return true;
    },

    other: (lifecycle, key, to) => guard.other(lifecycle, key, to),
    state: (lifecycle, key) => guard.state(lifecycle, key),

    close(cause, reason = cause) {
      if (phase !== "open") return;
      phase = "closing";
      cancelPatience();
      socket.close(closeCodeOf(protocol, cause), reason);
      cancelDestroy = clock.after(Math.max(1_000, CLOSE_MS * timeScale), () => socket.close());
    },

    drop() {
      if (phase === "closed") return;
      phase = "closing";
      cancelPatience();
      socket.close();
    },

    buffered: () => socket.buffered(),
  };

  /** Over the bound nothing is thinned: what is queued stays contiguous, then comes the Close. */
  function closeSlow(): void {
    if (socket.buffered() <= sendQueueBytes) return;
    connection.close("slow-consumer", "too slow: the send queue is full");
  }

  function received(frame: string | Uint8Array, acknowledge: Acknowledge | undefined): void {
    if (phase !== "open" || member === undefined) return;
    if (protocol.heartbeat?.patience?.life !== "ping") lastLife = clock.now();
    if (typeof frame !== "string" && protocol.frames === "text") {
      connection.close("binary", "this endpoint speaks text frames");
      return;
    }
    if (exceeded()) {
      const text = `More than ${rate?.messages} messages in ${(rate?.perMs ?? 0) * timeScale} ms; slow down.`;
      if (rate?.answer === "close") connection.close("too-many", "rate exceeded");
      else refuse({ code: "rate-limited", text }, undefined, acknowledge);
      return;
    }
    const decoded = protocol.decode(frame);
    if (!decoded.ok) {
      if (decoded.error.code === "unknown-message" && protocol.unknown?.receive === "ignore") return;
      refuse(refusalOf(decoded.error), undefined, acknowledge);
      return;
    }
    counts.commands++;
    if (protocol.nameOf(decoded.value) === protocol.heartbeat?.ping) lastLife = clock.now();
    offer(decoded.value, acknowledge, false);
  }

  /** Offers a command to inspection, guard and member, in this order. False: it waits on. */
  function offer(command: In, acknowledge: Acknowledge | undefined, waited: boolean): boolean {
    if (member === undefined) return true;
    const name = protocol.nameOf(command);
    // Nothing overtakes what waits: order of arrival is order of answers.
    const queued = !waited && waiting.length > 0 && isQueued(name);
    try {
      const found = member.inspect?.(command, connection);
      if (found !== undefined) {
        refuse(found, command, acknowledge);
        return true;
      }
      const taken = queued ? undefined : guard.take(name, payloadOf(command));
      if (taken === undefined || (!taken.accepted && taken.refused === "waits")) {
        if (waited) return false;
        if (waiting.length < (options.waiting ?? WAITING)) waiting.push({ command, acknowledge });
        else
          refuse(
            { code: "rate-limited", text: `${waiting.length} commands wait already; send this one later.` },
            command,
            acknowledge,
          );
        return true;
      }
      if (!taken.accepted) {
        const legal = taken.legal.length === 0 ? "none" : taken.legal.join(", ");
        const text = `${name} is not possible in state ${taken.state}; commands possible there: ${legal}.`;
        refuse({ code: taken.refused, text }, command, acknowledge);
        return true;
      }
      try {
        const refusal = member.take(command, connection);
        if (refusal !== undefined) {
          taken.undo();
          refuse(refusal, command, acknowledge);
          return true;
        }
      } catch (fault) {
        taken.undo();
        throw fault;
      }
      acknowledge?.({ ok: true });
      if (taken.closes) connection.close("done");
    } catch (fault) {
      options.onFault(fault);
      refuse(
        { code: "internal", text: "The server failed on this command; it had no effect." },
        command,
        acknowledge,
      );
    }
    return true;
  }

  function refuse(refusal: Refusal, command: In | undefined, acknowledge: Acknowledge | undefined): void {
    if (phase !== "open" || member === undefined) return;
    counts.refused++;
    try {
      acknowledge?.({ ok: false, code: refusal.code, message: refusal.text });
      const event = member.refuse(refusal, command);
      if (event !== undefined) connection.emit(event);
    } catch (fault) {
      // A refusal that cannot be said would be silence: the connection is of no use any more.
      options.onFault(fault);
      connection.close("internal", "the server failed");
    }
  }

  function isQueued(name: string): boolean {
    return protocol.lifecycles.some((lifecycle) => lifecycle.queued.includes(name));
  }

  /** After the handler that emitted has returned, so that no command starts in the middle of another's answer. */
  function scheduleWaiting(): void {
    if (draining) return;
    draining = true;
    queueMicrotask(() => {
      draining = false;
      for (let head = waiting.shift(); head !== undefined; head = waiting.shift()) {
        if (phase !== "open") return;
        if (!offer(head.command, head.acknowledge, true)) {
          waiting.unshift(head);
          return;
        }
      }
    });
  }

  function exceeded(): boolean {
    if (rate === undefined) return false;
    const now = clock.now();
    if (now - windowStart >= rate.perMs * timeScale) {
      windowStart = now;
      inWindow = 0;
    }
    return ++inWindow > rate.messages;
  }

  /** Closes a client that stays silent (`x-ws-heartbeat.patience`); one timer, moved on when it fires too early. */
  function watchSilence(): void {
    const patience = protocol.heartbeat?.patience;
    if (patience === undefined || protocol.heartbeat?.initiator === "server") return;
    const bound = patience.ms * timeScale;
    const doubt = Math.ceil(patience.graceMs * DOUBT_SHARE * timeScale);
    let doubted = false;
    const look = (): void => {
      const left = lastLife + bound - clock.now();
      if (left <= 0 && doubted) {
        connection.close("heartbeat", "no sign of life");
        return;
      }
      // A process that was held up finds its timers due before it has read what waits in its sockets: read first.
      doubted = left <= 0;
      cancelPatience = clock.after(doubted ? doubt : Math.ceil(left), look);
    };
    cancelPatience = clock.after(Math.ceil(bound), look);
  }

  socket.listen({
    frame: received,
    beat() {
      if (protocol.heartbeat?.patience?.life !== "ping") lastLife = clock.now();
      // Pongs are owed as well: a client that pings and never reads must not grow the queue.
      closeSlow();
    },
    behind: closeSlow,
    closed(code, reason) {
      if (phase === "closed") return;
      phase = "closed";
      cancelPatience();
      cancelDestroy();
      waiting.length = 0;
      try {
        member?.left();
      } catch (fault) {
        options.onFault(fault);
      }
      options.onEnd({ id: options.id, code, reason, durationMs: clock.now() - openedAt, ...counts });
    },
  });
  watchSilence();
  try {
    member = options.join(connection);
  } catch (fault) {
    options.onFault(fault);
    connection.close("internal", "the server failed");
  }
  return connection;
}

function identity(value: unknown): unknown {
  return value;
}

/** A Socket.IO frame is `[event name, payload]`. */
function second(value: unknown): unknown {
  return Array.isArray(value) ? value[1] : undefined;
}
