/** Goes to a state of a lifecycle on a connection: by an exchange that leads there, or by what the Monitor calls legal. */

import type { Json, Lifecycle } from "../../src/contract/contract.js";
import { keyOf } from "../../src/contract/lifecycle/automaton.js";
import { fill, holds } from "../exchange.js";
import { move } from "./moves.js";
import { type Edge, edgesFrom, type Route, routesTo } from "./routes.js";
import { commandsThatAre, isRefused, nextEvent, type Walk } from "./walker.js";

/** How {@link reach} goes about it. */
export interface ReachOptions {
  /** Which of the ways is tried first, and which payloads: another attempt takes another way. */
  readonly attempt: number;
  /** When to give up, on the case's clock. */
  readonly deadline: number;
  /** A state counts as reached already when the subject may be there: for states that it leaves at once. */
  readonly perhaps?: true;
  /** Other states that will do as well. */
  readonly or?: readonly string[];
}

/** How often the Monitor is asked again while it cannot tell the states apart (milliseconds): its clocks decide too. */
const LOOK_MS = 50;

/** The longest way: a state that needs more moves is not looked for. */
const MAX_MOVES = 24;

/** Goes to a state of a lifecycle; false when the subject did not come along in time. */
export async function reach(
  walk: Walk,
  lifecycle: Lifecycle,
  target: string,
  options: ReachOptions,
): Promise<boolean> {
  const routes = routesTo(walk.context.endpoint, lifecycle, target);
  // The last way of each round is the Monitor's alone: exchanges are few, and payloads many.
  const route = routes[options.attempt % (routes.length + 1)];
  if (route !== undefined && (await takeRoute(walk, lifecycle, target, route, options))) return true;
  return findWay(walk, lifecycle, target, options);
}

/** Takes the first steps of an exchange, as long as they are legal; true once the state is reached. */
async function takeRoute(
  walk: Walk,
  lifecycle: Lifecycle,
  target: string,
  { exchange, steps }: Route,
  options: ReachOptions,
): Promise<boolean> {
  const { tester, context, identifiers } = walk;
  const filling = { text: `to ${target} `, uuid: identifiers[0], int: 7 };
  let from = tester.messages.length;
  for (const step of exchange.steps.slice(0, steps)) {
    if (tester.end !== undefined || isReached(walk, lifecycle, target, options)) break;
    if ("send" in step) {
      const { message: name } = step.send;
      const payload = fill(step.send.payload, filling);
      if (tester.monitor.legalNow({ name, payload }) !== "legal") return false;
      move(walk, name, payload);
      continue;
    }
    const { message: name, when } = step.await;
    const fits = (message: { readonly names: readonly string[]; readonly payload: unknown }): boolean =>
      message.names.includes(name) && holds(when, message.payload, filling);
    const patience = Math.min(context.answerMs, options.deadline - tester.now());
    const found = await tester.next(fits, patience, from);
    if (found === undefined) return false;
    from = tester.messages.indexOf(found, from) + 1;
  }
  return isReached(walk, lifecycle, target, options);
}

/** Goes by the shortest way that is left, one legal command or awaited event after the other. */
async function findWay(
  walk: Walk,
  lifecycle: Lifecycle,
  target: string,
  options: ReachOptions,
): Promise<boolean> {
  const { tester, context } = walk;
  const futile = new Set<string>();
  let turn = options.attempt;
  for (let moves = 0; moves < MAX_MOVES; ) {
    if (tester.end !== undefined || tester.now() >= options.deadline) return false;
    if (isReached(walk, lifecycle, target, options)) return true;
    const here = statesNow(walk, lifecycle);
    if (here.length > 1) {
      // Nothing more need come where the last word was a refusal: the clocks alone would tell the states apart.
      if (isRefused(walk) && silentMs(walk) > context.quietMs()) return false;
      await nextEvent(walk, Math.min(LOOK_MS, options.deadline - tester.now()));
      continue;
    }
    const [state = lifecycle.initial] = here;
    const edge = firstEdge(walk, lifecycle, state, target, futile);
    if (edge === undefined) return false;
    moves += 1;
    if (edge.kind === "event") {
      const patience = Math.min(context.quietMs(), options.deadline - tester.now());
      if (!(await nextEvent(walk, patience))) futile.add(edgeKey(state, edge));
      continue;
    }
    const payloads = payloadsFor(walk, lifecycle, edge.name, edge.transition);
    const payload = payloads[turn % Math.max(1, payloads.length)];
    turn += 1;
    if (payload === undefined) futile.add(edgeKey(state, edge));
    else move(walk, edge.name, payload);
  }
  return false;
}

/** How long nothing has come (milliseconds). */
function silentMs({ tester }: Walk): number {
  return tester.now() - (tester.messages.at(-1)?.atMs ?? 0);
}

/** Payloads of a command that a certain transition takes now, about the instance of the walk. */
export function payloadsFor(
  walk: Walk,
  lifecycle: Lifecycle,
  name: string,
  transition: number,
): readonly Json[] {
  const { monitor } = walk.tester;
  const [command] = commandsThatAre("legal", walk, [name]);
  const own = (command?.payloads ?? mayPayloads(walk, name)).filter((payload) =>
    isOwn(walk, lifecycle, payload),
  );
  return own.filter((payload) =>
    monitor
      .taking({ name, payload })
      .some((taken) => taken.lifecycle === lifecycle.name && taken.transition === transition),
  );
}

function mayPayloads(walk: Walk, name: string): readonly Json[] {
  const [command] = commandsThatAre("undecided", walk, [name]);
  return command?.payloads ?? [];
}

/** True for a payload about the instance of the walk: the one of its first identifier. */
export function isOwn(walk: Walk, { scope }: Lifecycle, payload: Json): boolean {
  if (scope === "connection") return true;
  const key = keyOf(scope.key, payload);
  return key === undefined || key === JSON.stringify(walk.identifiers[0]);
}

function isReached(walk: Walk, lifecycle: Lifecycle, target: string, options: ReachOptions): boolean {
  const here = statesNow(walk, lifecycle);
  const wanted = (state: string): boolean => state === target || options.or?.includes(state) === true;
  return options.perhaps === true ? here.some(wanted) : here.every(wanted);
}

/** The states in which the instance of the walk may be now. */
export function statesNow(walk: Walk, lifecycle: Lifecycle): readonly string[] {
  const view = walk.tester.monitor
    .configurations()
    .find(
      (one) =>
        one.lifecycle === lifecycle.name &&
        (lifecycle.scope === "connection" || one.key === JSON.stringify(walk.identifiers[0])),
    );
  return view?.states ?? [lifecycle.initial];
}

/** The first edge of a shortest way; what proved futile is left out. */
function firstEdge(
  walk: Walk,
  lifecycle: Lifecycle,
  from: string,
  target: string,
  futile: ReadonlySet<string>,
): Edge | undefined {
  const first = new Map<string, Edge>();
  const queue = [from];
  const seen = new Set([from]);
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    for (const edge of edgesFrom(walk.context.endpoint, lifecycle, state)) {
      if (seen.has(edge.to) || futile.has(edgeKey(state, edge))) continue;
      seen.add(edge.to);
      const start = first.get(state) ?? edge;
      first.set(edge.to, start);
      if (edge.to === target) return start;
      queue.push(edge.to);
    }
  }
  return undefined;
}

function edgeKey(state: string, edge: Edge): string {
  return JSON.stringify([state, edge.kind, edge.name, edge.transition]);
}
