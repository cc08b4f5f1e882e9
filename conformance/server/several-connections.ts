/**
 * S-SM-07: with several connections each transcript stays legal, and each event reaches those whom it is for, and nobody
 * else. One acts while others watch; strangers act at once; friends share an identity and act at once.
 */

import fc from "fast-check";
import type { Exchange, Json } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext } from "../check.js";
import { fillingOf, runExchange } from "../exchange.js";
import { type CaseOutcome, type PropertyResult, resultOf, runProperty } from "../property.js";
import { isUndecided } from "../undecided.js";
import { concluded, failureOf, NO_WITNESS, notApplicable, quietNote, unproved } from "./blame.js";
import { type CommandSource, commandSource, identifiersOf } from "./commands.js";
import { playStrangers, playTogether, playWatch } from "./crowd.js";
import { playMembers, waysAmong } from "./members.js";
import { playRefused } from "./refused-neighbour.js";
import type { Scene, Stage } from "./stage.js";
import { playWaiting, waitingPlaces } from "./waiting.js";
import { openWalk, settle, takeWalk, type WalkStep, walkSteps, watch } from "./walker.js";

const ID = "S-SM-07";

/**
 * Random scenes beyond the enumerated ones, but at night: each takes seconds of waiting, and those that are enumerated
 * lead to each state in which several are told of one.
 */
const MOST_RANDOM = 12;

/** Scenes at once: they mostly wait, and nobody else runs. */
const AT_ONCE = 16;

/** Exchanges that are played by one connection after another, with nobody else: each costs its whole time. */
const MOST_IN_TURN = 4;

/** Each exchange watched and among strangers, then walks by chance. */
export const severalConnections: Check = {
  id: ID,
  safe: true,
  // What the cases of others cause may be what it hears, or hide it.
  listens: true,
  async run(context) {
    const { endpoint } = context;
    const exchanges = (endpoint.exchanges?.list ?? []).filter(
      ({ tags, steps }) => !tags.includes("bulk") && steps.some((step) => "send" in step),
    );
    const source = commandSource(context.judge, context.seed);
    if (exchanges.length === 0 && source.names.length === 0) {
      return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    }
    const { examples, turns, waits, chance } = scenesOf(context, exchanges);
    if (examples.length === 0) return notApplicable("the document says nothing of other connections");
    const silent = await unproved(context, ID);
    if (silent !== undefined) return silent;
    /** Waiting scenes that other scenes of this row have disturbed, it may be. */
    let disturbed = false;
    const options = {
      show: (value: Scene): Json => show(value, exchanges),
      script: async (value: Scene, scene: Case): Promise<CaseOutcome> => {
        const outcome = finish(scene, await play({ context, source, scene, exchanges }, value));
        disturbed ||= value.kind === "waiting" && isUndecided(outcome);
        return outcome;
      },
    };
    const crowd = {
      ...options,
      examples,
      arbitrary: chance,
      runs: context.profile.name === "nightly" ? context.runs : Math.min(context.runs, MOST_RANDOM),
    };
    const inTurn = (label: string, scenes: readonly Scene[]): Promise<PropertyResult<Scene>> =>
      runProperty(context, { ...options, label, examples: scenes, concurrency: 1 });
    const property = await firstFailing(context.replay?.label, [
      // Whose words were the last is only known where nobody else speaks.
      { label: "one after another", run: (label) => inTurn(label, turns) },
      {
        label: "several connections",
        run: (label) => runProperty(context, { ...crowd, label, concurrency: AT_ONCE }),
      },
      {
        label: "one waits at a time",
        isDue: () => disturbed,
        run: (label) => inTurn(label, waits),
      },
      {
        // A case may have met what only another one caused, and cannot repeat it: by itself each shows what it causes.
        label: "one scene at a time",
        isDue: ({ flaky }) => flaky !== undefined,
        run: (label) => runProperty(context, { ...crowd, label, concurrency: 1 }),
      },
    ]);
    const { failure } = property;
    if (failure !== undefined && (await failsAlone(context, source, exchanges, failure.value))) {
      return { verdict: "untestable", reason: "blocked by S-SM-01", cases: property.cases };
    }
    const result = resultOf(property, {
      pass: "with several connections every event was legal, and reached those whom it was for and nobody else",
      notes: [quietNote(context)],
    });
    // A server that has fallen silent meanwhile kept no rule: it only broke none.
    return result.verdict === "pass" ? ((await unproved(context, ID)) ?? result) : result;
  },
};

/** One of the properties of this row. */
interface Part {
  readonly label: string;
  /** Whether it is worth while after what the one before has shown; absent: always. */
  readonly isDue?: (before: PropertyResult<Scene>) => boolean;
  readonly run: (label: string) => Promise<PropertyResult<Scene>>;
}

/** The first that fails, else one that comes and goes, else the one with the most cases. A recorded one is run alone. */
async function firstFailing(
  recorded: string | undefined,
  parts: readonly Part[],
): Promise<PropertyResult<Scene>> {
  const replayed = parts.find(({ label }) => label === recorded);
  if (replayed !== undefined) return replayed.run(replayed.label);
  const results: PropertyResult<Scene>[] = [];
  for (const { label, isDue, run } of parts) {
    if (isDue !== undefined && !results.some(isDue)) continue;
    const result = await run(label);
    if (result.failure !== undefined) return result;
    results.push(result);
  }
  const most = results.reduce((a, b) => (b.cases > a.cases ? b : a));
  return results.find(({ flaky }) => flaky !== undefined) ?? most;
}

