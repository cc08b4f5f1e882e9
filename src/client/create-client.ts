/**
 * This file is long because a client is one machine: what comes of a connection changes what is true for all of it.
 */

import { type Cancel, systemClock } from "../wire/clock.js";
import { valueAt } from "../wire/pointer.js";
import type { ClientSide, Decoded, DecodeError, MessagesByName } from "../wire/protocol.js";
import { reconnectDelay } from "./backoff.js";
import { bareMessage } from "./bare-message.js";
import type { Client, Send } from "./client.js";
import { ClientError } from "./client-error.js";
import { followLifecycles, isRefusal, tell } from "./course.js";
import { type Pulse, startHeartbeat } from "./heartbeat.js";
import { leave as leaveSocket } from "./leave.js";
import { createListeners, type Listeners } from "./listeners.js";
import type { ClientOptions, Platform, PlatformEvent, SocketConstructor, SocketLike } from "./options.js";
import { answer, type Request } from "./requests.js";
import type { ClientState, ClientStatus } from "./status.js";
import type { Ping, Tap } from "./tap.js";
import { type Waiting, wait } from "./waiting.js";

/** Bytes that the socket may hold back before nothing more is given to it. */
const SEND_QUEUE_BYTES = 4_194_304;
const MAX_UNKNOWN = 100;
const UTF8 = /* @__PURE__ */ new TextEncoder();
const NOT_TEXT: Decoded<never> = {
  ok: false,
  error: { code: "not-text", path: "", expected: "text", received: "a binary frame", hint: "Send text." },
};

interface Queued<Out> {
  readonly command: Out;
  readonly text: string;
}

