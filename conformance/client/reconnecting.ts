/** What the declared policy says of the attempts of a client, in the time of a run (PROTOCOL.md#reconnect). */
import { reconnectDelay } from "../../src/contract/backoff.js";
import type { ClientContext } from "./check.js";

/** Between which times after an end an attempt is due (milliseconds, scaled). */
export interface ScaledWindow {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The window of attempt `attempt` (from 0); undefined where no policy is declared, or it makes no such attempt. */
export function delayWindow(
  { endpoint, scaled }: Pick<ClientContext, "endpoint" | "scaled">,
  attempt: number,
): ScaledWindow | undefined {
  if (endpoint.reconnect === undefined) return undefined;
  const window = reconnectDelay(endpoint.reconnect, attempt);
  return window === undefined ? undefined : { minMs: scaled(window.minMs), maxMs: scaled(window.maxMs) };
}

/** The window of the first attempt after an unclean end. */
export function firstDelay(context: Pick<ClientContext, "endpoint" | "scaled">): ScaledWindow | undefined {
  return delayWindow(context, 0);
}
