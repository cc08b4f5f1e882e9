/**
 * Two connections wait at the same place of an exchange, and one of them goes on: the other one still waits. Only where
 * no event has an audience, so that each connection has its state for itself.
 */

import type { Endpoint, Exchange, Lifecycle } from "../../src/contract/contract.js";
import type { ReceivedMessage, Tester } from "../check.js";
import { type Filling, fill, fillingOf, holds } from "../exchange.js";
import { excerpt } from "../judge.js";
import type { CaseOutcome } from "../property.js";
import { identityOf, type Stage } from "./stage.js";
import { openWalk, watch } from "./walker.js";

/** A place in an exchange: what is sent next takes the server on. */
export interface Place {
  /** Position of the exchange. */
  readonly exchange: number;
  /** Position of the command among its steps. */
  readonly step: number;
}

/** What other cases do at the same time may disturb one attempt. */
const ATTEMPTS = 3;

/** The places at which a command that a lifecycle of the connection takes follows an event. */
export function waitingPlaces(endpoint: Endpoint, exchanges: readonly Exchange[]): readonly Place[] {
  if (endpoint.protocol.audience.length > 0) return [];
  return exchanges.flatMap(({ steps }, exchange) =>
    steps.flatMap((one, step): Place[] => {
      const before = steps[step - 1];
      if (!("send" in one) || before === undefined || "send" in before) return [];
      return ownLifecycle(endpoint, one.send.message) === undefined ? [] : [{ exchange, step }];
    }),
  );
}

/** One of the connections at that place. */
interface Seat {
  readonly tester: Tester;
  readonly filling: Filling;
  /** When it was opened. */
  readonly sinceMs: number;
}

/** Plays it. */
export async function playWaiting(stage: Stage, { exchange: index, step }: Place): Promise<CaseOutcome> {
  const { context, scene, exchanges } = stage;
  const exchange = exchanges[index];
  const next = exchange?.steps[step];
  if (exchange === undefined || next === undefined || !("send" in next)) {
    return { verdict: "inconclusive", reason: "there is no such place" };
  }
  const lifecycle = ownLifecycle(context.endpoint, next.send.message);
  if (lifecycle === undefined) return { verdict: "inconclusive", reason: "no lifecycle names the command" };
  const ms = context.quietMs();
  let seat = 0;
  const seated = async (): Promise<Seat | undefined> => {
    const sinceMs = scene.now();
    const filling = { ...fillingOf(scene), uuid: identityOf(scene.identity, seat) };
    seat += 1;
    const tester = await scene.connect();
    return (await playUpTo(stage, tester, exchange, step, filling))
      ? { tester, filling, sinceMs }
      : undefined;
  };
  /** The first event of the lifecycle that a connection hears within so long. */
  const heard = async (tester: Tester, forMs: number): Promise<ReceivedMessage | undefined> => {
    const from = tester.messages.length;
    await watch(openWalk(context, scene, tester, stage.source), forMs);
    return tester.messages.slice(from).find((message) => isOf(lifecycle, message));
  };
  const unsteady: CaseOutcome = {
    verdict: "untestable",
    reason: `"${exchange.name}" knows no place before "${next.send.message}" where a connection surely waits`,
  };
  /** Not one that somebody else has taken on already: it would be silent from now on. */
  const waits = ({ tester, filling }: Seat): boolean => {
    const { message: name, payload } = next.send;
    return tester.monitor.legalNow({ name, payload: fill(payload, filling) }) !== "illegal";
  };
  const unplayed: CaseOutcome = {
    verdict: "inconclusive",
    reason: `no witness: "${exchange.name}" could not be played up to "${next.send.message}"`,
  };
  const waitingPair = async () => {
    const onlooker = await seated();
    const actor = onlooker === undefined ? undefined : await seated();
    if (onlooker === undefined || actor === undefined) return unplayed;
    const before = await Promise.all([heard(onlooker.tester, ms), heard(actor.tester, ms)]);
    const still = [onlooker, actor].every(waits) && before.every((message) => message === undefined);
    return still ? { onlooker, actor } : undefined;
  };
  let pair = await waitingPair();
  for (let attempt = 1; attempt < ATTEMPTS && pair === undefined; attempt += 1) pair = await waitingPair();
  if (pair === undefined) return unsteady;
  if ("verdict" in pair) return pair;
  const { onlooker, actor } = pair;
  const [here, there] = [actor, onlooker].map(({ tester }) => tester.messages.length);
  actor.tester.command(next.send.message, fill(next.send.payload, actor.filling));
  const answered = await actor.tester.next((message) => isOf(lifecycle, message), context.answerMs, here);
  if (answered === undefined) return unsteady;
  // How long an answer takes on a busy machine is known by now: the other one had as long, and has a silence more.
  await heard(onlooker.tester, ms);
  const moved = onlooker.tester.messages.slice(there).find((message) => isOf(lifecycle, message));
  if (moved === undefined) return { verdict: "pass" };
  // A server that goes on by itself after a while does so on this one as well.
  const longMs = scene.now() - onlooker.sinceMs + ms;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const control = await seated();
    if (control === undefined || (await heard(control.tester, longMs)) !== undefined) continue;
    return {
      verdict: "fail",
      expected: `connection ${onlooker.tester.id} still waits for its own "${next.send.message}" after connection ${actor.tester.id} has sent one, as it does where nobody sends one`,
      got: excerpt(moved.text),
      mend: "Keep what a command is about with the connection that sent it: a command of one connection takes no other one on.",
    };
  }
  return unsteady;
}

/** The lifecycle of a connection that a command takes on. */
function ownLifecycle({ lifecycles }: Endpoint, command: string): Lifecycle | undefined {
  return lifecycles.find(
    ({ scope, transitions }) =>
      scope === "connection" && transitions.some(({ on, may }) => on.includes(command) && may !== true),
  );
}

function isOf({ transitions }: Lifecycle, { names }: ReceivedMessage): boolean {
  return names.length > 0 && names.every((name) => transitions.some(({ on }) => on.includes(name)));
}

/** Plays the steps before a place; false where the server does not come along. */
async function playUpTo(
  { context }: Stage,
  tester: Tester,
  { steps }: Exchange,
  end: number,
  filling: Filling,
): Promise<boolean> {
  let from = 0;
  for (const step of steps.slice(0, end)) {
    if (tester.end !== undefined) return false;
    if ("send" in step) {
      tester.command(step.send.message, fill(step.send.payload, filling));
      continue;
    }
    const { message: name, when } = step.await;
    const fits = ({ names, payload }: ReceivedMessage): boolean =>
      names.includes(name) && holds(when, payload, filling);
    const found = await tester.next(fits, context.answerMs, from);
    if (found === undefined) return false;
    from = tester.messages.indexOf(found, from) + 1;
  }
  return true;
}
