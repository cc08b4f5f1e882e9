/** What clients in this process throw where nobody catches it: told to the client that it belongs to, not to the process. */
import { AsyncLocalStorage } from "node:async_hooks";

/** Watches until it is stopped. */
export interface CrashWatch {
  /** Runs something; what it throws, then or ever after, is told to `crashed`. */
  run<T>(crashed: (error: unknown) => void, action: () => T): T;
  stop(): void;
}

/** Begins to watch. What belongs to nobody goes its usual way. */
export function watchCrashes(): CrashWatch {
  const owners = new AsyncLocalStorage<(error: unknown) => void>();
  const thrown = (error: unknown): void => {
    const owner = owners.getStore();
    if (owner !== undefined) owner(error);
    // A listener keeps an exception from ending the process: where nobody else listens, it must still do so.
    else if (process.listenerCount("uncaughtException") === 1) {
      process.off("uncaughtException", thrown);
      throw error;
    }
  };
  const rejected = (error: unknown): void => {
    const owner = owners.getStore();
    if (owner !== undefined) owner(error);
    else if (process.listenerCount("unhandledRejection") === 1) thrown(error);
  };
  process.on("uncaughtException", thrown);
  process.on("unhandledRejection", rejected);
  return {
    run: (crashed, action) => owners.run(crashed, action),
    stop() {
      process.off("uncaughtException", thrown);
      process.off("unhandledRejection", rejected);
    },
  };
}
