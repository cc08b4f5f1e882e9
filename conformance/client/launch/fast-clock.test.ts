import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { createFastClock, type OwnedClock } from "./fast-clock.js";

const clocks: OwnedClock[] = [];
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.stop();
});

function running(speed: number): OwnedClock {
  const clock = createFastClock(speed);
  clocks.push(clock);
  return clock;
}

const wait = (clock: OwnedClock, ms: number): Promise<void> =>
  new Promise((resolve) => clock.setTimeout(resolve, ms));

describe("a clock that runs faster", () => {
  it.each([1, 10, 50])("runs %i times as fast, in all that it says", async (speed) => {
    const clock = running(speed);
    const wall = performance.now();
    const mine = clock.now();
    const date = clock.Date.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const passed = performance.now() - wall;
    expect((clock.now() - mine) / passed).toBeCloseTo(speed, 0);
    expect((clock.Date.now() - date) / passed).toBeCloseTo(speed, 0);
    expect((new clock.Date().getTime() - date) / passed).toBeCloseTo(speed, 0);
  });

  it("wakes nobody before time, however short the wait", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1500, noNaN: true }),
        async (speed, ms) => {
          const clock = running(speed);
          const due = clock.now() + ms / 10;
          await wait(clock, ms / 10);
          expect(clock.now()).toBeGreaterThanOrEqual(due);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("beats at its interval, until it is told not to", async () => {
    const clock = running(20);
    const beats: number[] = [];
    const start = clock.now();
    await new Promise<void>((resolve) => {
      const timer = clock.setInterval(() => {
        beats.push(clock.now() - start);
        if (beats.length < 4) return;
        clock.clearInterval(timer);
        resolve();
      }, 300);
    });
    await wait(clock, 1000);
    expect(beats).toHaveLength(4);
    for (const [index, at] of beats.entries()) expect(at).toBeGreaterThanOrEqual(300 * (index + 1));
    expect(clock.waiting).toBe(0);
  });

  it("gives dates that are dates", () => {
    const { Date: FastDate } = running(10);
    expect(new FastDate(0)).toBeInstanceOf(Date);
    expect(new FastDate(2020, 1, 2).getFullYear()).toBe(2020);
    expect(new FastDate("2020-01-02T00:00:00Z").toISOString()).toBe("2020-01-02T00:00:00.000Z");
    expect(FastDate.parse("1970-01-01T00:00:01Z")).toBe(1000);
  });

  it("forgets all timers when it is stopped, and sets none afterwards", async () => {
    const clock = running(1);
    let woken = 0;
    clock.setTimeout(() => {
      woken += 1;
    }, 5);
    clock.stop();
    clock.setTimeout(() => {
      woken += 1;
    }, 5);
    clock.clearTimeout(undefined);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect({ woken, waiting: clock.waiting }).toEqual({ woken: 0, waiting: 0 });
  });
});
