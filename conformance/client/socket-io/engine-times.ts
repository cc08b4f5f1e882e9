/** What the kit says of the heartbeat in the open packet of Engine.IO, and keeps itself. */
import type { CaseRun } from "../case-run.js";

/** Milliseconds of the client in the open packet, and of the wall where the kit waits. */
export interface EngineTimes {
  readonly told: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly everyMs: number;
}

/** Defaults of Engine.IO 4 (milliseconds), for a document that says nothing. */
const DEFAULT = { intervalMs: 25_000, timeoutMs: 20_000 } as const;

/** The times of a run; undefined over a plain WebSocket. */
export function engineTimes(
  run: Pick<CaseRun, "endpoint" | "timeScale" | "advertisedMs" | "lever">,
): EngineTimes | undefined {
  const { endpoint, timeScale, lever } = run;
  if (endpoint.protocol.transport !== "socket.io") return undefined;
  const { intervalMs, timeoutMs = DEFAULT.timeoutMs } = endpoint.heartbeat ?? {};
  const declaredMs = typeof intervalMs === "number" ? intervalMs : DEFAULT.intervalMs;
  const everyMs = run.advertisedMs ?? declaredMs * timeScale;
  const wall = wallOfTold({ lever, timeScale, isEngine: true });
  return {
    everyMs,
    told: { intervalMs: Math.round(everyMs / wall), timeoutMs: Math.round((timeoutMs * timeScale) / wall) },
  };
}

/**
 * How many milliseconds of the wall one takes that the server tells: a client scales its own durations, not these. With a
 * clock of the kit they run faster as well, but for the timers of Engine.IO, whose library takes the platform's.
 */
export function wallOfTold({
  isEngine,
  lever,
  timeScale,
}: Pick<CaseRun, "lever" | "timeScale"> & { readonly isEngine: boolean }): number {
  return lever === "faketime" || (lever === "clock" && !isEngine) ? timeScale : 1;
}
