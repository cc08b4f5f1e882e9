import { type Cancel, systemClock } from "../wire/clock.js";
import { valueAt } from "../wire/pointer.js";
import type { DecodeError, MessagesByName, Protocol, ProtocolSide, Reconnect } from "../wire/protocol.js";
import { reconnectDelay } from "./backoff.js";
import { bareMessage } from "./bare-message.js";
import type { Client, Send } from "./client.js";
import { ClientError } from "./client-error.js";
import { followLifecycles } from "./course.js";
import { type Pulse, startHeartbeat } from "./heartbeat.js";
import { type Link, type LinkEnd, openLink, type Tap } from "./link.js";
import { createListeners, type Listeners } from "./listeners.js";
import type { ClientOptions, Platform, PlatformEvent, SocketConstructor } from "./options.js";
import { bytesIn, enqueue, type Waiting } from "./outbox.js";
import { answer, type Request, request } from "./requests.js";
import type { ClientState, ClientStatus } from "./status.js";

/** Where the document declares no policy, any conforms. */
const ANY_POLICY: Omit<Reconnect, "onCleanClose" | "offline" | "restore"> = {
  strategy: "exponential",
  initialDelayMs: 1_000,
  factor: 2,
  maxDelayMs: 30_000,
  jitter: "full",
  maxAttempts: 10,
  resetAfterMs: 5_000,
  connectTimeoutMs: 10_000,
};
/** Bytes that the socket may hold back before nothing more is given to it. */
const SEND_QUEUE_BYTES = 4_194_304;
const MAX_UNKNOWN = 100;
const NOT_TEXT: DecodeError = {
  code: "not-text",
  path: "",
  expected: "text",
  received: "a binary frame",
  hint: "Send text, not binary.",
};
const UTF8 = /* @__PURE__ */ new TextEncoder();

