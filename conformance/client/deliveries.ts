/** C-CD-02, C-SM-03 and C-SM-04: what a client delivers of valid events, in which order, and what it says of illegal ones. */
import fc from "fast-check";
import { boundedFilter, UnsatisfiableError } from "../../src/arbitrary/bounded-filter.js";
import { lifecycleWalk, type WalkStep } from "../../src/arbitrary/lifecycle-walk.js";
import type { Placement } from "../../src/arbitrary/placement.js";
import { createWalks } from "../../src/arbitrary/speech/walks.js";
import { validPayload } from "../../src/arbitrary/valid-payload.js";
import type { Json, Message, Pointer } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import { excerpt, frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { validEvents } from "./event-names.js";
import { type Meeting, meet } from "./meeting.js";
import { comesThrough } from "./survival.js";
import { isDelivery, isOwnEvent, isRefusal, speaksOfItself, take, toldEvents, waysOf } from "./ways.js";
import { endText, type OrdinaryEvent, pongWitness } from "./witness.js";

/** The kit says only what the script has: what it would answer by itself would be delivered as well. */
const SILENT = { obliging: { commands: false } } as const;

/** An event, and the way to where it is legal. */
interface ReachedEvent extends OrdinaryEvent {
  readonly way: readonly WalkStep[];
}

/** C-CD-02. */
export const validDeliveries: ClientCheck = {
  id: "C-CD-02",
  smoke: true,
  async run(context) {
    const sources = sourcesOf(context);
    if (sources.length === 0) {
      return { verdict: "untestable", reason: "no event can be said but beats and answers", cases: 0 };
    }
    const property = await runProperty<ReachedEvent, ClientCase>(context, {
      label: "valid event",
      examples: sources.flatMap(({ examples }) => examples),
      arbitrary: fc.oneof(...sources.map(({ arbitrary }) => arbitrary)),
      show: ({ name, payload, way }): Json => ({
        event: name,
        payload: JSON.stringify(payload).length < 2000 ? payload : excerpt(JSON.stringify(payload)),
        steps: way.length,
      }),
      script: (value, scene) => deliver(context, scene, value),
    });
    return resultOf(property, { pass: "each valid event was delivered once, with the value that was sent" });
  },
};

/** Random payloads of one event, and some that the document gives. */
function sourcesOf(context: ClientContext): readonly {
  readonly examples: readonly ReachedEvent[];
  readonly arbitrary: fc.Arbitrary<ReachedEvent>;
}[] {
  const { contract, endpoint, judge } = context;
  const ways = waysOf(context);
  return endpoint.events.flatMap((message) => {
    const { name } = message;
    if (message.binary || message.acknowledgement || !speaksOfItself(context, name)) return [];
    const way = ways.get(name) ?? [];
    if (way.length === 0 && isNamed(context, name)) return [];
    const fits = (payload: Json): boolean => {
      const judged = judge.events.judge(frameText(endpoint, name, payload, "event"));
      return judged.ok && judged.messages.includes(name) && !isRefusal(judge, name, payload);
    };
    const at = placesOf(context, message, way.at(-1)?.payload);
    const reached = (payload: Json): ReachedEvent => ({ name, payload, way: way.slice(0, -1) });
    const arbitrary = boundedFilter(validPayload(message.payload, contract.definitions, { at }), fits, {
      what: `an event "${name}"`,
    }).map(reached);
    try {
      // One that cannot be made at all is found out here, and not in the middle of a run.
      const examples = fc.sample(arbitrary, { seed: context.seed, numRuns: 1 });
      const known = message.examples.map(({ payload }) => payload).filter(fits);
      return [{ examples: [...known.slice(0, 2).map(reached), ...examples], arbitrary }];
    } catch (error) {
      if (error instanceof UnsatisfiableError) return [];
      throw error;
    }
  });
}

function isNamed({ endpoint }: ClientContext, name: string): boolean {
  return endpoint.lifecycles.some(({ transitions }) => transitions.some(({ on }) => on.includes(name)));
}

/** What decides whether an event is legal stays as it was on the way. */
function placesOf(
  { endpoint }: ClientContext,
  { name }: Message,
  like: Json | undefined,
): Record<Pointer, Placement> {
  const pointers = endpoint.lifecycles.flatMap(({ scope, transitions }) => {
    const own = transitions.filter(({ on }) => on.includes(name));
    if (own.length === 0) return [];
    return [
      ...(scope === "connection" ? [] : [scope.key]),
      ...own.flatMap(({ bound, when }) => [...Object.keys(when ?? {}), ...Object.keys(bound ?? {})]),
    ];
  });
  return Object.fromEntries(
    pointers.flatMap((pointer) => {
      // What stands in a JSON value is JSON.
      const value = valueAt(like, pointer) as Json | undefined;
      return value === undefined ? [] : [[pointer, { values: [value], required: true }]];
    }),
  );
}

async function deliver(context: ClientContext, scene: ClientCase, value: ReachedEvent): Promise<CaseOutcome> {
  const { name, payload, way } = value;
  const isFirst = name === context.endpoint.protocol.first?.message;
  const met = await meet(context, scene, { obliging: { commands: false, first: !isFirst } });
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  if (!isFirst) await take(context, scene, met, way);
  if (peer.end !== undefined || !peer.allows(name, payload)) {
    return { verdict: "inconclusive", reason: `"${name}" is not legal where the client was brought` };
  }
  await pongWitness(context, scene, peer);
  const from = client.told.length;
  peer.event(name, payload);
  const told = await client.next(isDelivery(payload), context.answerMs, from);
  const expected = `"${name}" is delivered once, as it was sent: ${excerpt(JSON.stringify(payload))}`;
  const mend = "Give the application each event that its schema accepts, once, with every field as it came.";
  if (told === undefined) {
    const other = client.told.slice(from).find(({ kind }) => kind === "event" || kind === "error");
    const got =
      client.gone !== undefined
        ? `the client ${client.gone}`
        : other === undefined
          ? `nothing was told; ${endText(peer)}`
          : excerpt(JSON.stringify(other));
    return {
      verdict: "fail",
      reason: `a valid "${name}" was not delivered as it was sent`,
      expected,
      got,
      mend,
    };
  }
  await pongWitness(context, scene, peer);
  const count = client.told.slice(from).filter(isDelivery(payload)).length;
  if (count === 1) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "an event was delivered more than once",
    expected,
    got: `it was delivered ${count} times`,
    mend,
  };
}

