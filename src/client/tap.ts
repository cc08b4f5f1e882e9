import type { ClientError } from "./client-error.js";
import type { SocketLike } from "./options.js";

/** Listens to what a platform shows beyond the WebSocket of browsers; gives what sends the heartbeat's RFC 6455 pings. */
export type Tap = (socket: SocketLike, listener: TapListener) => Ping | undefined;

/** What a tap tells. Nothing comes of it after the end. */
export interface TapListener {
  /** An RFC 6455 ping came. */
  pinged(): void;
  ended: End;
  /** Something is wrong that only the platform knows. */
  report(error: ClientError): void;
}

/** Calls `answered` when the pong has come. */
export type Ping = (answered: () => void) => void;

/**
 * An attempt, or its connection, is over. `code`: 1006 where no Close frame came. `retry`: our own decision whether to
 * try again; absent: the contract decides by the code. `retryAfterMs`: what the server asked for in `Retry-After`.
 */
export type End = (code: number, reason: string, retry?: boolean, retryAfterMs?: number) => void;
