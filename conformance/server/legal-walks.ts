/**
 * S-SM-01: on legal walks through the lifecycles every event is legal, and comes in time. The walks go for each state and
 * for each transition by a command, again by another way as long as one was not reached, and then where chance leads.
 */

import fc from "fast-check";
import type { Json, Lifecycle, Transition } from "../../src/contract/contract.js";
import { CLOSED } from "../../src/contract/lifecycle/automaton.js";
import type { Case, Check, CheckContext } from "../check.js";
import type { Course } from "../course.js";
import { endOf } from "../exchange.js";
import { type CaseOutcome, type PropertyResult, resultOf, runProperty } from "../property.js";
import { blockedBy, concluded, NO_WITNESS, notApplicable, quietNote } from "./blame.js";
import { type CommandSource, commandSource, personalise } from "./commands.js";
import { withoutWitness } from "./frame-witness.js";
import { move } from "./moves.js";
import { payloadsFor, reach } from "./reach.js";
import { edgesFrom, graphStates, wantedCoverage } from "./routes.js";
import {
  endsConnection,
  openWalk,
  settle,
  takeWalk,
  type Walk,
  type WalkStep,
  walkSteps,
  watch,
} from "./walker.js";

const ID = "S-SM-01";

/** Something of a lifecycle that a walk is to go through: a state, or the transition at a position. */
interface Goal {
  readonly lifecycle: string;
  readonly state?: string;
  readonly transition?: number;
  /** Another attempt takes another way. */
  readonly attempt: number;
}

interface LegalWalk {
  /** Where to go first. */
  readonly goal?: Goal;
  readonly steps: readonly WalkStep[];
  /** Whether it ends with a command after which the server closes, where there is one. */
  readonly closing: boolean;
}

/** So often what was not reached is gone for again. */
const ATTEMPTS = 4;

/** Each first command with each of its known payloads, each goal, then random walks. */
export const legalWalks: Check = {
  id: ID,
  smoke: true,
  safe: true,
  async run(context) {
    const { endpoint } = context;
    if (endpoint.lifecycles.length === 0) return notApplicable("the document declares no lifecycle");
    const source = commandSource(context.judge, context.seed);
    const property = await walkAll(context, source, {
      examples: [
        ...source.names.flatMap((_, pick) =>
          [0, 1, 2, 3].map(
            (variant): LegalWalk => ({ steps: [{ pick, variant, then: "settled" }], closing: variant === 3 }),
          ),
        ),
        ...goalsOf(context, 0).map(walkTo),
      ],
      arbitrary: fc.record({ steps: walkSteps(), closing: fc.boolean() }),
    });
    // A quick profile takes some of the goals: those that it left out are not missing.
    const attempts = context.profile.only === "smoke" ? 0 : ATTEMPTS;
    for (let attempt = 1; attempt <= attempts && isGreen(property); attempt += 1) {
      const missing = goalsOf(context, attempt).filter((goal) => !isCovered(context, goal));
      // Where nothing has led anywhere so far another way will not either, and each costs its patience.
      if (missing.length === 0 || !hasMoved(context)) break;
      const again = await walkAll(context, source, { examples: missing.map(walkTo) });
      if (!isGreen(again)) return resultOf(again, { pass: "", notes: [quietNote(context)] });
    }
    return resultOf(property, {
      pass: "every event was legal in the states that the lifecycles allow, and came in time",
      notes: [quietNote(context)],
    });
  },
};

interface Walks {
  readonly examples: readonly LegalWalk[];
  readonly arbitrary?: fc.Arbitrary<LegalWalk>;
}

function walkAll(
  context: CheckContext,
  source: CommandSource,
  walks: Walks,
): Promise<PropertyResult<LegalWalk>> {
  return runProperty<LegalWalk>(context, {
    label: "legal walk",
    ...walks,
    // They wait nearly all of their time: for events that come late, and for quiet.
    concurrency: 12,
    show: ({ goal, steps, closing }): Json => ({
      ...(goal === undefined ? {} : { toward: goal.state ?? `transition ${goal.transition}` }),
      steps: steps.map(({ pick, variant, then }) => `${pick}.${variant}, then ${then}`),
      closing,
    }),
    script: (value, scene, course) => playWalk(context, source, value, scene, course),
  });
}

function isGreen({ failure, flaky, blocked, interrupted }: PropertyResult<LegalWalk>): boolean {
  return failure === undefined && flaky === undefined && blocked === undefined && !interrupted;
}

/** A walk that stays for a while where it has gone: nothing may come that is not legal there. */
function walkTo(goal: Goal): LegalWalk {
  return { goal, steps: [], closing: false };
}

/** Each transition by a command and each state but the first; what the server alone leads to is gone for once. */
function goalsOf({ endpoint }: CheckContext, attempt: number): Goal[] {
  return wantedCoverage(endpoint).flatMap(({ lifecycle, states, transitions }): Goal[] => {
    const { name, initial } = lifecycle;
    const all = attempt === 0 ? [...graphStates(endpoint, lifecycle)] : states;
    return [
      ...all.filter((state) => state !== initial).map((state) => ({ lifecycle: name, state, attempt })),
      ...transitions.map((transition) => ({ lifecycle: name, transition, attempt })),
    ];
  });
}

