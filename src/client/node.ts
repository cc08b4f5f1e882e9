/** `wireproof/client` in Node: the same client, which also sees what `ws` shows and no browser does. */

import type { ClientSide, MessagesByName } from "../wire/protocol.js";
import type { Client, Send } from "./client.js";
import { createClient as createAnyClient } from "./create-client.js";
import type { ClientOptions } from "./options.js";
import type { Tap } from "./tap.js";
import { tapWs } from "./ws-tap.js";

export type * from "./client.js";
export { ClientError } from "./client-error.js";

/** Makes a client of the client's side of a generated protocol. It does nothing until `connect`. */
export function createClient<In, Out, Names extends MessagesByName = MessagesByName<In, Out>>(
  side: ClientSide<In, Out, Names>,
  options: ClientOptions<Send<Out, Names>>,
): Client<In, Out, Names> {
  const isPinging = side.heartbeat?.mode === "frame";
  const tap: Tap = (socket, listener) => tapWs(socket, listener, isPinging);
  // By this `ws` refuses what is too large by its header, before it takes memory (PROTOCOL.md#limits-1).
  const limit = side.maxBytes === undefined ? {} : { maxPayload: side.maxBytes };
  return createAnyClient(side, { ...options, socketOptions: { ...limit, ...options.socketOptions } }, tap);
}
