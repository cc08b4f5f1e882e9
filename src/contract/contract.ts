/**
 * The Contract: the plain-data model that an AsyncAPI document compiles to.
 *
 * Everything else reads this and nothing reads the document: codegen, the judge, the mock, the walks. It is written
 * as `contract.json` and described by `schemas/contract.json`. Durations are milliseconds, sizes bytes, pointers
 * JSON pointers (RFC 6901) into the payload of a message. What the document does not declare is absent here.
 */

import type {
  CloseCode,
  Heartbeat,
  JsonValue,
  Lifecycle,
  Reconnect,
  Reject,
  Reply,
} from "../wire/protocol.js";

export type {
  CloseCode,
  Heartbeat,
  Lifecycle,
  Obligation,
  Reconnect,
  Reject,
  Reply,
  Restore,
  Transition,
} from "../wire/protocol.js";

/** Any JSON value, as plain data. */
export type Json = JsonValue;

/** A draft-07 schema whose every `$ref` is `#/definitions/<name>` and points into {@link Contract.definitions}. */
export type JsonSchema = boolean | { [keyword: string]: unknown };

/** A JSON pointer (RFC 6901) into a payload; `""` is the payload itself. */
export type Pointer = string;

/** `send` = event (server → client), `receive` = command (client → server), as the server sees it. */
export type Direction = "command" | "event";

