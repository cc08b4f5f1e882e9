/** Scenes in which the connections have no key in common: one acts and others watch, strangers, friends. */

import type { Tester } from "../check.js";
import { fillingOf, runExchange } from "../exchange.js";
import type { CaseOutcome } from "../property.js";
import { leakTo, openOutsiders, unevenness } from "./audience.js";
import {
  closedEarly,
  connectAll,
  identityOf,
  listenersOf,
  type Scene,
  type Stage,
  undone,
  WATCHERS,
  watchAll,
} from "./stage.js";
import { openWalk, settle, takeWalk, type Walk, type WalkStep } from "./walker.js";

/** One plays an exchange, others at the same address only watch, and others elsewhere hear nothing of it. */
export async function playWatch(
  { context, source, scene, exchanges }: Stage,
  index: number,
): Promise<CaseOutcome> {
  const exchange = exchanges[index];
  if (exchange === undefined) return { verdict: "inconclusive", reason: "there is no such exchange" };
  const actor = await scene.connect();
  const watchers = await connectAll(scene, WATCHERS);
  const outside = await openOutsiders(context, scene);
  const outsiders = Object.values(outside);
  await actor.wait(context.quietMs());
  const marks = listenersOf([actor, ...watchers]);
  const outsideMarks = listenersOf(outsiders);
  const { judge, answerMs } = context;
  const filling = fillingOf(scene);
  const run = await runExchange(actor, exchange, { judge, answerMs, filling });
  await settle(openWalk(context, scene, actor, source));
  await watchAll(context, scene, source, [...watchers, ...outsiders]);
  for (const entry of context.endpoint.protocol.audience) {
    if (entry.to !== "address" && entry.to !== "path") continue;
    const inside = outsideMarks.filter(({ tester }) => entry.to === "path" && tester === outside.otherQuery);
    const uneven = await unevenness(context, entry, [...marks, ...inside]);
    if (uneven !== undefined) return uneven;
    for (const outsider of outsideMarks) {
      if (inside.includes(outsider)) continue;
      const why = outsider.tester === outside.otherQuery ? "whose query is another" : "whose path is another";
      const leaked = leakTo(outsider, {
        messages: entry.messages,
        marks: [filling.text, filling.uuid, filling.uuid.slice(0, 8)],
        why,
      });
      if (leaked !== undefined) return leaked;
    }
  }
  if (!run.ok) return undone(exchange, run);
  return closedEarly([actor, ...watchers]) ?? { verdict: "pass" };
}

/** Each plays an exchange under an identity of its own, all at once or one after another. */
export async function playStrangers(
  { context, source, scene, exchanges }: Stage,
  { exchanges: indices, inTurn }: Extract<Scene, { readonly kind: "strangers" }>,
): Promise<CaseOutcome> {
  const testers = await connectAll(scene, indices.length);
  const { judge, answerMs, endpoint } = context;
  const fillings = testers.map((_, index) => ({
    ...fillingOf(scene),
    uuid: identityOf(scene.identity, index),
  }));
  const playOne = async (tester: Tester, index: number) => {
    const exchange = exchanges[indices[index] ?? 0];
    const filling = fillings[index];
    if (exchange === undefined || filling === undefined) return undefined;
    return { exchange, run: await runExchange(tester, exchange, { judge, answerMs, filling }) };
  };
  const runs: Awaited<ReturnType<typeof playOne>>[] = [];
  if (inTurn === true) {
    for (const [index, tester] of testers.entries()) {
      const run = await playOne(tester, index);
      runs.push(run);
      if (run?.run.ok === false) break;
    }
  } else runs.push(...(await Promise.all(testers.map(playOne))));
  await watchAll(context, scene, source, testers);
  const audience = new Set(
    endpoint.protocol.audience.flatMap(({ to, messages }) =>
      to === "address" || to === "path" ? messages : [],
    ),
  );
  const own = endpoint.events.map(({ name }) => name).filter((name) => !audience.has(name));
  for (const [index, tester] of testers.entries()) {
    const foreign = fillings.filter((_, other) => other !== index).flatMap(({ uuid, text }) => [uuid, text]);
    const leaked = leakTo(
      { tester, from: 0 },
      {
        messages: own,
        marks: foreign,
        why: "which never sent it",
      },
    );
    if (leaked !== undefined) return leaked;
  }
  const lost = runs.find((one) => one !== undefined && !one.run.ok);
  // Where all hear all, the events of the others are among those that an exchange counts.
  if (lost !== undefined && !lost.run.ok && audience.size === 0) return undone(lost.exchange, lost.run);
  return closedEarly(testers) ?? { verdict: "pass" };
}

/** All walk at once, under one identity. */
export async function playTogether(
  { context, source, scene }: Stage,
  steps: readonly (readonly WalkStep[])[],
): Promise<CaseOutcome> {
  const testers = await connectAll(scene, steps.length);
  const marks = listenersOf(testers);
  const walks = testers.map(
    (tester): Walk => ({
      ...openWalk(context, scene, tester, source),
      // What may be refused is nothing for a safe profile.
      ...(context.profile.only === "safe" ? {} : { daring: true }),
    }),
  );
  await Promise.all(
    walks.map(async (walk, index) => {
      await takeWalk(walk, steps[index] ?? []);
      await settle(walk);
    }),
  );
  await watchAll(context, scene, source, testers);
  if (testers.some(({ monitor }) => monitor.overflow)) {
    return { verdict: "inconclusive", reason: "more than 256 configurations explain what was seen" };
  }
  for (const entry of context.endpoint.protocol.audience) {
    if (entry.to !== "address" && entry.to !== "path") continue;
    const uneven = await unevenness(context, entry, marks);
    if (uneven !== undefined) return uneven;
  }
  if (testers.every(({ messages }) => messages.length === 0)) {
    return { verdict: "inconclusive", reason: "the walks brought no event" };
  }
  return closedEarly(testers) ?? { verdict: "pass" };
}
