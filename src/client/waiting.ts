import type { Clock } from "../wire/clock.js";
import { ClientError, type ClientErrorCode } from "./client-error.js";

/** What waits in a set for its end, and leaves the set with it. */
export interface Waiting {
  resolve(outcome: unknown): void;
  /** Absent in a ping of the heartbeat, which nothing but its pong ends. */
  reject?(error: ClientError): void;
}

/**
 * Puts `what` into a set until it is settled, after `ms` at the latest: then it is rejected with `code`. `begin` is called
 * when it is there, with what settles it.
 */
export function wait<What extends object>(
  set: Set<What & Waiting>,
  what: What,
  clock: Clock,
  ms: number,
  code: ClientErrorCode,
  begin?: (resolve: Waiting["resolve"]) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ends =
      <Outcome>(settle: (outcome: Outcome) => void) =>
      (outcome: Outcome): void => {
        set.delete(waiting);
        cancel();
        settle(outcome);
      };
    const waiting = { ...what, resolve: ends(resolve), reject: ends(reject) };
    const cancel = clock.after(ms, () => waiting.reject(new ClientError(code, `${ms} ms are over`)));
    set.add(waiting);
    begin?.(waiting.resolve);
  });
}
