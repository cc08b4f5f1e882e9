/** What a scene of several connections is played with, and what they all do around it. */

import type { Exchange } from "../../src/contract/contract.js";
import type { Case, CheckContext, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import type { CaseOutcome } from "../property.js";
import type { Listener } from "./audience.js";
import type { CommandSource } from "./commands.js";
import type { Turn } from "./member-ways.js";
import type { Place } from "./waiting.js";
import { openWalk, type WalkStep, watch } from "./walker.js";

/** What several connections do at once. */
export type Scene =
  /** One plays an exchange, others at the same address only watch. */
  | { readonly kind: "watch"; readonly exchange: number }
  /** All join what has a key, then one of them walks. */
  | {
      readonly kind: "members";
      readonly entry: number;
      /** Commands that it sends first, each when the server has answered the one before. */
      readonly way: readonly Turn[];
      readonly steps: readonly WalkStep[];
      /** One of the others leaves before. */
      readonly left?: true;
    }
  /** Two wait at the same place of an exchange, and one of them goes on. */
  | { readonly kind: "waiting"; readonly place: Place }
  /** Each plays an exchange under an identity of its own: all at once, or one after another. */
  | { readonly kind: "strangers"; readonly exchanges: readonly number[]; readonly inTurn?: true }
  /** One sends what is to be refused, and the other one only listens; before that, each has played an exchange. */
  | { readonly kind: "refused"; readonly exchange?: number }
  /** All walk at once, under one identity. */
  | { readonly kind: "together"; readonly walks: readonly (readonly WalkStep[])[] };

/** What it is played with. */
export interface Stage {
  readonly context: CheckContext;
  readonly source: CommandSource;
  readonly scene: Case;
  /** Exchanges that may be played at any time; no floods. */
  readonly exchanges: readonly Exchange[];
}

/** How many connections watch one that acts. */
export const WATCHERS = 2;

/** Opens so many connections at the address of the case. */
export async function connectAll(scene: Case, count: number): Promise<readonly Tester[]> {
  const testers: Tester[] = [];
  for (let index = 0; index < count; index += 1) testers.push(await scene.connect());
  return testers;
}

/** The connections, each from what it has heard so far on. */
export function listenersOf(testers: readonly Tester[]): readonly Listener[] {
  return testers.map((tester) => ({ tester, from: tester.messages.length }));
}

/** Watches all of them at once. */
export async function watchAll(
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
export function identityOf(identity: string, index: number): string {
  const last = Number.parseInt(identity.at(-1) ?? "0", 16);
  return identity.slice(0, -1) + ((last + index) % 16).toString(16);
}

/** An exchange that could not be played decides nothing here. */
export function undone(
  exchange: Exchange,
  run: { readonly expected: string; readonly got: string },
): CaseOutcome {
  return {
    verdict: "inconclusive",
    reason: `no witness: "${exchange.name}" could not be played: expected ${run.expected}, got ${run.got}`,
  };
}

/** A connection that the server ended, though nobody did anything that is not legal. */
export function closedEarly(testers: readonly Tester[]): CaseOutcome | undefined {
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
