/** S-FR-11: pings are answered whenever they come. */
import type { Case, Check, CheckContext, Tester } from "../../check.js";
import { endOf, fillingOf, runExchange } from "../../exchange.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { frameWitness, pongPatience, withoutWitness } from "../frame-witness.js";
import { decideRow, type NamedCase, numbersOf } from "./row.js";
import { type Chops, compareWritten, fragmentsOf, partsOf, sendFrames } from "./sending.js";

interface PingCase extends NamedCase {
  /** When the pings come; `fragments` needs a command, `work` an exchange tagged `long`. */
  readonly when: "idle" | "fragments" | "work";
  /** Idle: what is in the ping; absent: every length. */
  readonly payload?: Uint8Array;
  readonly chops?: Chops;
  /** Fragments of the message, and behind which of them a ping comes. */
  readonly fragments?: number;
  readonly behind?: readonly number[];
  /** A pause in the midst of the fragments (milliseconds). */
  readonly pauseMs?: number;
}

const TEXT = new TextEncoder().encode("Hello, world!");
const BINARY = new Uint8Array([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]);

/** Pings of all lengths, idle, between fragments, and while the server works. */
export const pingCases: readonly PingCase[] = [
  { name: "an empty ping", autobahn: "2.1", when: "idle", payload: new Uint8Array(0) },
  { name: "a ping with text", autobahn: "2.2", when: "idle", payload: TEXT },
  { name: "a ping with octets that are no text", autobahn: "2.3", when: "idle", payload: BINARY },
  { name: "a ping of 125 bytes", autobahn: "2.4", when: "idle", payload: new Uint8Array(125).fill(0xfe) },
  { name: "pings of all lengths", when: "idle", unsafe: true },
  ...(
    [
      ["5.6", "together", "in one write"],
      ["5.7", "frames", "frame by frame"],
      ["5.8", "octets", "octet by octet"],
    ] as const
  ).map(
    ([autobahn, chops, way]): PingCase => ({
      name: `a ping between two fragments, ${way}`,
      autobahn,
      when: "fragments",
      chops,
      fragments: 2,
      behind: [0],
      ...(chops === "octets" ? { unsafe: true } : {}),
    }),
  ),
  ...(
    [
      ["5.19", "together", "in one write"],
      ["5.20", "frames", "frame by frame"],
    ] as const
  ).map(
    ([autobahn, chops, way]): PingCase => ({
      name: `five fragments, a ping behind the second and, after a pause, behind the fourth, ${way}`,
      autobahn,
      when: "fragments",
      chops,
      fragments: 5,
      behind: [1, 3],
      pauseMs: 250,
    }),
  ),
  { name: "pings while the server works", when: "work" },
];

/** Lengths of pings that are always tried; where the server answers at once, all from 0 to 125 are. */
const PING_LENGTHS = [1, 2, 16, 64, 124] as const;

/** A first pong within this many milliseconds makes all lengths affordable. */
const QUICK_MS = 10;

/** How many pings are sent while the server works. */
const PINGS_AT_WORK = 5;

/** S-FR-11. */
export const pings: Check = {
  id: "S-FR-11",
  autobahn: numbersOf(pingCases),
  safe: true,
  smoke: true,
  async run(context) {
    const long = context.endpoint.exchanges?.list.some(({ tags }) => tags.includes("long")) === true;
    const means = { idle: true, fragments: context.witness?.hasCommand === true, work: long };
    return decideRow(context, {
      label: "pings",
      cases: pingCases.filter(({ when }) => means[when]),
      script: (one, scene) => {
        if (one.when === "work") return atWork(context, scene);
        return one.when === "fragments" ? betweenFragments(context, scene, one) : idle(context, scene, one);
      },
      pass: (played) => `each ping had its pong, in ${played} cases`,
      notes: () => [
        ...(long ? [] : ["no exchange tagged long: not tried while the server works"]),
        ...(means.fragments ? [] : ["no witness with a command: not tried between fragments"]),
      ],
    });
  },
};

async function idle(context: CheckContext, scene: Case, one: PingCase): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const before = tester.now();
  const first = await onePing(context, tester, one.payload ?? scene.random.bytes(8), "idle");
  if (first !== undefined) return first;
  if (one.payload === undefined) {
    const quick = tester.now() - before <= QUICK_MS;
    const all = quick ? Array.from({ length: 126 }, (_, length) => length) : PING_LENGTHS;
    for (const length of all) {
      const outcome = await onePing(context, tester, scene.random.bytes(length), "idle");
      if (outcome !== undefined) return outcome;
    }
  }
  return withoutWitness(context.witness, await frameWitness(context, tester, scene));
}

