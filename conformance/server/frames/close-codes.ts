/** S-FR-17 and S-FR-18: what may stand in a Close frame, and what may not. */
import type { Case, Check, CheckContext } from "../../check.js";
import { endOf } from "../../exchange.js";
import { closeBody } from "../../frames/close.js";
import { OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { pongPatience } from "../frame-witness.js";
import {
  type BrokenCase,
  brokenRow,
  chooseEvidence,
  closeIn,
  type Evidence,
  liveAfter,
  withoutEvidence,
} from "./failing.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";

/** Codes that may not be sent, in the order of the suite. */
const ILLEGAL = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] as const;

function closeCase(name: string, payload: Uint8Array, autobahn?: string): BrokenCase {
  return {
    name,
    frames: [{ opcode: OPCODE.close, payload }],
    ...(autobahn === undefined ? {} : { autobahn }),
  };
}

const GOOD = Buffer.from("κόσμε");
const reason = (hex: string): Uint8Array => Buffer.concat([closeBody(1000), GOOD, Buffer.from(hex, "hex")]);

/** Close frames that fail the connection. */
export const illegalCloseCases: readonly BrokenCase[] = [
  closeCase("a Close of one byte", new Uint8Array([0x03]), "7.3.2"),
  closeCase(
    "a Close with a surrogate in its reason",
    Buffer.concat([reason("eda080"), Buffer.from("edited")]),
    "7.5.1",
  ),
  closeCase("a Close with an unfinished sequence in its reason", reason("e282")),
  closeCase("a Close with an overlong sequence in its reason", reason("c0af")),
  closeCase("a Close with an impossible octet in its reason", reason("ff")),
  ...ILLEGAL.map((code, index) => closeCase(`Close ${code}`, closeBody(code), `7.9.${index + 1}`)),
  closeCase("Close 1015", closeBody(1015)),
  closeCase("Close 1005 with a reason", closeBody(1005, "no status")),
  closeCase("Close 5000", closeBody(5000), "7.13.1"),
  // What lies above 4999 has no meaning in any document; the suite only watches.
  { ...closeCase("Close 65535", closeBody(65_535), "7.13.2"), level: "SHOULD" },
];

/** S-FR-17. */
export const illegalCloses: Check = brokenRow("S-FR-17", illegalCloseCases, {
  causes: ["frame", "not-utf8"],
  mend: "Fail the connection with 1002 at a Close frame of one byte or with a code that may not be sent, and with 1002 or 1007 at a reason that is not UTF-8 (RFC 6455 sections 5.5.1 and 7.4).",
});

interface LegalClose extends NamedCase {
  readonly code: number;
  readonly level: "MUST" | "SHOULD";
}

const LEGAL = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] as const;

/** Codes of IANA's registry that came after the RFC. */
const REGISTERED = [1012, 1013, 1014] as const;

/** Close frames that end the connection cleanly. */
export const legalCloseCases: readonly LegalClose[] = [
  ...LEGAL.map(
    (code, index): LegalClose => ({
      name: `Close ${code}`,
      autobahn: `7.7.${index + 1}`,
      code,
      level: "MUST",
    }),
  ),
  ...REGISTERED.map((code): LegalClose => ({ name: `Close ${code}`, code, level: "SHOULD" })),
];

/** S-FR-18. */
export const legalCloses: Check = {
  id: "S-FR-18",
  autobahn: numbersOf(legalCloseCases),
  safe: true,
  async run(context) {
    const evidence = await chooseEvidence(context);
    return decideRow(context, {
      label: "code",
      cases: legalCloseCases,
      script: (one, scene) => play(context, scene, evidence, one),
      pass: (played) => `${played} codes ended the connection cleanly`,
    });
  },
};

async function play(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: LegalClose,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const before = await evidence.give(tester, scene);
  if (!before.ok) return withoutEvidence(evidence, before);
  tester.frame({ opcode: OPCODE.close, payload: closeBody(one.code) }, one.name);
  const patience = pongPatience(context);
  const end = await tester.ended(patience);
  // The RFC has the code echoed "typically": 1000 and none are as good.
  const clean =
    end?.how === "close" && (end.code === undefined || end.code === one.code || end.code === 1000);
  if (clean) return liveAfter(scene, evidence, one.name);
  const quarrels = end?.how !== "close" || end.code === 1002 || end.code === 1007;
  return {
    verdict: quarrels && one.level === "MUST" ? "fail" : "warn",
    reason: `${one.name} did not end the connection cleanly`,
    expected: `a Close frame with ${[...new Set([one.code, 1000])].join(" or ")}, or without a code, within ${Math.round(patience)} ms`,
    got:
      end === undefined
        ? "no end: the connection stayed open"
        : end.how === "close"
          ? closeIn(end)
          : endOf(tester),
    mend: "Answer a Close frame with any code of 1000-1003, 1007-1014 and 3000-4999 by a Close frame with the same code (RFC 6455 section 7.4).",
  };
}
