import { type Cancel, systemClock } from "../wire/clock.js";
import { valueAt } from "../wire/pointer.js";
import type { DecodeError, MessagesByName, ProtocolSide, Reconnect } from "../wire/protocol.js";
import { reconnectDelay } from "./backoff.js";
import type { Client, Send } from "./client.js";
import { ClientError } from "./client-error.js";
import { bytesOf, createDialogue } from "./dialogue.js";
import { type Pulse, startHeartbeat } from "./heartbeat.js";
import { type Link, type LinkEnd, openLink, type Tap } from "./link.js";
import { createListeners, type Listeners } from "./listeners.js";
import type { ClientOptions, Platform, SocketConstructor } from "./options.js";
import { bytesIn, enqueue, type Waiting } from "./outbox.js";
import { listenTo } from "./platform.js";
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
  const { first, heartbeat } = side;
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

  const queue = new Set<Waiting<Out>>();
  const post = (frame: string | Uint8Array, acknowledged?: (answer: unknown) => void): void =>
    link?.socket?.send(frame, acknowledged);
  const dialogue = createDialogue<In, Out>(side, clock, timeScale, post, report, onUnknown.call);
  let rttMs: number | undefined;
  let sockets = 0;
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
  let deafen: Cancel = () => {};
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
    restore.push(...dialogue.restart());
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
      transmit(command, undefined, true).catch(report);
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
    dialogue.end(error);
  }

  function stop(state: ClientState, more: Partial<ClientStatus>): void {
    isRunning = false;
    cancelRetry();
    deafen();
    for (const { settle } of queue) settle(Promise.reject(new ClientError("closed", "it was not sent")));
    become(state, more);
  }

  function close(code = 1000, reason = ""): void {
    if (!isRunning) return;
    link?.leave(code, reason);
    forget(new ClientError("closed", "the client was closed"));
    dialogue.restart();
    restore = [];
    stop("disconnected", { code, reason });
  }

  function wake(type: string): void {
    if (link) pulse?.probe();
    else if (clock.now() >= (type === "online" ? notBefore : retryAt)) {
      cancelRetry();
      attempt();
    }
  }

  function connect(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      const told = ({ state, reason }: ClientStatus): void => {
        if (state === "connecting" || state === "reconnecting") return;
        off();
        if (state === "connected") resolve();
        else reject(new ClientError("closed", `${state}: ${reason}`));
      };
      const off = onStatus.add(told);
      if (isRunning) told(status);
    });
    // Whoever does not wait for it learns it from the status.
    connected.catch(() => {});
    if (!isRunning) {
      isRunning = true;
      attempts = 0;
      deafen = listenTo(platform, signal, wake, () => close());
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
      else dialogue.beat(ping, `00000000-0000-4000-8000-${`${++tokens}`.padStart(12, "0")}`, pong, answered);
    };
    const measured = (ms: number): void => {
      rttMs = ms;
    };
    const silent = (): void => drop(4408, "no sign of life in time");
    pulse = startHeartbeat(heartbeat, clock, timeScale, send, measured, silent);
    held.push(pulse.stop);
  }

  function frame(raw: string | Uint8Array): void {
    const own = link;
    const heard = dialogue.hear(raw);
    if (typeof heard === "number") drop(heard, "not what was agreed", false);
    else if (heard) {
      const { event, isLegal, name, payload } = heard;
      const isFirst = name === first?.message;
      if (!isLegal || (first && isFirst !== isFirstAwaited)) {
        report(new ClientError("illegal-state", `${name} is not legal here`, { event }));
      }
      if (name === heartbeat?.ping && heartbeat.initiator === "server") {
        dialogue.beat(heartbeat.pong ?? "", valueAt(payload, dialogue.rules.correlation[name] ?? "/"));
        pulse?.pinged();
      }
      const interval = heartbeat?.intervalMs;
      if (typeof interval === "object" && name === interval.message) {
        pulse?.adopt(valueAt(payload, interval.field));
      }
      dialogue.answer(heard);
      byName.get(name)?.call(event);
      onAny.call(event, name);
      if (isFirst && isFirstAwaited && link === own) {
        isFirstAwaited = false;
        void prepare();
      }
    }
    if (link === own) pulse?.frame();
  }

  // What the application says

  function isOpen(): boolean {
    return link?.socket?.readyState === 1;
  }

  async function transmit(command: Out, text?: string, isRestored?: boolean): Promise<unknown> {
    if (!isOpen()) throw new ClientError("offline", "it was not sent");
    if ((link?.socket?.bufferedAmount ?? 0) > (side.sendQueueBytes ?? SEND_QUEUE_BYTES)) {
      throw new ClientError("queue-full", "it was not sent: the server does not read");
    }
    return dialogue.say(command, text, isRestored);
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
      queue: { messages: queue.size, bytes: bytesIn(queue) },
      ...dialogue.figures(),
    }),
  };
}
