/** S-FR-16: the closing handshake that the client begins. */
import type { Case, Check, CheckContext } from "../check.js";
import { endOf } from "../exchange.js";
import { closeBody } from "../frames/close.js";
import { OPCODE } from "../frames/frame.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { pingWitness } from "../witness.js";
import { frameWitness, pongPatience, withoutWitness } from "./frame-witness.js";

interface CloseCase {
  readonly name: string;
  readonly body: Uint8Array;
}

const CASES: readonly CloseCase[] = [
  { name: "Close 1000", body: closeBody(1000) },
  { name: "empty Close", body: closeBody() },
  { name: "Close 1000 with a reason of 123 bytes", body: closeBody(1000, "r".repeat(123)) },
  { name: "Close 1000 with a reason in UTF-8", body: closeBody(1000, "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, ".repeat(3)) },
];

/** How long the server may take to end TCP after both Close frames (milliseconds). */
const TCP_MS = 1000;

/** A Close is answered by a Close; then the server ends TCP. */
export const closeHandshake: Check = {
  id: "S-FR-16",
  async run(context) {
    const property = await runProperty(context, {
      label: "close",
      examples: CASES,
      show: ({ name }) => name,
      script: (one, scene) => closeOnce(context, scene, one),
    });
    return resultOf(property, {
      pass: `${CASES.length} Close frames were answered, and the server ended TCP first`,
    });
  },
};

async function closeOnce(context: CheckContext, scene: Case, one: CloseCase): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const alive = await pingWitness(tester, scene, pongPatience(context));
  if (!alive.ok) return withoutWitness(undefined, alive);
  tester.frame({ opcode: OPCODE.close, payload: one.body }, one.name);
  const patience = pongPatience(context);
  const end = await tester.ended(patience);
  if (end?.how !== "close") {
    return {
      verdict: "fail",
      reason: `${one.name} was not answered`,
      expected: `a Close frame within ${Math.round(patience)} ms`,
      got: end === undefined ? "nothing: the connection stayed open" : endOf(tester),
      mend: "Answer a Close frame with a Close frame, then end TCP (RFC 6455 section 5.5.1).",
    };
  }
  const deadline = tester.now() + TCP_MS;
  while (tester.tcpEnd === undefined && tester.now() < deadline) await tester.wait(5);
  const fresh = await scene.connect();
  const witness = await frameWitness(context, fresh, scene);
  if (!witness.ok) return withoutWitness(context.witness, witness);
  if (tester.tcpEnd !== undefined) return { verdict: "pass" };
  return {
    verdict: "warn",
    reason: `after ${one.name} and its answer the server did not end TCP`,
    expected: `the server ends TCP first, within ${TCP_MS} ms (RFC 6455 section 7.1.1)`,
    got: "the TCP connection stayed open",
    mend: "End the TCP connection once both Close frames have crossed: the server is to do it first.",
  };
}
