/** S-FR-01 and S-FR-02: the three forms of a payload's length, their edges, and what none of them may say. */
import type { Case, Check, CheckContext, CloseInfo, Tester } from "../../check.js";
import { type FrameSpec, OPCODE, opcodeName } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { noWitness } from "../frame-witness.js";
import {
  type BrokenCase,
  chooseEvidence,
  codesOf,
  type Evidence,
  failsConnection,
  type Wanted,
  withoutEvidence,
} from "./failing.js";
import { ordinaryTreatment, treatedAlike } from "./plain-text.js";
import { decideRow, isSafe, type NamedCase, numbersOf } from "./row.js";
import { compareWritten } from "./sending.js";

/** Larger messages are not sent only to fill a limit (bytes). */
const LARGEST = 16 * 1024 * 1024;

interface LengthCase extends NamedCase {
  /** Bytes of the message; 0 is a message without any. */
  readonly length: number;
}

/** Where the length of a frame changes its form, and one on each side. */
export const lengthCases: readonly LengthCase[] = (
  [
    ["1.1.1", 0],
    ["1.1.2", 125],
    ["1.1.3", 126],
    ["1.1.4", 127],
    ["1.1.5", 128],
    ["1.1.6", 65_535],
    ["1.1.7", 65_536],
  ] as const
).map(([autobahn, length]) => ({
  name: lengthName(length),
  autobahn,
  length,
  ...(length === 0 ? { unsafe: true } : {}),
}));

/** S-FR-01: padding to every form of the length changes nothing. */
export const lengths: Check = {
  id: "S-FR-01",
  autobahn: numbersOf(lengthCases),
  safe: true,
  async run(context) {
    const { witness, endpoint } = context;
    if (witness === undefined || !witness.hasCommand) return noWitness("command that is answered");
    const { maxBytes } = endpoint.protocol;
    const atLimit = maxBytes !== undefined && maxBytes <= LARGEST && !isSafe(context);
    const cases: LengthCase[] = [
      ...lengthCases.filter(({ length }) => maxBytes === undefined || length <= maxBytes),
      ...(atLimit ? [{ name: `${lengthName(maxBytes)}, the declared limit`, length: maxBytes }] : []),
    ];
    const evidence = await chooseEvidence(context);
    const ordinary = ordinaryTreatment(context, evidence);
    const result = await decideRow(context, {
      label: "padded",
      cases,
      script: (one, scene) =>
        one.length === 0
          ? treatedAlike(context, scene, evidence, ordinary, {
              name: one.name,
              frames: [{ opcode: OPCODE.text }],
            })
          : padded(context, scene, one),
      pass: () => `${witness.what} was given at ${cases.map(({ length }) => length).join(", ")} bytes`,
      notes: () =>
        maxBytes !== undefined && maxBytes > LARGEST
          ? [`maxBytes ${maxBytes} is larger than the kit sends (${LARGEST})`]
          : [],
    });
    return result;
  },
};

function lengthName(length: number): string {
  return length === 0 ? "an empty text" : `a command in a frame of ${length} bytes`;
}

async function padded(
  context: CheckContext,
  scene: Case,
  { name, length }: LengthCase,
): Promise<CaseOutcome> {
  const mend =
    "Read the 7, 16 and 64 bit forms of the payload length, and allow white space around the JSON text.";
  return compareWritten(context, scene, { what: name, mend }, (tester, bytes, tell) => {
    const spaces = length - bytes.length;
    if (spaces < 0) {
      tell();
      tester.frame({ opcode: OPCODE.text, payload: bytes });
      return { verdict: "inconclusive", reason: `the command itself is longer than ${length} bytes` };
    }
    tell();
    tester.frame({ opcode: OPCODE.text, payload: padTo(bytes, length) }, `${name}, white space at its end`);
    return undefined;
  });
}

/** JSON text with white space at its end. */
export function padTo(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(Math.max(length, bytes.length)).fill(0x20);
  whole.set(bytes);
  return whole;
}

const TOP_BIT = 1n << 63n;

/** 64-bit lengths whose top bit is set. */
export const topBitCases: readonly BrokenCase[] = (["text", "binary", "continuation"] as const).flatMap(
  (kind) =>
    (
      [
        ["and nothing else", TOP_BIT],
        ["above the true length", TOP_BIT + 13n],
        ["and all others", (1n << 64n) - 1n],
      ] as const
    ).map(([which, declaredLength]): BrokenCase => {
      const payload = new TextEncoder().encode("Hello, world!");
      const frame: FrameSpec = { opcode: OPCODE[kind], payload, declaredLength, lengthBits: 64 };
      const before: FrameSpec[] =
        kind === "continuation" ? [{ opcode: OPCODE.text, fin: false, payload }] : [];
      return {
        name: `a ${opcodeName(frame.opcode)} frame whose length has its top bit set ${which}`,
        frames: [...before, frame],
      };
    }),
);

