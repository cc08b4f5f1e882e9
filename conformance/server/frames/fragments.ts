/** S-FR-09: however a message is cut into frames, and whatever valid UTF-8 it holds, it is one message. */
import fc from "fast-check";
import type { Case, Check, CheckContext } from "../../check.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { noWitness } from "../frame-witness.js";
import { chooseEvidence, type Evidence } from "./failing.js";
import { padTo } from "./lengths.js";
import { ordinaryTreatment, type Treatment, treatedAlike } from "./plain-text.js";
import { decideRow, isSafe, type NamedCase, numbersOf } from "./row.js";
import { type Chops, compareWritten, cutAt, echoOf, fragmentsOf, partsOf, sendFrames } from "./sending.js";
import { KOSME, utf8Sequences } from "./utf8-sequences.js";

interface FragmentCase extends NamedCase {
  /** Cuts the bytes of the command into fragments; absent: it stays whole. */
  readonly cut?: (bytes: Uint8Array) => readonly Uint8Array[];
  readonly chops?: Chops;
  /** What the command says, where the document has an exchange that gives it back; else this text is sent bare. */
  readonly text?: string;
  /** Bare frames, in place of a command. */
  readonly frames?: readonly FrameSpec[];
}

const NOTHING = new Uint8Array(0);

const halves = (bytes: Uint8Array): readonly Uint8Array[] => cutAt(bytes, [Math.ceil(bytes.length / 2)]);
const octets = (bytes: Uint8Array): readonly Uint8Array[] => partsOf(bytes, 1);

/** A cut inside the first code point of several octets; in plain ASCII, the middle. */
function insideCodePoint(bytes: Uint8Array): readonly Uint8Array[] {
  const lead = bytes.findIndex((byte) => byte >= 0x80);
  return lead < 0 ? halves(bytes) : cutAt(bytes, [lead + 1]);
}

/** A cut before the first code point of several octets. */
function beforeCodePoint(bytes: Uint8Array): readonly Uint8Array[] {
  const lead = bytes.findIndex((byte) => byte >= 0x80);
  return lead < 0 ? halves(bytes) : cutAt(bytes, [lead]);
}

const MIXED = "Hello-µ@ßöäüàá-UTF-8!!";
const AUTO_FRAGMENT = { bytes: 65_536, frame: 1300 } as const;

const VALID = utf8Sequences.filter(({ valid }) => valid);

/** Fragments of every kind, and every valid sequence. */
export const fragmentCases: readonly FragmentCase[] = [
  { name: "a command in two fragments, in one write", autobahn: "5.3", cut: halves, chops: "together" },
  { name: "a command in two fragments, frame by frame", autobahn: "5.4", cut: halves },
  {
    name: "a command in two fragments, octet by octet",
    autobahn: "5.5",
    cut: halves,
    chops: "octets",
    unsafe: true,
  },
  { name: "a command in fragments of one octet", cut: octets, unsafe: true },
  { name: "a command in fragments of one octet, in one write", cut: octets, chops: "together" },
  { name: "a command behind an empty fragment", cut: (bytes) => [NOTHING, bytes] },
  { name: "a command before an empty fragment", cut: (bytes) => [bytes, NOTHING] },
  {
    name: "a command with ten empty fragments inside",
    unsafe: true,
    cut: (bytes) => {
      const [first = bytes, last = NOTHING] = halves(bytes);
      return [first, ...Array.from({ length: 10 }, () => NOTHING), last];
    },
  },
  { name: "an empty text", autobahn: "6.1.1", frames: [{ opcode: OPCODE.text }], unsafe: true },
  {
    name: "an empty text in three fragments",
    autobahn: "6.1.2",
    unsafe: true,
    frames: fragmentsOf([NOTHING, NOTHING, NOTHING]),
  },
  {
    name: "a command between two empty fragments",
    autobahn: "6.1.3",
    cut: (bytes) => [NOTHING, bytes, NOTHING],
  },
  { name: "text of several octets a letter", autobahn: "6.2.1", text: MIXED },
  { name: "such text, cut between letters", autobahn: "6.2.2", text: MIXED, cut: beforeCodePoint },
  { name: "such text in fragments of one octet", autobahn: "6.2.3", text: MIXED, cut: octets, unsafe: true },
  { name: "Greek text in fragments of one octet", autobahn: "6.2.4", text: KOSME, cut: octets, unsafe: true },
  { name: "such text, cut inside a letter", text: MIXED, cut: insideCodePoint },
  {
    name: `a command of ${AUTO_FRAGMENT.bytes} bytes in fragments of ${AUTO_FRAGMENT.frame}`,
    autobahn: "10.1.1",
    unsafe: true,
    cut: (bytes) => partsOf(padTo(bytes, AUTO_FRAGMENT.bytes), AUTO_FRAGMENT.frame),
  },
  ...VALID.map(
    ({ autobahn, group, bytes }): FragmentCase => ({
      name: `${group}: ${Buffer.from(bytes).toString("hex")}`,
      autobahn,
      text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
    }),
  ),
  // One of each length: where a decoder breaks that forgets at the end of a frame what a letter began with.
  ...["¢", "€", "\u{24b62}", "\u{10ffff}"].flatMap((letter) =>
    Array.from(
      { length: Buffer.byteLength(letter) - 1 },
      (_, index): FragmentCase => ({
        name: `U+${letter.codePointAt(0)?.toString(16)} cut behind its octet ${index + 1}`,
        text: `hello${letter}world`,
        cut: (bytes) => {
          const lead = bytes.findIndex((byte) => byte >= 0x80);
          return cutAt(bytes, [lead < 0 ? 0 : lead + 1 + index]);
        },
      }),
    ),
  ),
];

