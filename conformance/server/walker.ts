/**
 * Walks over the lifecycles of an endpoint, decided step by step: what is legal now says the Monitor, which of it is
 * taken says the seed. Nothing is filtered afterwards, so a short list of small numbers is a whole walk and shrinks well.
 */

import fc from "fast-check";
import type { Endpoint, Json } from "../../src/contract/contract.js";
import type { Legality } from "../../src/contract/lifecycle.js";
import type { Case, CheckContext, Tester } from "../check.js";
import type { Course } from "../course.js";
import { answerBound, UPPER_GRACE_MS } from "../time.js";
import { type CommandSource, identifiersOf, personalise } from "./commands.js";
import { move, walkAgain } from "./moves.js";

/** One step of a walk, as numbers that the walk takes modulo what it finds. */
export interface WalkStep {
  /** Which of the commands that are legal now. */
  readonly pick: number;
  /** Which of its payloads. */
  readonly variant: number;
  /** What is waited for afterwards: nothing (pipelined), one event, or until nothing is due. */
  readonly then: "nothing" | "event" | "settled";
}

/** A command that may be sent. */
export interface LegalCommand {
  readonly name: string;
  /** Its payloads, at least one. */
  readonly payloads: readonly Json[];
}

/** One walk: a connection, what may be sent on it, and patience. */
export interface Walk {
  readonly context: CheckContext;
  readonly tester: Tester;
  readonly source: CommandSource;
  readonly identifiers: readonly [string, string];
  /** Sends also what is legal only if the subject has taken one course of events and not another: others act as well. */
  readonly daring?: true;
  /** Where its moves are written down, and come from in a repetition. */
  readonly course?: Course;
}

/** The longest walk of a case: enough for each automaton met so far, far below the 32 commands that may be pending. */
const MAX_STEPS = 8;

/** Walks for {@link takeWalk}: mostly patient ones, as a pipelined command is judged more leniently. */
export function walkSteps(maxLength = MAX_STEPS): fc.Arbitrary<readonly WalkStep[]> {
  const step = fc.record({
    pick: fc.nat(30),
    variant: fc.nat(30),
    // Shrinking goes towards the first: the most patient walk is the easiest to read.
    then: fc.constantFrom<WalkStep["then"][]>("settled", "event", "event", "nothing"),
  });
  return fc.array(step, { minLength: 1, maxLength });
}

/** Opens a walk on a connection of a case. */
export function openWalk(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  source: CommandSource,
  course?: Course,
): Walk {
  const identifiers = identifiersOf(scene.identity);
  return { context, tester, source, identifiers, ...(course === undefined ? {} : { course }) };
}

/** Takes a walk of legal commands, or the one that is to be repeated; ends early when the connection does. */
export async function takeWalk(walk: Walk, steps: readonly WalkStep[]): Promise<void> {
  if (walk.course?.isRepetition === true) {
    await walkAgain(walk);
    // What the last move leads to must have begun before anybody asks whether all is settled.
    await watch(walk, walk.context.quietMs());
    return;
  }
  for (const step of steps) {
    if (walk.tester.end !== undefined) return;
    const options = legalCommands(walk);
    const option = options[step.pick % Math.max(1, options.length)];
    const payload = option?.payloads[step.variant % option.payloads.length];
    if (option === undefined || payload === undefined) {
      // Only the server can go on from here.
      if (!(await nextEvent(walk, walk.context.answerMs))) return;
      continue;
    }
    move(walk, option.name, payload);
    if (step.then === "event") await nextEvent(walk, walk.context.quietMs());
    else if (step.then === "settled") await settle(walk);
  }
}

/**
 * The commands that are legal now whatever the subject has taken so far (in a daring walk: that may be legal); those that
 * end the connection left out.
 */
