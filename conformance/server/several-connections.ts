/**
 * S-SM-07: with several connections each transcript stays legal, and each event reaches those whom it is for, and nobody
 * else. One acts while others watch; strangers act at once; friends share an identity and act at once.
 */

import fc from "fast-check";
import type { Audience, Exchange, Json, Lifecycle } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { endOf, fillingOf, runExchange } from "../exchange.js";
import { type CaseOutcome, type Failure, resultOf, runProperty } from "../property.js";
import { isAmong, type Listener, leakTo, openOutsiders, unevenness } from "./audience.js";
import { concluded, failureOf, NO_WITNESS, notApplicable, quietNote } from "./blame.js";
import { type CommandSource, commandSource, identifiersOf } from "./commands.js";
import { reach, statesNow } from "./reach.js";
import { openWalk, settle, takeWalk, type Walk, type WalkStep, walkSteps, watch } from "./walker.js";

const ID = "S-SM-07";

/** What several connections do at once. */
type Scene =
  /** One plays an exchange, others at the same address only watch. */
  | { readonly kind: "watch"; readonly exchange: number }
  /** All join what has a key, then one of them walks. */
  | { readonly kind: "members"; readonly entry: number; readonly steps: readonly WalkStep[] }
  /** Each plays an exchange under an identity of its own. */
  | { readonly kind: "strangers"; readonly exchanges: readonly number[] }
  /** All walk at once, under one identity. */
  | { readonly kind: "together"; readonly walks: readonly (readonly WalkStep[])[] };

interface Stage {
  readonly context: CheckContext;
  readonly source: CommandSource;
  readonly scene: Case;
  /** Exchanges that may be played at any time; no floods. */
  readonly exchanges: readonly Exchange[];
}

/** How many connections watch one that acts. */
const WATCHERS = 2;

/** Each exchange watched and among strangers, then walks by chance. */
export const severalConnections: Check = {
  id: ID,
  safe: true,
  async run(context) {
    const { endpoint } = context;
    const exchanges = (endpoint.exchanges?.list ?? []).filter(
      ({ tags, steps }) => !tags.includes("bulk") && steps.some((step) => "send" in step),
    );
    const source = commandSource(context.judge, context.seed);
    if (exchanges.length === 0 && source.names.length === 0) {
      return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    }
    const { examples, chance } = scenesOf(context, exchanges.length);
    if (examples.length === 0) return notApplicable("the document says nothing of other connections");
    const property = await runProperty<Scene>(context, {
      label: "several connections",
      examples,
      arbitrary: chance,
      concurrency: 5,
      show: (value): Json => show(value, exchanges),
      script: async (value, scene) => finish(scene, await play({ context, source, scene, exchanges }, value)),
    });
    const { failure } = property;
    if (failure !== undefined && (await failsAlone(context, source, exchanges, failure.value))) {
      return { verdict: "untestable", reason: "blocked by S-SM-01", cases: property.cases };
    }
    return resultOf(property, {
      pass: "with several connections every event was legal, and reached those whom it was for and nobody else",
      notes: [quietNote(context)],
    });
  },
};

function scenesOf(
  { endpoint }: CheckContext,
  exchanges: number,
): { readonly examples: readonly Scene[]; readonly chance: fc.Arbitrary<Scene> } {
  const { audience } = endpoint.protocol;
  const shared = audience.some(({ to }) => to === "address" || to === "path");
  const keyed = audience.flatMap(({ to }, index) => (typeof to === "object" ? [index] : []));
  const all = Array.from({ length: exchanges }, (_, index) => index);
  const step = (pick: number): WalkStep => ({ pick, variant: 0, then: "settled" });
  const examples: Scene[] = [
    ...(shared ? all.map((exchange): Scene => ({ kind: "watch", exchange })) : []),
    ...keyed.flatMap((entry) =>
      [0, 1, 2].map((pick): Scene => ({ kind: "members", entry, steps: [step(pick), step(pick + 1)] })),
    ),
    ...all.map((one): Scene => ({ kind: "strangers", exchanges: [one, (one + 1) % exchanges, one] })),
    { kind: "together", walks: [[step(0), step(1)], [step(0)]] },
  ];
  const together = fc
    .array(walkSteps(4), { minLength: 2, maxLength: 3 })
    .map((walks): Scene => ({ kind: "together", walks }));
  const members = keyed.map((entry) =>
    walkSteps(5).map((steps): Scene => ({ kind: "members", entry, steps })),
  );
  return { examples, chance: fc.oneof(together, ...members) };
}