/** Cuts anywhere, equal ones too. */
const anyCuts: fc.Arbitrary<FragmentCase> = fc
  .record({
    cuts: fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }),
    text: fc.constantFrom(undefined, MIXED, KOSME, "a\u{10ffff}é€"),
    chops: fc.constantFrom<Chops>("frames", "together"),
  })
  .map(({ cuts, text, chops }) => ({
    name: `a command cut at ${cuts.map((cut) => `${cut / 10} %`).join(", ")} of its length`,
    cut: (bytes) =>
      cutAt(
        bytes,
        cuts.map((cut) => Math.floor((cut * bytes.length) / 1000)),
      ),
    chops,
    ...(text === undefined ? {} : { text }),
  }));

/** S-FR-09. */
export const fragments: Check = {
  id: "S-FR-09",
  autobahn: numbersOf(fragmentCases),
  safe: true,
  async run(context) {
    const { witness, endpoint } = context;
    if (witness === undefined || !witness.hasCommand) return noWitness("command that is answered");
    const { maxBytes = Number.POSITIVE_INFINITY } = endpoint.protocol;
    const evidence = await chooseEvidence(context);
    const ordinary = ordinaryTreatment(context, evidence);
    return decideRow(context, {
      label: "fragments",
      cases: fragmentCases
        .filter(({ autobahn }) => autobahn !== "10.1.1" || maxBytes >= AUTO_FRAGMENT.bytes)
        // Text that no exchange gives back is sent as it is, and is no command.
        .filter(({ text }) => !isSafe(context) || text === undefined || echoOf(context, text) !== undefined),
      arbitrary: anyCuts,
      script: (one, scene) => play(context, scene, evidence, ordinary, one),
      pass: (played) => `${played} ways to cut a message changed nothing`,
    });
  },
};

function play(
  context: CheckContext,
  scene: Case,
  evidence: Evidence,
  ordinary: () => Promise<Treatment>,
  one: FragmentCase,
): Promise<CaseOutcome> {
  const { name, text, chops } = one;
  const cut = one.cut ?? ((bytes: Uint8Array) => [bytes]);
  if (one.frames !== undefined) {
    return treatedAlike(context, scene, evidence, ordinary, { ...one, frames: one.frames });
  }
  if (text !== undefined && echoOf(context, text) === undefined) {
    const frames = fragmentsOf(cut(new TextEncoder().encode(text)));
    return treatedAlike(context, scene, evidence, ordinary, { ...one, frames });
  }
  const mend =
    "Join the payloads of all fragments, empty ones too, and decode them as one text when the last has come (RFC 6455 section 5.4).";
  return compareWritten(
    context,
    scene,
    { what: name, mend },
    async (tester, bytes, tell) => {
      tell();
      await sendFrames(tester, scene, fragmentsOf(cut(bytes)), chops);
      return undefined;
    },
    text,
  );
}
