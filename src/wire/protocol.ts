/**
 * What a generated codec, a client and a server share: `Protocol` (data) and `DecodeError`.
 *
 * This file is the only source of these types; `generated/wire.ts` holds an emitted copy, so that generated code has
 * no runtime dependency on this package. A type test proves both assignable.
 */

/** Any JSON value, as plain data. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

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
  | {
      readonly ok: true;
      readonly value: T;
      /** Key of the message in the document, where the decoder says it. */
      readonly name?: string;
    }
  | { readonly ok: false; readonly error: DecodeError };

/** How a message is named on the wire, and what the protocol says of it. */
export interface ProtocolMessage {
  /** Key of the message in the document. */
  readonly name: string;
  /** Values of the naming fields, outer first; empty where the message is told by shape. */
  readonly wire: readonly (string | number | boolean | null)[];
}

/** The replies to a message: names of messages of the other direction. */
export interface Reply {
  readonly messages: readonly string[];
  /** `x-ws-reply.exactly`; absent: at least once. */
  readonly exactly?: number;
  /** `x-ws-reply.ack`: the reply is the Socket.IO acknowledgement, sent only when the command asked for one. */
  readonly ack: boolean;
}

/** `x-ws-heartbeat`. `patience` is what the side that is pinged does about silence. */
export interface Heartbeat {
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

/** `x-ws-reconnect`. Delay n: exponential min(initial·factorⁿ, max), linear min(initial·(n+1), max); n from 0. */
export interface Reconnect {
  readonly strategy: "exponential" | "linear";
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  /** j: uniform ±j of the delay before the cap; `full`: uniform 0 … delay. */
  readonly jitter: number | "full";
  /** `null`: no end. */
  readonly maxAttempts: number | null;
  readonly onCleanClose: boolean;
  readonly resetAfterMs: number;
  readonly connectTimeoutMs: number;
  readonly offline: "reject" | "queue";
  readonly restore: readonly Restore[];
}

export interface Restore {
  readonly lifecycle: string;
  readonly in: readonly string[];
  /** Name of the command that is sent again. */
  readonly by: string;
}

export interface CloseCode {
  readonly cause: readonly string[];
  readonly retry: boolean;
  readonly by: "server" | "client" | "both";
  readonly description?: string;
}

/** The first transition in document order whose `from`, `on`, `when` and `bound` fit is taken. */
export interface Transition {
  /** States; `["*"]`: any. */
  readonly from: readonly string[];
  /** Names of messages, or `$other`. */
  readonly on: readonly string[];
  /** A state, `=` (stays) or `$closed`. */
  readonly to: string;
  /** A scalar means equal, a list one of; an absent pointer fits nothing. */
  readonly when?: { readonly [pointer: string]: JsonValue };
  /** Remembers a value by name; an absent field forgets it. */
  readonly set?: { readonly [name: string]: string };
  /** Fits only if the field is absent, nothing is remembered, or both are equal. */
  readonly bound?: { readonly [pointer: string]: string };
  /** It may be refused as illegal as well. */
  readonly may?: boolean;
}

export interface Lifecycle {
  readonly name: string;
  /** `connection`, or one instance for each value found at the key. */
  readonly scope: "connection" | { readonly key: string };
  readonly initial: string;
  /** Commands that wait while the state cannot take them. */
  readonly queued: readonly string[];
  readonly transitions: readonly Transition[];
  readonly obligations: readonly Obligation[];
}

export interface Obligation {
  readonly in: readonly string[];
  readonly withinMs: number;
  readonly rearm: boolean;
}

/** How a command is refused. */
export interface Reject {
  readonly message: string;
  /** Where the code stands; absent: a refusal has no class and may be any. */
  readonly code?: string;
  /** Codes that refuse a payload; by default the DecodeError codes. */
  readonly payload: readonly string[];
  /** Codes that refuse a state. */
  readonly state: readonly string[];
  /** The event may also come unasked. */
  readonly spontaneous: boolean;
  /** The message is a refusal only when each pointer holds one of its values. */
  readonly when?: { readonly [pointer: string]: readonly JsonValue[] };
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
  readonly replies: { readonly [command: string]: Reply };
  /** Where the correlation id of a message stands, by name of the message. */
  readonly correlation: { readonly [message: string]: string };
  /** Milliseconds. */
  readonly answerMs: number;
  /** UTF-8 bytes of one message; absent: no limit declared. */
  readonly maxBytes?: number;
  readonly sendQueueBytes?: number;
  readonly origins?: readonly string[];
  readonly rate?: { readonly messages: number; readonly perMs: number; readonly answer: "error" | "close" };
  readonly reject?: Reject;
  readonly first?: { readonly message: string; readonly withinMs: number } | null;
  readonly heartbeat?: Heartbeat;
  readonly reconnect?: Reconnect;
  readonly closeCodes: { readonly [code: string]: CloseCode };
  readonly lifecycles: readonly Lifecycle[];
}

/**
 * What a client reads of a {@link Protocol}, which is one of these: a page is not to load the rest. Absent: `websocket`,
 * `text`, no subprotocols, nothing queued or restored.
 */
export interface ClientRules
  extends Pick<Protocol, "correlation" | "answerMs" | "maxBytes" | "sendQueueBytes" | "first" | "heartbeat">,
    Partial<Pick<Protocol, "address" | "transport" | "frames" | "subprotocols">> {
  /** At least those that a heartbeat says. */
  readonly commands: readonly ProtocolMessage[];
  readonly discriminator: Pick<Protocol["discriminator"], "receive">;
  readonly replies: { readonly [command: string]: Pick<Reply, "messages"> & Partial<Pick<Reply, "ack">> };
  readonly reject?: Pick<Reject, "message" | "code" | "state" | "when">;
  readonly reconnect: Omit<Reconnect, "restore"> & Partial<Pick<Reconnect, "restore">>;
  /** `cause` only where it matters: `done` is an end that was wanted. */
  readonly closeCodes: {
    readonly [code: string]: Pick<CloseCode, "retry"> & Partial<Pick<CloseCode, "cause">>;
  };
  readonly lifecycles: readonly ClientLifecycle[];
  /** Only where a lifecycle has a key, or is restored: code that no other client has to load. */
  readonly followInstances?: FollowInstances;
}

/** What a client knows of a lifecycle on one connection. */
export interface LifecycleCourse<Out = unknown> {
  /** False when no state in which the server may be takes the command. */
  allows(name: string, payload: unknown): boolean;
  /** A command was sent; `isRestored`: by the client itself, to bring back what it stands for. */
  sent(name: string, payload: unknown, command: Out, isRestored?: boolean): void;
  /** An event came; false when nothing explains it. */
  received(name: string, payload: unknown): boolean;
  /** A command was refused, perhaps one of this lifecycle; `isOfState`: because of a state. */
  refused(payload: unknown, isOfState: boolean): void;
  /** False when two payloads surely are of different instances. */
  mayShare?(one: unknown, other: unknown): boolean;
  /** The commands that bring back on another connection what lives on this one. */
  living?(): Out[];
}

/** The same for one instance, or for a lifecycle that has only one. */
export interface InstanceCourse extends Omit<LifecycleCourse, "living" | "mayShare"> {
  /** The states in which the server may be. Bit `n`: in this state, with `n` of our commands not taken yet. */
  places(): ReadonlyMap<string, number>;
}

/** Follows each instance of a lifecycle by a course of its own, and knows what brings them back. */
export type FollowInstances = <Out>(
  lifecycle: ClientLifecycle,
  restore: readonly Restore[],
  open: () => InstanceCourse,
) => LifecycleCourse<Out>;

/** A {@link Lifecycle} without what only a server has to keep. */
export interface ClientLifecycle
  extends Pick<Lifecycle, "name" | "scope" | "initial">,
    Partial<Pick<Lifecycle, "queued">> {
  readonly transitions: readonly Omit<Transition, "set" | "may">[];
}

/** The types of the messages by name, for the compiler alone: what `on` and `send` of a client are typed by. */
export interface MessagesByName<In = unknown, Out = unknown> {
  readonly events: { readonly [name: string]: In };
  readonly commands: { readonly [name: string]: Out };
  /** What answers a command, by the name of the command. */
  readonly replies: { readonly [command: string]: unknown };
}

/** The Protocol with the codec functions of the side that writes `Out` and reads `In`. */
export interface ProtocolSide<In, Out, Names = MessagesByName<In, Out>> extends Protocol {
  /** Never there at run time. */
  readonly "~names"?: Names;
  /** `text`, or the UTF-8 bytes, of one text frame. Never throws. */
  decode(frame: string | Uint8Array): Decoded<In>;
  /** Throws EncodeError with the JSON pointer; never writes what the other side's decode would refuse. */
  encode(value: Out): string;
  /** Writes UTF-8 bytes at `offset` and returns the offset after them; throws RangeError when they do not fit. */
  encodeInto?(value: Out, bytes: Uint8Array, offset: number): number;
  /** Name of the message that `value`, which decoded or type-checked, is (a key of the document). */
  nameOf(value: In | Out): string;
}

/** {@link ClientRules} with the codec functions of a client, which reads `In` and writes `Out`. */
export type ClientSide<In, Out, Names = MessagesByName<In, Out>> = ClientRules &
  Pick<ProtocolSide<In, Out, Names>, "~names" | "decode" | "encode" | "nameOf">;
