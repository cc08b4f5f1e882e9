/** Finds the events that lead on in a lifecycle: what a server may say next, and what it owes. */

import type { Lifecycle, Transition } from "../../contract/contract.js";
import { sameJson } from "../../contract/same-json.js";
import type { Wants } from "./stock.js";

/** One event of a path: the transition that it takes. */
export interface Move {
  readonly event: string;
  readonly transition: Transition;
}

/**
 * The first transition from `state` that this message can take while it carries `wants`; what `bound` asks for is the
 * payload's business.
 */
export function moveOn(
  lifecycle: Lifecycle,
  state: string,
  message: string,
  wants: Wants = new Map(),
): Transition | undefined {
  return lifecycle.transitions.find(
    (transition) => transition.on.includes(message) && leaves(transition, state) && allows(transition, wants),
  );
}

/** True while the server owes an event in this state. */
export function isOwed(lifecycle: Lifecycle, state: string): boolean {
  return lifecycle.obligations.some((obligation) => obligation.in.includes(state));
}

/** Whether some transition is on this message. */
export function isNamed(lifecycle: Lifecycle, message: string): boolean {
  return lifecycle.transitions.some((transition) => transition.on.includes(message));
}

/**
 * The shortest way by events from `state` to a state that fits, or undefined where there is none.
 * Of two ways of one length the one that comes first in the document is taken.
 */
export function pathTo(
  lifecycle: Lifecycle,
  state: string,
  events: ReadonlySet<string>,
  fits: (state: string) => boolean,
): Move[] | undefined {
  const seen = new Set([state]);
  let frontier: { readonly at: string; readonly path: Move[] }[] = [{ at: state, path: [] }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { at, path } of frontier) {
      if (fits(at)) return path;
      for (const transition of lifecycle.transitions) {
        const event = transition.on.find((name) => events.has(name));
        const to = transition.to === "=" ? at : transition.to;
        if (event === undefined || !leaves(transition, at) || seen.has(to)) continue;
        seen.add(to);
        next.push({ at: to, path: [...path, { event, transition }] });
      }
    }
    frontier = next;
  }
  return undefined;
}

/** Events that may come in `state` and leave it as it is. */
export function loopsOf(lifecycle: Lifecycle, state: string, events: ReadonlySet<string>): Move[] {
  const loops: Move[] = [];
  for (const transition of lifecycle.transitions) {
    if (!leaves(transition, state) || (transition.to !== "=" && transition.to !== state)) continue;
    for (const event of transition.on) if (events.has(event)) loops.push({ event, transition });
  }
  return loops;
}

function leaves(transition: Transition, state: string): boolean {
  return state !== "$closed" && (transition.from.includes("*") || transition.from.includes(state));
}

function allows(transition: Transition, wants: Wants): boolean {
  return Object.entries(transition.when ?? {}).every(([pointer, wanted]) => {
    const value = wants.get(pointer);
    if (value === undefined) return true;
    return Array.isArray(wanted) ? wanted.some((one) => sameJson(one, value)) : sameJson(wanted, value);
  });
}
