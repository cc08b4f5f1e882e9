/** What the declared policy says of the attempts of a client, and how the next one keeps it (PROTOCOL.md#reconnect). */
import { reconnectDelay } from "../../src/contract/backoff.js";
import type { Failure, Undecided } from "../property.js";
import type { Attempt, ClientCase, ClientContext, ClientReport, LaunchedClient } from "./check.js";
import { tooLate } from "./meeting.js";

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

/** How the next attempt came: in its window, or not, and then what that comes to. */
export type Arrival =
  | { readonly kind: "due"; readonly attempt: Attempt; readonly delayMs: number }
  | { readonly kind: "early" | "late"; readonly attempt: Attempt; readonly outcome: Failure | Undecided }
  | { readonly kind: "none"; readonly outcome: Failure };

/** Beyond the window an attempt is waited for so long (milliseconds): a late one is another fault than none. */
const LATE_MS = 2000;

/**
 * Waits for the next attempt and holds it against its window, which opens at `sinceMs` of the case's clock. Of a `client`
 * that is gone it is said that it is.
 */
export async function nextAttempt(
  context: ClientContext,
  scene: ClientCase,
  window: ScaledWindow,
  sinceMs: number,
  client?: Pick<LaunchedClient, "gone">,
): Promise<Arrival> {
  const latest = window.maxMs + context.graceMs();
  const expected = `an attempt ${windowText(window)} after the end`;
  const attempt = await scene.attempt(sinceMs + latest + LATE_MS - scene.now());
  if (attempt === undefined) {
    scene.note("the kit has waited for an attempt, and none came");
    const gone = client?.gone === undefined ? "" : `; the client ${client.gone}`;
    return {
      kind: "none",
      outcome: {
        verdict: "fail",
        reason: "the client did not come back",
        expected,
        got: `none within ${Math.round(latest + LATE_MS)} ms${gone}`,
        mend: "After an end without Close, wait the declared delay and connect again.",
      },
    };
  }
  const delayMs = attempt.atMs - sinceMs;
  const wrong = (reason: string, mend: string): Failure => ({
    verdict: "fail",
    reason,
    expected,
    got: `one after ${Math.round(delayMs)} ms`,
    mend,
  });
  if (delayMs < window.minMs - context.lowerToleranceMs(window.minMs)) {
    const mend =
      "Wait the declared delay, the first time as well: clients that do not flood a server that restarts.";
    return { kind: "early", attempt, outcome: wrong("the client came back too soon", mend) };
  }
  if (delayMs <= latest) return { kind: "due", attempt, delayMs };
  const late = wrong("the client came back too late", "Wait the declared delay, and no longer.");
  const outcome = context.canTime(window.maxMs) ? ({ ...late, late: true } as const) : tooLate(context);
  return { kind: "late", attempt, outcome };
}

/** A window in words: `150 ms`, or `75 to 150 ms`. */
export function windowText({ minMs, maxMs }: ScaledWindow): string {
  const [from, to] = [Math.round(minMs), Math.round(maxMs)];
  return from === to ? `${from} ms` : `${from} to ${to} ms`;
}

/** Time in which any client that is not starved learns that its connection is over (milliseconds). */
const LEARN_MS = 100;

/**
 * Waits until a client knows that the connection is over which was ended just now, within the window of its next attempt:
 * until it tells another state, or, where it tells none, for a moment. False where it does not say so in time; `from`:
 * reports that were told before.
 */
export async function knowsOfEnd(
  scene: Pick<ClientCase, "wait">,
  client: Pick<LaunchedClient, "next" | "told">,
  window: ScaledWindow,
  from: number,
): Promise<boolean> {
  if (!client.told.some(({ kind }) => kind === "state")) {
    await scene.wait(window.minMs / 4);
    return true;
  }
  const isOther = (report: ClientReport): boolean => report.kind === "state" && report.state !== "connected";
  return (await client.next(isOther, Math.max(LEARN_MS, window.minMs / 2), from)) !== undefined;
}
