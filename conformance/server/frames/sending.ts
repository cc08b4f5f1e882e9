/** Ways of writing frames: whole, chopped between frames or octets, and a known exchange whose command is so written. */
import type { Exchange, Json } from "../../../src/contract/contract.js";
import type { Case, CheckContext, Tester } from "../../check.js";
import { endOf, fill, fillingOf, runExchange } from "../../exchange.js";
import { encodeFrame } from "../../frames/encode.js";
import { type FrameSpec, OPCODE, opcodeName } from "../../frames/frame.js";
import { frameText } from "../../judge.js";
import { layerOf } from "../../layer.js";
import type { CaseOutcome } from "../../property.js";
import type { WitnessResult } from "../../witness.js";
import { withoutWitness } from "../frame-witness.js";

/** How the bytes of some frames are handed to TCP: in one write, one frame a write, or one octet a write. */
export type Chops = "together" | "frames" | "octets";

/** Above so many parts not each of them is given a turn of the loop of its own. */
const PARTS_WITH_PAUSE = 64;

/** Writes frames, legal or not. The Monitor hears nothing of them. */
export async function sendFrames(
  tester: Tester,
  scene: Case,
  frames: readonly FrameSpec[],
  chops: Chops = "frames",
): Promise<void> {
  if (chops === "frames") {
    for (const frame of frames) tester.frame(frame);
    return;
  }
  const bytes = bytesOf(scene, frames);
  const what = frames.map((frame) => opcodeName(frame.opcode)).join(", ");
  if (chops === "together") tester.raw(bytes, frames.length === 1 ? what : `${what} in one write`);
  else await sendParts(tester, partsOf(bytes, 1), `${what}, octet by octet`);
}

/** The bytes of some frames under mask keys of the case. */
export function bytesOf(scene: Case, frames: readonly FrameSpec[]): Uint8Array {
  return Buffer.concat(frames.map((frame) => encodeFrame(frame, () => scene.random.bytes(4))));
}

/** Cuts bytes into parts of one length. */
export function partsOf(bytes: Uint8Array, length: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += length) parts.push(bytes.subarray(at, at + length));
  return parts;
}

/** Cuts bytes at some offsets, in any order; equal ones give empty parts. */
export function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const cuts = [...offsets].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : cuts[index - 1], end));
}

/** Writes parts one after another, so that TCP may carry each by itself. */
export async function sendParts(tester: Tester, parts: readonly Uint8Array[], label: string): Promise<void> {
  const every = Math.ceil(parts.length / PARTS_WITH_PAUSE);
  for (const [index, part] of parts.entries()) {
    if (tester.tcpEnd !== undefined) return;
    tester.raw(part, `${label} (${index + 1} of ${parts.length})`);
    if (index % every === 0) await tester.wait(0);
  }
}

/** The frames of one message, one for each fragment. */
export function fragmentsOf(parts: readonly Uint8Array[], opcode: number = OPCODE.text): FrameSpec[] {
  return parts.map((payload, index) => ({
    opcode: index === 0 ? opcode : OPCODE.continuation,
    fin: index === parts.length - 1,
    payload,
  }));
}

/** Writes the first command of an exchange; `tell` lets the Monitor know, at the latest before its last byte. */
export type WriteCommand = (
  bytes: Uint8Array,
  tell: () => void,
) => CaseOutcome | undefined | Promise<CaseOutcome | undefined>;

/** How {@link compareWritten} says what was different about a command. */
export interface Written {
  /** `a command in two fragments`. */
  readonly what: string;
  readonly mend: string;
  /** What else is right when the witness was not given. */
  readonly otherwise?: (tester: Tester) => CaseOutcome | undefined;
}

/**
 * Gives the contract's witness with its first command written another way, and holds the outcome against the witness
 * as it is. An outcome that `write` gives (no pong, say) goes before all else.
 */
export async function compareWritten(
  context: CheckContext,
  scene: Case,
  written: Written,
  write: (tester: Tester, ...rest: Parameters<WriteCommand>) => ReturnType<WriteCommand>,
  text?: string,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  let early: CaseOutcome | undefined;
  const send = async (name: string, payload: Json, index: number): Promise<void> => {
    if (index > 0) {
      tester.command(name, payload);
      return;
    }
    const frame = layerOf(context.endpoint, true).write(frameText(context.endpoint, name, payload));
    const tell = once(() => tester.tell("command", { names: [name], payload }));
    const outcome = await write(tester, new TextEncoder().encode(frame), tell);
    tell();
    if (outcome !== undefined) early = outcome;
  };
  const given = await giveWith(context, tester, scene, text, send);
  if (early !== undefined) return early;
  if (given.ok) return { verdict: "pass" };
  const other = written.otherwise?.(tester);
  if (other !== undefined) return other;
  const plain = await giveWith(context, await scene.connect(), scene, text);
  if (!plain.ok) return withoutWitness(context.witness, plain);
  return {
    verdict: "fail",
    reason: `${written.what} had not its effect: ${given.got}`,
    expected: `${given.expected}, as in one frame and one segment`,
    got: given.got,
    mend: written.mend,
  };
}

/** The witness, or the exchange that says a given text back. */
async function giveWith(
  context: CheckContext,
  tester: Tester,
  scene: Case,
  text: string | undefined,
  send?: (name: string, payload: Json, index: number) => Promise<void>,
): Promise<WitnessResult> {
  const { witness, judge, answerMs } = context;
  const options = send === undefined ? {} : { send };
  if (text === undefined) {
    if (witness !== undefined) return witness.give(tester, scene, options);
    return { ok: false, ms: 0, expected: "a witness", got: "none is declared" };
  }
  const exchange = echoOf(context, text);
  if (exchange === undefined) return { ok: false, ms: 0, expected: "an echo exchange", got: endOf(tester) };
  const filling = { ...fillingOf(scene), text };
  const run = await runExchange(tester, exchange, { judge, filling, answerMs, ...options });
  return run.ok ? { ok: true, ms: run.ms } : { ok: false, ms: run.ms, expected: run.expected, got: run.got };
}

/** An exchange tagged echo whose commands can hold a text unescaped, if the document has one. */
export function echoOf(context: CheckContext, text: string): Exchange | undefined {
  if (JSON.stringify(text) !== `"${text}"`) return undefined;
  const filling = { text, uuid: "00000000-0000-4000-8000-000000000000", int: 1 };
  return context.endpoint.exchanges?.list.find(({ tags, steps }) => {
    if (!tags.includes("echo")) return false;
    const sends = steps.flatMap((step) => ("send" in step ? [step.send] : []));
    return (
      sends.length > 0 &&
      sends.some(({ payload }) => JSON.stringify(payload).includes("$text")) &&
      sends.every(({ message, payload }) => {
        const frame = frameText(context.endpoint, message, fill(payload, filling));
        return context.judge.commands.judge(frame).ok;
      })
    );
  });
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
