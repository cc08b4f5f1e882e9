/**
 * "Fails the connection" (RFC 6455 section 7.1.7): a Close frame with the right code or with none, FIN, or RST. A
 * reset may overtake the Close frame, and a server may drop the connection without one, so all three are good.
 */
import type { Case, Check, CheckContext, CloseInfo, Tester } from "../../check.js";
import type { FrameSpec } from "../../frames/frame.js";
import { excerpt } from "../../judge.js";
import type { CaseOutcome } from "../../property.js";
import { pingWitness, type WitnessResult } from "../../witness.js";
import { pongPatience } from "../frame-witness.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";
import { type Chops, compareWritten, cutAt, fragmentsOf, sendFrames } from "./sending.js";

/** Why a connection is failed, and the code that RFC 6455 section 7.4.1 has for it. */
export const CAUSES = { frame: 1002, binary: 1003, "not-utf8": 1007, "too-large": 1009 } as const;

/** One of {@link CAUSES}, by the names of `x-ws-close-codes`. */
export type Cause = keyof typeof CAUSES;

/** Frames that fail the connection. */
export interface BrokenCase extends NamedCase {
  readonly frames: readonly FrameSpec[];
  readonly chops?: Chops;
  /** A valid command goes before them, written together with them: in one frame or in two. */
  readonly afterCommand?: "whole" | "fragmented";
  /** Default MUST; a failure under SHOULD is worth a warning. */
  readonly level?: "SHOULD";
}

/** What is wanted of broken frames. */
export interface Wanted {
  /** Each of these codes is right. */
  readonly causes: readonly Cause[];
  readonly mend: string;
  /** True where a server that still answers pings may yet come to its end: all of T is waited for it. */
  readonly inTime?: true;
}

/** After so long a server that has not failed the connection is asked whether it lives on (milliseconds). */
const UNHURRIED_MS = 1000;

/** Rows that a quick run does not do without. */
const SMOKE: ReadonlySet<string> = new Set(["S-FR-03", "S-FR-05", "S-FR-14"]);

/** After its pong a server gets so long to end the connection all the same (milliseconds). */
const LAST_MOMENT_MS = 250;

/** What shows that a server reads and answers, for a row about frames. */
export interface Evidence {
  readonly what: string;
  give(tester: Tester, scene: Case): Promise<WitnessResult>;
}

/** A ping and its pong; where a server answers none (another row says so), the contract's witness. */
export async function chooseEvidence(context: CheckContext): Promise<Evidence> {
  const ping: Evidence = {
    what: "a ping and its pong",
    give: (tester, scene) => pingWitness(tester, scene, pongPatience(context)),
  };
  const { witness } = context;
  if (witness?.owed !== true) return ping;
  const answered = await context.inCase("evidence", async (scene) => ping.give(await scene.connect(), scene));
  return answered.ok ? ping : { what: witness.what, give: (tester, scene) => witness.give(tester, scene) };
}

/** The check of a row whose every case must fail the connection. */
export function brokenRow(id: string, cases: readonly BrokenCase[], wanted: Wanted): Check {
  return {
    id,
    autobahn: numbersOf(cases),
    ...(SMOKE.has(id) ? { smoke: true } : {}),
    async run(context) {
      const evidence = await chooseEvidence(context);
      return decideRow(context, {
        label: "broken",
        cases,
        script: (one, scene) => failsConnection(context, scene, evidence, one, wanted),
        pass: (played) => `each of ${played} kinds failed its connection, and no other one`,
      });
    },
  };
}

/** The script of a case that must fail the connection: evidence, the frames, the end, evidence on a fresh connection. */
export async function failsConnection(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: BrokenCase,
  wanted: Wanted,
): Promise<CaseOutcome> {
  const outcome = await playBroken(context, scene, evidence, one, wanted);
  return one.level === "SHOULD" && outcome.verdict === "fail" ? { ...outcome, verdict: "warn" } : outcome;
}

async function playBroken(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: BrokenCase,
  wanted: Wanted,
): Promise<CaseOutcome> {
  if (one.afterCommand !== undefined && context.witness?.hasCommand === true) {
    return afterCommand(context, scene, evidence, one, wanted);
  }
  const tester = await scene.connect();
  const before = await evidence.give(tester, scene);
  if (!before.ok) return withoutEvidence(evidence, before);
  // Whatever comes of it now is this case's own doing, and a refusal would be in order for the Monitor.
  tester.tell("undecodable");
  await sendFrames(tester, scene, one.frames, one.chops);
  return (await judgeEnd(context, scene, tester, one.name, wanted)) ?? liveAfter(scene, evidence, one.name);
}

