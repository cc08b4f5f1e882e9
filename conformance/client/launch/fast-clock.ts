/**
 * A clock that runs faster than the wall's: for clients in this process that take their time from an argument. It is no
 * virtual one that jumps: their sockets are real, and what crosses them takes its time.
 */

/** What a client may wait by: the functions of the platform under their usual names. */
export interface FastClock {
  /** Milliseconds that only grow. */
  now(): number;
  /** As the global one; its `now()` and `new Date()` run faster. */
  readonly Date: DateConstructor;
  setTimeout(action: () => void, ms?: number): FastTimer;
  clearTimeout(timer: FastTimer | undefined): void;
  setInterval(action: () => void, ms?: number): FastTimer;
  clearInterval(timer: FastTimer | undefined): void;
}

/** A timer of a {@link FastClock}: only good for clearing it. */
export interface FastTimer {
  readonly dueMs: number;
}

/** A clock with the end of it. */
export interface OwnedClock extends FastClock {
  /** Timers that are still to come. */
  readonly waiting: number;
  /** Clears them all; from now on none is set. */
  stop(): void;
}

/** A longer timer of the platform would end at once (milliseconds). */
const LONGEST_MS = 2 ** 31 - 1;

/** A clock that runs `factor` times as fast as the platform's. */
export function createFastClock(factor: number): OwnedClock {
  const origin = performance.now();
  const date = Date.now();
  const timers = new Map<FastTimer, NodeJS.Timeout>();
  let stopped = false;
  const now = (): number => origin + (performance.now() - origin) * factor;
  const today = (): number => Math.round(date + (performance.now() - origin) * factor);

  function arm(timer: FastTimer, fire: () => void): void {
    if (stopped) return;
    const wallMs = Math.max(0, (timer.dueMs - now()) / factor);
    const handle = setTimeout(
      () => {
        // The platform cuts fractions off, which are long here: nobody is called before time.
        if (now() < timer.dueMs) arm(timer, fire);
        else {
          timers.delete(timer);
          fire();
        }
      },
      Math.min(Math.ceil(wallMs), LONGEST_MS),
    );
    timers.set(timer, handle);
  }

  function clear(timer: FastTimer | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timers.get(timer));
    timers.delete(timer);
  }

  return {
    now,
    Date: new Proxy(Date, {
      construct: (target, given, wanted) =>
        Reflect.construct(target, given.length === 0 ? [today()] : given, wanted),
      apply: () => new Date(today()).toString(),
      get: (target, key, receiver) => (key === "now" ? today : Reflect.get(target, key, receiver)),
    }),
    setTimeout(action, ms = 0) {
      const timer: FastTimer = { dueMs: now() + Math.max(0, ms) };
      arm(timer, action);
      return timer;
    },
    clearTimeout: clear,
    setInterval(action, ms = 0) {
      const every = Math.max(1, ms);
      const timer = { dueMs: now() + every };
      const fire = (): void => {
        timer.dueMs += every;
        arm(timer, fire);
        action();
      };
      arm(timer, fire);
      return timer;
    },
    clearInterval: clear,
    get waiting() {
      return timers.size;
    },
    stop() {
      stopped = true;
      for (const handle of timers.values()) clearTimeout(handle);
      timers.clear();
    },
  };
}
