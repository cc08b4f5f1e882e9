/** Several commands in one write: each is read, the last as well as the first. Part of S-FR-10. */
import type { Exchange, Json } from "../../../src/contract/contract.js";
import { openLifecycles } from "../../../src/contract/lifecycle.js";
import type { Case, CheckContext } from "../../check.js";
import { endOf, fill, fillingOf } from "../../exchange.js";
import { OPCODE } from "../../frames/frame.js";
import { frameText } from "../../judge.js";
import { layerOf } from "../../layer.js";
import type { CaseOutcome } from "../../property.js";
import { withoutWitness } from "../frame-witness.js";
import { bytesOf } from "./sending.js";

/** How many commands go in one write. */
export const AT_ONCE = 4;

/** A known exchange of one command that may be sent again before its answer, and the event that answers it. */
export interface Repeatable {
  readonly command: string;
  readonly payload: Json;
  readonly answer: string;
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
  return { command: step.send.message, payload: step.send.payload, answer: end.message };
}

/** Sends the commands in one write and counts their answers. */
export async function allAnswered(
  context: CheckContext,
  scene: Case,
  { command, payload, answer }: Repeatable,
  mend: string,
): Promise<CaseOutcome> {
  const { witness, endpoint } = context;
  if (witness === undefined) return { verdict: "untestable", reason: "no witness" };
  const tester = await scene.connect();
  const before = await witness.give(tester, scene);
  if (!before.ok) return withoutWitness(witness, before);
  const layer = layerOf(endpoint, true);
  const frames = Array.from({ length: AT_ONCE }, () => {
    const value = fill(payload, fillingOf(scene));
    tester.tell("command", { names: [command], payload: value });
    return {
      opcode: OPCODE.text,
      payload: new TextEncoder().encode(layer.write(frameText(endpoint, command, value))),
    };
  });
  const from = tester.messages.length;
  const answers = (): number =>
    tester.messages.slice(from).filter(({ names }) => names.includes(answer)).length;
  tester.raw(bytesOf(scene, frames), `${AT_ONCE} × "${command}" in one write`);
  for (let seen = from; answers() < AT_ONCE; seen = tester.messages.length) {
    // Whatever comes buys another T: answers may be long.
    if ((await tester.next(() => true, context.answerMs, seen)) === undefined) break;
  }
  if (answers() >= AT_ONCE) return { verdict: "pass" };
  const got = `${answers()} of them${tester.end === undefined ? "" : `, then ${endOf(tester)}`}`;
  return {
    verdict: "fail",
    reason: `${AT_ONCE} commands in one write had ${answers()} answers`,
    expected: `"${answer}" ${AT_ONCE} times, as for ${AT_ONCE} × "${command}" in a write each`,
    got,
    mend,
  };
}