/** Makes a client of the client's side of a generated protocol. It does nothing until `connect`. */
export function createClient<In, Out, Names extends MessagesByName = MessagesByName<In, Out>>(
  side: ProtocolSide<In, Out, Names>,
  options: ClientOptions<Send<Out, Names>>,
  tap?: Tap,
): Client<In, Out, Names> {
  const { clock = systemClock, random = Math.random, timeScale = 1, signal } = options;
  // What the platform has under these names is what the types say, where it is there at all.
  const world = globalThis as Platform & { readonly WebSocket?: SocketConstructor };
  const { WebSocket: Socket = world.WebSocket, platform = world } = options;
  if (!Socket) throw new TypeError("There is no WebSocket here: give that of `ws` as an option.");
  const { first, frames, heartbeat } = side;
  const rules: Protocol = { ...side, correlation: own(side.correlation), replies: own(side.replies) };
  const policy: Partial<Reconnect> & typeof ANY_POLICY = {
    ...ANY_POLICY,
    ...side.reconnect,
    ...options.reconnect,
  };
  const { maxAttempts } = policy;
  const isQueueing = (options.offline ?? policy.offline) === "queue";

  const onError = createListeners<[ClientError]>(console.error);
  const thrown = (cause: unknown): void =>
    report(new ClientError("handler", `a handler threw ${cause}`, { cause }));
  const onStatus = createListeners<[ClientStatus]>(thrown);
  const onUnknown = createListeners<[DecodeError, string | Uint8Array]>(thrown);
  const onAny = createListeners<[In, string]>(thrown);
  const byName = new Map<string, Listeners<[In]>>();

  const open = new Set<Request<In>>();
  const queue = new Set<Waiting<Out>>();
  const course = followLifecycles<Out>(side);
  const sent = { frames: 0, bytes: 0 };
  const received = { frames: 0, bytes: 0 };
  const unknown = new Map<string, number>();
  let sockets = 0;
  let decodeErrors = 0;
  let rttMs: number | undefined;
  let tokens = 0;

  let status: ClientStatus = { state: "disconnected", attempt: 0, maxAttempts };
  /** From `connect` to the end of all attempts. */
  let isRunning = false;
  let isReady = false;
  let wasReady = false;
  /** Since the last reset. */
  let attempts = 0;
  /** There is one from the start of an attempt to the end of its connection, and never a second. */
  let link: Link | undefined;
  let pulse: Pulse | undefined;
  let openedAt: number | undefined;
  let isFirstAwaited = false;
  /** Ends what must not outlive the link. */
  let held: Cancel[] = [];
  let cancelRetry: Cancel = () => {};
  let retryAt = 0;
  let notBefore = 0;
  /** What is still to be sent again. */
  let restore: Out[] = [];

  function report(error: ClientError): void {
    if (!onError.call(error)) console.error(error);
  }

  function become(state: ClientState, more?: Partial<ClientStatus>): void {
    status = { state, attempt: attempts, maxAttempts, ...more };
    onStatus.call(status);
  }

  // Coming and going (PROTOCOL.md#reconnect)

  function attempt(): void {
    sockets++;
    openedAt = undefined;
    isFirstAwaited = !!first;
    link = openLink(
      options,
      Socket as SocketConstructor, // it is there, or this function had thrown
      options.protocols ?? side.subprotocols,
      clock,
      policy.connectTimeoutMs * timeScale,
      { opened, frame, pinged: () => pulse?.pinged(), ended, report },
      tap,
    );
    become(attempts > 0 ? "reconnecting" : "connecting");
  }

  function opened(): void {
    openedAt = clock.now();
    restore.push(...course.restart());
    startPulse();
    if (first) {
      const late = (): void => {
        if (isFirstAwaited) drop(4408, `no ${first.message} in time`);
      };
      held.push(clock.after(first.withinMs * timeScale, late));
    } else void prepare();
  }

  /** What goes before the application: its hook, and what lived on the connection before. */
  async function prepare(): Promise<void> {
    const own = link;
    try {
      // The types of replies are known to the compiler alone.
      const hook = options.onReady?.({ send: transmit as Send<Out, Names>, again: wasReady });
      if (hook) await hook;
    } catch (cause) {
      if (link !== own) return;
      report(new ClientError("setup", `onReady failed: ${cause}`, { cause }));
      drop(1000, "not ready");
    }
    if (link !== own) return;
    // What cannot be sent any more stays for the next connection.
    for (let command = restore[0]; command !== undefined && isOpen(); command = restore[0]) {
      restore.shift();
      transmit(command, side.encode(command), true).catch(report);
    }
    isReady = wasReady = true;
    const left = (openedAt ?? 0) + policy.resetAfterMs * timeScale - clock.now();
    const reset = (): void => {
      attempts = 0;
    };
    if (left > 0) held.push(clock.after(left, reset));
    else reset();
    become("connected");
    for (const { command, text, settle } of queue) {
      if (isReady && isOpen()) settle(transmit(command, text));
    }
  }

  /** Leaves the connection by our own decision, and at once. */
  function drop(code: number, reason: string, retry = true): void {
    link?.leave(code, reason);
    ended({ code, reason, retry });
  }

  function ended({ code, reason, retry: decided, retryAfterMs = 0 }: LinkEnd): void {
    const failedToOpen = openedAt === undefined;
    const isUnclean = failedToOpen || code === 1006 || code === 1015;
    const row = failedToOpen ? undefined : side.closeCodes[code];
    forget(new ClientError("connection-lost", `${code} ${reason}`));
    let retry = decided ?? row?.retry ?? (isUnclean || policy.onCleanClose);
    try {
      retry = options.shouldRetry?.({ code, reason, failedToOpen }) ?? retry;
    } catch (cause) {
      thrown(cause);
    }
    if (!retry || options.reconnect === false) {
      const isDone = !isUnclean && decided === undefined && row?.cause.includes("done") !== false;
      stop(isDone ? "disconnected" : "failed", { code, reason });
    } else if (maxAttempts !== null && attempts >= maxAttempts) {
      stop("failed", { code, reason: "Max reconnection attempts reached" });
    } else {
      const delayMs = Math.max(reconnectDelay(policy, attempts, random) * timeScale, retryAfterMs);
      attempts++;
      retryAt = clock.now() + delayMs;
      notBefore = clock.now() + retryAfterMs;
      cancelRetry = clock.after(delayMs, attempt);
      become("reconnecting", { delayMs, code, reason });
    }
  }

  /** Ends all that lived on the connection. */
  function forget(error: ClientError): void {
    link = pulse = undefined;
    isReady = false;
    for (const cancel of held) cancel();
    held = [];
    for (const { fail } of open) fail?.(error);
    open.clear();
  }

  function stop(state: ClientState, more: Partial<ClientStatus>): void {
    isRunning = false;
    cancelRetry();
    listen("removeEventListener");
    for (const { settle } of queue) settle(Promise.reject(new ClientError("closed", "it was not sent")));
    become(state, more);
  }

  function close(code = 1000, reason = ""): void {
    if (!isRunning) return;
    link?.leave(code, reason);
    forget(new ClientError("closed", "the client was closed"));
    course.restart();
    restore = [];
    stop("disconnected", { code, reason });
  }

  function abort(): void {
    close();
  }

  function listen(how: "addEventListener" | "removeEventListener"): void {
    signal?.[how]("abort", abort);
    for (const type of ["online", "visibilitychange", "pageshow"]) platform?.[how]?.(type, wake);
  }

  function wake({ type, persisted }: PlatformEvent): void {
    // A page that is shown for the first time has not been away.
    if (type === "pageshow" ? !persisted : platform?.document?.visibilityState === "hidden") return;
    const now = clock.now();
    if (link) pulse?.probe();
    else if (now >= (type === "online" ? notBefore : retryAt)) {
      cancelRetry();
      attempt();
    }
  }

  function connect(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      const off = onStatus.add(({ state, reason }) => {
        if (state === "connected") resolve();
        else if (state === "disconnected" || state === "failed")
          reject(new ClientError("closed", `${state}: ${reason}`));
        else return;
        off();
      });
      if (isReady) resolve();
    });
    // Whoever does not wait for it learns it from the status.
    connected.catch(() => {});
    if (!isRunning) {
      isRunning = true;
      attempts = 0;
      listen("addEventListener");
      if (signal?.aborted) close();
      else attempt();
    }
    return connected;
  }

  // The heartbeat (PROTOCOL.md#heartbeat)

  function startPulse(): void {
    const wirePing = link?.ping;
    const { mode = "none", ping = "", pong = "" } = heartbeat ?? {};
    // A browser neither sends RFC 6455 pings nor shows them.
    if (!heartbeat || !(mode === "application" || (mode === "frame" && wirePing))) return;
    const send = (answered: () => void): void => {
      if (mode === "frame") wirePing?.(answered);
      // Text and UUID in one: whatever kind of token the document wants, this is most likely one.
      else say(ping, `00000000-0000-4000-8000-${`${++tokens}`.padStart(12, "0")}`, [pong], answered);
    };
    const measured = (ms: number): void => {
      rttMs = ms;
    };
    const silent = (): void => drop(4408, "no sign of life in time");
    pulse = startHeartbeat(heartbeat, clock, timeScale, send, measured, silent);
    held.push(pulse.stop);
  }

  /** Sends what has nothing but its name and its id; where the contract does not accept the id, without it. */
  function say(name: string, id?: unknown, replies: readonly string[] = [], answered?: () => void): void {
    try {
      // The codec decides whether it is one.
      const command = bareMessage(rules, name, id) as Out;
      const text = side.encode(command);
      if (answered) {
        const beat: Request<In> = {
          name,
          payload: payloadOf(command),
          replies,
          settle() {
            open.delete(beat);
            answered();
          },
        };
        open.add(beat);
      }
      write(name, command, text);
    } catch (cause) {
      if (id !== undefined) say(name, undefined, replies, answered);
      else report(new ClientError("setup", `no heartbeat: ${name} needs more than a name`, { cause }));
    }
  }

  // What comes

  function frame(raw: string | Uint8Array): void {
    const own = link;
    received.frames++;
    received.bytes += bytesOf(raw);
    read(raw);
    if (link === own) pulse?.frame();
  }

  function read(raw: string | Uint8Array): void {
    const own = link;
    if (typeof raw !== "string" && frames === "text") {
      undecodable(NOT_TEXT, raw);
      drop(1003, "not text", false);
      return;
    }
    const decoded = side.decode(raw);
    if (!decoded.ok) {
      undecodable(decoded.error, raw);
      if (decoded.error.code === "too-large") drop(1009, "too large", false);
      return;
    }
    const event = decoded.value;
    const { name = side.nameOf(event) } = decoded;
    const payload = payloadOf(event);
    const isFirst = name === first?.message;
    if (!course.received(name, payload) || (first && isFirst !== isFirstAwaited)) {
      report(new ClientError("illegal-state", `${name} is not legal here`, { event }));
    }
    if (name === heartbeat?.ping && heartbeat.initiator === "server") {
      say(heartbeat.pong ?? "", valueAt(payload, rules.correlation[name] ?? "/"));
      pulse?.pinged();
    }
    const interval = heartbeat?.intervalMs;
    if (typeof interval === "object" && name === interval.message)
      pulse?.adopt(valueAt(payload, interval.field));
    answer(open, rules, name, payload, event);
    byName.get(name)?.call(event);
    onAny.call(event, name);
    if (isFirst && isFirstAwaited && link === own) {
      isFirstAwaited = false;
      void prepare();
    }
  }

  /** Says what was wrong with a frame: it is never dropped in silence (PROTOCOL.md#decode-errors-4). */
  function undecodable(decodeError: DecodeError, raw: string | Uint8Array): void {
    const { code, received: name } = decodeError;
    if (code === "unknown-message") {
      if (unknown.size < MAX_UNKNOWN || unknown.has(name)) unknown.set(name, (unknown.get(name) ?? 0) + 1);
      if (onUnknown.call(decodeError, raw)) return;
    } else decodeErrors++;
    report(new ClientError(code, decodeError.hint, { decodeError }));
  }

  // What goes

  function isOpen(): boolean {
    return link?.socket?.readyState === 1;
  }

  function payloadOf(value: In | Out): unknown {
    // Under Socket.IO a value is the pair of the event's name and the payload.
    return side.transport === "socket.io" ? (value as readonly unknown[])[1] : value;
  }

  function write(
    name: string,
    command: Out,
    text: string,
    isRestored = false,
    settle?: (reply: In) => void,
  ): void {
    sent.frames++;
    sent.bytes += bytesOf(text);
    course.sent(name, payloadOf(command), command, isRestored);
    // What a server acknowledges with is the reply of the contract.
    link?.socket?.send(frames === "binary" ? UTF8.encode(text) : text, settle as (answer: unknown) => void);
  }

  async function transmit(command: Out, text = side.encode(command), isRestored = false): Promise<unknown> {
    const name = side.nameOf(command);
    const payload = payloadOf(command);
    if (!isOpen()) throw new ClientError("offline", `${name} was not sent`);
    if (!course.allows(name, payload)) throw new ClientError("illegal-state", `${name} was not sent`);
    if ((link?.socket?.bufferedAmount ?? 0) > (side.sendQueueBytes ?? SEND_QUEUE_BYTES)) {
      throw new ClientError("queue-full", `${name} was not sent: the server does not read`);
    }
    const reply = rules.replies[name];
    if (!reply) return write(name, command, text, isRestored);
    const asked = { name, payload, replies: reply.messages };
    const post = (settle: (reply: In) => void): void =>
      write(name, command, text, isRestored, reply.ack ? settle : undefined);
    return request(open, asked, post, clock, side.answerMs * timeScale);
  }

  async function send(command: Out): Promise<unknown> {
    const text = side.encode(command);
    if (isReady && isOpen()) return transmit(command, text);
    if (isRunning && isQueueing) return enqueue(queue, options.queue, clock, command, text, bytesOf(text));
    throw new ClientError("offline", `it was not sent: the client is ${status.state}`);
  }

  return {
    connect,
    close,
    // The types of replies are known to the compiler alone.
    send: send as Send<Out, Names>,
    on(name, handler) {
      const listeners = byName.get(name) ?? createListeners<[In]>(thrown);
      byName.set(name, listeners);
      // The events of this name are of this type: the decoder says so.
      return listeners.add(handler as (event: In) => void);
    },
    onAny: onAny.add,
    onUnknown: onUnknown.add,
    onError: onError.add,
    onStatus: onStatus.add,
    get status() {
      return status;
    },
    stats: () => ({
      sockets,
      attempts,
      rttMs,
      sent: { ...sent },
      received: { ...received },
      decodeErrors,
      unknown: Object.fromEntries(unknown),
      queue: { messages: queue.size, bytes: bytesIn(queue) },
      requests: open.size,
    }),
  };
}

/** The same by own names only: a message may be called `constructor`. */
function own<T>(table: { readonly [name: string]: T }): { readonly [name: string]: T } {
  return Object.assign(Object.create(null), table);
}

function bytesOf(frame: string | Uint8Array): number {
  return typeof frame === "string" ? UTF8.encode(frame).length : frame.length;
}
