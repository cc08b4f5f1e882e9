/** All join what has a key, then one of them acts: who is a member hears it as often as the others, and nobody else does. */

import type { Audience, Endpoint, Lifecycle } from "../../src/contract/contract.js";
import type { CaseOutcome } from "../property.js";
import { isAmong, leakTo, unevenness } from "./audience.js";
import { identifiersOf } from "./commands.js";
import { type Turn, takeWay, waysOf } from "./member-ways.js";
import { isOwn, reach, statesNow } from "./reach.js";
import { edgesFrom } from "./routes.js";
import { closedEarly, connectAll, listenersOf, type Scene, type Stage, WATCHERS, watchAll } from "./stage.js";
import { endsConnection, legalCommands, settle, takeWalk, type Walk, watch } from "./walker.js";

/** Plays it. */
export async function playMembers(
  { context, source, scene }: Stage,
  { entry: index, way, steps, left }: Extract<Scene, { readonly kind: "members" }>,
): Promise<CaseOutcome> {
  const { endpoint } = context;
  const entry = endpoint.protocol.audience[index];
  const lifecycle = endpoint.lifecycles.find(
    ({ name }) => typeof entry?.to === "object" && entry.to.lifecycle === name,
  );
  if (entry === undefined || lifecycle === undefined) {
    return { verdict: "inconclusive", reason: "the audience names no lifecycle" };
  }
  const testers = await connectAll(scene, 1 + WATCHERS);
  const [own, foreign] = identifiersOf(scene.identity);
  const walks = testers.map(
    (tester): Walk => ({
      context,
      tester,
      source,
      identifiers: [own, own],
      // What may be refused is nothing for a safe profile.
      ...(context.profile.only === "safe" ? {} : { daring: true }),
    }),
  );
  for (const walk of walks) {
    if (!(await join(walk, entry, lifecycle))) {
      return { verdict: "inconclusive", reason: "the connections could not all become members" };
    }
  }
  const leaver = left === true ? walks.pop() : undefined;
  if (leaver !== undefined && !(await leave(leaver, entry, lifecycle))) {
    return { verdict: "untestable", reason: "no command is known by which a member leaves" };
  }
  const [stranger, bystander] = await connectAll(scene, 2);
  const [actor] = walks;
  if (actor === undefined || stranger === undefined || bystander === undefined) {
    return { verdict: "inconclusive", reason: "no connection" };
  }
  await join({ context, tester: bystander, source, identifiers: [foreign, foreign] }, entry, lifecycle);
  await watch(actor, context.quietMs());
  const marks = listenersOf(testers);
  const outside = [stranger, bystander, ...(leaver === undefined ? [] : [leaver.tester])];
  const outsideMarks = listenersOf(outside);
  await takeWay(actor, lifecycle, memberStates(entry, lifecycle), way);
  await takeWalk(actor, steps);
  await settle(actor);
  await watchAll(context, scene, source, [...testers, stranger, bystander]);
  // Whoever has left hears no more: it is not compared.
  const members = marks.filter(({ tester }, position) => {
    const walk = walks[position];
    return walk !== undefined && tester.end === undefined && isMember(walk, entry, lifecycle);
  });
  const uneven = await unevenness(context, entry, members);
  if (uneven !== undefined) return uneven;
  for (const outsider of outsideMarks) {
    const leaked = leakTo(outsider, {
      messages: entry.messages,
      marks: [own],
      why: outsider.tester === leaver?.tester ? "which has left" : "which is no member",
    });
    if (leaked !== undefined) return leaked;
  }
  const heard = members.some(({ tester, from }) =>
    tester.messages.slice(from).some((message) => isAmong(message, entry.messages)),
  );
  if (!heard) return { verdict: "inconclusive", reason: "the walk brought no event for several connections" };
  return closedEarly(testers) ?? { verdict: "pass" };
}

/** The ways that one of the members goes while the others watch. */
export function waysAmong(endpoint: Endpoint, entry: Audience | undefined): readonly (readonly Turn[])[] {
  const lifecycle = endpoint.lifecycles.find(
    ({ name }) => typeof entry?.to === "object" && entry.to.lifecycle === name,
  );
  if (entry === undefined || lifecycle === undefined) return [];
  return waysOf(endpoint, entry, lifecycle, memberStates(entry, lifecycle));
}

/** Becomes a member: the first of the states that make one, or another of them where the server leads there. */
async function join(walk: Walk, entry: Audience, lifecycle: Lifecycle): Promise<boolean> {
  const { tester, context } = walk;
  const inside = memberStates(entry, lifecycle);
  for (const [attempt, state] of inside.entries()) {
    const deadline = tester.now() + context.answerMs;
    if (await reach(walk, lifecycle, state, { attempt: attempt + 1, deadline, or: inside })) {
      return true;
    }
    if (attempt >= 2) break;
  }
  return false;
}

/** Is a member no longer: by a command that leads out from wherever it may be. */
async function leave(walk: Walk, entry: Audience, lifecycle: Lifecycle): Promise<boolean> {
  const { endpoint } = walk.context;
  const inside = memberStates(entry, lifecycle);
  const here = statesNow(walk, lifecycle);
  const leadsOut = (command: string): boolean =>
    !endsConnection(endpoint, command) &&
    here.every((state) =>
      edgesFrom(endpoint, lifecycle, state).some(
        ({ kind, name, to }) => kind === "command" && name === command && !inside.includes(to),
      ),
    );
  for (const { name, payloads } of legalCommands(walk)) {
    const payload = payloads.find((one) => isOwn(walk, lifecycle, one));
    if (payload === undefined || !leadsOut(name)) continue;
    walk.tester.command(name, payload);
    await settle(walk);
    return statesNow(walk, lifecycle).every((state) => !inside.includes(state));
  }
  return false;
}

function memberStates({ to }: Audience, { initial, transitions }: Lifecycle): readonly string[] {
  if (typeof to === "object" && to.in !== undefined) return to.in;
  const all = new Set(transitions.map((transition) => transition.to));
  for (const none of [initial, "=", "$closed"]) all.delete(none);
  return [...all];
}

/** A member that has never been on the way out. */
function isMember(walk: Walk, entry: Audience, lifecycle: Lifecycle): boolean {
  const inside = memberStates(entry, lifecycle);
  const taken = walk.tester.monitor.visited.transitions.get(lifecycle.name) ?? new Set<number>();
  const left = [...taken].some((index) => {
    const transition = lifecycle.transitions[index];
    return (
      transition !== undefined &&
      transition.to !== "=" &&
      !inside.includes(transition.to) &&
      transition.from.some((state) => state === "*" || inside.includes(state))
    );
  });
  return !left && statesNow(walk, lifecycle).every((state) => inside.includes(state));
}
