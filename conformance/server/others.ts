/** S-SM-05: what another connection does causes no event that is illegal in the state of this one. */

import type { Endpoint, Exchange, Json, Lifecycle } from "../../src/contract/contract.js";
import { keyOf } from "../../src/contract/lifecycle/automaton.js";
import type { InstanceView } from "../../src/contract/lifecycle.js";
import { valueAt } from "../../src/contract/pointer.js";
import type { Case, Check, CheckContext, ReceivedMessage, Tester } from "../check.js";
import { endOf, type Filling, fillingOf, runExchange } from "../exchange.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, failureOf, notApplicable, quietNote, unproved } from "./blame.js";
import { type CommandSource, commandSource, identifiersOf } from "./commands.js";
import { withoutWitness } from "./frame-witness.js";
import { reach, statesNow } from "./reach.js";
import { openWalk, settle, type Walk, watch } from "./walker.js";

const ID = "S-SM-05";

/** The connection that looks on is the first of its case. */
const ONLOOKER = 0;

/** What the connection that looks on has done before the other one acts. */
type Before =
  /** Nothing: it has just been opened. */
  | "nothing"
  /** It has played the same exchange under the same identity to its end, and gone back to where it began. */
  | "left"
  /** It is in the midst of the same exchange, under an identity of its own. */
  | "elsewhere";

interface Onlooker {
  readonly exchange: Exchange;
  readonly before: Before;
}

/** Each exchange that causes events, beside a connection in which they are illegal. */
export const othersEvents: Check = {
  id: ID,
  safe: true,
  // What the connections of other checks cause is not to be told from what its own cause.
  alone: true,
  async run(context) {
    const { endpoint } = context;
    if (endpoint.lifecycles.length === 0) return notApplicable("the document declares no lifecycle");
    if (!endpoint.lifecycles.some((lifecycle) => forbidsAnEvent(endpoint, lifecycle))) {
      return notApplicable("every event is legal in every state");
    }
    const causes = (endpoint.exchanges?.list ?? []).filter(
      (exchange) => !exchange.tags.includes("bulk") && exchange.steps.some((step) => "send" in step),
    );
    if (causes.length === 0) {
      return {
        verdict: "untestable",
        reason: "the document names no exchange: what causes an event is unknown",
        cases: 0,
      };
    }
    const source = commandSource(context.judge, context.seed);
    const silent = await unproved(context, ID);
    if (silent !== undefined) return silent;
    const property = await runProperty<Onlooker>(context, {
      label: "another connection acts",
      examples: (["nothing", "left", "elsewhere"] as const).flatMap((before) =>
        causes.map((exchange) => ({ exchange, before })),
      ),
      show: ({ exchange, before }): Json => ({ exchange: exchange.name, before }),
      script: async (value, scene) => finish(scene, await lookOn(context, source, value, scene)),
    });
    return resultOf(property, {
      pass: "what another connection did caused no event where it was illegal",
      notes: [quietNote(context)],
    });
  },
};

/** True where some event is named and not legal in every state: only then can one be out of place. */
function forbidsAnEvent(endpoint: Endpoint, { initial, transitions }: Lifecycle): boolean {
  return endpoint.events.some(({ name }) => {
    const on = transitions.filter((transition) => transition.on.includes(name));
    return (
      on.length > 0 &&
      !on.some(({ from, when }) => when === undefined && (from.includes("*") || from.includes(initial)))
    );
  });
}

/** What is illegal on the connection that acts is another row's. */
function finish(scene: Case, outcome: CaseOutcome): CaseOutcome {
  if (outcome.verdict === "fail" || outcome.verdict === "blocked") return concluded(scene, ID, outcome);
  const mine = scene.violations.filter(({ check }) => check === ID);
  const found = mine.find(({ connection }) => connection === ONLOOKER);
  if (found !== undefined) return failureOf(found);
  return mine.length > 0 ? { verdict: "blocked", by: "S-SM-01" } : concluded(scene, ID, outcome);
}

