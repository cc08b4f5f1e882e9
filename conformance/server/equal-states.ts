/** Whether two connections that did the same can be where they are: events move each at its own pace. */

import type { Endpoint, Lifecycle } from "../../src/contract/contract.js";
import type { Tester } from "../check.js";

/** By lifecycle and key (of the probe's own identifiers): the states that it may be in. */
export type StatesNow = ReadonlyMap<string, readonly string[]>;

/** The states of the connection's lifecycles, and of those keyed by one of the identifiers. */
export function statesOf(endpoint: Endpoint, tester: Tester, identifiers: readonly string[]): StatesNow {
  const states = new Map<string, readonly string[]>();
  for (const { name, scope, initial } of endpoint.lifecycles) {
    if (scope === "connection") states.set(name, [initial]);
  }
  for (const view of tester.monitor.configurations()) {
    if (!view.judged) {
      states.delete(view.lifecycle);
      continue;
    }
    // Keys that the subject invents differ between any two connections.
    const key = identifiers.findIndex((id) => view.key === JSON.stringify(id));
    if (view.key === undefined) states.set(view.lifecycle, view.states);
    else if (key >= 0) states.set(`${view.lifecycle} ‹id ${key + 1}›`, view.states);
  }
  return states;
}

/**
 * Undefined when some state can have led to both by events alone: a subject that answers at its own pace, or by chance,
 * is not accused. Else what differs.
 */
export function couldBeSame(
  endpoint: Endpoint,
  wanted: StatesNow,
  got: StatesNow,
): { readonly expected: string; readonly got: string } | undefined {
  for (const [label, states] of wanted) {
    const others = got.get(label);
    const [name] = label.split(" ‹");
    const lifecycle = endpoint.lifecycles.find((one) => one.name === name);
    if (others === undefined || lifecycle === undefined || states.length === 0 || others.length === 0)
      continue;
    const together = statesIn(lifecycle).some((origin) => {
      const reached = reachableByEvents(endpoint, lifecycle, origin);
      return states.some((state) => reached.has(state)) && others.some((state) => reached.has(state));
    });
    if (!together) {
      return { expected: `the lifecycle \`${name}\` in ${list(states)}`, got: `it is in ${list(others)}` };
    }
  }
  return undefined;
}

function statesIn({ initial, transitions }: Lifecycle): string[] {
  const named = transitions.flatMap(({ from, to }) => [...from, to]);
  return [...new Set([initial, ...named])].filter((state) => !["*", "=", "$closed"].includes(state));
}

function reachableByEvents(endpoint: Endpoint, lifecycle: Lifecycle, origin: string): ReadonlySet<string> {
  const commands = new Set(endpoint.commands.map(({ name }) => name));
  const reached = new Set([origin]);
  // A set grows while it is walked through: what is added is visited as well.
  for (const state of reached) {
    for (const { from, on, to } of lifecycle.transitions) {
      if (to === "=" || to === "$closed" || !(from.includes(state) || from.includes("*"))) continue;
      if (on.some((name) => !commands.has(name))) reached.add(to);
    }
  }
  return reached;
}

function list(states: readonly string[]): string {
  return states.map((state) => `\`${state}\``).join(" or ");
}
