import type { Clock } from "./clock.js";

/** Time that moves when it is told to. */
export class ManualClock implements Clock {
  time = 0;
  timers = new Set<{ at: number; action: () => void }>();
  now(): number {
    return this.time;
  }
  date(): Date {
    return new Date(this.time);
  }
  after(ms: number, action: () => void): () => void {
    const timer = { at: this.time + ms, action };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.timers.delete(next);
      this.time = next.at;
      next.action();
    }
    this.time = end;
  }
}
