/**
 * Sends one frame that the contract refuses and judges what comes of it: one refusal with a code of its class, the
 * connection open, nothing else changed. Rows that differ only in the frame share this script.
 */

import type { Json } from "../../src/contract/contract.js";
import { shorten } from "../../src/contract/discriminate.js";
import type { Case, CheckContext, ReceivedMessage, SentKind } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import type { CaseOutcome } from "../property.js";
import { concluded, witnessAfter, witnessBefore } from "./blame.js";

/** A frame that is to be refused. */
export interface BadFrame {
  readonly label: string;
  readonly text: string;
  readonly kind: Exclude<SentKind, "command" | "anything" | "none">;
  /** Name of the command that it nearly is: an answer to that would be an effect. */
  readonly nearly?: string;
  /** What the author of a server does that takes it: more to the point than the general advice. */
  readonly mend?: string;
  /** Told of the refusal and its code. */
  readonly onRefusal?: (code: unknown, message: ReceivedMessage) => void;
  /** True where closing the connection is as good as a refusal. */
  readonly mayClose?: boolean;
  /** `ignored`: no refusal is due and none may come. `any`: refusal, silence and close are all good. */
  readonly answer: "refused" | "ignored" | "any";
  /** SHOULD: a failure is worth a warning. */
  readonly level: "MUST" | "SHOULD";
}

/** A bad frame as a report shows it. */
export function showBadFrame(bad: BadFrame): Json {
  return { what: bad.label, frame: excerpt(bad.text) };
}

/** The script of a case: witness, the frame, its refusal, quiet, witness again here and on a fresh connection. */
export async function refusalScript(
  context: CheckContext,
  scene: Case,
  own: string,
  bad: BadFrame,
): Promise<CaseOutcome> {
  const outcome = named(bad, concluded(scene, own, await tryFrame(context, scene, bad)));
  return bad.level === "SHOULD" && outcome.verdict === "fail" ? { ...outcome, verdict: "warn" } : outcome;
}

/** What the Monitor found says nothing of the frame that led to it: this does. */
function named(bad: BadFrame, outcome: CaseOutcome): CaseOutcome {
  if (outcome.verdict !== "fail" || outcome.reason === undefined) return outcome;
  return {
    ...outcome,
    reason: `${bad.label} had an effect: ${outcome.got}`,
    expected: `${bad.label} has no effect; after it: ${outcome.expected}`,
    got: `${outcome.got} (sent: ${excerpt(bad.text)})`,
  };
}

async function tryFrame(context: CheckContext, scene: Case, bad: BadFrame): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const unproved = await witnessBefore(context, scene, tester);
  if (unproved !== undefined) return unproved;

  const from = tester.messages.length;
  const sentAt = tester.now();
  tester.text(bad.text, bad.kind);
  const wanted = wantedOf(context, bad);
  let refusal: ReceivedMessage | undefined;
  if (bad.answer === "refused") {
    const patience = context.answerMs + context.graceMs();
    refusal = await tester.next((message) => isRefusal(context, message), patience, from);
    // A server that gives the connection up for want of life has been silent about the frame for as long.
    const gaveUp = tester.end?.explained === true && tester.end.atMs - sentAt >= patience;
    if (refusal === undefined && (tester.end === undefined || gaveUp)) {
      const since = tester.messages.slice(from);
      const mend = since.length === 0 ? SILENCE_MEND : (bad.mend ?? EFFECT_MEND);
      return failed(bad, wanted, noAnswer(since, context), mend);
    }
    if (refusal !== undefined) {
      const wrong = wrongCode(context, bad, refusal);
      if (wrong !== undefined) return wrong;
    }
  }

  // The fresh connection is tried while the first one is watched: both take their time.
  const [fresh] = await Promise.all([freshWitness(context, scene, bad), tester.wait(context.quietMs())]);
  const since = tester.messages.slice(from);
  if (tester.end?.explained === true) return { verdict: "inconclusive", reason: endOf(tester) };
  if (tester.end !== undefined && bad.answer !== "any" && bad.mayClose !== true) {
    return failed(bad, wanted, endOf(tester), CLOSE_MEND);
  }
  const refusals = since.filter((message) => isRefusal(context, message));
  const most = bad.answer === "ignored" ? 0 : 1;
  if (refusals.length > most) {
    return failed(
      bad,
      wanted,
      most === 0
        ? `the refusal ${excerpt(refusals[0]?.text ?? "")}`
        : `${refusals.length} refusals of one frame`,
      most === 0 ? "This channel declares `unknown.receive: ignore`: send nothing." : "Refuse a frame once.",
    );
  }
  const effect =
    bad.nearly === undefined ? undefined : since.find((message) => isReply(context, bad.nearly, message));
  if (effect !== undefined) {
    return failed(
      bad,
      `no effect: the frame is no "${bad.nearly}"`,
      `it was answered as one: ${excerpt(effect.text)}`,
      bad.mend ?? EFFECT_MEND,
    );
  }
  if (fresh !== undefined) return fresh;
  if (tester.end === undefined) {
    const broken = await witnessAfter(context, scene, tester, bad.label);
    if (broken !== undefined) return broken;
  }
  return { verdict: "pass" };
}

