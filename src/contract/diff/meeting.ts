/** Which transition of an old lifecycle became which of the new one. */

import type { Transition } from "../contract.js";
import { canonicalJson } from "../same-json.js";

/** What a message may lead to from a pair of states. */
export interface Steps {
  readonly old: readonly Transition[];
  readonly new: readonly Transition[];
}

/** Transitions of both sides: those under the same conditions, and those of one side alone. */
export interface Meeting {
  readonly both: readonly (readonly [Transition, Transition])[];
  readonly oldOnly: readonly Transition[];
  readonly newOnly: readonly Transition[];
  /** What those of one side alone may meet on the other. */
  readonly perhaps: readonly (readonly [Transition, Transition])[];
}

/** Pairs the transitions of a command or an event by their conditions. */
export function meet(steps: Steps): Meeting {
  const words = ({ when, bound, set }: Transition) =>
    canonicalJson([when ?? null, bound ?? null, set ?? null]);
  const left = [...steps.new];
  const both: [Transition, Transition][] = [];
  const oldOnly: Transition[] = [];
  for (const old of steps.old) {
    const index = left.findIndex((one) => words(one) === words(old));
    const [next] = index < 0 ? [] : left.splice(index, 1);
    if (next === undefined) oldOnly.push(old);
    else both.push([old, next]);
  }
  const [plainOld, plainNew] = [steps.old.filter(isPlain), steps.new.filter(isPlain)];
  const perhaps = [
    ...oldOnly.flatMap((old) => [...new Set([...left, ...plainNew])].map((next) => [old, next] as const)),
    ...left.flatMap((next) =>
      plainOld.filter((old) => !oldOnly.includes(old)).map((old) => [old, next] as const),
    ),
  ];
  return { both, oldOnly, newOnly: left, perhaps };
}

/** The same for what other connections do: as many are the same in their order, else those to the same state. */
export function meetOthers(steps: Steps): Meeting {
  if (steps.old.length === steps.new.length) {
    const both = steps.old.flatMap((old, index) => {
      const next = steps.new[index];
      return next === undefined ? [] : [[old, next] as const];
    });
    return { both, oldOnly: [], newOnly: [], perhaps: [] };
  }
  const left = [...steps.new];
  const both: [Transition, Transition][] = [];
  const oldOnly: Transition[] = [];
  for (const old of steps.old) {
    const index = left.findIndex(({ to }) => to === old.to);
    const [next] = index < 0 ? [] : left.splice(index, 1);
    if (next === undefined) oldOnly.push(old);
    else both.push([old, next]);
  }
  return { both, oldOnly, newOnly: left, perhaps: [] };
}

/** The first transition that always fits hides those after it. */
export function untilPlain(steps: readonly Transition[]): readonly Transition[] {
  const plain = steps.findIndex(isPlain);
  return plain < 0 ? steps : steps.slice(0, plain + 1);
}

/** True for a transition without a condition. */
export function isPlain({ when, bound }: Transition): boolean {
  return when === undefined && bound === undefined;
}
