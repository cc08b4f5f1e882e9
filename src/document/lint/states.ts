/** What the rules about lifecycles share: the states of an automaton and the ways between them. */

import type { Endpoint, Lifecycle, Transition } from "../../contract/contract.js";

/** Stays in the state. */
export const STAY = "=";
/** The server closes. */
export const CLOSED = "$closed";
/** Another connection did something. */
export const OTHER = "$other";

/** States that an instance can be in: where it begins, and where a transition leads. */
export function knownStates(lifecycle: Lifecycle): Set<string> {
  const led = lifecycle.transitions.map((transition) => transition.to);
  return new Set([lifecycle.initial, ...led.filter((state) => state !== STAY && state !== CLOSED)]);
}

/** States that some way leads to from the initial one. */
export function reachableStates(lifecycle: Lifecycle): Set<string> {
  const reached = new Set([lifecycle.initial]);
  // A set grows while it is walked, and new members are visited.
  for (const state of reached) {
    for (const transition of lifecycle.transitions) {
      if (!leaves(transition, state) || transition.to === STAY || transition.to === CLOSED) continue;
      reached.add(transition.to);
    }
  }
  return reached;
}

/** True when a transition may be taken in a state. */
export function leaves(transition: Transition, state: string): boolean {
  return transition.from.includes("*") || transition.from.includes(state);
}

/** True when an event of the endpoint can make the transition: neither a command nor another connection. */
export function isMadeByEvent(transition: Transition, endpoint: Endpoint): boolean {
  return transition.on.some((name) => endpoint.events.some((event) => event.name === name));
}
