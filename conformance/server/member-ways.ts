/**
 * The ways of one member through every command of a keyed lifecycle, while the other members only watch.
 *
 * The Monitor of a connection that has company allows for what the others may do; here nobody else does anything, so
 * the state follows from what the one that acts has sent and heard.
 */

import type { Audience, Endpoint, Json, Lifecycle } from "../../src/contract/contract.js";
import { fitsWhen, keyOf } from "../../src/contract/lifecycle/automaton.js";
import type { ReceivedMessage } from "../check.js";
import { personalise } from "./commands.js";
import { isOwn } from "./reach.js";
import { type Edge, edgesFrom } from "./routes.js";
import { endsConnection, settle, type Walk } from "./walker.js";

/** A command in one of the states that take it. */
export interface Turn {
  readonly state: string;
  readonly command: string;
}

/** No document met so far has as many; a larger one is tried in part, and by chance. */
const MOST_WAYS = 16;

/** How often the way is looked up anew because the server has gone on meanwhile. */
const MOST_MOVES = 24;

/**
 * Ways that together take each command in each state of a member, by the shortest way there, as far as an event of the
 * audience answers it and whoever sends it stays a member. What is only the beginning of another way is left out.
 */
export function waysOf(
  endpoint: Endpoint,
  entry: Audience,
  lifecycle: Lifecycle,
  inside: readonly string[],
): readonly (readonly Turn[])[] {
  const [start] = inside;
  if (start === undefined) return [];
  const found = new Map<string, readonly Turn[]>();
  for (const state of inside) {
    const lead = pathTo(endpoint, lifecycle, start, state, inside);
    if (lead === undefined) continue;
    for (const edge of memberEdges(endpoint, lifecycle, state, inside)) {
      if (edge.kind !== "command") continue;
      const answered = memberEdges(endpoint, lifecycle, edge.to, inside).some(
        ({ kind, name }) => kind === "event" && entry.messages.includes(name),
      );
      if (!answered) continue;
      const way = [...lead.filter(({ edge: { kind } }) => kind === "command"), { state, edge }].map(
        (move): Turn => ({ state: move.state, command: move.edge.name }),
      );
      found.set(JSON.stringify(way), way);
    }
  }
  const keys = [...found.keys()];
  return [...found]
    .filter(([key]) => !keys.some((other) => other !== key && other.startsWith(`${key.slice(0, -1)},`)))
    .map(([, way]) => way)
    .slice(0, MOST_WAYS);
}

/** Takes a way from the first state of a member on; ends early where the server does not come along. */
export async function takeWay(
  walk: Walk,
  lifecycle: Lifecycle,
  inside: readonly string[],
  way: readonly Turn[],
): Promise<void> {
  const [start] = inside;
  if (start === undefined || way.length === 0) return;
  const drafts = payloadsOf(walk, lifecycle);
  const place: Place = { state: start, from: walk.tester.messages.length };
  for (const turn of way) {
    if (!(await goTo(walk, lifecycle, inside, turn.state, place, drafts))) return;
    if (!act(walk, lifecycle, turn.command, place, drafts)) return;
    if (!(await heard(walk, lifecycle, place))) return;
  }
  await settle(walk);
}

/** Where the one that acts is, and which of its messages have been read. */
interface Place {
  state: string;
  from: number;
}

type Payloads = ReadonlyMap<string, readonly Json[]>;

/** Made before the first command: a state that the server leaves by itself leaves no time for it. */
function payloadsOf({ source, identifiers, ...walk }: Walk, lifecycle: Lifecycle): Payloads {
  return new Map(
    source.names.map((name) => [
      name,
      source
        .variants(name)
        .map(({ payload }) => personalise(payload, identifiers))
        .filter((payload) => isOwn({ source, identifiers, ...walk }, lifecycle, payload)),
    ]),
  );
}

