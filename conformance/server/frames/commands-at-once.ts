/** Several commands in one write: each is read, the last as well as the first. Part of S-FR-10. */
import type { Exchange, Json, Pointer } from "../../../src/contract/contract.js";
import { openLifecycles } from "../../../src/contract/lifecycle.js";
import { valueAt } from "../../../src/contract/pointer.js";
import { canonicalJson } from "../../../src/contract/same-json.js";
import type { Case, CheckContext, ReceivedMessage } from "../../check.js";
import { endOf, fill, fillingOf } from "../../exchange.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import { frameText } from "../../judge.js";
import { layerOf } from "../../layer.js";
import type { CaseOutcome } from "../../property.js";
import { withoutWitness } from "../frame-witness.js";
import { identityOf } from "../stage.js";
import { bytesOf } from "./sending.js";

/** How many commands go in one write. */
export const AT_ONCE = 4;

/** A known exchange of one command that may be sent again before its answer, and the event that answers it. */
export interface Repeatable {
  readonly command: string;
  readonly payload: Json;
  readonly answer: string;
  /** What of the answer tells which command it is for. */
  readonly mark?: { readonly field: Pointer; readonly equals: Json };
}

/** The first exchange tagged witness that is repeatable, if the document has one. */
export function repeatableOf({ endpoint }: CheckContext): Repeatable | undefined {
  for (const exchange of endpoint.exchanges?.list ?? []) {
    const found = exchange.tags.includes("witness") ? single(exchange) : undefined;
    if (found === undefined) continue;
    const lifecycles = openLifecycles(endpoint, { timeScale: 1 });
    const filling = { text: "text", uuid: "00000000-0000-4000-8000-000000000000", int: 1 };
    const what = { name: found.command, payload: fill(found.payload, filling) };
    if (lifecycles.legalNow(what) !== "legal") continue;
    lifecycles.sent({ kind: "command", names: [what.name], payload: what.payload }, 0);
    if (lifecycles.legalNow(what) === "legal") return found;
  }
  return undefined;
}

function single({ steps, expect, until }: Exchange): Repeatable | undefined {
  const [step, ...others] = steps;
  const end = until ?? expect.at(-1);
  if (step === undefined || !("send" in step) || others.length > 0 || end?.when !== undefined)
    return undefined;
  if (end === undefined) return undefined;
  const { field, equals } =
    expect.find((one) => one.message === end.message && one.field !== undefined && !one.join) ?? {};
  const mark = field === undefined || equals === undefined ? {} : { mark: { field, equals } };
  return { command: step.send.message, payload: step.send.payload, answer: end.message, ...mark };
}

/** How the commands are sent, and what is said of a server that loses one. */
export interface AtOnce {
  /** A ping behind each of them. */
  readonly pings?: true;
  readonly mend: string;
}

/** Sends the commands in one write: each is answered once, in their order where the answers tell them apart. */
export async function allAnswered(
  context: CheckContext,
  scene: Case,
  { command, payload, answer, mark }: Repeatable,
  { pings, mend }: AtOnce,
): Promise<CaseOutcome> {
  const { witness, endpoint } = context;
  if (witness === undefined) return { verdict: "untestable", reason: "no witness" };
  // Beats of the kit's own would be answered as well, and their answers be taken for those that are missing.
  const tester = await scene.connect({ beats: false });
  const before = await witness.give(tester, scene);
  if (!before.ok) return withoutWitness(witness, before);
  const layer = layerOf(endpoint, true);
  const fillings = Array.from({ length: AT_ONCE }, (_, index) => ({
    ...fillingOf(scene),
    uuid: identityOf(scene.identity, index),
  }));
  const frames = fillings.flatMap((filling, index): FrameSpec[] => {
    const value = fill(payload, filling);
    tester.tell("command", { names: [command], payload: value });
    const text = layer.write(frameText(endpoint, command, value));
    const frame = { opcode: OPCODE.text, payload: new TextEncoder().encode(text) };
    return pings === true ? [frame, { opcode: OPCODE.ping, payload: Uint8Array.of(index) }] : [frame];
  });
  const from = tester.messages.length;
  const answers = (): readonly ReceivedMessage[] =>
    tester.messages.slice(from).filter(({ names }) => names.includes(answer));
  tester.raw(bytesOf(scene, frames), `${AT_ONCE} × "${command}" in one write`);
  for (let seen = from; answers().length < AT_ONCE; seen = tester.messages.length) {
    // Whatever comes buys another T: answers may be long.
    if ((await tester.next(() => true, context.answerMs, seen)) === undefined) break;
  }
  if (answers().length >= AT_ONCE) await tester.wait(context.quietMs());
  const came = answers();
  const expected = `"${answer}" ${AT_ONCE} times, as for ${AT_ONCE} × "${command}" in a write each`;
  if (came.length !== AT_ONCE) {
    if (tester.end?.explained === true) return { verdict: "inconclusive", reason: endOf(tester) };
    const got = `${came.length} of them${tester.end === undefined ? "" : `, then ${endOf(tester)}`}`;
    const reason = `${AT_ONCE} commands in one write had ${came.length} answers`;
    return { verdict: "fail", reason, expected, got, mend };
  }
  if (mark === undefined) return { verdict: "pass" };
  const wanted = fillings.map((filling) => canonicalJson(fill(mark.equals, filling)));
  const order = came.map(
    (message) => wanted.indexOf(canonicalJson(valueAt(message.payload, mark.field))) + 1,
  );
  if (order.every((place, index) => place === index + 1)) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: `${AT_ONCE} commands in one write were not answered in their order`,
    expected: `the answers in the order of the commands, by \`${mark.field}\``,
    got: `answers to the commands ${order.join(", ")} (0: to none of them)`,
    mend,
  };
}
