/** Undoes what returned it; calling it again, or late, does nothing. */
export type Cancel = () => void;

/** Time as an argument: what may ask for the time or wait for it takes one of these. */
export interface Clock {
  /** Milliseconds that only grow; the origin means nothing. */
  now(): number;
  /** The wall clock, for timestamps in messages. */
  date(): Date;
  /** Runs `action` once after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, action: () => void): Cancel;
}

/** A longer timer of the platform would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, action) {
    const timer = setTimeout(action, Math.min(ms, LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
