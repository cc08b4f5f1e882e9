import { type Connection, type ConnectionEnd, openConnection } from "../src/wire/connection.js";
import type { Protocol } from "../src/wire/protocol.js";
import type { Socket } from "../src/wire/socket.js";
import { type Address, compileAddress } from "./address.js";
import type { Channel, Handshake, RestAnswer, RestRequest } from "./channel.js";
import type { World } from "./world.js";

/** A channel as the server sees it, whatever its messages are. */
export interface Endpoint {
  readonly protocol: Protocol;
  readonly address: Address;
  readonly sample: string;
  /** Lets a handshake in, or says why not. */
  admit(handshake: Handshake): Entry;
  rest(request: RestRequest): RestAnswer | undefined;
}

export type Entry =
  | { readonly ok: true; open(socket: Socket, onEnd: (end: ConnectionEnd) => void): OpenConnection }
  | { readonly ok: false; readonly status: number; readonly text: string };

/** What the server still needs of a connection once it is open. */
export type OpenConnection = Pick<Connection<unknown>, "id" | "close" | "drop">;

export interface EndpointOptions {
  /** Replaces the rate of the protocol. */
  readonly rate: Protocol["rate"];
}

/** Closes over the message types of a channel, so that the server can hold channels of every kind. */
export function createEndpoint<In, Out>(
  world: World,
  channel: Channel<In, Out>,
  options: EndpointOptions,
): Endpoint {
  const { protocol } = channel;
  return {
    protocol,
    address: compileAddress(protocol.address),
    sample: channel.sample,
    rest: (request) => channel.rest?.(request),
    admit(handshake) {
      const admission = channel.admit(handshake);
      if (!admission.ok) return admission;
      return {
        ok: true,
        open: (socket, onEnd) =>
          openConnection<In, Out>({
            id: world.random.uuid(),
            protocol,
            socket,
            clock: world.clock,
            timeScale: world.timeScale,
            join: admission.join,
            ...(channel.payloadOf === undefined ? {} : { payloadOf: channel.payloadOf }),
            ...(options.rate === undefined ? {} : { rate: options.rate }),
            onFault: world.fault,
            onEnd,
          }),
      };
    },
  };
}
