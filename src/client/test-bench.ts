/** A client on a clock and a network of a test, and all that it tells. */

import type { ClientSide, MessagesByName } from "../wire/protocol.js";
import {
  type Client,
  type ClientError,
  type ClientOptions,
  type ClientStatus,
  createClient,
  type Send,
} from "./client.js";
import { createNetwork, type Network, VirtualClock } from "./test-network.js";

export interface Bench<In, Out, Names extends MessagesByName> {
  readonly client: Client<In, Out, Names>;
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly statuses: ClientStatus[];
  readonly errors: ClientError[];
  /** Names of the events that were delivered, in order. */
  readonly events: string[];
  /** Moves on by so many milliseconds. */
  after(ms: number): Promise<void>;
  /** Connects, and completes the handshake. */
  connected(): Promise<void>;
}

/** A client that has not connected yet. Its platform tells it nothing unless the options say so. */
export function bench<In, Out, Names extends MessagesByName>(
  side: ClientSide<In, Out, Names>,
  options: Partial<ClientOptions<Send<Out, Names>>> & { readonly isBrowser?: boolean } = {},
): Bench<In, Out, Names> {
  const clock = new VirtualClock();
  const network = createNetwork(clock, options);
  const client = createClient(side, {
    url: "ws://server/",
    WebSocket: network.WebSocket,
    clock,
    random: () => 0.5,
    platform: null,
    ...options,
  });
  const statuses: ClientStatus[] = [];
  const errors: ClientError[] = [];
  const events: string[] = [];
  client.onStatus((status) => statuses.push(status));
  client.onError((error) => errors.push(error));
  client.onAny((_event, name) => events.push(name));
  return {
    client,
    clock,
    network,
    statuses,
    errors,
    events,
    after: (ms) => clock.advance(ms),
    async connected() {
      void client.connect();
      await clock.advance(0);
      network.last.accept();
      await clock.advance(0);
    },
  };
}
