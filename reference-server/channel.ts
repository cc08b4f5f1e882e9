import type { Connection, Member } from "../src/wire/connection.js";
import type { ProtocolSide } from "../src/wire/protocol.js";

/** What a client asked for before there was a connection. */
export interface Handshake {
  /** Values of the `{parameters}` of the address. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** Whether a handshake becomes a connection. A refusal is said as an HTTP status, before the 101. */
export type Admission<In, Out> =
  | { readonly ok: true; join(connection: Connection<Out>): Member<In, Out> }
  | { readonly ok: false; readonly status: 400 | 404; readonly text: string };

/** One channel of the reference server: its protocol, who may enter, and what every connection gets. */
export interface Channel<In, Out> {
  readonly protocol: ProtocolSide<In, Out>;
  /** The address with values for its parameters, for people who look for a URL to try. */
  readonly sample: string;
  admit(handshake: Handshake): Admission<In, Out>;
  /** The payload of a value, where the value is not what travels. */
  payloadOf?(value: In | Out): unknown;
  /** Answers plain HTTP beside the channel; `undefined` for what is not its own. */
  rest?(request: RestRequest): RestAnswer | undefined;
}

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** The parsed body of a POST; `undefined` when there was none or it was no JSON. */
  readonly body: unknown;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
}
