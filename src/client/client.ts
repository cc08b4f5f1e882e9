/**
 * A client of a contract: connections over time. It decodes what comes, checks what goes, keeps the heartbeat, comes
 * back as the contract says, and loses nothing in silence.
 */

import type { DecodeError, MessagesByName } from "../wire/protocol.js";
import type { ClientError } from "./client-error.js";
import type { ClientStats, ClientStatus } from "./status.js";

export { ClientError, type ClientErrorCode } from "./client-error.js";
export { createClient } from "./create-client.js";
export type {
  ClientOptions,
  ConnectionEnd,
  Platform,
  QueueLimits,
  ReadySession,
  SocketConstructor,
  SocketLike,
} from "./options.js";
export type { ClientState, ClientStats, ClientStatus, Traffic } from "./status.js";

/** Ends what returned it; calling it again does nothing. */
export type Unsubscribe = () => void;

/** What answers a command of type `C`: the reply where its operation has one, else nothing. */
export type ReplyTo<C, Names extends MessagesByName> = {
  [N in keyof Names["commands"]]: C extends Names["commands"][N]
    ? N extends keyof Names["replies"]
      ? Names["replies"][N]
      : undefined
    : never;
}[keyof Names["commands"]];

/** Sends a command; see {@link Client.send}. */
export type Send<Out, Names extends MessagesByName> = <C extends Out>(
  command: C,
) => Promise<ReplyTo<C, Names>>;

/** One client. `In` are its events, `Out` its commands, `Names` both by name. */
export interface Client<In, Out, Names extends MessagesByName = MessagesByName<In, Out>> {
  /**
   * Starts to connect, unless it does already. Resolves when it is `connected` for the first time from now; rejects
   * with a {@link ClientError} when it is closed or has failed before. A rejection that nobody looks at is no fault.
   */
  connect(): Promise<void>;
  /** Ends the connection on purpose: every timer and every attempt too. What was not sent or answered is rejected. */
  close(code?: number, reason?: string): void;
  /**
   * Sends a command. Resolves with the first reply where its operation has one, else with undefined once it is handed
   * to the socket. Rejects with a {@link ClientError}, or with the codec's EncodeError for what is no valid command.
   */
  readonly send: Send<Out, Names>;
  /** Calls `handler` for each event of this name. The same handler is held once for a name. */
  on<N extends keyof Names["events"] & string>(
    name: N,
    handler: (event: Names["events"][N]) => void,
  ): Unsubscribe;
  /** Calls `handler` for every valid event, with its name, after the handlers of that name. */
  onAny(handler: (event: In, name: string) => void): Unsubscribe;
  /** Calls `handler` for each event whose name the contract does not have. */
  onUnknown(handler: (error: DecodeError, frame: string | Uint8Array) => void): Unsubscribe;
  /** Calls `handler` for all that went wrong and that no promise tells. Without a handler it goes to the console. */
  onError(handler: (error: ClientError) => void): Unsubscribe;
  /** The same object until it changes. */
  readonly status: ClientStatus;
  /** Calls `handler` at each change of the status. */
  onStatus(handler: (status: ClientStatus) => void): Unsubscribe;
  stats(): ClientStats;
}
