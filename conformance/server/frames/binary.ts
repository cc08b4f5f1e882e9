/** S-FR-15: a binary frame where the document says that text is spoken. */
import type { Case, Check, CheckContext, Tester } from "../../check.js";
import { fillingOf } from "../../exchange.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import { excerpt, frameText } from "../../judge.js";
import { layerOf } from "../../layer.js";
import { ordinaryPayload } from "../../payloads.js";
import type { CaseOutcome } from "../../property.js";
import { chooseEvidence, type Evidence, judgeEnd, liveAfter, withoutEvidence } from "./failing.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";
import { bytesOf, fragmentsOf, partsOf, sendParts } from "./sending.js";

interface BinaryCase extends NamedCase {
  /** `command`: the bytes of a valid command. */
  readonly payload: Uint8Array | "command";
  /** In so many frames; default one. */
  readonly fragments?: number;
  /** In TCP chunks of so many octets. */
  readonly chunk?: number;
}

const LENGTHS = [0, 125, 126, 127, 128, 65_535, 65_536] as const;

/** Binary messages of every length form; one that would be a command if it were text. */
export const binaryCases: readonly BinaryCase[] = [
  ...LENGTHS.map(
    (length, index): BinaryCase => ({
      name: `a binary message of ${length} bytes`,
      autobahn: `1.2.${index + 1}`,
      payload: new Uint8Array(length).fill(0xfe),
    }),
  ),
  {
    name: "a binary message of 65536 bytes in chunks of 997 octets",
    autobahn: "1.2.8",
    payload: new Uint8Array(65_536).fill(0xfe),
    chunk: 997,
  },
  { name: "a command in a binary frame", payload: "command" },
  { name: "a command in two binary fragments", payload: "command", fragments: 2 },
];

const MEND =
  "Close with 1003 at a binary frame, or refuse it as the document declares; never take its bytes for text (RFC 6455 section 7.4.1).";

/** S-FR-15. */
export const binary: Check = {
  id: "S-FR-15",
  autobahn: numbersOf(binaryCases),
  async run(context) {
    const evidence = await chooseEvidence(context);
    return decideRow(context, {
      label: "binary",
      cases: binaryCases,
      script: (one, scene) => play(context, scene, evidence, one),
      pass: (played) => `each of ${played} binary messages was refused or ended its connection`,
    });
  },
};

async function play(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: BinaryCase,
): Promise<CaseOutcome> {
  const payload = one.payload === "command" ? commandBytes(context, scene) : one.payload;
  if (payload === undefined)
    return { verdict: "untestable", reason: "no command can be made from the schema" };
  const tester = await scene.connect();
  const before = await evidence.give(tester, scene);
  if (!before.ok) return withoutEvidence(evidence, before);
  tester.tell("undecodable");
  const from = tester.messages.length;
  const length = Math.max(1, Math.ceil(payload.length / (one.fragments ?? 1)));
  const parts = payload.length === 0 ? [payload] : partsOf(payload, length);
  await send(tester, scene, one, fragmentsOf(parts, OPCODE.binary));
  const refusal = await Promise.race([
    tester.next((message) => isRefusal(context, message), context.answerMs, from),
    tester.ended(context.answerMs).then(() => undefined),
  ]);
  if (refusal !== undefined && tester.end === undefined) {
    const after = await evidence.give(tester, scene);
    if (after.ok) return liveAfter(scene, evidence, one.name);
  }
  const answer = tester.messages.slice(from).find((message) => !isRefusal(context, message));
  if (tester.end === undefined) {
    return {
      verdict: "fail",
      reason: `${one.name} was neither refused nor did it end the connection`,
      expected: `${one.name} is refused, or the connection closed with 1003, within ${Math.round(context.answerMs)} ms`,
      got:
        answer === undefined ? "no answer: it was ignored in silence" : `an answer: ${excerpt(answer.text)}`,
      mend: MEND,
    };
  }
  // What the parser of Socket.IO refuses may end the transport without a code.
  if (context.endpoint.protocol.transport === "socket.io") return liveAfter(scene, evidence, one.name);
  const wanted = { causes: ["binary"], mend: MEND } as const;
  return (await judgeEnd(context, scene, tester, one.name, wanted)) ?? liveAfter(scene, evidence, one.name);
}

async function send(
  tester: Tester,
  scene: Case,
  one: BinaryCase,
  frames: readonly FrameSpec[],
): Promise<void> {
  if (one.chunk === undefined) for (const frame of frames) tester.frame(frame);
  else await sendParts(tester, partsOf(bytesOf(scene, frames), one.chunk), one.name);
}

function isRefusal(
  context: CheckContext,
  message: { readonly names: readonly string[]; readonly payload: unknown },
): boolean {
  const refusal = context.judge.refusalOf(message.names, message.payload);
  return refusal?.class === "payload" || refusal?.class === "unclassified";
}

/** The bytes of any command that the contract takes. */
function commandBytes(context: CheckContext, scene: Case): Uint8Array | undefined {
  const { endpoint, judge } = context;
  for (const { name } of endpoint.commands) {
    const payload = ordinaryPayload(judge, name, fillingOf(scene), 1);
    if (payload === undefined) continue;
    return new TextEncoder().encode(layerOf(endpoint, true).write(frameText(endpoint, name, payload)));
  }
  return undefined;
}