/** Makes a client of the client's side of a generated protocol. It does nothing until `connect`. */
export function createClient<In, Out, Names extends MessagesByName = MessagesByName<In, Out>>(
  side: ClientSide<In, Out, Names>,
  options: ClientOptions<Send<Out, Names>>,
  tap?: Tap,
  payloadOf = (value: unknown): unknown => value,
): Client<In, Out, Names> {
  // What the platform has under these names is what the types say, where it is there at all.
  const world = globalThis as Platform & { readonly WebSocket?: SocketConstructor };
  const {
    clock = systemClock,
    random = Math.random,
    timeScale = 1,
    signal,
    url,
    WebSocket: Socket = world.WebSocket,
    platform = world,
  } = options;
  if (!Socket) throw new TypeError("No WebSocket here: give that of `ws`.");
  const { first, frames = "text", heartbeat, subprotocols = [] } = side;
  const policy = { ...side.reconnect, ...options.reconnect };
  const { maxAttempts } = policy;
  const rules = { ...side, correlation: own(side.correlation), replies: own(side.replies) };

  const onError = createListeners<[ClientError]>(console.error);
  const thrown = (cause: unknown): void => report(new ClientError("handler", `${cause}`, { cause }));
  const onStatus = createListeners<[ClientStatus]>(thrown);
  const onUnknown = createListeners<[DecodeError, string | Uint8Array]>(thrown);
  const onAny = createListeners<[In, string]>(thrown);
  const byName = new Map<string, Listeners<[In]>>();

  const sent = { frames: 0, bytes: 0 };
  const received = { frames: 0, bytes: 0 };
  const unknown: Record<string, number> = {};
  let decodeErrors = 0;
  let rttMs: number | undefined;
  let sockets = 0;
  let tokens = 1e11;

  let status: ClientStatus = { state: "disconnected", attempt: 0, maxAttempts };
  /** From `connect` to the end of all attempts. */
  let isRunning = false;
  let again = false;
  /** Since the last reset. */
  let attempts = 0;
  let cancelRetry: Cancel | undefined;
  let retryAt = 0;
  let notBefore = 0;
  /** What is still to be sent again. */
  let restore: Out[] = [];
  const queue = new Set<Queued<Out> & Waiting>();
  const requests = new Set<Request>();
  const callers: ((status: ClientStatus) => void)[] = [];

  // Of the connection that there is, from the start of its attempt to its end: never a second.
  let leave: ((code: number, reason: string, error: ClientError) => void) | undefined;
  let pulse: Pulse | undefined;
  /** While it is ready. */
  let say: ((command: Out, text?: string, isRestored?: boolean) => Promise<unknown>) | undefined;
  let socket: SocketLike | undefined;

  const isOpen = (): boolean => socket?.readyState === 1;
  const queued = () => ({
    messages: queue.size,
    bytes: [...queue].reduce((sum, { text }) => sum + bytesOf(text), 0),
  });

  function report(error: ClientError): void {
    if (!onError.call(error)) console.error(error);
  }

  function become(state: ClientState, more?: Partial<ClientStatus>): void {
    status = { state, attempt: attempts, maxAttempts, ...more };
    onStatus.call(status);
    answerCallers();
  }

  function answerCallers(): void {
    if (isRunning && status.state !== "connected") return;
    for (const tell of callers.splice(0)) tell(status);
  }

  /** One connection, from the attempt to make it to its end: what is inside is never of another one. */
  function attempt(): void {
    let wirePing: Ping | undefined;
    let isOver = false;
    let isFirstAwaited = !!first;
    let openedAt: number | undefined;
    let why = "";
    const courses = followLifecycles<Out>(side);
    const held: Cancel[] = [];
    const hold = (ms: number, action: () => void): void => {
      held.push(clock.after(ms, action));
    };

    // Coming and going (PROTOCOL.md#reconnect)

    async function connect(): Promise<void> {
      try {
        const address = await (typeof url === "function" ? url() : url);
        if (isOver) return;
        // It is there, or this function had thrown.
        socket = new (Socket as SocketConstructor)(
          address,
          [...(options.protocols ?? subprotocols)],
          options.socketOptions,
        );
      } catch (cause) {
        end(1006, `${cause}`);
        return;
      }
      socket.binaryType = "arraybuffer";
      wirePing = tap?.(socket, { pinged: () => isOver || pulse?.pinged(), ended: end, report });
      socket.onopen = opened;
      // With this binaryType whatever is no text is an ArrayBuffer.
      socket.onmessage = ({ data }) =>
        hear(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
      socket.onerror = (event) => {
        // A browser does not say what went wrong, `ws` does.
        why = (event as { readonly message?: string }).message ?? "";
      };
      socket.onclose = ({ code, reason }) => end(code, reason || why);
    }

    function opened(): void {
      held.pop()?.();
      openedAt = clock.now();
      // A browser neither sends RFC 6455 pings nor shows them.
      if (heartbeat && (wirePing || heartbeat.mode === "application")) {
        pulse = startHeartbeat(
          heartbeat,
          clock,
          timeScale,
          wirePing ?? ((answered) => beat(heartbeat.ping, `00000000-0000-4000-8000-${++tokens}`, answered)),
          (ms) => {
            rttMs = ms;
          },
          () => end(4408, "no sign of life in time", true),
        );
        held.push(pulse.stop);
      }
      if (first)
        hold(first.withinMs * timeScale, () => {
          if (isFirstAwaited) end(4408, `no ${first.message} in time`, true);
        });
      else void prepare();
    }

    /** What goes before the application: its hook, and what lived on the connection before. */
    async function prepare(): Promise<void> {
      try {
        // The types of replies are known to the compiler alone.
        const hook = options.onReady?.({ send: transmit as Send<Out, Names>, again });
        if (hook) await hook;
      } catch (cause) {
        if (!isOver) report(new ClientError("setup", `onReady: ${cause}`, { cause }));
        end(1000, "not ready", true);
      }
      if (isOver) return;
      for (const command of restore.splice(0)) {
        // What cannot be sent any more stays for the next connection.
        if (isOpen()) transmit(command, undefined, true).catch(report);
        else restore.push(command);
      }
      say = transmit;
      again = true;
      const left = (openedAt ?? 0) + policy.resetAfterMs * timeScale - clock.now();
      const reset = (): void => {
        attempts = 0;
      };
      if (left > 0) hold(left, reset);
      else reset();
      become("connected");
      for (const { command, text, resolve } of queue) {
        if (say && isOpen()) resolve(say(command, text));
      }
    }

    /** It is over: decides whether there will be another. */
    function end(code: number, reason: string, decided?: boolean, retryAfterMs = 0): void {
      if (isOver) return;
      const failedToOpen = openedAt === undefined;
      const isUnclean = failedToOpen || code === 1006 || code === 1015;
      const row = failedToOpen ? undefined : side.closeCodes[code];
      let retry = decided ?? row?.retry ?? (isUnclean || policy.onCleanClose);
      leaveOwn(code, reason, new ClientError("connection-lost", `${code} ${reason}`));
      restore.push(...courses.flatMap(({ living }) => living?.() ?? []));
      try {
        retry = options.shouldRetry?.({ code, reason, failedToOpen }) ?? retry;
      } catch (cause) {
        thrown(cause);
      }
      if (options.reconnect === false) retry = false;
      if (retry && (maxAttempts === null || attempts < maxAttempts)) {
        const delayMs = Math.max(reconnectDelay(policy, attempts, random) * timeScale, retryAfterMs);
        attempts++;
        retryAt = clock.now() + delayMs;
        notBefore = clock.now() + retryAfterMs;
        cancelRetry = clock.after(delayMs, attempt);
        become("reconnecting", { delayMs, code, reason });
      } else {
        const isDone = !retry && !isUnclean && decided === undefined && (!row || row.cause?.includes("done"));
        stop(isDone ? "disconnected" : "failed", code, retry ? "Max reconnection attempts reached" : reason);
      }
    }

    function leaveOwn(code: number, reason: string, error: ClientError): void {
      const left = socket;
      isOver = true;
      leave = pulse = say = socket = undefined;
      for (const cancel of held) cancel();
      for (const { reject } of requests) reject?.(error);
      requests.clear();
      if (left) leaveSocket(left, code, reason);
    }

    // What is heard

    function hear(frame: string | Uint8Array): void {
      received.frames++;
      received.bytes += bytesOf(frame);
      const isBinary = typeof frame !== "string" && frames === "text";
      const decoded = isBinary ? NOT_TEXT : side.decode(frame);
      if (!decoded.ok) {
        // It is never dropped in silence (PROTOCOL.md#decode-errors-4).
        const { error } = decoded;
        const { code, hint, received: name } = error;
        const isUnknown = code === "unknown-message";
        if (!isUnknown) decodeErrors++;
        else if (name in unknown || Object.keys(unknown).length < MAX_UNKNOWN)
          unknown[name] = (unknown[name] ?? 0) + 1;
        if (!isUnknown || !onUnknown.call(error, frame))
          report(new ClientError(code, hint, { decodeError: error }));
        if (isBinary || code === "too-large") end(isBinary ? 1003 : 1009, hint, false);
      } else {
        const { value: event, name = side.nameOf(event) } = decoded;
        const payload = payloadOf(event);
        const isFirst = name === first?.message;
        const refuses = isRefusal(side, name, payload);
        if (!tell(courses, side, name, payload, refuses) || (first && isFirst !== isFirstAwaited)) {
          report(new ClientError("illegal-state", `${name} came`, { event }));
        }
        if (heartbeat) {
          const { initiator, intervalMs, ping, pong } = heartbeat;
          if (name === ping && initiator === "server") {
            beat(pong, valueAt(payload, rules.correlation[name] ?? "/"));
            pulse?.pinged();
          }
          if (typeof intervalMs === "object" && name === intervalMs.message) {
            pulse?.adopt(valueAt(payload, intervalMs.field));
          }
        }
        answer(requests, rules, courses, refuses, name, payload, event);
        byName.get(name)?.call(event);
        onAny.call(event, name);
        if (isFirst && isFirstAwaited && !isOver) {
          isFirstAwaited = false;
          void prepare();
        }
      }
      if (!isOver) pulse?.frame();
    }

    // What is said

    async function transmit(
      command: Out,
      text = side.encode(command),
      isRestored?: boolean,
    ): Promise<unknown> {
      if (isOver || !isOpen()) throw new ClientError("offline", "not sent");
      if ((socket?.bufferedAmount ?? 0) > (side.sendQueueBytes ?? SEND_QUEUE_BYTES)) {
        throw new ClientError("queue-full", "the server does not read");
      }
      const name = side.nameOf(command);
      const payload = payloadOf(command);
      if (!courses.every(({ allows }) => allows(name, payload)))
        throw new ClientError("illegal-state", `${name} was not sent`);
      const reply = rules.replies[name];
      const go = (resolve?: (answer: unknown) => void): void =>
        write(name, payload, command, text, isRestored, resolve);
      if (!reply) return go();
      const { ack, messages } = reply;
      // What a server acknowledges with is the reply of the contract.
      return wait(
        requests,
        { name, payload, replies: messages },
        clock,
        side.answerMs * timeScale,
        "timeout",
        ack ? go : () => go(),
      );
    }

    function write(
      name: string,
      payload: unknown,
      command: Out,
      text: string,
      isRestored?: boolean,
      acknowledged?: (answer: unknown) => void,
    ): void {
      sent.frames++;
      sent.bytes += bytesOf(text);
      for (const course of courses) course.sent(name, payload, command, isRestored);
      socket?.send(frames === "binary" ? UTF8.encode(text) : text, acknowledged);
    }

    /** Sends what has nothing but its name and an id, and calls `answered` at one of the replies. */
    function beat(name = "", id?: unknown, answered?: () => void): void {
      try {
        const message = bareMessage(rules, name, id);
        // The codec decides whether it is one.
        const text = side.encode(message as Out);
        if (answered) {
          const request = {
            name,
            payload: message,
            replies: [heartbeat?.pong ?? ""],
            resolve() {
              requests.delete(request);
              answered();
            },
          };
          requests.add(request);
        }
        write(name, message, message as Out, text);
      } catch (cause) {
        // The contract may want another kind of id, or none.
        if (id !== undefined) beat(name, undefined, answered);
        else report(new ClientError("setup", `no heartbeat: ${name} needs more than a name`, { cause }));
      }
    }

    sockets++;
    leave = leaveOwn;
    hold(policy.connectTimeoutMs * timeScale, () => end(1006, "no answer in time"));
    become(attempts ? "reconnecting" : "connecting");
    if (!isOver) void connect();
  }

  function stop(state: ClientState, code: number, reason: string): void {
    isRunning = false;
    cancelRetry?.();
    listenToPlatform("removeEventListener");
    for (const { reject } of queue) reject?.(new ClientError("closed", "not sent"));
    become(state, { code, reason });
  }

  function close(code = 1000, reason = ""): void {
    if (!isRunning) return;
    leave?.(code, reason, new ClientError("closed", reason));
    restore = [];
    stop("disconnected", code, reason);
  }

  const abort = (): void => close();

  function wake({ type, persisted }: PlatformEvent): void {
    // A page that is shown for the first time has not been away.
    if (type === "pageshow" ? !persisted : platform?.document?.visibilityState === "hidden") return;
    if (leave) pulse?.probe();
    else if (clock.now() >= (type === "online" ? notBefore : retryAt)) {
      cancelRetry?.();
      attempt();
    }
  }

  function listenToPlatform(how: "addEventListener" | "removeEventListener"): void {
    signal?.[how]("abort", abort);
    for (const type of ["online", "visibilitychange", "pageshow"]) platform?.[how]?.(type, wake);
  }

  function connect(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      callers.push(({ state, reason }) => {
        if (state === "connected") resolve();
        else reject(new ClientError("closed", `${state}: ${reason}`));
      });
    });
    // Whoever does not wait for it learns it from the status.
    connected.catch(() => {});
    if (isRunning) answerCallers();
    else {
      isRunning = true;
      attempts = 0;
      listenToPlatform("addEventListener");
      if (signal?.aborted) close();
      else attempt();
    }
    return connected;
  }

  async function send(command: Out): Promise<unknown> {
    const text = side.encode(command);
    if (say && isOpen()) return say(command, text);
    if (!isRunning || (options.offline ?? policy.offline) !== "queue")
      throw new ClientError("offline", `not sent: ${status.state}`);
    const { messages = 256, bytes = 1_048_576, maxAgeMs = 60_000 } = options.queue ?? {};
    const now = queued();
    if (now.messages >= messages || now.bytes + bytesOf(text) > bytes) {
      throw new ClientError("queue-full", `${now.messages} commands wait`);
    }
    return wait(queue, { command, text }, clock, maxAgeMs, "expired");
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
      unknown: { ...unknown },
      queue: queued(),
      requests: [...requests].filter(({ reject }) => reject).length,
    }),
  };
}

/** The same by own names only: a message may be called `constructor`. */
function own<T>(table: { readonly [name: string]: T }): { readonly [name: string]: T } {
  return Object.assign(Object.create(null), table);
}

/** Bytes of a frame. */
function bytesOf(frame: string | Uint8Array): number {
  return typeof frame === "string" ? UTF8.encode(frame).length : frame.length;
}