interface LongFormCase extends NamedCase {
  readonly bits: 16 | 64;
  /** Bytes of the message, or of a ping. */
  readonly length: number;
  readonly kind: "command" | "ping";
}

/** Lengths in a longer form than they need. */
export const longFormCases: readonly LongFormCase[] = [
  ...([16, 64] as const).map((bits) => ({ kind: "command" as const, bits, length: 0 })),
  ...([126, 65_535] as const).map((length) => ({ kind: "command" as const, bits: 64 as const, length })),
  ...([16, 64] as const).flatMap((bits) =>
    [0, 5, 125].map((length) => ({ kind: "ping" as const, bits, length })),
  ),
].map((one) => ({
  ...one,
  name: `a ${one.kind}${one.length === 0 ? "" : ` of ${one.length} bytes`} whose length is written in ${one.bits} bits`,
}));

const WANTED: Wanted = {
  causes: ["frame", "too-large"],
  mend: "Fail the connection with 1002 (or 1009) when the most significant bit of a 64-bit length is set: it must be 0 (RFC 6455 section 5.2).",
};

/** S-FR-02: lengths that cannot be, and lengths that are written longer than they are. */
export const impossibleLengths: Check = {
  id: "S-FR-02",
  async run(context) {
    const evidence = await chooseEvidence(context);
    const taken = { accepted: 0, refused: 0 };
    const result = await decideRow<BrokenCase | LongFormCase>(context, {
      label: "length",
      cases: [...topBitCases, ...longFormCases.filter(({ kind }) => kind === "ping" || hasCommand(context))],
      script: async (one, scene) => {
        if ("frames" in one) return failsConnection(context, scene, evidence, one, WANTED);
        return longForm(context, scene, evidence, one, taken);
      },
      pass: () =>
        "a length with its top bit set failed the connection, and a long form did so or was accepted",
      notes: () => [
        `lengths not in their shortest form: ${taken.accepted} accepted, ${taken.refused} refused (both are allowed: the clause binds the sender)`,
      ],
    });
    return result;
  },
};

function hasCommand({ witness }: CheckContext): boolean {
  return witness?.hasCommand === true;
}

/** Accepted, or the connection failed: what is neither is worth a warning. */
async function longForm(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: LongFormCase,
  taken: { accepted: number; refused: number },
): Promise<CaseOutcome> {
  const { codes } = codesOf(context, ["frame"]);
  const refused = (end: CloseInfo | undefined): boolean =>
    end !== undefined && (end.how !== "close" || end.code === undefined || codes.includes(end.code));
  const tester = await scene.connect();
  const before = await evidence.give(tester, scene);
  if (!before.ok) return withoutEvidence(evidence, before);
  if (one.kind === "ping") {
    const payload = scene.random.bytes(one.length);
    tester.frame({ opcode: OPCODE.ping, payload, lengthBits: one.bits });
  } else {
    return longCommand(context, scene, one, refused, taken);
  }
  const after = await evidence.give(tester, scene);
  if (!after.ok && !refused(tester.end)) return doubtful(one, after.got);
  taken[after.ok ? "accepted" : "refused"] += 1;
  return { verdict: "pass" };
}

async function longCommand(
  context: CheckContext,
  scene: Case,
  one: LongFormCase,
  refused: (end: CloseInfo | undefined) => boolean,
  taken: { accepted: number; refused: number },
): Promise<CaseOutcome> {
  let ended = false;
  const written = {
    what: one.name,
    mend: LONG_FORM_MEND,
    otherwise: (tester: Tester): CaseOutcome | undefined => {
      ended = refused(tester.end);
      return ended ? { verdict: "pass" } : undefined;
    },
  };
  const outcome = await compareWritten(context, scene, written, (tester, bytes, tell) => {
    tell();
    const payload = padTo(bytes, one.length);
    const needs = payload.length < 126 ? 7 : payload.length < 65_536 ? 16 : 64;
    tester.frame({ opcode: OPCODE.text, payload, lengthBits: one.bits > needs ? one.bits : 64 }, one.name);
    return undefined;
  });
  if (outcome.verdict === "fail") return doubtful(one, outcome.got);
  if (outcome.verdict === "pass") taken[ended ? "refused" : "accepted"] += 1;
  return outcome;
}

const LONG_FORM_MEND =
  "Accept lengths that are not in their shortest form, or fail the connection with 1002 (RFC 6455 section 5.2).";

function doubtful(one: LongFormCase, got: string): CaseOutcome {
  return {
    verdict: "warn",
    expected: `${one.name} is accepted, or fails the connection with 1002`,
    got,
    mend: LONG_FORM_MEND,
  };
}