export function legalCommands(walk: Walk): LegalCommand[] {
  const verdicts: Legality[] = walk.daring === true ? ["legal", "undecided"] : ["legal"];
  return walk.source.names
    .filter((name) => !endsConnection(walk.context.endpoint, name))
    .flatMap((name) => {
      const payloads = verdicts.flatMap((verdict) =>
        commandsThatAre(verdict, walk, [name]).flatMap((command) => command.payloads),
      );
      return payloads.length === 0 ? [] : [{ name, payloads }];
    });
}

/** The commands, with their payloads, that the Monitor calls so now. */
export function commandsThatAre(
  verdict: Legality,
  walk: Walk,
  names: readonly string[] = walk.source.names,
): LegalCommand[] {
  return names.flatMap((name) => {
    const payloads = walk.source
      .variants(name)
      .map((draft) => personalise(draft.payload, walk.identifiers))
      .filter((payload) => walk.tester.monitor.legalNow({ name, payload }) === verdict);
    return payloads.length === 0 ? [] : [{ name, payloads }];
  });
}

/** True for a command after which the server closes the connection. */
export function endsConnection(endpoint: Endpoint, command: string): boolean {
  return endpoint.lifecycles.some((lifecycle) =>
    lifecycle.transitions.some(
      (transition) => transition.to === "$closed" && transition.on.includes(command),
    ),
  );
}

/** Waits for one further event, without falling silent so long that the server may give the connection up. */
export async function nextEvent({ tester, context }: Walk, timeoutMs: number): Promise<boolean> {
  const from = tester.messages.length;
  const deadline = tester.now() + timeoutMs;
  for (;;) {
    const left = deadline - tester.now();
    const slice = Math.min(left, breathMs(context));
    if ((await tester.next(() => true, slice, from)) !== undefined) return true;
    if (tester.end !== undefined || slice >= left) return false;
    tester.ping(NOTHING);
  }
}

/** Watches the connection for so long, without falling silent on it. */
export async function watch({ tester, context }: Walk, ms: number): Promise<void> {
  const deadline = tester.now() + ms;
  for (let left = ms; left > 0 && tester.end === undefined; left = deadline - tester.now()) {
    const slice = Math.min(left, breathMs(context));
    await tester.wait(slice);
    if (slice < left && tester.end === undefined) tester.ping(NOTHING);
  }
}

const NOTHING = new Uint8Array(0);

/** The longest silence of ours on a connection (milliseconds): a quarter of what the other side need bear. */
function breathMs(context: CheckContext): number {
  const { heartbeat } = context.endpoint;
  if (heartbeat?.patience === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(200, context.scaled(heartbeat.patience.ms) / 4);
}

/**
 * Waits until the server owes nothing: no command is pending and no state is left that it must leave by itself. The
 * Monitor says when it has waited long enough.
 */
export async function settle(walk: Walk): Promise<void> {
  const { tester, context } = walk;
  const deadline = tester.now() + 12 * context.answerMs;
  while (
    tester.end === undefined &&
    (!tester.monitor.settled || tester.monitor.owes) &&
    tester.now() < deadline
  ) {
    const before = tester.monitor.violations.length;
    const came = await nextEvent(walk, isRefused(walk) ? context.quietMs() : longestDebtMs(context));
    if (tester.monitor.violations.length > before) return;
    if (!came) return;
  }
}

/** True where the last word was a refusal: whatever it refuses, nothing more need follow on it. */
export function isRefused({ tester, context }: Walk): boolean {
  const last = tester.messages.at(-1);
  return last !== undefined && context.judge.refusalOf(last.names, last.payload) !== undefined;
}

/** The longest time that the server may take for what it owes, until the Monitor calls it late (milliseconds). */
function longestDebtMs({ answerMs, endpoint, timeScale }: CheckContext): number {
  const bounds = endpoint.lifecycles.flatMap(({ obligations }) =>
    obligations.map(({ withinMs }) => answerBound(withinMs, timeScale)),
  );
  return Math.max(answerMs, ...bounds) + 2 * UPPER_GRACE_MS;
}