async function freshWitness(
  context: CheckContext,
  scene: Case,
  bad: BadFrame,
): Promise<CaseOutcome | undefined> {
  const fresh = await scene.connect();
  const given = await witnessAfter(context, scene, fresh, `${bad.label} on another connection`);
  fresh.close(1000);
  return given;
}

function isRefusal(context: CheckContext, message: ReceivedMessage): boolean {
  return context.judge.refusalOf(message.names, message.payload) !== undefined;
}

/** An event that answers a command: only what its operation declares as the reply counts. */
function isReply(context: CheckContext, command: string | undefined, message: ReceivedMessage): boolean {
  if (command === undefined || isRefusal(context, message)) return false;
  return context.endpoint.operations.some(
    (operation) =>
      operation.action === "receive" &&
      operation.messages.includes(command) &&
      operation.reply?.messages.some((name) => message.names.includes(name)) === true,
  );
}

function wrongCode(context: CheckContext, bad: BadFrame, message: ReceivedMessage): CaseOutcome | undefined {
  const refusal = context.judge.refusalOf(message.names, message.payload);
  if (refusal === undefined || refusal.class === "unclassified") return undefined;
  if (refusal.class !== "payload") {
    return failed(
      bad,
      wantedOf(context, bad),
      `a refusal with the code ${shorten(refusal.code)}: ${excerpt(message.text)}`,
      bad.mend ??
        `Refuse what does not decode with ${payloadCodes(context)}; or, where ${shorten(refusal.code)} is this server's code for it, name it in x-ws-protocol.reject.payload.`,
    );
  }
  bad.onRefusal?.(refusal.code, message);
  return undefined;
}

const SILENCE_MEND =
  "Answer each frame that cannot be decoded with the declared refusal: a client that hears nothing waits for ever.";
const EFFECT_MEND = "Validate a command against its schema before acting on it.";
const CLOSE_MEND = "Keep the connection open: refuse the one frame and read on.";

function wantedOf(context: CheckContext, bad: BadFrame): string {
  const { reject } = context.endpoint.protocol;
  if (bad.answer !== "refused" || reject === undefined) {
    return bad.answer === "ignored"
      ? `${bad.label} is ignored, the connection stays open`
      : `${bad.label} does no harm`;
  }
  const code =
    reject.code === undefined ? "" : ` with a payload code (${payloadCodes(context)}) at \`${reject.code}\``;
  return `${bad.label} is refused once by "${reject.message}"${code}, within ${Math.round(context.answerMs)} ms, and the connection stays open`;
}

function payloadCodes(context: CheckContext): string {
  const codes = context.endpoint.protocol.reject?.payload ?? [];
  // The first ones are about bytes and JSON; those that a reader will want stand last.
  const shown = codes
    .slice(-3)
    .map((code) => `"${code}"`)
    .join(", ");
  return codes.length > 3 ? `${shown} or another one declared` : shown;
}

function noAnswer(messages: readonly ReceivedMessage[], { answerMs }: CheckContext): string {
  const last = messages.at(-1);
  return last === undefined
    ? `no answer within ${Math.round(answerMs)} ms: the frame was ignored in silence`
    : `no refusal, but ${messages.length === 1 ? "" : `${messages.length} other events, the last `}${excerpt(last.text)}`;
}

function failed(bad: BadFrame, expected: string, got: string, mend: string): CaseOutcome {
  return { verdict: "fail", expected, got: `${got} (sent: ${excerpt(bad.text)})`, mend };
}
