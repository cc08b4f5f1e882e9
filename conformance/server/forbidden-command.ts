/** A command that the state does not allow: sent, its refusal awaited, and the walk gone on with as if it had not been. */

import type { Json } from "../../src/contract/contract.js";
import type { Case, ReceivedMessage } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import type { CaseOutcome } from "../property.js";
import { move } from "./moves.js";
import { settle, takeWalk, type Walk, type WalkStep, watch } from "./walker.js";

/** A command, and what forbids it. */
export interface Forbidden {
  readonly name: string;
  readonly payload: Json;
  /** For a reader: `in the state \`paused\``. */
  readonly where: string;
  /** Whether it is still forbidden, as far as the kit knows: a state may be left before the command gets there. */
  readonly still: () => boolean;
}

/** What became of it. */
export type Answer =
  | { readonly kind: "refused"; readonly message: ReceivedMessage }
  /** The subject had left the state: nothing can be said. */
  | { readonly kind: "left" }
  /** The Monitor or the end of the connection speaks for itself. */
  | { readonly kind: "spoken" }
  | { readonly kind: "accepted"; readonly outcome: CaseOutcome };

const REFUSE_MEND =
  "Ask the state of the connection before acting on a command; refuse one that it does not allow with a `state` code and change nothing.";

/** Sends it and waits for its refusal. */
export async function sendForbidden(walk: Walk, scene: Case, command: Forbidden): Promise<Answer> {
  const { tester } = walk;
  const from = tester.messages.length;
  move(walk, command.name, command.payload);
  return awaitRefusal(walk, scene, command, from);
}

/** Waits for the refusal of a command that was sent when there were `from` messages. */
export async function awaitRefusal(
  walk: Walk,
  scene: Case,
  { name, payload, where, still }: Forbidden,
  from: number,
): Promise<Answer> {
  const { tester, context } = walk;
  // A little longer than the Monitor's own clock, so that it is the Monitor that says what was due.
  const message = await tester.next(
    (one) => context.judge.refusalOf(one.names, one.payload) !== undefined,
    context.answerMs + context.graceMs() + 100,
    from,
  );
  if (message !== undefined) return { kind: "refused", message };
  if (scene.violations.length > 0 || tester.end !== undefined) return { kind: "spoken" };
  if (!still()) return { kind: "left" };
  return {
    kind: "accepted",
    outcome: {
      verdict: "fail",
      expected: `"${name}" is refused ${where}`,
      got: `no refusal within ${Math.round(context.answerMs + context.graceMs())} ms (sent: ${excerpt(JSON.stringify(payload))})`,
      mend: REFUSE_MEND,
    },
  };
}

/** What the Monitor found while the refusal was awaited, with the command that was to be refused. */
export function inPlaceOfRefusal({ name, where }: Forbidden, outcome: CaseOutcome): CaseOutcome {
  if (outcome.verdict !== "fail") return outcome;
  return { ...outcome, expected: `"${name}" is refused ${where}: ${outcome.expected}` };
}

/** The probe: the walk goes on with legal commands, and the Monitor decides whether the state is what it was. */
export async function goOn(
  walk: Walk,
  after: readonly WalkStep[],
  { name, where }: Forbidden,
  refused: ReceivedMessage,
): Promise<CaseOutcome> {
  const { tester, context } = walk;
  await watch(walk, context.quietMs());
  await takeWalk(walk, after);
  await settle(walk);
  if (tester.end !== undefined && tester.end.by === "subject") {
    if (tester.end.explained === true) return { verdict: "inconclusive", reason: endOf(tester) };
    return {
      verdict: "fail",
      expected: `the connection stays open after "${name}" was refused ${where}`,
      got: `${excerpt(refused.text)}, then ${endOf(tester)}`,
      mend: "Refuse the one command and read on.",
    };
  }
  return { verdict: "pass" };
}