function show(value: Scene, exchanges: readonly Exchange[]): Json {
  const words = (steps: readonly WalkStep[]): Json =>
    steps.map(({ pick, variant, then }) => `${pick}.${variant}, then ${then}`);
  switch (value.kind) {
    case "watch":
      return { kind: value.kind, exchange: exchanges[value.exchange]?.name ?? "" };
    case "members":
      return { kind: value.kind, steps: words(value.steps) };
    case "strangers":
      return { kind: value.kind, exchanges: value.exchanges.map((index) => exchanges[index]?.name ?? "") };
    case "together":
      return { kind: value.kind, walks: value.walks.map(words) };
  }
}

/** An event that nobody may send, or that reached the wrong one: the Monitor's word stands before ours. */
function finish(scene: Case, outcome: CaseOutcome): CaseOutcome {
  const mine = scene.violations.find(({ check }) => check === ID);
  if (outcome.verdict === "fail" || mine === undefined) return concluded(scene, ID, outcome);
  return concluded(scene, ID, failureOf(mine));
}

async function play(stage: Stage, value: Scene): Promise<CaseOutcome> {
  switch (value.kind) {
    case "watch":
      return playWatch(stage, value.exchange);
    case "members":
      return playMembers(stage, value.entry, value.steps);
    case "strangers":
      return playStrangers(stage, value.exchanges);
    case "together":
      return playTogether(stage, value.walks);
  }
}

async function playWatch({ context, source, scene, exchanges }: Stage, index: number): Promise<CaseOutcome> {
  const exchange = exchanges[index];
  if (exchange === undefined) return { verdict: "inconclusive", reason: "there is no such exchange" };
  const actor = await scene.connect();
  const watchers = await connectAll(scene, WATCHERS);
  const outside = await openOutsiders(context, scene);
  const outsiders = Object.values(outside);
  await actor.wait(context.quietMs());
  const marks = listenersOf([actor, ...watchers]);
  const outsideMarks = listenersOf(outsiders);
  scene.fault();
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
      const leaked = leakTo(outsider, marks, {
        messages: entry.messages,
        marks: [filling.text],
        why,
      });
      if (leaked !== undefined) return leaked;
    }
  }
  if (!run.ok) return undone(exchange, run);
  return closedEarly([actor, ...watchers]) ?? { verdict: "pass" };
}

