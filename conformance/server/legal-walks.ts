/** S-SM-01: on legal walks through the lifecycles every event is legal, and comes in time. */

import fc from "fast-check";
import type { Json, Lifecycle } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext } from "../check.js";
import { endOf } from "../exchange.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { blockedBy, concluded, NO_WITNESS, notApplicable, quietNote } from "./blame.js";
import { type CommandSource, commandSource, personalise } from "./commands.js";
import { withoutWitness } from "./frame-witness.js";
import {
  endsConnection,
  openWalk,
  reach,
  settle,
  takeWalk,
  type Walk,
  type WalkStep,
  walkSteps,
  watch,
} from "./walker.js";

const ID = "S-SM-01";

interface LegalWalk {
  /** A state to go to first. */
  readonly toward?: { readonly lifecycle: string; readonly state: string };
  readonly steps: readonly WalkStep[];
  /** Whether it ends with a command after which the server closes, where there is one. */
  readonly closing: boolean;
}

/** Each first command with each of its known payloads, then random walks. */
export const legalWalks: Check = {
  id: ID,
  async run(context) {
    const { endpoint } = context;
    if (endpoint.lifecycles.length === 0) return notApplicable("the document declares no lifecycle");
    const source = commandSource(context.judge, context.seed);
    const property = await runProperty<LegalWalk>(context, {
      label: "legal walk",
      examples: [
        ...source.names.flatMap((_, pick) =>
          [0, 1, 2, 3].map(
            (variant): LegalWalk => ({ steps: [{ pick, variant, then: "settled" }], closing: variant === 3 }),
          ),
        ),
        ...endpoint.lifecycles.flatMap(waysToStates),
      ],
      arbitrary: fc.record({ steps: walkSteps(), closing: fc.boolean() }),
      show: (walk): Json => ({
        ...(walk.toward === undefined ? {} : { toward: walk.toward.state }),
        steps: walk.steps.map(({ pick, variant, then }) => `${pick}.${variant}, then ${then}`),
        closing: walk.closing,
      }),
      script: (value, scene) => playWalk(context, source, value, scene),
    });
    return resultOf(property, {
      pass: "every event was legal in the states that the lifecycles allow, and came in time",
      notes: [quietNote(context)],
    });
  },
};

/** One walk to each state but the first, where the kit then stays for a while: nothing may come that is not legal there. */
function waysToStates(lifecycle: Lifecycle): LegalWalk[] {
  const states = new Set(lifecycle.transitions.map(({ to }) => to));
  for (const none of [lifecycle.initial, "=", "$closed"]) states.delete(none);
  return [...states].map((state) => ({
    toward: { lifecycle: lifecycle.name, state },
    steps: [],
    closing: false,
  }));
}

async function playWalk(
  context: CheckContext,
  source: CommandSource,
  { toward, steps, closing }: LegalWalk,
  scene: Case,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source);
  const lifecycle = context.endpoint.lifecycles.find(({ name }) => name === toward?.lifecycle);
  if (lifecycle !== undefined && toward !== undefined) {
    // A state that the server leaves at once need not be held: the way there is a legal walk as well.
    const deadline = tester.now() + context.answerMs;
    await reach(walk, lifecycle, toward.state, { attempt: 0, deadline });
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
