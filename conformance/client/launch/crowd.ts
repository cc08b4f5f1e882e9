/** The clients that live at once: a machine holds only so many before it is their crowd that is measured. */
import { RunAborted } from "../../interruption.js";
import { HarnessFault } from "../../judge.js";
import { reasonOf } from "../../waiting.js";
import type { RunningClient } from "../launcher.js";

/** How many processes may live at once: an idle Node client takes 54 MB, and 40 of them 3.5 s to start. */
export const PROCESSES_AT_ONCE = 32;

/** The longest wait for a place (milliseconds): a case that holds all places itself would wait for ever. */
const LONGEST_MS = 120_000;

/** The clients of one launcher, at most so many. */
export interface Crowd {
  readonly most: number;
  /** Starts a client as soon as there is a place for it, in the order of asking; its place is free once it has ended. */
  admit(signal: AbortSignal, start: () => Promise<RunningClient>): Promise<RunningClient>;
  /** Ends all that live. */
  stop(): Promise<void>;
}

/** A crowd of nobody yet. */
export function createCrowd(most: number): Crowd {
  const living = new Set<RunningClient>();
  const queue = new Set<() => void>();
  let free = most;

  function leave(): void {
    free += 1;
    const [next] = queue;
    next?.();
  }

  function place(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        queue.delete(enter);
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      };
      const enter = (): void => {
        done();
        free -= 1;
        resolve();
      };
      const abort = (): void => {
        done();
        reject(new RunAborted(reasonOf(signal)));
      };
      const timer = setTimeout(() => {
        done();
        const waited = LONGEST_MS / 1000;
        reject(new HarnessFault(`No place for one more client in ${waited} s: ${most} live, and none ends.`));
      }, LONGEST_MS);
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener("abort", abort, { once: true });
      queue.add(enter);
      if (free > 0) enter();
    });
  }

  return {
    most,
    async admit(signal, start) {
      await place(signal);
      try {
        const client = await start();
        living.add(client);
        void client.ended.then(() => {
          living.delete(client);
          leave();
        });
        return client;
      } catch (error) {
        leave();
        throw error;
      }
    },
    async stop() {
      await Promise.all([...living].map((client) => client.stop()));
    },
  };
}
