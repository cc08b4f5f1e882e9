/** What the rows of the opening handshake share: their witness, how a bent request is tried, and what came of it. */
import type { Case, CheckContext, ConnectOptions, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import { SubjectGone, SubjectRefused } from "../interruption.js";
import type { CaseOutcome } from "../property.js";
import { pingWitness } from "../witness.js";
import { pongPatience } from "./frame-witness.js";

/** Which headers a request carries. */
export type Headers = NonNullable<NonNullable<ConnectOptions["request"]>["headers"]>;

/** Takes a header out of a request. */
export function without(name: string): Headers {
  return (ordinary) => ordinary.filter(([one]) => one.toLowerCase() !== name.toLowerCase());
}

/** Gives a header another value. */
export function replaced(name: string, value: string): Headers {
  return (ordinary) =>
    ordinary.map((line) =>
      line[0].toLowerCase() === name.toLowerCase() ? ([line[0], value] as const) : line,
    );
}

/** The least that a response is waited for (milliseconds): networks, not the contract, decide it. */
const LEAST_MS = 3000;

/** How long a response to a bent request is waited for (milliseconds). */
export function responsePatience(context: CheckContext): number {
  return Math.max(LEAST_MS, context.answerMs) + context.lagMs();
}

/**
 * An ordinary connection gives the witness of these rows: its ping is answered. Undefined when it did. Throws where the
 * server refuses it or cannot be reached: that is no case's doing.
 */
export async function ordinaryWitness(context: CheckContext, scene: Case): Promise<CaseOutcome | undefined> {
  const tester = await scene.connect({ bare: true });
  const { handshake } = tester;
  if (handshake.kind === "unreachable") throw new SubjectGone(handshake.message);
  if (handshake.kind !== "accepted") {
    throw new SubjectRefused(`the server refused an ordinary handshake: ${reactionOf(tester)}`);
  }
  const missing = await pongWitness(context, scene, tester);
  tester.close(1000);
  return missing;
}

/** Undefined when the connection answers a ping; else the outcome of a case without witness. */
export async function pongWitness(
  context: CheckContext,
  scene: Case,
  tester: Tester,
): Promise<CaseOutcome | undefined> {
  const given = await pingWitness(tester, scene, pongPatience(context));
  if (given.ok) return undefined;
  return {
    verdict: "untestable",
    reason: `no witness: a ping was not answered (expected ${given.expected}; got ${given.got})`,
  };
}

/** A sentence about what became of a handshake. */
export function reactionOf(tester: Tester): string {
  const { handshake } = tester;
  switch (handshake.kind) {
    case "accepted":
    case "refused":
      return handshake.response.statusLine;
    case "broken":
    case "timeout":
    case "unreachable":
      return handshake.message;
  }
}

/** True when the server ended the connection without any HTTP response. */
export function endedUnanswered(tester: Tester): boolean {
  const { handshake, tcpEnd } = tester;
  return handshake.kind === "broken" && tcpEnd !== undefined && tcpEnd.how !== "local";
}

/** True while an accepted connection is open; else what ended it. */
export function openOrEnd(tester: Tester): string {
  return tester.end === undefined ? "the connection is open" : endOf(tester);
}
