/**
 * What a case leaves behind where all at an address hear all: an answer that it has asked for and not waited for would
 * be heard by the case that uses the address next.
 */
import type { Endpoint } from "../src/contract/contract.js";

/** What the connections of one case may still be answered. */
export interface Aftermath {
  sent(names: readonly string[], atMs: number): void;
  received(names: readonly string[], atMs: number): void;
  /** When anything was last said that others at the address may hear of (milliseconds on the case's clock), if ever. */
  readonly lastMs: number | undefined;
}

/** Watches one case; nothing is ever left behind where each connection has its events for itself. */
export function watchAftermath({ protocol, operations, heartbeat }: Endpoint): Aftermath {
  const shared = new Set(
    protocol.audience.flatMap(({ to, messages }) => (to === "address" || to === "path" ? messages : [])),
  );
  // Whoever has the reply of these, or the answer to a beat, has all that follows on them.
  const answered = new Set<string | undefined>([
    ...operations.flatMap(({ messages, reply }) => (reply === undefined ? [] : messages)),
    heartbeat?.ping,
    heartbeat?.pong,
  ]);
  let lastMs: number | undefined;
  return {
    sent(names, atMs) {
      if (shared.size > 0 && !names.every((name) => answered.has(name))) lastMs = atMs;
    },
    received(names, atMs) {
      if (names.some((name) => shared.has(name))) lastMs = atMs;
    },
    get lastMs() {
      return lastMs;
    },
  };
}