async function lookOn(
  context: CheckContext,
  source: CommandSource,
  { exchange, before }: Onlooker,
  scene: Case,
): Promise<CaseOutcome> {
  scene.fault();
  const onlooker = await scene.connect();
  const actor = await scene.connect();
  const [one, another] = identifiersOf(scene.identity);
  const walk = openWalk(context, scene, onlooker, source);
  const filling = fillingOf(scene);
  if (before === "left") {
    if (!(await playAndLeave(walk, exchange, filling))) {
      return { verdict: "inconclusive", reason: `"${exchange.name}" could not be played and left` };
    }
  } else if (before === "elsewhere") {
    await playPart(walk, exchange, { ...filling, uuid: one });
  }
  // Who has done nothing wrong so far is judged from now on; who has done nothing at all, from the beginning.
  const broken = before === "nothing" ? undefined : scene.violations.find(({ check }) => check === ID);
  if (broken !== undefined) return { verdict: "blocked", by: "S-SM-01" };
  const here = onlooker.monitor.configurations();
  const theirs = { ...filling, uuid: before === "elsewhere" ? another : one };
  const { judge, answerMs } = context;
  const run = await runExchange(actor, exchange, { judge, answerMs, filling: theirs });
  if (!run.ok) {
    return {
      verdict: "inconclusive",
      reason: `"${exchange.name}" could not be played on another connection: expected ${run.expected}, got ${run.got}`,
    };
  }
  if (!run.messages.some((message) => isOutOfPlace(context.endpoint, here, message))) {
    return {
      verdict: "untestable",
      reason: `no exchange is known to cause an event that is illegal on another connection ("${exchange.name}" is not)`,
    };
  }
  await watch(walk, context.quietMs());
  await settle(walk);
  if (onlooker.end !== undefined) {
    if (onlooker.end.explained === true) return { verdict: "inconclusive", reason: endOf(onlooker) };
    return {
      verdict: "fail",
      expected: `a connection that does nothing stays open while another one plays "${exchange.name}"`,
      got: endOf(onlooker),
      mend: "Let what happens on one connection end no other.",
    };
  }
  return witnessed(context, scene, onlooker, before);
}

/** The connection that looked on works: in a state of its own the witness may be illegal, so a fresh one gives it there. */
async function witnessed(
  context: CheckContext,
  scene: Case,
  onlooker: Tester,
  before: Before,
): Promise<CaseOutcome> {
  const { witness } = context;
  if (witness?.owed !== true) return { verdict: "pass" };
  const tester = before === "elsewhere" ? await scene.connect() : onlooker;
  return withoutWitness(witness, await witness.give(tester, scene));
}

/** Plays an exchange to its end and goes back to the first state of each lifecycle; false where that did not work. */
async function playAndLeave(walk: Walk, exchange: Exchange, filling: Filling): Promise<boolean> {
  const { tester, context } = walk;
  const { judge, answerMs, endpoint } = context;
  const run = await runExchange(tester, exchange, { judge, answerMs, filling });
  if (!run.ok) return false;
  await settle(walk);
  for (const lifecycle of endpoint.lifecycles) {
    // One that no command names is not the client's to lead anywhere.
    const commands = endpoint.commands.some(({ name }) =>
      lifecycle.transitions.some(({ on, to }) => on.includes(name) && to !== "$closed"),
    );
    if (!commands) continue;
    const deadline = tester.now() + 2 * answerMs;
    if (!(await reach(walk, lifecycle, lifecycle.initial, { attempt: 0, deadline }))) return false;
    if (statesNow(walk, lifecycle).some((state) => state !== lifecycle.initial)) return false;
  }
  await settle(walk);
  return tester.end === undefined;
}

/** Plays an exchange up to its last command: whatever state that is, it is one of the connection's own. */
async function playPart(walk: Walk, exchange: Exchange, filling: Filling): Promise<void> {
  const { tester, context } = walk;
  const sends = exchange.steps.filter((step) => "send" in step).length;
  let sent = 0;
  const part: Exchange = {
    ...exchange,
    steps: exchange.steps.filter((step) => {
      if (!("send" in step)) return sent < Math.max(1, sends - 1);
      sent += 1;
      return sent <= Math.max(1, sends - 1);
    }),
    expect: [],
    ordered: false,
  };
  const { judge, answerMs } = context;
  const { until, ...openEnded } = part;
  await runExchange(tester, sends > 1 ? openEnded : part, { judge, answerMs, filling });
}

/** Whether an event would be illegal on a connection in these states: by a lifecycle, or as an echo of nothing it sent. */
function isOutOfPlace(
  endpoint: Endpoint,
  here: readonly InstanceView[],
  { names, payload }: ReceivedMessage,
): boolean {
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) return false;
  const echoed = endpoint.invariants.some(
    ({ kind, on, field }) => kind === "echoes" && on.includes(name) && valueAt(payload, field) !== undefined,
  );
  if (echoed) return true;
  return endpoint.lifecycles.some(({ name: lifecycle, scope, initial, transitions }) => {
    if (!transitions.some(({ on }) => on.includes(name))) return false;
    const key = scope === "connection" ? undefined : keyOf(scope.key, payload);
    if (scope !== "connection" && key === undefined) return false;
    const view = here.find((one) => one.lifecycle === lifecycle && one.key === key);
    return (view?.states ?? [initial]).every(
      (state) =>
        !transitions.some(
          ({ from, on }) => on.includes(name) && (from.includes(state) || from.includes("*")),
        ),
    );
  });
}