async function playMembers(
  { context, source, scene }: Stage,
  index: number,
  steps: readonly WalkStep[],
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
      daring: true,
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
  scene.fault();
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
    const leaked = leakTo(outsider, members, {
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

async function playStrangers(
  { context, source, scene, exchanges }: Stage,
  indices: readonly number[],
): Promise<CaseOutcome> {
  const testers = await connectAll(scene, indices.length);
  const { judge, answerMs, endpoint } = context;
  scene.fault();
  const fillings = testers.map((_, index) => ({
    ...fillingOf(scene),
    uuid: identityOf(scene.identity, index),
  }));
  const runs = await Promise.all(
    testers.map(async (tester, index) => {
      const exchange = exchanges[indices[index] ?? 0];
      const filling = fillings[index];
      if (exchange === undefined || filling === undefined) return undefined;
      return { exchange, run: await runExchange(tester, exchange, { judge, answerMs, filling }) };
    }),
  );
  await watchAll(context, scene, source, testers);
  const audience = new Set(
    endpoint.protocol.audience.flatMap(({ to, messages }) =>
      to === "address" || to === "path" ? messages : [],
    ),
  );
  const own = endpoint.events.map(({ name }) => name).filter((name) => !audience.has(name));
  for (const [index, tester] of testers.entries()) {
    const foreign = fillings.filter((_, other) => other !== index).flatMap(({ uuid, text }) => [uuid, text]);
    const leaked = leakTo({ tester, from: 0 }, [], {
      messages: own,
      marks: foreign,
      why: "which never sent it",
    });
    if (leaked !== undefined) return leaked;
  }
  const lost = runs.find((one) => one !== undefined && !one.run.ok);
  // Where all hear all, the events of the others are among those that an exchange counts.
  if (lost !== undefined && !lost.run.ok && audience.size === 0) return undone(lost.exchange, lost.run);
  return closedEarly(testers) ?? { verdict: "pass" };
}

async function playTogether(
  { context, source, scene }: Stage,
  steps: readonly (readonly WalkStep[])[],
): Promise<CaseOutcome> {
  const testers = await connectAll(scene, steps.length);
  const marks = listenersOf(testers);
  const walks = testers.map(
    (tester): Walk => ({
      ...openWalk(context, scene, tester, source),
      daring: true,
    }),
  );
  scene.fault();
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

async function connectAll(scene: Case, count: number): Promise<readonly Tester[]> {
  const testers: Tester[] = [];
  for (let index = 0; index < count; index += 1) testers.push(await scene.connect());
  return testers;
}

function listenersOf(testers: readonly Tester[]): readonly Listener[] {
  return testers.map((tester) => ({ tester, from: tester.messages.length }));
}

async function watchAll(
  context: CheckContext,
  scene: Case,
  source: CommandSource,
  testers: readonly Tester[],
): Promise<void> {
  await Promise.all(
    testers.map((tester) => watch(openWalk(context, scene, tester, source), context.quietMs())),
  );
}

/** A further identity for each connection: the case's own, with another last digit. */
function identityOf(identity: string, index: number): string {
  const last = Number.parseInt(identity.at(-1) ?? "0", 16);
  return identity.slice(0, -1) + ((last + index) % 16).toString(16);
}

function undone(exchange: Exchange, run: { readonly expected: string; readonly got: string }): CaseOutcome {
  return {
    verdict: "inconclusive",
    reason: `"${exchange.name}" could not be played: expected ${run.expected}, got ${run.got}`,
  };
}

/** A connection that the server ended, though nobody did anything that is not legal. */
function closedEarly(testers: readonly Tester[]): Failure | CaseOutcome | undefined {
  const ended = testers.find(({ end }) => end !== undefined && end.by === "subject");
  if (ended === undefined) return undefined;
  if (ended.end?.explained === true) return { verdict: "inconclusive", reason: endOf(ended) };
  return {
    verdict: "fail",
    expected: `connection ${ended.id} stays open while several connections do what is legal`,
    got: endOf(ended),
    mend: "Let what happens on one connection end no other.",
  };
}

/** The control: does what one connection does fail without the others? Then it is not this row that is broken. */
async function failsAlone(
  context: CheckContext,
  source: CommandSource,
  exchanges: readonly Exchange[],
  value: Scene,
): Promise<boolean> {
  return context.inCase("one connection of them alone", async (scene) => {
    const tester = await scene.connect();
    const walk = openWalk(context, scene, tester, source);
    const exchange =
      value.kind === "watch" ? value.exchange : value.kind === "strangers" ? value.exchanges[0] : undefined;
    const played = exchange === undefined ? undefined : exchanges[exchange];
    const { judge, answerMs } = context;
    if (played !== undefined)
      await runExchange(tester, played, { judge, answerMs, filling: fillingOf(scene) });
    if (value.kind === "together") for (const steps of value.walks) await takeWalk(walk, steps);
    if (value.kind === "members") await takeWalk(walk, value.steps);
    await settle(walk);
    await watch(walk, context.quietMs());
    return scene.violations.length > 0;
  });
}
