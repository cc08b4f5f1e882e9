/** Documents beyond the bundled one that a client of ours keeps: for rows that none of the channels calls for. */

import type { Lifecycle, Reconnect } from "../../../src/contract/contract.js";
import type { ClientVariant } from "./client-mutant.js";

/** A channel with another policy of reconnects. */
function withPolicy(
  name: string,
  channel: string,
  change: Partial<Pick<Reconnect, "jitter" | "offline">>,
  more: Pick<ClientVariant, "checks"> & { readonly guarded?: true } = {},
): ClientVariant {
  const { checks, guarded } = more;
  return {
    name,
    channel,
    declare: (endpoint) => ({
      ...endpoint,
      ...(endpoint.reconnect === undefined ? {} : { reconnect: { ...endpoint.reconnect, ...change } }),
      ...(guarded === true ? { security: [{ name: "bearer", type: "http", scheme: "bearer" }] } : {}),
    }),
    side: (side) => ({
      ...side,
      ...(side.reconnect === undefined ? {} : { reconnect: { ...side.reconnect, ...change } }),
    }),
    ...(checks === undefined ? {} : { checks }),
  };
}

/** Clients that were dropped together are to come back apart. */
export const spreadOut = withPolicy("workflow under full jitter", "workflow", { jitter: "full" });

/** Credentials are wanted, and commands wait for a connection. */
export const guardedQueue = withPolicy(
  "workflow behind a token, with a queue",
  "workflow",
  { offline: "queue" },
  { guarded: true, checks: ["C-RC-10"] },
);

/** A session that an event opens: no question before it. */
const OPENING: Lifecycle = {
  name: "session",
  scope: "connection",
  initial: "closed",
  queued: [],
  transitions: [
    { from: ["closed"], on: ["connected"], to: "open" },
    { from: ["open"], on: ["message"], to: "=" },
  ],
  obligations: [],
};

/** The first event opens the session. */
export const openedByEvent: ClientVariant = {
  name: "pipeline that an event opens",
  channel: "pipeline",
  declare: (endpoint) => ({ ...endpoint, lifecycles: [...endpoint.lifecycles, OPENING] }),
  side: (side) => ({ ...side, lifecycles: [...side.lifecycles, OPENING] }),
  checks: ["C-SM-01", "C-SM-03"],
};

/** All of them. */
export const clientVariants: readonly ClientVariant[] = [spreadOut, guardedQueue, openedByEvent];
