/** What a client can be told: all of it is optional but the URL. */

import type { Clock } from "../wire/clock.js";
import type { Reconnect } from "../wire/protocol.js";

/** What a client needs of a WebSocket: a browser's, Node's own and that of `ws` all fit. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: Handler<unknown> | null;
  onmessage: Handler<{ readonly data: unknown }> | null;
  onerror: Handler<unknown> | null;
  onclose: Handler<{ readonly code: number; readonly reason: string }> | null;
  /** `acknowledge` is given only where the contract says so: under Socket.IO. */
  send(frame: string | Uint8Array, acknowledge?: (answer: unknown) => void): void;
  close(code?: number, reason?: string): void;
}

// Written as a method, so that a handler of the platform's richer event fits as well.
type Handler<Event> = { handle(event: Event): void }["handle"];

/** A constructor of WebSockets. A browser ignores the third argument; `ws` takes its options there. */
export type SocketConstructor = new (url: string, protocols: string[], options?: object) => SocketLike;

/** What a page or a worker tells its client. */
export interface PlatformEvent {
  readonly type: string;
  /** Of `pageshow`: the page was shown before. */
  readonly persisted?: boolean;
}

/** Tells when network or page are back: `online`, `visibilitychange` and `pageshow`. */
export interface Platform {
  addEventListener?(type: string, listener: (event: PlatformEvent) => void): void;
  removeEventListener?(type: string, listener: (event: PlatformEvent) => void): void;
  readonly document?: { readonly visibilityState: string };
}

/** How a connection, or the attempt to make one, ended. */
export interface ConnectionEnd {
  /** Of the Close frame; 1005 when it had none, 1006 when there was no Close frame. */
  readonly code: number;
  readonly reason: string;
  /** True when it never was open: the handshake failed, or took too long. */
  readonly failedToOpen: boolean;
}

/** What becomes of commands while there is no connection that can take them. */
export interface QueueLimits {
  /** Commands that may wait; 256 where absent. */
  readonly messages?: number;
  /** Bytes of UTF-8 that may wait; 1 MiB where absent. */
  readonly bytes?: number;
  /** Milliseconds that a command may wait; 60 000 where absent. Not scaled. */
  readonly maxAgeMs?: number;
}

/** What the `onReady` hook is given. */
export interface ReadySession<Send> {
  /** As {@link Client.send}, on this connection, before anybody else may send. */
  readonly send: Send;
  /** True when the client was connected before. */
  readonly again: boolean;
}

export interface ClientOptions<Send = (command: never) => Promise<unknown>> {
  /** Where to connect, or what says it: called for each attempt, so that tokens may be fresh. */
  readonly url: string | (() => string | Promise<string>);
  /** Subprotocols to offer; those of the contract where absent. */
  readonly protocols?: readonly string[];
  /** `globalThis.WebSocket` where absent. On Node 20 there is none: give `WebSocket` of the package `ws`. */
  readonly WebSocket?: SocketConstructor;
  /** Third argument of the constructor, `{ headers }` for `ws`; browsers ignore it. */
  readonly socketOptions?: object;
  /** Replaces single values of the contract's policy; `false`: no reconnect at all. */
  readonly reconnect?: Partial<Omit<Reconnect, "restore" | "offline">> | false;
  /** Overrules the table of close codes: true tries again, false does not, undefined leaves it to the table. */
  readonly shouldRetry?: (end: ConnectionEnd) => boolean | undefined;
  /** `reject` or `queue`; what the contract says where absent, else `reject`. */
  readonly offline?: "reject" | "queue";
  readonly queue?: QueueLimits;
  /**
   * Called on each new connection before anything of the application is sent: for authentication, or to subscribe
   * again where the contract declares no `restore`. Until its promise resolves the client is not `connected`; when it
   * rejects the connection is given up and tried again under the same policy.
   */
  readonly onReady?: (session: ReadySession<Send>) => void | Promise<void>;
  /** Closes the client for good when it is aborted. */
  readonly signal?: AbortSignal;
  /** The platform's where absent. */
  readonly clock?: Clock;
  /** Uniform in [0, 1); `Math.random` where absent. */
  readonly random?: () => number;
  /** Multiplies every duration of the contract but `Retry-After`; 1 where absent. */
  readonly timeScale?: number;
  /** Tells when network or page are back; `globalThis` where absent, `null`: nobody does. */
  readonly platform?: Platform | null;
}
