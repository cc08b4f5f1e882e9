import type { DecodeError, DecodeErrorCode } from "../wire/protocol.js";

/**
 * Why something failed, for programs. Of a frame: the codes of {@link DecodeError}, or `illegal-state` for an event
 * that no lifecycle allows. Of a command: the rest, `illegal-state` among them when the client did not even send it.
 */
export type ClientErrorCode =
  | DecodeErrorCode
  /** The lifecycle forbids it: an event that came, or a command that was therefore not sent. */
  | "illegal-state"
  /** There is no connection, and the policy is `reject`. Nothing was sent. */
  | "offline"
  /** The outgoing queue is at its limit. Nothing was sent. */
  | "queue-full"
  /** It waited in the outgoing queue for too long. Nothing was sent. */
  | "expired"
  /** No reply came within `answerMs`. */
  | "timeout"
  /** The server refused it; `event` is the refusal. */
  | "refused"
  /** The connection ended before the reply came; whether the command had an effect is not known. */
  | "connection-lost"
  /** The client was closed, or gave up. */
  | "closed"
  /** A handler threw; `cause` is what it threw. */
  | "handler"
  /** What the server sent breaks RFC 6455; only where the platform says so. */
  | "frame"
  /** The `url` function, the `onReady` hook or the constructor of the socket failed; `cause` says how. */
  | "setup";

/** What a client rejects with and what `onError` gets: a stable code, and a message that says what to do. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** What was wrong with a frame, where, and how to mend it. */
  declare readonly decodeError?: DecodeError;
  /** The event that it is about: a refusal, or one that is illegal in the state. */
  declare readonly event?: unknown;
  /** The code by which the server refused, where its refusals have one. */
  declare readonly refusal?: unknown;
  /** What a handler, the hook, or the platform threw. */
  declare readonly cause?: unknown;

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    more: Partial<Pick<ClientError, "cause" | "decodeError" | "event" | "refusal">> = {},
  ) {
    super(`${code}: ${message}`);
    Object.assign(this, more);
  }
}
