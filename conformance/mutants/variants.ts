/** Documents beyond the bundled one that the reference server keeps: for rows that none of the five channels calls for. */
import type { Endpoint } from "../../src/contract/contract.js";
import type { Variant } from "./mutant.js";

/** The origin that guarded servers let in. */
export const ALLOWED_ORIGIN = "https://app.example";

/** What the guarded server wants to see; it is invented here and opens nothing else. */
export const TOKEN = "wireproof-7d1f0c52a9e84b36";

const guarded = (endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  security: [{ name: "bearer", type: "http", scheme: "bearer" }],
  protocol: { ...endpoint.protocol, origins: [ALLOWED_ORIGIN] },
});

const bearer = (token: string): { readonly headers: { readonly Authorization: string } } => ({
  headers: { Authorization: `Bearer ${token}` },
});

/** A channel behind a token and a list of origins. */
export function guardedVariant(channel: string): Variant {
  return {
    name: `${channel} behind a token`,
    channel,
    declare: guarded,
    server: { token: TOKEN, origins: [ALLOWED_ORIGIN] },
    options: {
      config: {
        identities: [{ name: "ann", ...bearer(TOKEN) }],
        rejected: { expired: bearer("wireproof-2019-01-01-expired") },
        payloads: {},
        domain: {},
      },
    },
  };
}

/** Sessions that belong to one user. The reference server knows no users: it keeps this only behind a proxy that does. */
export const ownedSessions: Variant = {
  name: "tasks with sessions of users",
  channel: "tasks",
  declare: (endpoint) => ({ ...endpoint, security: [{ name: "bearer", type: "http", scheme: "bearer" }] }),
  options: {
    config: {
      identities: [
        { name: "ann", ...bearer("ann"), owns: { "/session_id": ["session-of-ann"] } },
        { name: "bob", ...bearer("bob") },
      ],
      rejected: {},
      payloads: {},
      domain: {},
    },
  },
};

/** Those that the reference server keeps unaltered: one, because each is a whole run more. */
export const guardedVariants: readonly Variant[] = [guardedVariant("tasks")];
