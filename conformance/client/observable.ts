/** How much of a row about clients can be seen in a launch mode. */
import type { Requirement } from "../requirements.js";
import type { LaunchMode } from "./check.js";

/** The launch modes, in the order in which people meet them. */
export const LAUNCH_MODES: readonly LaunchMode[] = ["spawn", "driver", "adapter", "browser", "attach"];

/**
 * `all` of it; all but what the platform hides (`part`); the half that shows on the wire (`half`); nothing, for want of a
 * client that reports (`none`); or the platform forbids what it is about (`hidden`).
 */
export type Observable = "all" | "part" | "half" | "none" | "hidden";

/** True for the modes in which a client tells what it delivers. */
function tells(mode: LaunchMode): boolean {
  return mode !== "spawn" && mode !== "attach";
}

/** What of a row can be seen in a mode. */
export function observableIn({ hidden, observes }: Requirement, mode: LaunchMode): Observable {
  const isHidden = hidden?.in.includes(mode) === true;
  if (isHidden && hidden.part !== true) return "hidden";
  if (!tells(mode) && observes === "report") return "none";
  if (!tells(mode) && observes === "both") return "half";
  return isHidden ? "part" : "all";
}
