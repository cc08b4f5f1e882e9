/** Where a lifecycle leads, as far as the document says: states, the ways of its exchanges, and the moves between. */

import type { Endpoint, Exchange, Lifecycle } from "../../src/contract/contract.js";
import { CLOSED, OTHER } from "../../src/contract/lifecycle/automaton.js";

/** The first steps of an exchange, after which the subject may be in a wanted state. */
export interface Route {
  readonly exchange: Exchange;
  /** How many of its steps. */
  readonly steps: number;
}

/** A transition that a message takes from a state to another one. */
export interface Edge {
  readonly kind: "command" | "event";
  readonly name: string;
  readonly to: string;
  /** Its position in the lifecycle. */
  readonly transition: number;
}

/** The exchanges that lead to a state, the most certain and shortest first; floods are no way to go. */
export function routesTo(endpoint: Endpoint, lifecycle: Lifecycle, target: string): readonly Route[] {
  const found: (Route & { readonly states: number })[] = [];
  for (const exchange of endpoint.exchanges?.list ?? []) {
    if (exchange.tags.includes("bulk")) continue;
    for (const [index, states] of statesAlong(endpoint, lifecycle, exchange).entries()) {
      if (states?.has(target)) found.push({ exchange, steps: index + 1, states: states.size });
    }
  }
  return found.sort((a, b) => a.states - b.states || a.steps - b.steps);
}

/**
 * The states in which a lifecycle may be after each step of an exchange, its `until` counted as the last one; undefined
 * from the step on that the lifecycle does not allow, and before the first step that it names.
 */
export function statesAlong(
  endpoint: Endpoint,
  lifecycle: Lifecycle,
  exchange: Exchange,
): readonly (ReadonlySet<string> | undefined)[] {
  const events = new Set(endpoint.events.map(({ name }) => name));
  const steps = exchange.steps.map((step) => ("send" in step ? step.send.message : step.await.message));
  if (exchange.until !== undefined) steps.push(exchange.until.message);
  let here: ReadonlySet<string> = new Set([lifecycle.initial]);
  let touched = false;
  let lost = false;
  return steps.map((name) => {
    const named = lifecycle.transitions.some(({ on }) => on.includes(name));
    if (lost || !named) return touched && !lost ? here : undefined;
    // Other events may have come before the one that is awaited.
    const from = events.has(name) ? afterEvents(lifecycle, events, here) : here;
    const to = new Set<string>();
    for (const state of from) for (const next of targetsOf(lifecycle, state, name)) to.add(next);
    touched = true;
    lost = to.size === 0;
    here = to;
    return lost ? undefined : here;
  });
}

/** The moves that lead from a state to another one; `$other` and closing are no ways to go. */
export function edgesFrom(endpoint: Endpoint, lifecycle: Lifecycle, state: string): Edge[] {
  const commands = new Set(endpoint.commands.map((message) => message.name));
  return lifecycle.transitions.flatMap((transition, index) => {
    const { from, on, to } = transition;
    if (!(from.includes(state) || from.includes("*")) || to === "=" || to === CLOSED) return [];
    return on
      .filter((name) => name !== OTHER)
      .map((name): Edge => ({ kind: commands.has(name) ? "command" : "event", name, to, transition: index }));
  });
}

/** What a run must have been through, for the model to count as covered. */
export interface Wanted {
  readonly lifecycle: Lifecycle;
  readonly states: readonly string[];
  /** Positions of the transitions that a command takes. */
  readonly transitions: readonly number[];
}

/**
 * The states that the client's moves can reach, and every transition by a command.
 *
 * A move of the client leads to a state when a command takes it there; when the server must leave the state before it
 * and every event that leads out leads there; or when an exchange leads there and nowhere else. What the server may do
 * or leave is its own affair.
 */
export function wantedCoverage(endpoint: Endpoint): readonly Wanted[] {
  return endpoint.lifecycles.map((lifecycle) => ({
    lifecycle,
    states: [...ownStates(endpoint, lifecycle)],
    transitions: commandTransitions(endpoint, lifecycle),
  }));
}

function ownStates(endpoint: Endpoint, lifecycle: Lifecycle): ReadonlySet<string> {
  const found = new Set([lifecycle.initial]);
  for (const exchange of endpoint.exchanges?.list ?? []) {
    if (exchange.tags.includes("bulk")) continue;
    for (const states of statesAlong(endpoint, lifecycle, exchange)) {
      const [only, ...others] = states ?? [];
      if (only !== undefined && others.length === 0 && only !== CLOSED) found.add(only);
    }
  }
  // A set is walked in the order of insertion, those included that are added on the way.
  for (const state of found) {
    const edges = edgesFrom(endpoint, lifecycle, state);
    for (const { kind, to } of edges) if (kind === "command") found.add(to);
    if (!lifecycle.obligations.some((one) => one.in.includes(state))) continue;
    const [only, ...others] = new Set(edges.filter(({ kind }) => kind === "event").map(({ to }) => to));
    if (only !== undefined && others.length === 0) found.add(only);
  }
  return found;
}

function commandTransitions(endpoint: Endpoint, lifecycle: Lifecycle): readonly number[] {
  const commands = new Set(endpoint.commands.map(({ name }) => name));
  const reachable = graphStates(endpoint, lifecycle);
  return lifecycle.transitions.flatMap(({ from, on }, index) =>
    on.some((name) => commands.has(name)) && from.some((state) => state === "*" || reachable.has(state))
      ? [index]
      : [],
  );
}

/** The states that commands and events lead to from the initial one. */
export function graphStates(endpoint: Endpoint, lifecycle: Lifecycle): ReadonlySet<string> {
  const found = new Set([lifecycle.initial]);
  for (const state of found) for (const { to } of edgesFrom(endpoint, lifecycle, state)) found.add(to);
  return found;
}

function targetsOf(lifecycle: Lifecycle, state: string, name: string): string[] {
  return lifecycle.transitions
    .filter(({ from, on }) => on.includes(name) && (from.includes(state) || from.includes("*")))
    .map(({ to }) => (to === "=" ? state : to));
}

function afterEvents(
  lifecycle: Lifecycle,
  events: ReadonlySet<string>,
  states: ReadonlySet<string>,
): ReadonlySet<string> {
  const found = new Set(states);
  for (const state of found) {
    for (const { on } of lifecycle.transitions) {
      for (const name of on) {
        if (events.has(name)) for (const next of targetsOf(lifecycle, state, name)) found.add(next);
      }
    }
  }
  return found;
}
