/** What becomes of one command that is valid: how long to wait for it, and which ends of a connection accuse the server. */

import type { CheckContext, ReceivedMessage, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import type { CaseOutcome } from "../property.js";
import { endsConnection, settle, type Walk } from "./walker.js";

/** Waits for what the command leads to: what the lifecycles owe, the reply, the close, or nothing for a while. */
export async function awaitConsequence(walk: Walk, name: string, from: number): Promise<void> {
  const { tester, context } = walk;
  if (endsConnection(context.endpoint, name)) {
    await tester.ended(context.answerMs);
    return;
  }
  await settle(walk);
  if (tester.messages.length > from || tester.end !== undefined) return;
  const replies = context.endpoint.operations.some(
    ({ messages, reply }) => messages.includes(name) && reply !== undefined && !reply.ack,
  );
  await tester.next(() => true, replies ? context.answerMs : context.quietMs(), from);
}

/** The class of a refusal; undefined for another event. */
export function refusalClass(context: CheckContext, message: ReceivedMessage): string | undefined {
  return context.judge.refusalOf(message.names, message.payload)?.class;
}

/** Close codes by which a server says that it could not take a frame (RFC 6455 section 7.4.1). */
const REFUSING_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009]);

/** What the end of the connection after a valid command says; undefined while it is open, or where the command ends it. */
export function cutOff(context: CheckContext, tester: Tester, name: string): CaseOutcome | undefined {
  const { end } = tester;
  if (end === undefined || end.by === "kit" || endsConnection(context.endpoint, name)) return undefined;
  if (end.code !== undefined && REFUSING_CODES.has(end.code)) {
    return {
      verdict: "fail",
      expected: `the connection stays open after a valid "${name}"`,
      got: endOf(tester),
      mend: "Accept what the schema of the document accepts, or narrow the schema.",
    };
  }
  return {
    verdict: "inconclusive",
    reason: `after a valid "${name}" ${endOf(tester)}, and the document does not say whether it may`,
  };
}
