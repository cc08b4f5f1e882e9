/** S-FR-12: bursts of pings, and pongs that nobody asked for. */
import type { Case, Check, CheckContext } from "../../check.js";
import { endOf } from "../../exchange.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { frameWitness, pongPatience, withoutWitness } from "../frame-witness.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";
import { type Chops, sendFrames } from "./sending.js";

const TEXT = new TextEncoder().encode("Hello, world!");

interface StrayCase extends NamedCase {
  /** Frames that nobody has to answer, or of which only the last ping must be. */
  readonly frames: readonly FrameSpec[];
  readonly chops?: Chops;
}

const burst = (count: number): readonly FrameSpec[] =>
  Array.from({ length: count }, (_, index) => ({
    opcode: OPCODE.ping,
    payload: new TextEncoder().encode(`payload-${index}`),
  }));

/** Bursts of pings, and pongs that nobody asked for. */
export const strayCases: readonly StrayCase[] = [
  { name: "an empty pong that nobody asked for", autobahn: "2.7", frames: [{ opcode: OPCODE.pong }] },
  {
    name: "a pong with a payload that nobody asked for",
    autobahn: "2.8",
    frames: [{ opcode: OPCODE.pong, payload: TEXT }],
  },
  {
    name: "a pong that nobody asked for, then a ping",
    autobahn: "2.9",
    frames: [
      { opcode: OPCODE.pong, payload: TEXT },
      { opcode: OPCODE.ping, payload: new TextEncoder().encode("ping payload") },
    ],
  },
  { name: "ten pings", autobahn: "2.10", frames: burst(10), unsafe: true },
  { name: "ten pings in one write", frames: burst(10), chops: "together", unsafe: true },
  {
    name: "a pong of 125 bytes that nobody asked for",
    frames: [{ opcode: OPCODE.pong, payload: new Uint8Array(125).fill(0xfe) }],
  },
  {
    name: "a pong with the payload of the ping behind it",
    frames: [
      { opcode: OPCODE.pong, payload: TEXT },
      { opcode: OPCODE.ping, payload: TEXT },
    ],
  },
  {
    name: "ten pongs that nobody asked for",
    unsafe: true,
    frames: Array.from({ length: 10 }, () => ({ opcode: OPCODE.pong })),
  },
];

/** S-FR-12. */
export const strays: Check = {
  id: "S-FR-12",
  autobahn: numbersOf(strayCases),
  safe: true,
  run: (context) =>
    decideRow(context, {
      label: "bursts",
      cases: strayCases,
      script: (one, scene) => stray(context, scene, one),
      pass: () => "the latest ping of each burst was answered, and stray pongs were ignored",
    }),
};

async function stray(context: CheckContext, scene: Case, one: StrayCase): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const before = await frameWitness(context, tester, scene);
  if (!before.ok) return withoutWitness(context.witness, before);
  await sendFrames(tester, scene, one.frames, one.chops);
  const latest = one.frames.findLast(({ opcode }) => opcode === OPCODE.ping)?.payload;
  const answered = latest === undefined || (await tester.pong(latest, pongPatience(context)));
  const after = answered ? await frameWitness(context, tester, scene) : undefined;
  if (after?.ok === true) return { verdict: "pass" };
  const expected =
    latest === undefined
      ? `${one.name} changes nothing`
      : "a pong for the latest ping, and the connection goes on";
  const got =
    tester.end === undefined ? (after?.got ?? `${tester.pongs.length} pongs, none for it`) : endOf(tester);
  return {
    verdict: "fail",
    reason: `${one.name}: ${got}`,
    expected,
    got,
    mend: "Answer at least the latest of several pings, and ignore pongs that answer none of yours (RFC 6455 section 5.5.3).",
  };
}
