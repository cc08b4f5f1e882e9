import { type Cancel, type Clock, systemClock } from "../src/wire/clock.js";
import { createRandom, type Random } from "./random.js";

/** What the engines of the channels live in: scaled time, seeded chance, and one place for what goes wrong. */
export interface World {
  /** Unscaled, for the connections, which scale by themselves. */
  readonly clock: Clock;
  readonly random: Random;
  readonly timeScale: number;
  /** Runs `action` after `ms` × the time scale; what it throws is a fault, not a crash. */
  after(ms: number, action: () => void): Cancel;
  /** The wall clock as RFC 3339. */
  timestamp(): string;
  fault(fault: unknown): void;
  /** Timers that have not run and were not cancelled. */
  pending(): number;
  /** Cancels every timer; later ones never run. */
  stop(): void;
}

export interface WorldOptions {
  readonly clock?: Clock;
  readonly seed: number;
  readonly timeScale: number;
  readonly onFault: (fault: unknown) => void;
}

/** Makes a world, whose timers all end with it. */
export function createWorld(options: WorldOptions): World {
  const base = options.clock ?? systemClock;
  const timers = new Set<Cancel>();
  let stopped = false;

  const clock: Clock = {
    now: () => base.now(),
    date: () => base.date(),
    after(ms, action) {
      if (stopped) return () => {};
      const cancel = base.after(ms, () => {
        timers.delete(cancelOnce);
        try {
          action();
        } catch (fault) {
          options.onFault(fault);
        }
      });
      const cancelOnce: Cancel = () => {
        if (timers.delete(cancelOnce)) cancel();
      };
      timers.add(cancelOnce);
      return cancelOnce;
    },
  };

  return {
    clock,
    random: createRandom(options.seed),
    timeScale: options.timeScale,
    after: (ms, action) => clock.after(ms * options.timeScale, action),
    timestamp: () => base.date().toISOString(),
    fault: options.onFault,
    pending: () => timers.size,
    stop() {
      stopped = true;
      for (const cancel of [...timers]) cancel();
    },
  };
}
