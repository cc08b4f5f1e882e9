/** S-FR-10: TCP is a stream: where its segments begin and end means nothing. */
import fc from "fast-check";
import type { Case, Check, CheckContext, Tester } from "../../check.js";
import { endOf } from "../../exchange.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { noWitness, pongPatience } from "../frame-witness.js";
import { allAnswered, repeatableOf } from "./commands-at-once.js";
import { padTo } from "./lengths.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";
import { bytesOf, compareWritten, cutAt, fragmentsOf, partsOf, sendParts } from "./sending.js";

interface ChunkCase extends NamedCase {
  /** Pings before the command, and their length. */
  readonly pings?: { readonly count: number; readonly length: number };
  /** The command is padded to so many bytes. */
  readonly padTo?: number;
  /** The command is sent in so many fragments, a ping behind each; default one and none. */
  readonly fragments?: number;
  /** Several commands, where the document has one that may be sent again before its answer. */
  readonly commands?: "alone" | "with pings";
  /** Cuts the bytes of all frames into TCP chunks; absent: one write. */
  readonly cut?: (bytes: Uint8Array) => readonly Uint8Array[];
}

const octets = (bytes: Uint8Array): readonly Uint8Array[] => partsOf(bytes, 1);

/** Chunks of every kind. */
export const chunkCases: readonly ChunkCase[] = [
  {
    name: "a command of 65536 bytes in chunks of 997 octets",
    autobahn: "1.1.8",
    padTo: 65_536,
    cut: (bytes) => partsOf(bytes, 997),
    unsafe: true,
  },
  {
    name: "a ping of 125 bytes and a command, octet by octet",
    autobahn: "2.6",
    pings: { count: 1, length: 125 },
    cut: octets,
    unsafe: true,
  },
  {
    name: "ten pings and a command, octet by octet",
    autobahn: "2.11",
    pings: { count: 10, length: 9 },
    cut: octets,
    unsafe: true,
  },
  { name: "a command, octet by octet", cut: octets, unsafe: true },
  ...[1, 2, 3, 5, 6].map((at) => cutOnce("a command", at)),
  ...[3, 4, 6, 8].map((at) => ({ ...cutOnce("a command of 200 bytes", at), padTo: 200 })),
  ...[2, 5, 10, 12, 14].map((at) => ({ ...cutOnce("a command of 65536 bytes", at), padTo: 65_536 })),
  { name: "ten pings and a command in one write", pings: { count: 10, length: 9 } },
  { name: "a command in five fragments with pings between them, in one write", fragments: 5 },
  { name: "several commands in one write", commands: "alone", unsafe: true },
  { name: "several commands in one write, a ping behind each", commands: "with pings", unsafe: true },
  {
    name: "pings and a command in five fragments, in one write",
    pings: { count: 3, length: 4 },
    fragments: 5,
  },
  {
    name: "fragments with pings between them, in chunks of three octets",
    unsafe: true,
    fragments: 4,
    cut: (bytes) => partsOf(bytes, 3),
  },
];

function cutOnce(what: string, at: number): ChunkCase {
  return { name: `${what}, cut behind its octet ${at}`, cut: (bytes) => cutAt(bytes, [at]) };
}

/** Any frames of the kinds above, cut anywhere. */
const anyChunks: fc.Arbitrary<ChunkCase> = fc
  .record({
    count: fc.nat(4),
    length: fc.integer({ min: 1, max: 125 }),
    fragments: fc.integer({ min: 1, max: 6 }),
    cuts: fc.array(fc.nat(1000), { maxLength: 10 }),
  })
  .map(({ count, length, fragments, cuts }) => ({
    name: `${count} pings of ${length} bytes and a command in ${fragments} fragments, cut at ${cuts.map((cut) => `${cut / 10} %`).join(", ")}`,
    ...(count === 0 ? {} : { pings: { count, length } }),
    fragments,
    cut: (bytes) =>
      cutAt(
        bytes,
        cuts.map((cut) => Math.floor((cut * bytes.length) / 1000)),
      ),
  }));

