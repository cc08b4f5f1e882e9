/** S-FR-14: text that is not UTF-8, of every class, whole and in fragments that hide it. */
import fc from "fast-check";
import type { Case, Check, CheckContext } from "../../check.js";
import { OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import {
  type BrokenCase,
  chooseEvidence,
  type Evidence,
  failsConnection,
  judgeEnd,
  liveAfter,
  type Wanted,
  withoutEvidence,
} from "./failing.js";
import { decideRow, numbersOf } from "./row.js";
import { bytesOf, cutAt, fragmentsOf, partsOf } from "./sending.js";
import { KOSME, utf8Sequences } from "./utf8-sequences.js";

/** A case whose bad octet comes late: who looks at once ends the connection before the message is whole. */
interface LateCase extends BrokenCase {
  /** The message in three parts, of which the first is good and the second makes it bad. */
  readonly parts: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** `fragments`: each part is a frame; `chops`: all are one frame, written bit by bit. */
  readonly by: "fragments" | "chops";
}

type Utf8Case = BrokenCase | LateCase;

const WANTED: Wanted = {
  causes: ["not-utf8"],
  mend: "Decode text messages strictly and fail the connection with 1007 when they are not UTF-8 (RFC 6455 section 8.1).",
};

/** How long the kit waits between the parts of a late case (milliseconds): enough for a server that looks at once. */
const BETWEEN_MS = 200;

const GOOD = Buffer.from(KOSME);
const SURROGATE = Buffer.concat([GOOD, Buffer.from("eda080", "hex"), Buffer.from("edited")]);
const BEYOND = Buffer.from("f4908080", "hex");
const REST = Buffer.from("edited");

const LATE: readonly LateCase[] = (
  [
    ["6.4.1", "fragments", [GOOD, BEYOND, REST]],
    ["6.4.2", "fragments", splitBeyond()],
    ["6.4.3", "chops", [GOOD, BEYOND, REST]],
    ["6.4.4", "chops", splitBeyond()],
  ] as const
).map(([autobahn, by, parts]) => ({
  name: `good text, a pause, then ${parts[1].length === 1 ? "the bad octet" : "all"} of U+110000, in three ${by === "chops" ? "chops of one frame" : "fragments"}`,
  autobahn,
  by,
  parts,
  frames: [],
}));

const BROKEN = utf8Sequences.filter(({ valid }) => !valid);

/** The first example of each class. */
const CLASSES = BROKEN.filter(({ group }, index) => BROKEN.findIndex((one) => one.group === group) === index);

/** Invalid text of every class. */
export const invalidUtf8Cases: readonly Utf8Case[] = [
  textCase("a surrogate in good text", [SURROGATE], "6.3.1"),
  textCase("a surrogate in good text, each octet a fragment", partsOf(SURROGATE, 1), "6.3.2"),
  ...LATE,
  ...BROKEN.map(({ autobahn, group, bytes }) => textCase(`${group}: ${hex(bytes)}`, [bytes], autobahn)),
  ...CLASSES.flatMap(({ group, bytes }) => [
    textCase(`${group} in quotes`, [Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')])]),
    ...(bytes.length < 2
      ? []
      : [textCase(`${group}, cut inside: ${hex(bytes)}`, cutAt(bytes, [Math.floor(bytes.length / 2)]))]),
    textCase(`${group} between empty fragments`, [new Uint8Array(0), bytes, new Uint8Array(0)]),
  ]),
];

/** Good text around bad octets, cut anywhere. */
export const anyInvalid: fc.Arbitrary<Utf8Case> = fc
  .record({
    sequence: fc.constantFrom(...BROKEN),
    before: fc.constantFrom("", "a", "é", KOSME, '{"text":"'),
    after: fc.constantFrom("", " ", "z", '"}'),
    cuts: fc.array(fc.nat(1000), { maxLength: 5 }),
  })
  .map(({ sequence, before, after, cuts }) => {
    const bytes = Buffer.concat([Buffer.from(before), sequence.bytes, Buffer.from(after)]);
    const at = cuts.map((cut) => Math.floor((cut * bytes.length) / 1000));
    const parts = cutAt(bytes, at);
    return textCase(`${sequence.group} in ${parts.length} fragments: ${parts.map(hex).join(" ")}`, parts);
  })
  // Good text may complete what was cut short.
  .filter(({ frames }) => !isGood(frames));

/** S-FR-14. */
export const invalidUtf8: Check = {
  id: "S-FR-14",
  autobahn: numbersOf(invalidUtf8Cases),
  smoke: true,
  async run(context) {
    const evidence = await chooseEvidence(context);
    const early: boolean[] = [];
    return decideRow<Utf8Case>(context, {
      label: "not UTF-8",
      cases: invalidUtf8Cases,
      arbitrary: anyInvalid,
      script: (one, scene) =>
        "parts" in one
          ? late(context, scene, evidence, one, early)
          : failsConnection(context, scene, evidence, one, WANTED),
      pass: (played) => `each of ${played} texts that are not UTF-8 failed its connection`,
      notes: () =>
        early.length === 0
          ? []
          : [
              `fail-fast: ${early.filter(Boolean).length} of ${early.length} ended before the message was whole`,
            ],
    });
  },
};

/** Sends the parts with pauses; a server may fail the connection at the bad octet or at the end of the message. */
async function late(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  one: LateCase,
  early: boolean[],
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const before = await evidence.give(tester, scene);
  if (!before.ok) return withoutEvidence(evidence, before);
  tester.tell("undecodable");
  const whole = bytesOf(scene, [{ opcode: OPCODE.text, payload: Buffer.concat(one.parts) }]);
  const frames = fragmentsOf(one.parts);
  let from = 0;
  let to = whole.length - one.parts.reduce((sum, part) => sum + part.length, 0);
  for (const [index, part] of one.parts.entries()) {
    to += part.length;
    const frame = frames[index];
    if (one.by === "chops") tester.raw(whole.subarray(from, to), `part ${index + 1} of 3 of a text frame`);
    else if (frame !== undefined) tester.frame(frame, `part ${index + 1} of 3`);
    from = to;
    if (index === 2) break;
    await tester.ended(BETWEEN_MS);
    if (index === 1) early.push(tester.end !== undefined);
    if (tester.end !== undefined) break;
  }
  return (await judgeEnd(context, scene, tester, one.name, WANTED)) ?? liveAfter(scene, evidence, one.name);
}

function splitBeyond(): [Uint8Array, Uint8Array, Uint8Array] {
  const all = Buffer.concat([GOOD, BEYOND, REST]);
  const at = GOOD.length + 1;
  return [all.subarray(0, at), all.subarray(at, at + 1), all.subarray(at + 1)];
}

function textCase(name: string, parts: readonly Uint8Array[], autobahn?: string): BrokenCase {
  return { name, frames: fragmentsOf(parts), ...(autobahn === undefined ? {} : { autobahn }) };
}

function isGood(frames: BrokenCase["frames"]): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(
      Buffer.concat(frames.map(({ payload }) => payload ?? new Uint8Array(0))),
    );
    return true;
  } catch {
    return false;
  }
}

function hex(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("hex");
  return text.length <= 24 ? text : `${text.slice(0, 24)}…`;
}
