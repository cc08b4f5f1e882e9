/** What a connection that must not be let in has become: refused, closed, silent, or served. Rows S-SE-01 and S-SE-02 share it. */

import type { Case, CheckContext, ConnectOptions, ReceivedMessage } from "../check.js";
import { endOf } from "../exchange.js";
import { SubjectGone } from "../interruption.js";
import { excerpt } from "../judge.js";
import type { CaseOutcome } from "../property.js";

/** What is right for a rejection. */
export interface Rejection {
  /** For a reader: `a handshake from the origin https://evil.example`. */
  readonly what: string;
  /** Statuses that are right; any other that does not let in is worth a warning. */
  readonly statuses: readonly number[];
  /** Causes of the document's close codes that are right. */
  readonly causes: readonly string[];
  readonly mend: string;
}

/** Tries to get in, and to be served. The connection is no ordinary one: no lifecycle is judged on it. */
export async function expectRejection(
  context: CheckContext,
  scene: Case,
  options: ConnectOptions,
  rejection: Rejection,
): Promise<CaseOutcome> {
  const { what, mend } = rejection;
  const expected = expectedBy(context, rejection);
  const fail = (got: string): CaseOutcome => ({ verdict: "fail", expected, got, mend });
  const warn = (got: string): CaseOutcome => ({ verdict: "warn", expected, got, mend });
  const tester = await scene.connect({ ...options, bare: true });
  if (tester.handshake.kind !== "accepted") {
    // A death is for the runner to tell.
    if (tester.handshake.kind === "unreachable") throw new SubjectGone(tester.handshake.message);
    const status = tester.end?.status;
    if (status === undefined) return warn(`${what} was dropped without an HTTP response`);
    return rejection.statuses.includes(status) ? { verdict: "pass" } : warn(`HTTP ${status}`);
  }
  tester.tell("anything");
  const { witness } = context;
  const isRefusal = (message: ReceivedMessage): boolean =>
    context.judge.refusalOf(message.names, message.payload) !== undefined;
  // Whoever decides after the handshake may take its time; asking for the witness meanwhile shows whether it serves.
  const given = tester.end === undefined ? await witness?.give(tester, scene) : undefined;
  if (given?.ok === true) return fail(`it was let in and served: ${witness?.what}`);
  const leaked = tester.messages.find(
    (message) => message.names.length > 0 && !isRefusal(message) && !isGreeting(context, message),
  );
  if (leaked !== undefined) return fail(`the event ${excerpt(leaked.text)} before it was rejected`);
  const end = tester.end ?? (await tester.ended(context.quietMs()));
  if (end === undefined) {
    if (tester.messages.some(isRefusal)) return { verdict: "pass" };
    return warn("it was let in, and left open in silence");
  }
  if (end.by === "kit") return { verdict: "inconclusive", reason: endOf(tester) };
  if (end.code === 1000) return fail(`${endOf(tester)}: that says that all is well`);
  const declared = codesFor(context, rejection.causes);
  if (declared.length === 0 || (end.code !== undefined && declared.includes(end.code)))
    return { verdict: "pass" };
  return warn(endOf(tester));
}

function isGreeting({ endpoint }: CheckContext, { names }: ReceivedMessage): boolean {
  const { first } = endpoint.protocol;
  return first !== undefined && first !== null && names.includes(first.message);
}

function expectedBy(context: CheckContext, { what, statuses, causes }: Rejection): string {
  const codes = codesFor(context, causes);
  const close = codes.length === 0 ? "a close code that is not 1000" : `the close code ${codes.join(" or ")}`;
  return `${what} is rejected by HTTP ${statuses.slice(0, 2).join(" or ")}, or by ${close}, before any event`;
}

function codesFor({ endpoint }: CheckContext, causes: readonly string[]): number[] {
  return Object.entries(endpoint.closeCodes ?? {})
    .filter(([, { cause }]) => [cause].flat().some((one) => one !== undefined && causes.includes(one)))
    .map(([code]) => Number(code));
}