/** S-FR-10. */
export const chunks: Check = {
  id: "S-FR-10",
  autobahn: numbersOf(chunkCases),
  safe: true,
  async run(context) {
    const { witness, endpoint } = context;
    if (witness === undefined || !witness.hasCommand) return noWitness("command that is answered");
    const { maxBytes = Number.POSITIVE_INFINITY } = endpoint.protocol;
    const repeatable = repeatableOf(context);
    return decideRow(context, {
      label: "chunks",
      cases: chunkCases
        .filter((one) => (one.padTo ?? 0) <= maxBytes)
        .filter(({ commands }) => commands === undefined || repeatable !== undefined),
      arbitrary: anyChunks,
      script: (one, scene) =>
        one.commands !== undefined && repeatable !== undefined
          ? allAnswered(context, scene, repeatable, {
              mend: MEND,
              ...(one.commands === "with pings" ? { pings: true } : {}),
            })
          : play(context, scene, one),
      pass: (played) => `${played} ways to cut and join the stream changed nothing`,
    });
  },
};

const MEND =
  "Keep what is left of a TCP chunk until the frame is whole, and read all frames of a chunk, first to last.";

async function play(context: CheckContext, scene: Case, one: ChunkCase): Promise<CaseOutcome> {
  return compareWritten(context, scene, { what: one.name, mend: MEND }, async (tester, bytes, tell) => {
    const payload = one.padTo === undefined ? bytes : padTo(bytes, one.padTo);
    const { frames, pings } = framesOf(scene, one, payload);
    const whole = bytesOf(scene, frames);
    const parts = one.cut?.(whole) ?? [whole];
    tell();
    await sendParts(tester, parts, one.name);
    return pongsInOrder(context, tester, one, pings);
  });
}

/** The frames of a case: pings, then fragments with a ping behind each but the last. */
function framesOf(
  scene: Case,
  one: ChunkCase,
  payload: Uint8Array,
): { readonly frames: readonly FrameSpec[]; readonly pings: readonly Uint8Array[] } {
  const pings: Uint8Array[] = [];
  const ping = (index: number, length: number): FrameSpec => {
    const body = scene.random.bytes(length);
    // No two are equal, so that each pong belongs to one ping.
    body[0] = index;
    pings.push(body);
    return { opcode: OPCODE.ping, payload: body };
  };
  const { count, length } = one.pings ?? { count: 0, length: 0 };
  const first = Array.from({ length: count }, (_, index) => ping(index, length));
  const wanted = one.fragments ?? 1;
  const parts = fragmentsOf(partsOf(payload, Math.max(1, Math.ceil(payload.length / wanted))));
  const last = parts.length - 1;
  const joined = parts.flatMap((part, index) =>
    wanted === 1 || index === last ? [part] : [part, ping(count + index, 4)],
  );
  return { frames: [...first, ...joined], pings };
}

/** The latest ping has its pong, and the pongs that came are in the order of their pings. */
async function pongsInOrder(
  context: CheckContext,
  tester: Tester,
  one: ChunkCase,
  pings: readonly Uint8Array[],
): Promise<CaseOutcome | undefined> {
  const latest = pings.at(-1);
  if (latest === undefined) return undefined;
  const failed = (expected: string, got: string): CaseOutcome => ({
    verdict: "fail",
    reason: `${one.name}: ${got}`,
    expected,
    got,
    mend: MEND,
  });
  if (!(await tester.pong(latest, pongPatience(context)))) {
    const got = tester.end === undefined ? `${tester.pongs.length} pongs, none for it` : endOf(tester);
    return failed("a pong for the latest ping", got);
  }
  const order = tester.pongs.flatMap(({ payload }) => {
    const index = pings.findIndex((ping) => Buffer.from(ping).equals(payload));
    return index < 0 ? [] : [index];
  });
  const sorted = [...order].sort((a, b) => a - b);
  if (order.join() === sorted.join()) return undefined;
  return failed(
    "pongs in the order of the pings",
    `pongs for the pings ${order.map((index) => index + 1).join(", ")}`,
  );
}
