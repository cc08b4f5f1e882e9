/** Ctrl-C ends a run, not the process: the first one asks for what was reached, the second one ends at once. */

/** A run that can be interrupted. */
export interface Interruption {
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Lets signals end the process again. */
  end(): void;
}

/** The exit code that shells give to a process that SIGINT ended. */
const INTERRUPTED = 130;

/** Listens until {@link Interruption.end}; `onFirst` is told of the first signal. */
export function interruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    onFirst();
    controller.abort(new Error("the run was stopped"));
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) process.on(name, stop);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of signals) process.off(name, stop);
    },
  };
}
