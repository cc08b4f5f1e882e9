/** Waits for a condition that only changes when something happens: no polling, one timer a wait. */
import { RunAborted } from "./interruption.js";

/** Those who wait on one connection. */
export interface Waiting {
  /**
   * Resolves with the first value other than undefined that `look` gives, looking now and at each `changed()`; with
   * undefined when time runs out, or when `over` says that nothing can come any more. Rejects with {@link RunAborted}.
   */
  until<T>(look: () => T | undefined, timeoutMs: number, over?: () => boolean): Promise<T | undefined>;
  /** Something happened: everybody looks again. */
  changed(): void;
}

/**
 * Opens a waiting room that closes with `signal`. Time that the kit's own loop lost (`lost`, milliseconds in all) does
 * not count: whoever waits gets it back.
 */
export function createWaiting(signal: AbortSignal, lost: () => number): Waiting {
  const looks = new Set<() => void>();
  return {
    changed() {
      for (const look of [...looks]) look();
    },
    until(look, timeoutMs, over = () => false) {
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          looks.delete(again);
          clearTimeout(timer);
          signal.removeEventListener("abort", abort);
        };
        const abort = (): void => {
          leave();
          reject(new RunAborted(reasonOf(signal)));
        };
        const again = (): void => {
          const found = look();
          if (found === undefined && !over()) return;
          leave();
          resolve(found);
        };
        let known = lost();
        const expire = (): void => {
          const more = lost() - known;
          known += more;
          if (more >= 1) {
            timer = setTimeout(expire, more);
            return;
          }
          leave();
          // One last look: what came while the loop was busy came in time.
          resolve(look());
        };
        let timer = setTimeout(expire, Math.max(0, timeoutMs));
        if (signal.aborted) {
          abort();
          return;
        }
        signal.addEventListener("abort", abort, { once: true });
        looks.add(again);
        again();
      });
    },
  };
}

/** What the run says about why it is over. */
export function reasonOf(signal: AbortSignal): string {
  const { reason } = signal;
  return reason instanceof Error ? reason.message : "the run was stopped";
}
