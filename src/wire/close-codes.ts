import type { Protocol } from "./protocol.js";

/** Why a connection ends, in the vocabulary of `x-ws-close-codes` (PROTOCOL.md#close-codes). */
export type CloseCause =
  | "done"
  | "going-away"
  | "restart"
  | "internal"
  | "overload"
  | "binary"
  | "not-utf8"
  | "too-large"
  | "frame"
  | "bad-parameter"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "heartbeat"
  | "slow-consumer"
  | "too-many";

/** The code of a cause where the document names none; RFC 6455 §7.4.1 and the IANA registry, 44xx after HTTP. */
const STANDARD: Readonly<Record<CloseCause, number>> = {
  done: 1000,
  "going-away": 1001,
  restart: 1012,
  internal: 1011,
  overload: 1013,
  binary: 1003,
  "not-utf8": 1007,
  "too-large": 1009,
  frame: 1002,
  "bad-parameter": 4400,
  unauthorized: 4401,
  forbidden: 4403,
  "not-found": 4404,
  heartbeat: 4408,
  "slow-consumer": 4429,
  "too-many": 4429,
};

/** The close code that a server gives for `cause`: the one of the protocol's table, else the standard one. */
export function closeCodeOf(protocol: Pick<Protocol, "closeCodes">, cause: CloseCause): number {
  for (const [code, row] of Object.entries(protocol.closeCodes)) {
    if (row.by !== "client" && row.cause.includes(cause)) return Number(code);
  }
  return STANDARD[cause];
}