export interface Contract {
  /** Version of this format; a reader refuses any other. */
  readonly format: 1;
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** The `asyncapi` version that the source document declares. */
  readonly asyncapi: string;
  /** SHA-256, hex, over the document and all that it refers to. */
  readonly sha256: string;
  /** From whose side the document was written; the Contract itself is always the server's side. */
  readonly perspective: "server" | "client";
  readonly endpoints: readonly Endpoint[];
  /** Schemas that payloads share, by unique name; targets of every `$ref`. */
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

/** The channels that share a server and an address: what one WebSocket connection carries. */
export interface Endpoint {
  /** Name of its first channel; unique in the contract. */
  readonly name: string;
  /** Names of all its channels, in document order. */
  readonly channels: readonly string[];
  readonly title?: string;
  readonly description?: string;
  /** Starts with `/`; may hold `{parameter}`s and, where the document put one there, a query string. */
  readonly address: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly servers: readonly Server[];
  /** Names of the security schemes that the servers or operations ask for. */
  readonly security: readonly SecurityScheme[];
  /** The ws binding's schema of the query string. */
  readonly query?: JsonSchema;
  /** The ws binding's schema of the handshake headers. */
  readonly headers?: JsonSchema;
  readonly protocol: ProtocolRules;
  readonly heartbeat?: Heartbeat;
  readonly reconnect?: Reconnect;
  /** By code, as in `x-ws-close-codes`; absent: the document declares none. */
  readonly closeCodes?: Readonly<Record<string, CloseCode>>;
  readonly lifecycles: readonly Lifecycle[];
  readonly invariants: readonly Invariant[];
  readonly exchanges?: Exchanges;
  readonly commands: readonly Message[];
  readonly events: readonly Message[];
  readonly operations: readonly Operation[];
}

export interface Parameter {
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: string;
  readonly examples?: readonly string[];
}

export interface Server {
  readonly name: string;
  readonly url: string;
}

export interface SecurityScheme {
  readonly name: string;
  readonly type: string;
  /** `in` and `name` of an API key, or the HTTP scheme. */
  readonly in?: string;
  readonly parameter?: string;
  readonly scheme?: string;
}

/** A command or an event. A document message that travels both ways stands in both lists, under one name. */
export interface Message {
  /** Key of the message in its channel; unique in its endpoint and direction. */
  readonly name: string;
  /** What stands on the wire as the (outermost) discriminator value, where there is one constant. */
  readonly wireName?: string;
  readonly title?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  /** `true` when the document gives no schema: then nothing can be judged strictly, and lint says so. */
  readonly payload: JsonSchema;
  /** Where the correlation id stands in the payload. */
  readonly correlation?: Pointer;
  readonly examples: readonly Example[];
  /** `x-ws-hot`: codegen spends bytes for speed. */
  readonly hot?: boolean;
  /** True for a payload that is not JSON text (a binary content type). */
  readonly binary?: boolean;
  /** True for an event that only comes as a Socket.IO acknowledgement: it has no frame of its own, so no row names it. */
  readonly acknowledgement?: boolean;
  readonly source: Source;
}

export interface Example {
  readonly name?: string;
  readonly summary?: string;
  readonly payload: Json;
  readonly source?: Source;
}

/** Where something stands in the document: path relative to the document's folder, line from 1. */
export interface Source {
  readonly file: string;
  readonly line: number;
}

export interface Operation {
  readonly name: string;
  readonly summary?: string;
  readonly description?: string;
  /** As the server sees it: it receives commands and sends events. */
  readonly action: "receive" | "send";
  /** Names of the messages, in the operation's direction. */
  readonly messages: readonly string[];
  readonly reply?: Reply;
}

/** `x-ws-protocol`, with messages resolved to their names. */
export interface ProtocolRules {
  /** What names an event. */
  readonly send: Discriminator;
  /** What names a command. */
  readonly receive: Discriminator;
  /** Field names that other channels use, for the field rule. */
  readonly never: readonly string[];
  /** Absent: not declared, not judged. */
  readonly unknown?: { readonly send: "ignore" | "error"; readonly receive: "ignore" | "error" };
  readonly transport: "websocket" | "socket.io";
  readonly frames: "text" | "binary" | "both";
  /** True when the document itself says `frames`. */
  readonly framesDeclared: boolean;
  readonly subprotocols: readonly string[];
  readonly subprotocolRequired: boolean;
  /** T of the checks; 5000 where the document is silent. */
  readonly answerMs: number;
  readonly maxBytes?: number;
  readonly reject?: Reject;
  /** `null`: declared that no event comes first; absent: not declared. */
  readonly first?: { readonly message: string; readonly withinMs: number } | null;
  readonly audience: readonly Audience[];
  readonly rate?: { readonly messages: number; readonly perMs: number; readonly answer: "error" | "close" };
  readonly sendQueueBytes?: number;
  readonly origins?: readonly string[];
}

/** How the messages of one direction are told apart. */
export interface Discriminator {
  /**
   * `declared` by `x-ws-protocol`: a frame that it cannot name is refused (the field rule).
   * `inferred`: it only narrows the candidates, of which at least one must accept the value.
   * `none`: declared as `null`, or nothing tells the messages apart; the frame is judged by shape.
   */
  readonly origin: "declared" | "inferred" | "none";
  /** Pointers to the naming fields, outer first; the first may be `$event`, the Socket.IO event name. */
  readonly fields: readonly string[];
  /**
   * A row for each message that a text frame can be (neither binary nor an acknowledgement), in document order. `values[i]` are the values of `fields[i]` that name it; an empty list means
   * that this field does not tell (any value, or absent). Under `inferred`, `optional[i]` says that the field may be
   * absent.
   */
  readonly rows: readonly DiscriminatorRow[];
  /** Under `inferred`: messages told by a required field that no other candidate without constants requires. */
  readonly presence: readonly { readonly message: string; readonly pointer: Pointer }[];
}

export interface DiscriminatorRow {
  readonly message: string;
  readonly values: readonly (readonly Json[])[];
  readonly optional?: readonly boolean[];
}

export interface Audience {
  readonly messages: readonly string[];
  readonly to:
    | "connection"
    | "address"
    | "path"
    | { readonly key: Pointer; readonly lifecycle: string; readonly in?: readonly string[] };
  /** Fields by which two connections know the same event; empty: equal text within T. */
  readonly same: readonly Pointer[];
}

export type InvariantKind =
  | "unique"
  | "constant"
  | "increasing"
  | "nondecreasing"
  | "prefix-growing"
  | "at-most"
  | "echoes";

/** `x-ws-invariants`: something that holds over the events of one connection. */
export interface Invariant {
  readonly kind: InvariantKind;
  /** Names of events. */
  readonly on: readonly string[];
  readonly by?: Pointer;
  readonly field: Pointer;
  /** `increasing`: 1 for no gap. */
  readonly step?: number;
  /** `at-most`: where the bound stands. */
  readonly bound?: Pointer;
  /** `echoes`: names of the commands whose values are echoed, and where they stand. */
  readonly command?: readonly string[];
  readonly from?: Pointer;
  readonly resetOn?: { readonly message: string; readonly when?: Readonly<Record<Pointer, Json>> };
  readonly level: "MUST" | "SHOULD";
}

/** `x-ws-exchanges`: known commands and what they lead to. */
export interface Exchanges {
  /** Fields whose values come only from exchanges, examples or configuration. */
  readonly domain: readonly Pointer[];
  readonly list: readonly Exchange[];
}

export type ExchangeTag = "witness" | "echo" | "long" | "bulk";

export interface Exchange {
  readonly name: string;
  readonly tags: readonly ExchangeTag[];
  readonly steps: readonly ExchangeStep[];
  readonly expect: readonly Expectation[];
  readonly ordered: boolean;
  readonly until?: { readonly message: string; readonly when?: Readonly<Record<Pointer, Json>> };
}

export type ExchangeStep =
  | { readonly send: { readonly message: string; readonly payload: Json } }
  | { readonly await: { readonly message: string; readonly when?: Readonly<Record<Pointer, Json>> } };

export interface Expectation {
  readonly message: string;
  readonly when?: Readonly<Record<Pointer, Json>>;
  readonly field?: Pointer;
  readonly equals?: Json;
  readonly contains?: string;
  /** The values of all such events, joined; else each one. */
  readonly join: boolean;
  readonly count?: number;
}
