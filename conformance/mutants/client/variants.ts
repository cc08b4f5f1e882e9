/** Documents beyond the bundled one that a client of ours keeps: for rows that none of the channels calls for. */

import type { JsonSchema, Lifecycle, Reconnect } from "../../../src/contract/contract.js";
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

/** The heartbeat of the other side: what is the pong elsewhere is the ping here, and asks for what is the ping elsewhere. */
const BY_SERVER = {
  mode: "application",
  initiator: "server",
  intervalMs: 30_000,
  timeoutMs: 10_000,
  ping: "pong",
  pong: "ping",
} as const;

/** The server pings. */
export const pingedByServer: ClientVariant = {
  name: "workflow whose server pings",
  channel: "workflow",
  declare: ({ exchanges: _, ...endpoint }) => ({
    ...endpoint,
    heartbeat: { ...BY_SERVER, life: "pong" },
    // Else each pong would be answered by a ping again.
    operations: endpoint.operations.filter(({ messages }) => !messages.includes(BY_SERVER.pong)),
  }),
  side: (side) => ({ ...side, heartbeat: BY_SERVER, replies: {} }),
  checks: ["C-HB-03", "C-HB-04"],
};

/** Where the first event says how often the heart is to beat. */
export const TOLD = { message: "connected", field: "/beat_ms" } as const;

/** The server tells the interval of the heartbeat. */
export const toldBeat: ClientVariant = {
  name: "pipeline that tells its heartbeat",
  channel: "pipeline",
  declare: (endpoint) => ({
    ...endpoint,
    ...(endpoint.heartbeat === undefined ? {} : { heartbeat: { ...endpoint.heartbeat, intervalMs: TOLD } }),
    events: endpoint.events.map((event) =>
      event.name === TOLD.message ? { ...event, payload: withBeat(event.payload) } : event,
    ),
  }),
  side: (side) => ({ ...side, heartbeat: { mode: "none", ...side.heartbeat, intervalMs: TOLD } }),
};

function withBeat(schema: JsonSchema): JsonSchema {
  if (typeof schema === "boolean") return schema;
  const beat = { type: "number", minimum: -1, maximum: 2 ** 32 };
  // Draft-07 has an object there.
  return {
    ...schema,
    properties: { ...(schema["properties"] as Record<string, JsonSchema>), beat_ms: beat },
  };
}

/** All of them. */
export const clientVariants: readonly ClientVariant[] = [
  spreadOut,
  guardedQueue,
  openedByEvent,
  pingedByServer,
  toldBeat,
];