/** The frames directly behind a command that is all right. */
async function afterCommand(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: BrokenCase,
  wanted: Wanted,
): Promise<CaseOutcome> {
  const outcome = await compareWritten(
    context,
    scene,
    { what: one.name, mend: wanted.mend },
    async (tester, payload, tell) => {
      const before = await evidence.give(tester, scene);
      if (!before.ok) return withoutEvidence(evidence, before);
      tell();
      tester.tell("undecodable");
      const half = Math.ceil(payload.length / 2);
      const cuts = one.afterCommand === "fragmented" ? [half] : [];
      const frames = [...fragmentsOf(cutAt(payload, cuts)), ...one.frames];
      await sendFrames(tester, scene, frames, one.chops);
      return (
        (await judgeEnd(context, scene, tester, one.name, wanted)) ??
        (await liveAfter(scene, evidence, one.name))
      );
    },
  );
  return outcome;
}

/** What is wrong with how the connection ended, or that it did not; undefined when all is well. */
export async function judgeEnd(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  what: string,
  wanted: Wanted,
): Promise<CaseOutcome | undefined> {
  const patience = pongPatience(context);
  const first = wanted.inTime === true ? patience : Math.min(patience, UNHURRIED_MS + context.graceMs());
  const expected = `${what} fails the connection: ${wordsOf(context, wanted.causes)}, within ${Math.round(patience)} ms`;
  if ((await tester.ended(first)) === undefined) {
    // A pong now says that it reads on; without one it may still be about to end.
    const alive = await pingWitness(tester, scene, Math.max(LAST_MOMENT_MS, patience - first));
    if (tester.end === undefined) await tester.ended(LAST_MOMENT_MS);
    if (tester.end === undefined) {
      const last = tester.messages.at(-1);
      const said = last === undefined ? "" : `; its last message: ${excerpt(last.text)}`;
      const got = `the connection stays open and answers ${alive.ok ? "pings" : "nothing"}${said}`;
      return {
        verdict: "fail",
        reason: `${what} did not fail the connection`,
        expected,
        got,
        mend: wanted.mend,
      };
    }
  }
  const { end } = tester;
  return end === undefined ? undefined : wrongEnd(context, end, expected, wanted);
}

function wrongEnd(
  context: CheckContext,
  end: CloseInfo,
  expected: string,
  wanted: Wanted,
): CaseOutcome | undefined {
  if (end.how !== "close" || end.code === undefined) return undefined;
  const { codes, fixed } = codesOf(context, wanted.causes);
  if (codes.includes(end.code)) return undefined;
  return {
    verdict: fixed ? "fail" : "warn",
    reason: `the connection was closed with ${end.code}`,
    expected,
    got: closeIn(end),
    mend: fixed
      ? `Close with ${codes.join(" or ")}: the document says so in x-ws-close-codes.`
      : `Close with ${codes.join(" or ")} (RFC 6455 section 7.4.1), so that the other side learns what was wrong.`,
  };
}

/** The Close frame that ended a connection, whoever began: the code in it is the server's. */
export function closeIn({ code, reason }: CloseInfo): string {
  return `a Close frame ${code === undefined ? "without a code" : `with ${code}`}${reason === undefined ? "" : ` (${reason})`}`;
}

/** The codes for some causes, and whether the document itself fixes them. */
export function codesOf(
  context: CheckContext,
  causes: readonly Cause[],
): { readonly codes: readonly number[]; readonly fixed: boolean } {
  const declared = Object.entries(context.endpoint.closeCodes ?? {});
  let fixed = true;
  const codes = causes.flatMap((cause) => {
    const own = declared
      .filter(([, code]) => code.by !== "client" && code.cause.includes(cause))
      .map(([code]) => Number(code));
    if (own.length > 0) return own;
    fixed = false;
    return [CAUSES[cause]];
  });
  return { codes, fixed };
}

function wordsOf(context: CheckContext, causes: readonly Cause[]): string {
  const { codes } = codesOf(context, causes);
  return `a Close frame with ${codes.join(" or ")} or without a code, FIN, or RST`;
}

/** A fresh connection must give the evidence: what was broken on one may not break the server. */
export async function liveAfter(scene: Case, evidence: Evidence, what: string): Promise<CaseOutcome> {
  const fresh = await scene.connect();
  const given = await evidence.give(fresh, scene);
  if (given.ok) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: `after ${what} a fresh connection was not served`,
    expected: `${evidence.what} on a fresh connection after ${what}: ${given.expected}`,
    got: given.got,
    mend: "End the one connection that broke the protocol and go on serving the others.",
  };
}

/** Why a case without its evidence decides nothing. */
export function withoutEvidence(evidence: Evidence, given: WitnessResult): CaseOutcome {
  if (given.ok) return { verdict: "pass" };
  return {
    verdict: "untestable",
    reason: `no witness: ${evidence.what} was not given (expected ${given.expected}; got ${given.got})`,
  };
}
