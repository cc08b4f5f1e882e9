/** The moves of a walk: made and written down, and made again as they were. */

import type { Json } from "../../src/contract/contract.js";
import type { Move } from "../course.js";
import { PLACEHOLDERS } from "./commands.js";
import { nextEvent, type Walk, watch } from "./walker.js";

/** How often the Monitor is asked again whether a move is legal by now (milliseconds): its clocks decide too. */
const LOOK_MS = 50;

/** Sends a command on a walk; a repetition can do the same. */
export function move(walk: Walk, name: string, payload: Json): void {
  const { course, identifiers, tester } = walk;
  if (course !== undefined) {
    const now = tester.now();
    const before = lastMoveAt.get(walk) ?? now;
    course.take({
      name,
      payload: exchanged(payload, identifiers, PLACEHOLDERS),
      legality: tester.monitor.legalNow({ name, payload }),
      seen: tester.messages.length,
      pauseMs: now - Math.max(before, tester.messages.at(-1)?.atMs ?? before),
      gapMs: now - before,
    });
  }
  tester.command(name, payload);
  lastMoveAt.set(walk, tester.now());
}

/** When each walk made its last move, on the case's clock (milliseconds). */
const lastMoveAt = new WeakMap<Walk, number>();

/**
 * Makes the moves again that another case has made, at the same points of the conversation, but for those that are not
 * legal any more. Stops before a command that was sent for its refusal and gives its payload; undefined when no such
 * one is left, something was broken, or the connection has ended.
 */
export async function walkAgain(walk: Walk): Promise<{ readonly payload: Json } | undefined> {
  const { course, identifiers, tester } = walk;
  for (let next = course?.next(); next !== undefined; next = course?.next()) {
    const payload = exchanged(next.payload, PLACEHOLDERS, identifiers);
    await awaitTurn(walk, next, payload);
    // What was broken by now is what the case will say.
    if (tester.end !== undefined || tester.monitor.violations.length > 0) return undefined;
    const isIllegal = tester.monitor.legalNow({ name: next.name, payload }) === "illegal";
    if (isIllegal !== (next.legality === "illegal")) continue;
    if (isIllegal) return { payload };
    move(walk, next.name, payload);
  }
  return undefined;
}

/** Waits until as much has come as before this move the first time, and as long a silence is over. */
async function awaitTurn(
  walk: Walk,
  { name, legality, seen, pauseMs, gapMs }: Move,
  payload: Json,
): Promise<void> {
  const { context, tester } = walk;
  const { monitor } = tester;
  const start = lastMoveAt.get(walk) ?? tester.now();
  // A subject that says less this time is not waited for much longer than it took the first time.
  const deadline = start + gapMs + context.quietMs();
  const goesOn = (): boolean =>
    tester.end === undefined && monitor.violations.length === 0 && tester.now() < deadline;
  while (tester.messages.length < seen && goesOn()) await nextEvent(walk, deadline - tester.now());
  const quietSince = Math.max(start, tester.messages.at(-1)?.atMs ?? start);
  await watch(walk, quietSince + pauseMs - tester.now());
  const fits = (): boolean => {
    const now = monitor.legalNow({ name, payload });
    return legality === "undecided" ? now !== "illegal" : now === legality;
  };
  while (!fits() && goesOn()) await nextEvent(walk, Math.min(LOOK_MS, deadline - tester.now()));
}

/** A payload with other identifiers in the place of these, wherever they stand in it. */
function exchanged(payload: Json, these: readonly string[], others: readonly string[]): Json {
  const text = these.reduce(
    (result, one, index) => result.replaceAll(one, others[index] ?? one),
    JSON.stringify(payload),
  );
  return JSON.parse(text);
}
