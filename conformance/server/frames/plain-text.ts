/**
 * Text that is no command: what a server makes of it is its contract's business. Frames with other text of the kind
 * must come to the same; only the frame layer may have no quarrel with it.
 */
import type { Case, CheckContext, Tester } from "../../check.js";
import { endOf } from "../../exchange.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { pongPatience } from "../frame-witness.js";
import { CAUSES, type Evidence, withoutEvidence } from "./failing.js";
import { type Chops, sendFrames } from "./sending.js";

/** What became of ordinary text that is no command: whether the connection outlived it, or why that is not known. */
export type Treatment = { readonly ends: boolean; readonly code?: number } | CaseOutcome;

const ORDINARY = new TextEncoder().encode("Hello, world!");

/** How long an end of the connection is waited for behind a pong (milliseconds). */
const AFTER_PONG_MS = 100;

/** Sends ordinary text and sees whether the connection outlives it: once, when the first case asks. */
export function ordinaryTreatment(context: CheckContext, evidence: Evidence): () => Promise<Treatment> {
  let known: Promise<Treatment> | undefined;
  return () => {
    known ??= treatOrdinary(context, evidence);
    return known;
  };
}

function treatOrdinary(context: CheckContext, evidence: Evidence): Promise<Treatment> {
  return context.inCase("ordinary text", async (scene) => {
    const tester = await scene.connect();
    const before = await evidence.give(tester, scene);
    if (!before.ok) return withoutEvidence(evidence, before);
    tester.tell("undecodable");
    tester.frame({ opcode: OPCODE.text, payload: ORDINARY });
    await settle(context, scene, tester, evidence);
    const code = tester.end?.code;
    return { ends: tester.end !== undefined, ...(code === undefined ? {} : { code }) };
  });
}

/** Sends text in frames that are all right, and holds what becomes of it against what became of ordinary text. */
export async function treatedAlike(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  treatment: () => Promise<Treatment>,
  one: { readonly name: string; readonly frames: readonly FrameSpec[]; readonly chops?: Chops },
): Promise<CaseOutcome> {
  const ordinary = await treatment();
  if ("verdict" in ordinary) return ordinary;
  const tester = await scene.connect();
  const before = await evidence.give(tester, scene);
  if (!before.ok) return withoutEvidence(evidence, before);
  tester.tell("undecodable");
  await sendFrames(tester, scene, one.frames, one.chops);
  await settle(context, scene, tester, evidence);
  const { end } = tester;
  if (end === undefined) return { verdict: "pass" };
  const codes: readonly number[] = [CAUSES.frame, CAUSES["not-utf8"]];
  const quarrels = end.code !== undefined && codes.includes(end.code) && end.code !== ordinary.code;
  if (!quarrels) {
    if (ordinary.ends) return { verdict: "pass" };
    // A contract may have its own way with an empty text, but not without a word.
    const empty = one.frames.every(({ payload }) => payload === undefined || payload.length === 0);
    if (empty && end.how === "close") return { verdict: "pass" };
    if (await endsInTime(context, scene)) return { verdict: "pass" };
  }
  return {
    verdict: "fail",
    reason: `${one.name} ended the connection`,
    expected: ordinary.ends
      ? `${one.name} is taken for text: no ${codes.join(" or ")}`
      : `${one.name} is taken for text: the connection stays open, as it does behind other text that is no command`,
    got: endOf(tester),
    mend: "Read every frame and every valid UTF-8 sequence that RFC 6455 allows, the empty text among them; what the text says is for the application.",
  };
}

/** A pong behind the text, then a moment for a server that ends connections late. */
async function settle(context: CheckContext, scene: Case, tester: Tester, evidence: Evidence): Promise<void> {
  const payload = scene.random.bytes(12);
  tester.ping(payload);
  await tester.pong(payload, evidence.what.startsWith("a ping") ? pongPatience(context) : AFTER_PONG_MS);
  if (tester.end === undefined) await tester.ended(AFTER_PONG_MS);
}

/** True when ordinary text ends a connection after all: a server may take its time about it. */
async function endsInTime(context: CheckContext, scene: Case): Promise<boolean> {
  const tester = await scene.connect();
  tester.tell("undecodable");
  tester.frame({ opcode: OPCODE.text, payload: ORDINARY });
  return (await tester.ended(context.answerMs)) !== undefined;
}
