import type { Cancel } from "../wire/clock.js";
import type { Platform, PlatformEvent } from "./options.js";

/** Calls `wake` when the network is back, or a page that was away; `abort` when the signal says so. */
export function listenTo(
  platform: Platform | null,
  signal: AbortSignal | undefined,
  wake: (type: string) => void,
  abort: () => void,
): Cancel {
  const told = ({ type, persisted }: PlatformEvent): void => {
    // A page that is shown for the first time has not been away.
    const isAway = type === "pageshow" ? !persisted : platform?.document?.visibilityState === "hidden";
    if (!isAway) wake(type);
  };
  const change = (how: "addEventListener" | "removeEventListener"): void => {
    signal?.[how]("abort", abort);
    for (const type of ["online", "visibilitychange", "pageshow"]) platform?.[how]?.(type, told);
  };
  change("addEventListener");
  return () => change("removeEventListener");
}
