/** Paired rounds: all contenders take turns in one process, and each round compares them with the first. */

import { performance } from "node:perf_hooks";

/** Someone who does the same work as the others. */
export interface Contender {
  readonly name: string;
  /** Does all of it once and returns something that depends on all of it. */
  readonly pass: () => number;
}

/** What a process says of one contender. */
export interface Measured {
  readonly name: string;
  /** Nanoseconds for one message: the median of the rounds. */
  readonly nanoseconds: number;
  /** Of the time of the first contender in the same round: the median of the rounds. */
  readonly ratio: number;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Passes of each contender before anything is measured. */
  readonly warmUp: number;
  /** How long a contender's turn takes at least. */
  readonly turnMs: number;
  /** Messages in one pass. */
  readonly messages: number;
}

/**
 * Measures contenders against the first of them. Each has a loop of its own, compiled for it alone: what V8 learns of
 * one contender's calls says nothing of another's.
 */
export function measure(contenders: readonly Contender[], options: RoundsOptions): Measured[] {
  const racers = contenders.map(({ name, pass }) => ({
    name,
    run: ownLoop(pass),
    passes: 1,
    times: [] as number[],
  }));
  for (const racer of racers) {
    // Counted, not timed: the optimising compilers go by calls, and a busy machine makes few of them.
    let best = Number.POSITIVE_INFINITY;
    for (let pass = 0; pass < options.warmUp; pass++) {
      const began = performance.now();
      racer.run(1);
      best = Math.min(best, performance.now() - began);
    }
    racer.passes = Math.max(1, Math.ceil(options.turnMs / best));
  }
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < racers.length; turn++) {
      // Each begins once: whoever comes after an expensive one is not always the same.
      const racer = racers[(turn * stepOf(racers.length, round) + round) % racers.length];
      if (racer === undefined) continue;
      globalThis.gc?.({ type: "minor", execution: "sync" });
      const began = performance.now();
      racer.run(racer.passes);
      racer.times.push(((performance.now() - began) * 1e6) / (racer.passes * options.messages));
    }
  }
  const base = racers[0]?.times ?? [];
  return racers.map(({ name, times }) => ({
    name,
    nanoseconds: median(times),
    ratio: median(times.map((time, round) => time / (base[round] ?? Number.NaN))),
  }));
}

/** A step through a circle of that many that meets each of them. */
function stepOf(count: number, round: number): number {
  for (let step = 1 + (round % Math.max(1, count - 1)); ; step = (step % count) + 1) {
    if (greatestCommon(step, count) === 1) return step;
  }
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b);
}

let sink = 0;

function ownLoop(pass: () => number): (times: number) => void {
  const make = new Function(
    "pass",
    "return (times) => { let sum = 0; while (times-- > 0) sum += pass(); return sum; }",
  );
  const loop: (times: number) => number = make(pass);
  return (times) => {
    sink += loop(times);
  };
}

/** Says that results were used; to be called once, at the end. */
export function used(): number {
  return sink;
}

/**
 * A pass over a list that calls `each` for every entry and adds up what it returns; compiled for that function alone.
 * `each` is an expression of a function of one parameter, in which the names of `scope` are known.
 */
export function passOver<T>(
  list: readonly T[],
  each: string,
  scope: Readonly<Record<string, unknown>>,
): () => number {
  const names = Object.keys(scope);
  const body = `const each = ${each}; return () => { let sum = 0; for (let i = 0; i < list.length; i++) sum += each(list[i]); return sum; }`;
  const make = new Function("list", ...names, body);
  return make(list, ...Object.values(scope));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