async function goTo(
  walk: Walk,
  lifecycle: Lifecycle,
  inside: readonly string[],
  target: string,
  place: Place,
  drafts: Payloads,
): Promise<boolean> {
  const { endpoint } = walk.context;
  for (let moves = 0; moves < MOST_MOVES; moves += 1) {
    catchUp(walk, lifecycle, place);
    if (place.state === target) return true;
    const [next] = pathTo(endpoint, lifecycle, place.state, target, inside) ?? [];
    if (next === undefined) return false;
    const went =
      next.edge.kind === "command"
        ? act(walk, lifecycle, next.edge.name, place, drafts)
        : await heard(walk, lifecycle, place);
    if (!went) return false;
  }
  return false;
}

/** Sends a command where it may be legal; false where it is not, or the connection has ended. */
function act(walk: Walk, lifecycle: Lifecycle, name: string, place: Place, drafts: Payloads): boolean {
  const { tester, context } = walk;
  const edge = edgesFrom(context.endpoint, lifecycle, place.state).find((one) => one.name === name);
  const payload = drafts.get(name)?.find((one) => {
    const legality = tester.monitor.legalNow({ name, payload: one });
    return legality === "legal" || (walk.daring === true && legality === "undecided");
  });
  if (edge === undefined || payload === undefined || tester.end !== undefined) return false;
  tester.command(name, payload);
  place.state = edge.to;
  return true;
}

/** Waits for the event that leads on; false where none comes in time. */
async function heard({ tester, context }: Walk, lifecycle: Lifecycle, place: Place): Promise<boolean> {
  const leads = (message: ReceivedMessage): boolean => after(lifecycle, place.state, message) !== undefined;
  const message = await tester.next(leads, context.answerMs, place.from);
  if (message === undefined) return false;
  place.state = after(lifecycle, place.state, message) ?? place.state;
  place.from = tester.messages.indexOf(message, place.from) + 1;
  return true;
}

/** Reads what has come meanwhile. */
function catchUp({ tester }: Walk, lifecycle: Lifecycle, place: Place): void {
  for (const message of tester.messages.slice(place.from)) {
    place.state = after(lifecycle, place.state, message) ?? place.state;
  }
  place.from = tester.messages.length;
}

/** The other state that an event leads to; undefined for one that leads nowhere. */
function after(
  { scope, transitions }: Lifecycle,
  state: string,
  { names, payload }: ReceivedMessage,
): string | undefined {
  if (scope !== "connection" && keyOf(scope.key, payload) === undefined) return undefined;
  return transitions.find(
    ({ from, on, to, when }) =>
      to !== "=" &&
      to !== state &&
      (from.includes(state) || from.includes("*")) &&
      names.some((name) => on.includes(name)) &&
      fitsWhen(when, payload),
  )?.to;
}

interface Move {
  readonly state: string;
  readonly edge: Edge;
}

/** The shortest way among the states of a member; undefined where there is none. */
function pathTo(
  endpoint: Endpoint,
  lifecycle: Lifecycle,
  start: string,
  target: string,
  inside: readonly string[],
): readonly Move[] | undefined {
  const paths = new Map<string, readonly Move[]>([[start, []]]);
  // A map is walked in the order of insertion, those included that are added on the way.
  for (const [state, path] of paths) {
    if (state === target) return path;
    for (const edge of memberEdges(endpoint, lifecycle, state, inside)) {
      if (!paths.has(edge.to)) paths.set(edge.to, [...path, { state, edge }]);
    }
  }
  return undefined;
}

/** The moves that keep a member one, without what the server need not take and what ends the connection. */
function memberEdges(
  endpoint: Endpoint,
  lifecycle: Lifecycle,
  state: string,
  inside: readonly string[],
): readonly Edge[] {
  return edgesFrom(endpoint, lifecycle, state).filter(
    ({ kind, name, to, transition }) =>
      inside.includes(to) &&
      lifecycle.transitions[transition]?.may !== true &&
      !(kind === "command" && endsConnection(endpoint, name)),
  );
}