/** C-SM-03. */
export const orderedDeliveries: ClientCheck = {
  id: "C-SM-03",
  async run(context) {
    const { contract, endpoint, seed } = context;
    const property = await runProperty<readonly WalkStep[], ClientCase>(context, {
      label: "walk",
      arbitrary: lifecycleWalk(contract, endpoint, { maxLength: LONGEST, seed }),
      show: (steps) => steps.map(({ kind, name }) => `${kind} ${name}`),
      script: (steps, scene) => follow(context, scene, steps),
    });
    return resultOf(property, { pass: "events were delivered in the order in which they were sent" });
  },
};

/** Steps of a walk at most. */
const LONGEST = 16;

async function follow(
  context: ClientContext,
  scene: ClientCase,
  steps: readonly WalkStep[],
): Promise<CaseOutcome> {
  const met = await meet(context, scene, SILENT);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const from = client.told.length;
  const said = (await take(context, scene, met, steps)).filter((payload) => isOwnEvent(context, payload));
  if (said.length === 0) return { verdict: "inconclusive", reason: "no event could be said on the way" };
  // Equal events may come one after another: it is their number that says that the last one is there.
  const isAll = (): boolean => toldEvents(context, client, from).length >= said.length;
  await client.next(isAll, context.answerMs, from);
  await pongWitness(context, scene, peer);
  const told = toldEvents(context, client, from);
  if (sameJson(told, said)) return { verdict: "pass" };
  const at = said.findIndex((payload, index) => !sameJson(payload, told[index]));
  return {
    verdict: "fail",
    reason: "the events that were delivered are not those that were sent, in their order",
    expected: `${said.length} events; number ${(at < 0 ? said.length : at) + 1} is ${at < 0 ? "none" : excerpt(JSON.stringify(said[at]))}`,
    got: `${told.length} events; number ${(at < 0 ? said.length : at) + 1} is ${excerpt(JSON.stringify(told[at < 0 ? said.length : at]) ?? "none")}${client.gone === undefined ? "" : `; the client ${client.gone}`}`,
    mend: "Hand events on one after another, as they come: no queue may overtake another, and none may be dropped.",
  };
}

/** C-SM-04. */
export const illegalEvents: ClientCheck = {
  id: "C-SM-04",
  async run(context) {
    const examples = illegalAtFirst(context);
    if (examples.length === 0) {
      return {
        verdict: "not-applicable",
        reason: "no event is illegal at the beginning of a session",
        cases: 0,
      };
    }
    const property = await runProperty<OrdinaryEvent, ClientCase>(context, {
      label: "illegal event",
      examples: examples.slice(0, context.profile.maxKinds),
      show: ({ name, payload }) => ({ event: name, payload }),
      script: (event, scene) => survive(context, scene, event),
    });
    return resultOf(property, {
      pass: "each event that its state forbids was reported, and the client went on",
    });
  },
};

/** Events that a session forbids that has only just been opened. */
function illegalAtFirst({ endpoint, judge }: ClientContext): readonly OrdinaryEvent[] {
  const walks = createWalks(endpoint);
  const events = validEvents(judge);
  const first = events.find(({ name }) => name === endpoint.protocol.first?.message);
  if (first !== undefined) walks.passed(first.name, first.payload);
  return events.filter(
    ({ name, payload }) => !isRefusal(judge, name, payload) && walks.verdict(name, payload) === "illegal",
  );
}

async function survive(
  context: ClientContext,
  scene: ClientCase,
  { name, payload }: OrdinaryEvent,
): Promise<CaseOutcome> {
  const met: Meeting | { readonly missing: CaseOutcome } = await meet(context, scene, SILENT);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  if (peer.legality(name, payload) !== "illegal") {
    return { verdict: "inconclusive", reason: `"${name}" is not illegal after what the client has sent` };
  }
  const from = client.told.length;
  peer.text(frameText(context.endpoint, name, payload, "event"), "illegal");
  const told = await client.next(({ kind }) => kind === "error", context.answerMs, from);
  const lost = await comesThrough(context, scene, met, `"${name}", which its state forbids`);
  if (lost !== undefined) return lost;
  if (told !== undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "an illegal event was not reported",
    expected: `a report of "${name}", which is illegal here`,
    got: "no report of a fault",
    mend: "Follow the lifecycle in the client, and tell the application of an event that no transition takes.",
  };
}