function betweenFragments(context: CheckContext, scene: Case, one: PingCase): Promise<CaseOutcome> {
  const { fragments = 2, behind = [], pauseMs, chops } = one;
  const mend =
    "Answer a ping that comes between fragments and go on with the message; control frames may be anywhere (RFC 6455 section 5.4).";
  return compareWritten(
    context,
    scene,
    { what: `a message with ${one.name}`, mend },
    async (tester, bytes, tell) => {
      const parts = fragmentsOf(partsOf(bytes, Math.ceil(bytes.length / fragments)));
      const payloads: Uint8Array[] = [];
      let batch: FrameSpec[] = [];
      for (const [index, part] of parts.entries()) {
        const last = index === parts.length - 1;
        batch.push(part);
        if (behind.includes(index)) {
          const payload = scene.random.bytes(9);
          payloads.push(payload);
          batch.push({ opcode: OPCODE.ping, payload });
        }
        const pause = pauseMs !== undefined && behind[0] === index;
        if (last) tell();
        if (!pause && !last) continue;
        await sendFrames(tester, scene, batch, chops);
        batch = [];
        if (pause) await tester.wait(pauseMs);
      }
      for (const payload of payloads) {
        const outcome = await awaitPong(context, tester, payload, "between the fragments of a message", 0);
        if (outcome !== undefined) return outcome;
      }
      return undefined;
    },
  );
}

async function atWork(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const long = context.endpoint.exchanges?.list.find(({ tags }) => tags.includes("long"));
  if (long === undefined) return { verdict: "untestable", reason: "no exchange tagged long" };
  const tester = await scene.connect();
  let failed: CaseOutcome | undefined;
  const run = await runExchange(tester, long, {
    judge: context.judge,
    filling: fillingOf(scene),
    answerMs: context.answerMs,
    meanwhile: async () => {
      for (let turn = 0; turn < PINGS_AT_WORK && failed === undefined; turn += 1) {
        failed = await onePing(context, tester, scene.random.bytes(10 + turn), `during "${long.name}"`);
        await tester.wait(turn === 0 ? 0 : 20);
      }
    },
  });
  if (failed !== undefined) return failed;
  if (run.ok) return { verdict: "pass" };
  return {
    verdict: "untestable",
    reason: `no witness: the exchange "${long.name}" did not come to its end (expected ${run.expected}; got ${run.got})`,
  };
}

/** Sends a ping and waits for its pong; undefined when it came. */
async function onePing(
  context: CheckContext,
  tester: Tester,
  payload: Uint8Array,
  when: string,
): Promise<CaseOutcome | undefined> {
  const known = tester.pongs.length;
  tester.ping(payload);
  return awaitPong(context, tester, payload, when, known);
}

/** Waits for a pong; `known` pongs had come before its ping was sent. */
async function awaitPong(
  context: CheckContext,
  tester: Tester,
  payload: Uint8Array,
  when: string,
  known: number,
): Promise<CaseOutcome | undefined> {
  // An empty payload cannot tell its pong from an earlier one: then a further pong must come.
  const patience = pongPatience(context);
  const came =
    payload.length > 0 ? await tester.pong(payload, patience) : await furtherPong(tester, known, patience);
  if (came) return undefined;
  const others = tester.pongs.slice(known);
  return {
    verdict: "fail",
    reason: `a ping of ${payload.length} bytes ${when} was not answered`,
    expected: `a pong with the same ${payload.length} bytes within ${Math.round(patience)} ms`,
    got:
      tester.end !== undefined
        ? endOf(tester)
        : others.length > 0
          ? `a pong with other bytes (${others[0]?.payload.length})`
          : "no pong",
    mend: "Answer each ping at once with its own payload, also while a handler runs: never block the reader (RFC 6455 section 5.5.2).",
  };
}

async function furtherPong(tester: Tester, known: number, patience: number): Promise<boolean> {
  const until = tester.now() + patience;
  while (tester.pongs.length <= known) {
    if (tester.end !== undefined || tester.now() > until) return false;
    await tester.wait(2);
  }
  return true;
}