function isCovered({ record }: CheckContext, { lifecycle, state, transition }: Goal): boolean {
  const { states, transitions } = record.coverage;
  if (state !== undefined) return states.get(lifecycle)?.has(state) === true;
  return transition !== undefined && transitions.get(lifecycle)?.has(transition) === true;
}

/** Whether any lifecycle has left the state in which it begins. */
function hasMoved({ endpoint, record }: CheckContext): boolean {
  return endpoint.lifecycles.some(({ name, initial }) =>
    [...(record.coverage.states.get(name) ?? [])].some((state) => state !== initial),
  );
}

async function playWalk(
  context: CheckContext,
  source: CommandSource,
  { goal, steps, closing }: LegalWalk,
  scene: Case,
  course: Course,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source, course);
  if (goal !== undefined && !course.isRepetition) {
    await goFor(walk, goal);
    await watch(walk, context.quietMs());
  }
  await takeWalk(walk, steps);
  await settle(walk);
  // What must not come any more is watched for: an event after the last one.
  await watch(walk, context.quietMs());
  const blocked = blockedBy(scene, ID);
  if (blocked !== undefined) return { verdict: "blocked", by: blocked };
  if (closing && tester.end === undefined) await close(walk);
  const outcome = outcomeOf(context, walk);
  if (outcome.verdict !== "pass" || context.witness?.owed !== true) return concluded(scene, ID, outcome);
  // A server that refuses everything breaks no order: only the witness tells it from one that keeps the contract.
  const given = await context.witness.give(await scene.connect(), scene);
  return concluded(scene, ID, withoutWitness(context.witness, given));
}

async function goFor(
  walk: Walk,
  { lifecycle: name, state, transition: position, attempt }: Goal,
): Promise<void> {
  const { tester, context } = walk;
  const lifecycle = context.endpoint.lifecycles.find((one) => one.name === name);
  if (lifecycle === undefined) return;
  const deadline = tester.now() + 2 * context.answerMs;
  if (state !== undefined) {
    // A state that the server leaves at once need not be held: the way there is a legal walk as well.
    await reach(walk, lifecycle, state, { attempt, deadline });
    return;
  }
  const transition = position === undefined ? undefined : lifecycle.transitions[position];
  if (transition === undefined || position === undefined) return;
  const starts = startsOf(context, lifecycle, transition);
  const start = starts[attempt] ?? starts[0];
  if (start === undefined || !(await reach(walk, lifecycle, start, { attempt, deadline }))) return;
  for (const command of transition.on) {
    const payloads = payloadsFor(walk, lifecycle, command, position);
    const payload = payloads[attempt % Math.max(1, payloads.length)];
    if (payload === undefined) continue;
    move(walk, command, payload);
    if (transition.to === CLOSED) await tester.ended(context.answerMs);
    else await settle(walk);
    return;
  }
}

/** The states that a transition leads away from and that can be reached, those that the server need not leave first. */
function startsOf({ endpoint }: CheckContext, lifecycle: Lifecycle, { from }: Transition): readonly string[] {
  const isLeft = (state: string): boolean =>
    lifecycle.obligations.some((one) => one.in.includes(state)) &&
    edgesFrom(endpoint, lifecycle, state).some(({ kind }) => kind === "event");
  return [...graphStates(endpoint, lifecycle)]
    .filter((state) => from.includes(state) || from.includes("*"))
    .sort((a, b) => Number(isLeft(a)) - Number(isLeft(b)));
}

/** Ends the connection by a command, where the lifecycle has one that is legal now. */
async function close({ tester, context, source, identifiers }: Walk): Promise<void> {
  for (const name of source.names) {
    if (!endsConnection(context.endpoint, name)) continue;
    const [draft] = source.variants(name);
    if (draft === undefined) continue;
    const payload = personalise(draft.payload, identifiers);
    if (tester.monitor.legalNow({ name, payload }) !== "legal") continue;
    tester.command(name, payload);
    await tester.ended(context.answerMs);
    return;
  }
}

function outcomeOf(context: CheckContext, { tester }: Walk): CaseOutcome {
  if (tester.monitor.overflow) {
    return { verdict: "inconclusive", reason: "more than 256 configurations explain what was seen" };
  }
  // Without a violation every event that the Monitor saw was legal: the events are the witness.
  if (tester.messages.length > 0) return { verdict: "pass" };
  if (tester.end !== undefined && tester.end.by === "subject") {
    return { verdict: "inconclusive", reason: `no event was seen, then ${endOf(tester)}` };
  }
  return {
    verdict: "untestable",
    reason: context.witness === undefined ? NO_WITNESS : "the walk brought no event",
  };
}
