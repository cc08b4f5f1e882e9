/** S-FR-16: the closing handshake that the client begins, and what may stand around it. */
import type { Case, Check, CheckContext, CloseInfo } from "../../check.js";
import { endOf } from "../../exchange.js";
import { closeBody } from "../../frames/close.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { pongPatience } from "../frame-witness.js";
import { chooseEvidence, type Evidence, liveAfter, withoutEvidence } from "./failing.js";
import { padTo } from "./lengths.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";
import { compareWritten, sendFrames } from "./sending.js";

interface CloseCase extends NamedCase {
  readonly body: Uint8Array;
  /** A valid command before it, in one write; padded to so many bytes, or as it is (0). */
  readonly command?: number;
  /** What goes before it, and what after it: the server has to read no more. */
  readonly before?: readonly FrameSpec[];
  readonly after?: readonly FrameSpec[];
}

const TEXT = new TextEncoder().encode("Hello, world!");
const NORMAL = closeBody(1000);

/** Close frames of every legal form. */
export const closeCases: readonly CloseCase[] = [
  { name: "a command, then Close 1000", autobahn: "7.1.1", body: NORMAL, command: 0 },
  {
    name: "two Close frames",
    autobahn: "7.1.2",
    unsafe: true,
    body: NORMAL,
    after: [{ opcode: OPCODE.close, payload: NORMAL }],
  },
  {
    name: "Close 1000, then a ping",
    autobahn: "7.1.3",
    unsafe: true,
    body: NORMAL,
    after: [{ opcode: OPCODE.ping }],
  },
  {
    name: "Close 1000, then a text",
    autobahn: "7.1.4",
    unsafe: true,
    body: NORMAL,
    after: [{ opcode: OPCODE.text, payload: TEXT }],
  },
  {
    name: "Close 1000 between two fragments",
    autobahn: "7.1.5",
    unsafe: true,
    body: NORMAL,
    before: [{ opcode: OPCODE.text, fin: false, payload: TEXT }],
    after: [{ opcode: OPCODE.continuation, payload: TEXT }],
  },
  {
    name: "a command of 256 KiB, Close 1000, then a ping",
    autobahn: "7.1.6",
    unsafe: true,
    body: NORMAL,
    command: 262_144,
    after: [{ opcode: OPCODE.ping }],
  },
  { name: "an empty Close", autobahn: "7.3.1", body: closeBody() },
  { name: "Close 1000", autobahn: "7.3.3", body: NORMAL },
  { name: "Close 1000 with a reason", autobahn: "7.3.4", body: closeBody(1000, "Hello World!") },
  {
    name: "Close 1000 with a reason of 123 bytes",
    autobahn: "7.3.5",
    body: closeBody(1000, "r".repeat(123)),
  },
  { name: "Close 1000 with a reason in UTF-8", body: closeBody(1000, "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, ".repeat(3)) },
];

/** How long the server may take to end TCP after both Close frames (milliseconds). */
const TCP_MS = 1000;

/** S-FR-16: a Close is answered by a Close; then the server ends TCP. */
export const closeHandshake: Check = {
  id: "S-FR-16",
  autobahn: numbersOf(closeCases),
  safe: true,
  smoke: true,
  async run(context) {
    const evidence = await chooseEvidence(context);
    const { maxBytes = Number.POSITIVE_INFINITY } = context.endpoint.protocol;
    const hasCommand = context.witness?.hasCommand === true;
    return decideRow(context, {
      label: "close",
      cases: closeCases.filter(({ command }) => command === undefined || (hasCommand && command <= maxBytes)),
      script: (one, scene) => play(context, scene, evidence, one),
      pass: (played) => `${played} Close frames were answered, and the server ended TCP first`,
    });
  },
};

async function play(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: CloseCase,
): Promise<CaseOutcome> {
  const close: FrameSpec = { opcode: OPCODE.close, payload: one.body };
  const frames = [...(one.before ?? []), close, ...(one.after ?? [])];
  const { command } = one;
  if (command !== undefined) {
    return compareWritten(context, scene, { what: one.name, mend: MEND }, async (tester, bytes, tell) => {
      const alive = await evidence.give(tester, scene);
      if (!alive.ok) return withoutEvidence(evidence, alive);
      tell();
      const text: FrameSpec = { opcode: OPCODE.text, payload: padTo(bytes, command) };
      await sendFrames(tester, scene, [text, ...frames], "together");
      return judgeAnswer(context, scene, evidence, tester, one);
    });
  }
  const tester = await scene.connect();
  const alive = await evidence.give(tester, scene);
  if (!alive.ok) return withoutEvidence(evidence, alive);
  if (one.before !== undefined || one.after !== undefined) tester.tell("undecodable");
  await sendFrames(tester, scene, frames, one.after === undefined ? "frames" : "together");
  return judgeAnswer(context, scene, evidence, tester, one);
}

const MEND = "Answer a Close frame with a Close frame, then end TCP (RFC 6455 section 5.5.1).";

async function judgeAnswer(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  tester: Awaited<ReturnType<Case["connect"]>>,
  one: CloseCase,
): Promise<CaseOutcome> {
  const patience = pongPatience(context);
  const sentAt = tester.now();
  const end = await tester.ended(patience);
  if (end !== undefined && isOfHeartbeat(context, end) && end.atMs - sentAt < patienceMs(context) / 2) {
    return { verdict: "inconclusive", reason: `${endOf(tester)} before the server can have read the Close` };
  }
  // What the server leaves unread resets the connection, and the reset may overtake its Close frame.
  const answered =
    end !== undefined && !isOfHeartbeat(context, end) && (end.how === "close" || one.after !== undefined);
  if (!answered) {
    return {
      verdict: "fail",
      reason: `${one.name}: it was not answered`,
      expected: `a Close frame within ${Math.round(patience)} ms`,
      got: end === undefined ? "nothing: the connection stayed open" : endOf(tester),
      mend: MEND,
    };
  }
  const deadline = tester.now() + TCP_MS + context.graceMs();
  while (tester.tcpEnd === undefined && tester.now() < deadline) await tester.wait(5);
  const live = await liveAfter(scene, evidence, one.name);
  if (live.verdict !== "pass") return live;
  // What goes before or after the Close may be a fault worth a code of its own.
  const isPlain = one.before === undefined && one.after === undefined;
  if (isPlain && end.code !== undefined && !NORMAL_CODES.has(end.code)) {
    return {
      verdict: "warn",
      reason: `${one.name} was answered by another code`,
      expected: "a Close frame with the code that was sent, with 1001, or with none",
      got: endOf(tester),
      mend: MEND,
    };
  }
  if (tester.tcpEnd !== undefined) return live;
  return {
    verdict: "warn",
    reason: `after ${one.name} and its answer the server did not end TCP`,
    expected: `the server ends TCP first, within ${TCP_MS} ms (RFC 6455 section 7.1.1)`,
    got: "the TCP connection stayed open",
    mend: "End the TCP connection once both Close frames have crossed: the server is to do it first.",
  };
}

/** Codes that answer the Close 1000, or the empty one, that these cases send. */
const NORMAL_CODES: ReadonlySet<number> = new Set([1000, 1001]);

/** The Close of a connection that has gone silent answers nothing: the Close before it was not read. */
function isOfHeartbeat({ endpoint }: CheckContext, end: CloseInfo): boolean {
  const code = endpoint.heartbeat?.patience?.close;
  return end.explained === true || (code !== undefined && end.code === code);
}

function patienceMs({ endpoint, scaled }: CheckContext): number {
  return scaled(endpoint.heartbeat?.patience?.ms ?? 0);
}
