/** All join what has a key, then one of them acts: who is a member hears it as often as the others, and nobody else does. */

import type { Audience, Endpoint, Lifecycle } from "../../src/contract/contract.js";
import type { CaseOutcome } from "../property.js";
import { isAmong, leakTo, unevenness } from "./audience.js";
import { identifiersOf } from "./commands.js";
import { isOwn, reach, statesNow } from "./reach.js";
import { edgesFrom } from "./routes.js";
import { closedEarly, connectAll, listenersOf, type Scene, type Stage, WATCHERS, watchAll } from "./stage.js";
import { legalCommands, nextEvent, settle, takeWalk, type Walk, watch } from "./walker.js";

/** Plays it. */
export async function playMembers(
  { context, source, scene }: Stage,
  { entry: index, lead, steps }: Extract<Scene, { readonly kind: "members" }>,
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
  const [stranger, bystander] = await connectAll(scene, 2);
  const [actor] = walks;
  if (actor === undefined || stranger === undefined || bystander === undefined) {
    return { verdict: "inconclusive", reason: "no connection" };
  }
  await join({ context, tester: bystander, source, identifiers: [foreign, foreign] }, entry, lifecycle);
  await watch(actor, context.quietMs());
  const marks = listenersOf(testers);
  const outsideMarks = listenersOf([stranger, bystander]);
  await takeLead(actor, lifecycle, lead);
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
      why: "which is no member",
    });
    if (leaked !== undefined) return leaked;
  }
  const heard = members.some(({ tester, from }) =>
    tester.messages.slice(from).some((message) => isAmong(message, entry.messages)),
  );
  if (!heard) return { verdict: "inconclusive", reason: "the walk brought no event for several connections" };
  return closedEarly(testers) ?? { verdict: "pass" };
}

/** The commands that lead from the first state of a member to each of the others, by the shortest way. */
export function leadsOf(endpoint: Endpoint, entry: Audience | undefined): readonly (readonly string[])[] {
  const lifecycle = endpoint.lifecycles.find(
    ({ name }) => typeof entry?.to === "object" && entry.to.lifecycle === name,
  );
  if (entry === undefined || lifecycle === undefined) return [];
  const inside = memberStates(entry, lifecycle);
  const [start] = inside;
  if (start === undefined) return [];
  const leads = new Map<string, readonly string[]>([[start, []]]);
  // A map is walked in the order of insertion, those included that are added on the way.
  for (const [state, lead] of leads) {
    for (const { kind, name, to } of edgesFrom(endpoint, lifecycle, state)) {
      if (!inside.includes(to) || leads.has(to)) continue;
      leads.set(to, kind === "command" ? [...lead, name] : lead);
    }
  }
  const distinct = new Map([...leads.values()].map((lead) => [lead.join(" "), lead]));
  return [...distinct.values()].filter((lead) => lead.length > 0).slice(0, 8);
}

/** Sends commands by name about what the walk is about, as long as they may be legal. */
async function takeLead(walk: Walk, lifecycle: Lifecycle, lead: readonly string[]): Promise<void> {
  for (const name of lead) {
    const payload = legalCommands(walk)
      .find((command) => command.name === name)
      ?.payloads.find((one) => isOwn(walk, lifecycle, one));
    if (payload === undefined || walk.tester.end !== undefined) return;
    walk.tester.command(name, payload);
    await nextEvent(walk, walk.context.answerMs);
    await settle(walk);
  }
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
