/** S-FR-20: what is longer than the document allows is cut off, and nobody else waits for it. */
import type { Case, Check, CheckContext, Tester } from "../../check.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import {
  chooseEvidence,
  type Evidence,
  judgeEnd,
  liveAfter,
  type Wanted,
  withoutEvidence,
} from "./failing.js";
import { decideRow, type NamedCase } from "./row.js";

interface LargeCase extends NamedCase {
  /** Whether it is sent whole: then it must not be larger than the kit sends. */
  readonly whole: boolean;
  /** A server that counts what has come is as safe as one that believes the header: no more than a warning. */
  readonly level?: "SHOULD";
  readonly send: (tester: Tester, maxBytes: number) => Promise<void>;
}

/** Larger messages are only announced (bytes). */
const LARGEST = 16 * 1024 * 1024;

/** Length of one of many fragments (bytes). */
const FRAGMENT = 64 * 1024;

const SOME = new Uint8Array(1024).fill(0x20);

function announced(name: string, opcode: number, length: (maxBytes: number) => bigint): LargeCase {
  return {
    name,
    whole: false,
    async send(tester, maxBytes) {
      const frame: FrameSpec = { opcode, payload: SOME, declaredLength: length(maxBytes) };
      tester.frame(frame, `${name}, of which ${SOME.length} bytes follow`);
    },
  };
}

/** Messages that are too long, whole, announced, and bit by bit. */
export const largeCases: readonly LargeCase[] = [
  {
    name: "a message one byte longer than the limit",
    whole: true,
    async send(tester, maxBytes) {
      tester.frame(
        { opcode: OPCODE.text, payload: new Uint8Array(maxBytes + 1).fill(0x20) },
        `a text of ${maxBytes + 1} bytes`,
      );
    },
  },
  {
    ...announced(
      "a header that announces one byte too many",
      OPCODE.text,
      (maxBytes) => BigInt(maxBytes) + 1n,
    ),
    level: "SHOULD",
  },
  announced("a header that announces 2^62 bytes", OPCODE.text, () => 1n << 62n),
  announced("a binary header that announces 2^62 bytes", OPCODE.binary, () => 1n << 62n),
  {
    name: "a last fragment that exceeds the limit",
    whole: true,
    async send(tester, maxBytes) {
      tester.frame({ opcode: OPCODE.text, fin: false, payload: new Uint8Array(maxBytes).fill(0x20) });
      tester.frame({ opcode: OPCODE.continuation, payload: new Uint8Array([0x20]) });
    },
  },
  {
    name: "fragments without end",
    whole: true,
    async send(tester, maxBytes) {
      const length = Math.min(FRAGMENT, Math.max(1, Math.floor(maxBytes / 4)));
      const payload = new Uint8Array(length).fill(0x20);
      // A little more than the limit: a server that waits for the end of the message has had its warning.
      for (let sent = 0; sent <= maxBytes + 4 * length; sent += length) {
        if (tester.end !== undefined || tester.tcpEnd !== undefined) return;
        tester.frame({ opcode: sent === 0 ? OPCODE.text : OPCODE.continuation, fin: false, payload });
        await tester.wait(0);
      }
    },
  },
];

const WANTED: Wanted = {
  causes: ["too-large"],
  inTime: true,
  mend: "Check the length in the header, and the sum of the fragments, against the limit before memory is given; then close with 1009 (RFC 6455 section 10.4).",
};

/** S-FR-20. */
export const oversize: Check = {
  id: "S-FR-20",
  async run(context) {
    const { maxBytes } = context.endpoint.protocol;
    if (maxBytes === undefined) {
      return { verdict: "not-applicable", reason: "the document does not declare maxBytes", cases: 0 };
    }
    const evidence = await chooseEvidence(context);
    return decideRow(context, {
      label: "too large",
      cases: largeCases.filter(({ whole }) => !whole || maxBytes <= LARGEST),
      script: async (one, scene) => {
        const outcome = await play(context, scene, evidence, one, maxBytes);
        return one.level === "SHOULD" && outcome.verdict === "fail"
          ? { ...outcome, verdict: "warn" }
          : outcome;
      },
      pass: (played) =>
        `each of ${played} messages over ${maxBytes} bytes was cut off, and others were served meanwhile`,
      notes: () =>
        maxBytes > LARGEST
          ? [`maxBytes ${maxBytes} is larger than the kit sends (${LARGEST}): only announced`]
          : [],
    });
  },
};

async function play(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: LargeCase,
  maxBytes: number,
): Promise<CaseOutcome> {
  const [tester, other] = [await scene.connect(), await scene.connect()];
  for (const each of [tester, other]) {
    const before = await evidence.give(each, scene);
    if (!before.ok) return withoutEvidence(evidence, before);
  }
  tester.tell("undecodable");
  await one.send(tester, maxBytes);
  const served = await evidence.give(other, scene);
  const wrong = await judgeEnd(context, scene, tester, one.name, WANTED);
  if (wrong !== undefined) return wrong;
  if (!served.ok) {
    return {
      verdict: "fail",
      reason: `${one.name} stalled another connection`,
      expected: `${evidence.what} on another connection meanwhile: ${served.expected}`,
      got: served.got,
      mend: "Do not let one connection's message hold up the others.",
    };
  }
  return liveAfter(scene, evidence, one.name);
}
