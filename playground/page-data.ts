/** What the server tells its page: the contract, as far as a person needs it to play with. Types only. */

import type { Endpoint, Json, JsonSchema, Message } from "../src/contract/contract.js";

/** `/playground/contract.json`. */
export interface PageData {
  readonly title: string;
  readonly version: string;
  /** `reference server`, or `mock`. */
  readonly serving: string;
  /** Multiplies every duration of the contract; a client has to know it. */
  readonly timeScale: number;
  /** True when the server lets nobody in without its token. */
  readonly needsToken: boolean;
  /** Targets of every `$ref`. */
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  readonly endpoints: readonly PageEndpoint[];
}

/** What one connection carries. */
export interface PageEndpoint extends Pick<Endpoint, "name" | "address" | "parameters"> {
  readonly title?: string;
  readonly description?: string;
  readonly transport: "websocket" | "socket.io";
  /** The ws binding's schema of the query string. */
  readonly query?: JsonSchema;
  /** Where the module with the codec of this endpoint is. */
  readonly codec: string;
  /** Names that other channels give the naming field. */
  readonly never: readonly string[];
  readonly commands: readonly PageMessage[];
  readonly events: readonly PageMessage[];
}

/** A command, or an event. */
export interface PageMessage extends Pick<Message, "name" | "payload"> {
  /** What stands on the wire as its (outermost) name. */
  readonly wireName?: string;
  readonly summary?: string;
  readonly examples: readonly PageExample[];
}

/** A payload to begin with. */
export interface PageExample {
  readonly label: string;
  readonly payload: Json;
  /** True for one of a known exchange: `$text`, `$uuid` and `$int` in it stand for any. */
  readonly template: boolean;
}
