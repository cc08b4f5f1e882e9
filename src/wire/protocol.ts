/**
 * What a generated codec, a client and a server share: `Protocol` (data) and `DecodeError`.
 *
 * This file is the only source of these types; `generated/wire.ts` holds an emitted copy, so that generated code has
 * no runtime dependency on this package. A type test proves both assignable.
 */

/** Why a frame was refused, in the order in which it is looked at (PROTOCOL.md#decode-errors). */
export type DecodeErrorCode =
  | "not-text"
  | "too-large"
  | "too-deep"
  | "not-json"
  | "not-object"
  | "missing-discriminator"
  | "wrong-discriminator"
  | "unknown-message"
  | "invalid-payload";

/** What was wrong with a frame, where, and how to mend it. */
export interface DecodeError {
  readonly code: DecodeErrorCode;
  /** JSON pointer (RFC 6901) to the place in the frame; `""` is the frame itself. */
  readonly path: string;
  /** What the contract wants there, in words. */
  readonly expected: string;
  /** What was there, shortened to at most 80 characters. */
  readonly received: string;
  /** What to do about it. */
  readonly hint: string;
}

/** The result of decoding one frame: wrong input is a value, never an exception. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: DecodeError };

/** How a message is named on the wire, and what the protocol says of it. */
export interface ProtocolMessage {
  /** Key of the message in the document. */
  readonly name: string;
  /** Values of the naming fields, outer first; empty where the message is told by shape. */
  readonly wire: readonly (string | number | boolean | null)[];
}

/** The replies to a command. */
export interface ProtocolReply {
  readonly messages: readonly string[];
  readonly exactly?: number;
  readonly ack?: boolean;
}

export interface ProtocolHeartbeat {
  readonly mode: "application" | "frame" | "engine.io" | "none";
  readonly initiator?: "client" | "server";
  readonly intervalMs?: number | { readonly message: string; readonly field: string };
  readonly timeoutMs?: number;
  readonly life?: "any" | "pong";
  readonly ping?: string;
  readonly pong?: string;
  readonly patience?: {
    readonly ms: number;
    readonly graceMs: number;
    readonly life: "any" | "ping";
    readonly close?: number;
    readonly level: "MUST" | "SHOULD";
  };
}

export interface ProtocolReconnect {
  readonly strategy: "exponential" | "linear";
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitter: number | "full";
  readonly maxAttempts: number | null;
  readonly onCleanClose: boolean;
  readonly resetAfterMs: number;
  readonly connectTimeoutMs: number;
  readonly offline: "reject" | "queue";
  readonly restore: readonly { readonly lifecycle: string; readonly in: readonly string[]; readonly by: string }[];
}

export interface ProtocolCloseCode {
  readonly cause: readonly string[];
  readonly retry: boolean;
  readonly by: "server" | "client" | "both";
}

type ProtocolValue = null | boolean | number | string | readonly ProtocolValue[] | { readonly [key: string]: ProtocolValue };

export interface ProtocolTransition {
  readonly from: readonly string[];
  readonly on: readonly string[];
  readonly to: string;
  readonly when?: { readonly [pointer: string]: ProtocolValue };
  readonly set?: { readonly [name: string]: string };
  readonly bound?: { readonly [pointer: string]: string };
  readonly may?: boolean;
}

export interface ProtocolLifecycle {
  readonly name: string;
  readonly scope: "connection" | { readonly key: string };
  readonly initial: string;
  readonly queued: readonly string[];
  readonly transitions: readonly ProtocolTransition[];
  readonly obligations: readonly { readonly in: readonly string[]; readonly withinMs: number; readonly rearm: boolean }[];
}

export interface ProtocolReject {
  readonly message: string;
  readonly code?: string;
  readonly payload: readonly string[];
  readonly state: readonly string[];
  readonly spontaneous: boolean;
  readonly when?: { readonly [pointer: string]: readonly ProtocolValue[] };
}

/** The rules of one endpoint as data: names, limits, heartbeat, reconnect, close codes, lifecycles. No function. */
export interface Protocol {
  readonly name: string;
  /** Path of the endpoint, with `{parameter}`s. */
  readonly address: string;
  readonly transport: "websocket" | "socket.io";
  readonly frames: "text" | "binary" | "both";
  readonly subprotocols: readonly string[];
  readonly commands: readonly ProtocolMessage[];
  readonly events: readonly ProtocolMessage[];
  /** Pointers to the fields that name an event / a command, outer first; empty: told by shape. */
  readonly discriminator: { readonly send: readonly string[]; readonly receive: readonly string[] };
  readonly unknown?: { readonly send: "ignore" | "error"; readonly receive: "ignore" | "error" };
  /** By name of the command. */
  readonly replies: { readonly [command: string]: ProtocolReply };
  /** Where the correlation id of a message stands, by name of the message. */
  readonly correlation: { readonly [message: string]: string };
  /** Milliseconds. */
  readonly answerMs: number;
  /** UTF-8 bytes of one message; absent: no limit declared. */
  readonly maxBytes?: number;
  readonly sendQueueBytes?: number;
  readonly origins?: readonly string[];
  readonly rate?: { readonly messages: number; readonly perMs: number; readonly answer: "error" | "close" };
  readonly reject?: ProtocolReject;
  readonly first?: { readonly message: string; readonly withinMs: number } | null;
  readonly heartbeat?: ProtocolHeartbeat;
  readonly reconnect?: ProtocolReconnect;
  readonly closeCodes: { readonly [code: string]: ProtocolCloseCode };
  readonly lifecycles: readonly ProtocolLifecycle[];
}

/** The Protocol with the codec functions of the side that writes `Out` and reads `In`. */
export interface ProtocolSide<In, Out> extends Protocol {
  /** `text`, or the UTF-8 bytes, of one text frame. Never throws. */
  decode(frame: string | Uint8Array): Decoded<In>;
  /** Throws EncodeError with the JSON pointer; never writes what the other side's decode would refuse. */
  encode(value: Out): string;
  /** Writes UTF-8 bytes at `offset` and returns the offset after them; throws RangeError when they do not fit. */
  encodeInto(value: Out, bytes: Uint8Array, offset: number): number;
  /** Name of the message that `value`, which decoded or type-checked, is (a key of the document). */
  nameOf(value: In | Out): string;
}