function scenesOf(
  { endpoint, profile }: CheckContext,
  exchanges: readonly Exchange[],
): {
  readonly examples: readonly Scene[];
  readonly turns: readonly Scene[];
  readonly waits: readonly Scene[];
  readonly chance: fc.Arbitrary<Scene>;
} {
  const { audience } = endpoint.protocol;
  const shared = audience.some(({ to }) => to === "address" || to === "path");
  const keyed = audience.flatMap(({ to }, index) => (typeof to === "object" ? [index] : []));
  const all = exchanges.map((_, index) => index);
  const refusals: Scene[] = [
    { kind: "refused" },
    // Who shares a key may be told what only one of them is refused.
    ...(keyed.length > 0 ? all : []).map((exchange): Scene => ({ kind: "refused", exchange })),
  ];
  const strangers = all.map((one): readonly number[] => [one, (one + 1) % all.length, one]);
  // Where something is shared, what others said before may be what one is to be told.
  const turns = (audience.length === 0 ? all : [])
    .filter((one) => saysText(exchanges[one]))
    .slice(0, MOST_IN_TURN)
    .map((one): Scene => ({ kind: "strangers", exchanges: [one, one], inTurn: true }));
  const waits = waitingPlaces(endpoint, exchanges).map((place): Scene => ({ kind: "waiting", place }));
  const step = (pick: number): WalkStep => ({ pick, variant: 0, then: "settled" });
  const examples: Scene[] = [
    ...(shared ? all.map((exchange): Scene => ({ kind: "watch", exchange })) : []),
    ...keyed.flatMap((entry) =>
      waysAmong(endpoint, audience[entry]).map((way): Scene => ({ kind: "members", entry, way, steps: [] })),
    ),
    ...keyed.flatMap((entry) =>
      waysAmong(endpoint, audience[entry])
        .slice(0, 1)
        .map((way): Scene => ({ kind: "members", entry, way, steps: [], left: true })),
    ),
    ...strangers.map((indices): Scene => ({ kind: "strangers", exchanges: indices })),
    ...(profile.only === "safe" || endpoint.protocol.reject === undefined ? [] : refusals),
    ...waits,
    { kind: "together", walks: [[step(0), step(1)], [step(0)]] },
  ];
  const together = fc
    .array(walkSteps(4), { minLength: 2, maxLength: 3 })
    .map((walks): Scene => ({ kind: "together", walks }));
  const members = keyed.map((entry) =>
    fc
      .record({ way: fc.constantFrom([], ...waysAmong(endpoint, audience[entry])), steps: walkSteps(3) })
      .map((drawn): Scene => ({ kind: "members", entry, ...drawn })),
  );
  return { examples, turns, waits, chance: fc.oneof(together, ...members) };
}

/** True where the text of a filling is sent: then it can be told whose words come back. */
function saysText(exchange: Exchange | undefined): boolean {
  return (
    exchange?.steps.some((one) => "send" in one && JSON.stringify(one.send.payload).includes("$text")) ===
    true
  );
}

function show(value: Scene, exchanges: readonly Exchange[]): Json {
  const words = (steps: readonly WalkStep[]): Json =>
    steps.map(({ pick, variant, then }) => `${pick}.${variant}, then ${then}`);
  switch (value.kind) {
    case "watch":
      return { kind: value.kind, exchange: exchanges[value.exchange]?.name ?? "" };
    case "members":
      return {
        kind: value.kind,
        ...(value.left === true ? { left: true } : {}),
        way: value.way.map(({ state, command }) => `${command} in ${state}`),
        steps: words(value.steps),
      };
    case "waiting":
      return {
        kind: value.kind,
        exchange: exchanges[value.place.exchange]?.name ?? "",
        step: value.place.step,
      };
    case "strangers":
      return {
        kind: value.kind,
        exchanges: value.exchanges.map((index) => exchanges[index]?.name ?? ""),
        ...(value.inTurn === true ? { inTurn: true } : {}),
      };
    case "refused":
      return {
        kind: value.kind,
        ...(value.exchange === undefined ? {} : { after: exchanges[value.exchange]?.name ?? "" }),
      };
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
  // Whatever is illegal here is this row's, unless one connection alone shows it as well.
  stage.scene.fault();
  switch (value.kind) {
    case "watch":
      return playWatch(stage, value.exchange);
    case "members":
      return playMembers(stage, value);
    case "waiting":
      return playWaiting(stage, value.place);
    case "strangers":
      return playStrangers(stage, value);
    case "refused":
      return playRefused(stage, value);
    case "together":
      return playTogether(stage, value.walks);
  }
}

/** What one of them plays of its own. */
function exchangeOf(value: Scene): number | undefined {
  if (value.kind === "watch" || value.kind === "refused") return value.exchange;
  if (value.kind === "waiting") return value.place.exchange;
  return value.kind === "strangers" ? value.exchanges[0] : undefined;
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
    const exchange = exchangeOf(value);
    const played = exchange === undefined ? undefined : exchanges[exchange];
    const { judge, answerMs } = context;
    if (played !== undefined)
      await runExchange(tester, played, { judge, answerMs, filling: fillingOf(scene) });
    if (value.kind === "together") for (const steps of value.walks) await takeWalk(walk, steps);
    if (value.kind === "members") await takeWalk(walk, value.steps);
    await settle(walk);
    await watch(walk, context.quietMs());
    const own = identifiersOf(scene.identity);
    // What names a key of somebody else's has come from another case.
    return scene.violations.some(
      ({ expected }) => !/ of ".*"\)$/.test(expected) || own.some((key) => expected.includes(key)),
    );
  });
}
