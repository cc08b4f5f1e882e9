/** What a comparison comes to, in one word, and the exit code that it gives. */
import type { Change, Effect } from "../contract/diff/diff.js";
import { EXIT } from "./failure.js";

/** `same`: nothing differs on the wire. */
export function verdictOf(changes: readonly Change[]): Effect | "same" {
  const has = (effect: Effect) => changes.some((change) => change.effect === effect);
  return has("breaking")
    ? "breaking"
    : has("may-break")
      ? "may-break"
      : changes.length > 0
        ? "compatible"
        : "same";
}

/** 1 for what breaks, and for what may break unless that is allowed; else 0. */
export function diffExitCode(changes: readonly Change[], allowMayBreak: boolean): number {
  const verdict = verdictOf(changes);
  return verdict === "breaking" || (verdict === "may-break" && !allowMayBreak) ? EXIT.findings : EXIT.ok;
}
