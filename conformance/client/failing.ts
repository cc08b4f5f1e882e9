/**
 * "Fails the connection" (RFC 6455 section 7.1.7), as a client does it: a Close frame with the right code or with none, FIN,
 * or RST, and nothing after it. Each case has a client of its own: one that has found a fault need not come back.
 */
import type { CheckResult, CloseInfo } from "../check.js";
import { mayBeSent } from "../frames/close.js";
import type { FrameSpec } from "../frames/frame.js";
import type { CaseOutcome } from "../property.js";
import { type BrokenCase, CAUSES, type Cause } from "../server/frames/failing.js";
import { cutAt, fragmentsOf } from "../server/frames/sending.js";
import type { ClientCase, ClientContext, Peer } from "./check.js";
import { meet } from "./meeting.js";
import { eventNow, sendFrames, textFrame } from "./sending.js";
import { endText } from "./witness.js";

/** What is wanted of a client that gets something broken. */
export interface Wanted {
  /** Why the connection is failed: any of their codes is right. */
  readonly causes: readonly Cause[];
  readonly mend: string;
}

/** After so long a client that has not failed the connection is asked whether it lives on (milliseconds). */
const UNHURRIED_MS = 1000;

/** After its pong a client gets so long to end the connection all the same (milliseconds). */
const LAST_MOMENT_MS = 250;

/** What a client of a page says where it may not say a code of RFC 6455 (PROTOCOL.md#limits-3). */
const IN_PAGES: Partial<Record<Cause, number>> = { binary: 4803, "too-large": 4809 };

/** The script of a case that must fail the connection: the witness, the frames, the end. */
export async function failsConnection(
  context: ClientContext,
  scene: ClientCase,
  one: BrokenCase,
  wanted: Wanted,
): Promise<CaseOutcome> {
  const outcome = await playBroken(context, scene, one, wanted);
  return one.level === "SHOULD" && outcome.verdict === "fail" ? { ...outcome, verdict: "warn" } : outcome;
}

async function playBroken(
  context: ClientContext,
  scene: ClientCase,
  one: BrokenCase,
  wanted: Wanted,
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const before = eventBefore(context, peer, one.afterCommand);
  // Whatever the client makes of it is its own affair as long as it ends the connection.
  peer.tell("", "anything");
  await sendFrames(peer, scene, [...before, ...one.frames], one.chops);
  return (await judgeEnd(context, scene, peer, one.name, wanted)) ?? { verdict: "pass" };
}

/** An event that is all right, in one frame or two, where the case wants one and the document has one. */
function eventBefore(
  context: ClientContext,
  peer: Peer,
  how: BrokenCase["afterCommand"],
): readonly FrameSpec[] {
  const text = how === undefined ? undefined : eventNow(context, peer);
  if (text === undefined) return [];
  if (how === "whole") return [textFrame(text)];
  const bytes = new TextEncoder().encode(text);
  return fragmentsOf(cutAt(bytes, [Math.ceil(bytes.length / 2)]));
}

/** What is wrong with how the client ended the connection, or that it did not; undefined when all is well. */
export async function judgeEnd(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  what: string,
  wanted: Wanted,
): Promise<CaseOutcome | undefined> {
  const { answerMs } = context;
  const first = Math.min(answerMs, UNHURRIED_MS + context.graceMs());
  const codes = codesOf(context, wanted.causes);
  const expected = `${what} fails the connection: a Close frame with ${codes.join(" or ")} or without a code, FIN, or RST, within ${Math.round(answerMs)} ms`;
  if ((await peer.ended(first)) === undefined) {
    // A pong now says that it reads on; without one it may still be about to end.
    const payload = scene.random.bytes(11);
    peer.ping(payload);
    const alive = await peer.pong(payload, Math.max(LAST_MOMENT_MS, answerMs - first));
    if ((await peer.ended(LAST_MOMENT_MS)) === undefined) {
      return {
        verdict: "fail",
        reason: `${what} did not fail the connection`,
        expected,
        got: `the connection stays open and answers ${alive ? "pings" : "nothing"}`,
        mend: wanted.mend,
      };
    }
  }
  return wrongCode(peer.end, codes, expected, wanted);
}

function wrongCode(
  end: CloseInfo | undefined,
  codes: readonly number[],
  expected: string,
  { mend }: Wanted,
): CaseOutcome | undefined {
  const { code, how } = end ?? {};
  if (end === undefined || how !== "close" || code === undefined || codes.includes(code)) return undefined;
  const got = endText({ end });
  // A code that no Close frame may hold is our own, given back: it was taken for a good one.
  if (!mayBeSent(code))
    return { verdict: "fail", reason: "it was taken for a good one", expected, got, mend };
  return {
    verdict: "warn",
    reason: `the connection was closed with ${code}`,
    expected,
    got,
    mend: `Close with ${codes.join(" or ")} (RFC 6455 section 7.4.1), so that the server learns what was wrong.`,
  };
}

/** The codes for some causes; a page may not say all of them. */
function codesOf({ mode }: ClientContext, causes: readonly Cause[]): readonly number[] {
  return causes.flatMap((cause) => {
    const other = mode === "browser" ? IN_PAGES[cause] : undefined;
    return other === undefined ? [CAUSES[cause]] : [CAUSES[cause], other];
  });
}

/** A witness of the client on a connection that nothing is wrong with, for rows whose cases have no such one. */
export async function witnessFirst(context: ClientContext): Promise<CheckResult | undefined> {
  return context.inCase("a connection that nothing is wrong with", async (scene) => {
    const met = await meet(context, scene);
    return "missing" in met ? { ...met.missing, cases: 1 } : undefined;
  });
}
