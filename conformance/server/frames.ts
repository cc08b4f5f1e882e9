/** Checks of frames and control frames (S-FR). */
import type { Json } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { endOf, fillingOf, runExchange } from "../exchange.js";
import { OPCODE } from "../frames/frame.js";
import { frameText } from "../judge.js";
import { layerOf } from "../layer.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { closeHandshake } from "./close.js";
import { frameWitness, noWitness, pongPatience, withoutWitness } from "./frame-witness.js";

/** Where the length of a frame changes its form, and one on each side (bytes). */
const LENGTHS = [125, 126, 127, 65_535, 65_536] as const;

/** Larger messages are not sent only to fill a limit (bytes). */
const LARGEST = 16 * 1024 * 1024;

/** S-FR-01: padding to every form of the length changes nothing. */
const lengths: Check = {
  id: "S-FR-01",
  async run(context) {
    const { witness, endpoint } = context;
    if (witness === undefined || !witness.hasCommand) return noWitness("command that is answered");
    const { maxBytes } = endpoint.protocol;
    const limit = maxBytes === undefined || maxBytes > LARGEST ? [] : [maxBytes];
    const wanted = [...new Set<number>([...LENGTHS, ...limit])].filter(
      (length) => maxBytes === undefined || length <= maxBytes,
    );
    // The first case is the command as it is: without its witness the padded ones prove nothing.
    const plain = await runProperty<number>(context, {
      label: "not padded",
      examples: [0],
      script: (_, scene) => padded(context, scene, 0),
    });
    if (plain.passed === 0) return resultOf(plain, { pass: "" });
    const property = await runProperty(context, {
      label: "padded",
      examples: wanted,
      show: (length) => `${length} bytes`,
      script: (length, scene) => padded(context, scene, length),
    });
    const { maxBytes: declared } = endpoint.protocol;
    const skipped = declared !== undefined && declared > LARGEST;
    return resultOf(property, {
      pass: `${witness.what} was given at ${wanted.join(", ")} bytes`,
      notes: skipped ? [`maxBytes ${declared} is larger than the kit sends (${LARGEST})`] : [],
    });
  },
};

async function padded(context: CheckContext, scene: Case, length: number): Promise<CaseOutcome> {
  const { witness, endpoint } = context;
  if (witness === undefined) return { verdict: "untestable", reason: "no witness" };
  const layer = layerOf(endpoint, true);
  const tester = await scene.connect();
  let fits = true;
  const given = await witness.give(tester, scene, {
    send: (name, payload, index) => {
      const text = frameText(endpoint, name, payload);
      const spaces = length - Buffer.byteLength(layer.write(text));
      if (index > 0 || length === 0) {
        tester.command(name, payload);
        return;
      }
      fits = spaces >= 0;
      tester.text(text + " ".repeat(Math.max(0, spaces)), "command", { names: [name], payload });
    },
  });
  if (given.ok) return { verdict: "pass" };
  if (length === 0) return withoutWitness(witness, given);
  if (!fits) return { verdict: "inconclusive", reason: `the command itself is longer than ${length} bytes` };
  return {
    verdict: "fail",
    reason: `a command in a frame of ${length} bytes had not its effect`,
    expected: `${given.expected}, as without the white space`,
    got: given.got,
    mend: "Read the 7, 16 and 64 bit forms of the payload length, and allow white space around the JSON text.",
  };
}

/** Lengths of pings that are always tried; where the server answers at once, all from 0 to 125 are. */
const PING_LENGTHS = [0, 1, 2, 16, 64, 124, 125] as const;

/** A first pong within this many milliseconds makes all 126 lengths affordable. */
const QUICK_MS = 10;

/** How many pings are sent while the server works. */
const PINGS_AT_WORK = 5;

/** S-FR-11: pings are answered: idle, between fragments, and during a `long` exchange. */
const pings: Check = {
  id: "S-FR-11",
  async run(context) {
    const long = context.endpoint.exchanges?.list.find(({ tags }) => tags.includes("long"));
    const scripts: readonly (readonly [string, (scene: Case) => Promise<CaseOutcome>])[] = [
      ["idle", (scene) => pingIdle(context, scene)],
      ...(context.witness?.hasCommand === true
        ? [["between fragments", (scene: Case) => pingBetweenFragments(context, scene)] as const]
        : []),
      ...(long === undefined ? [] : [["at work", (scene: Case) => pingAtWork(context, scene)] as const]),
    ];
    const property = await runProperty(context, {
      label: "pings",
      examples: scripts,
      show: ([name]) => name,
      script: ([, script], scene) => script(scene),
    });
    return resultOf(property, {
      pass: `each ping had its pong: ${scripts.map(([name]) => name).join(", ")}`,
      notes: long === undefined ? ["no exchange tagged long: not tried while the server works"] : [],
    });
  },
};

async function pingIdle(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const before = tester.now();
  const first = await onePing(context, scene, tester, 8, "idle");
  if (first !== undefined) return first;
  const quick = tester.now() - before <= QUICK_MS;
  const all = quick ? Array.from({ length: 126 }, (_, length) => length) : PING_LENGTHS;
  for (const length of all) {
    const outcome = await onePing(context, scene, tester, length, "idle");
    if (outcome !== undefined) return outcome;
  }
  return withoutWitness(context.witness, await frameWitness(context, tester, scene));
}

async function pingBetweenFragments(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const { witness, endpoint } = context;
  if (witness === undefined) return { verdict: "untestable", reason: "no witness" };
  const layer = layerOf(endpoint, true);
  const tester = await scene.connect();
  let failed: CaseOutcome | undefined;
  const given = await witness.give(tester, scene, {
    send: async (name, payload: Json, index) => {
      if (index > 0) {
        tester.command(name, payload);
        return;
      }
      const bytes = new TextEncoder().encode(layer.write(frameText(endpoint, name, payload)));
      const half = Math.floor(bytes.length / 2);
      tester.frame(
        { opcode: OPCODE.text, fin: false, payload: bytes.subarray(0, half) },
        `first half of "${name}"`,
      );
      failed = await onePing(context, scene, tester, 9, "between the fragments of a message");
      tester.tell("command", { names: [name], payload });
      tester.frame(
        { opcode: OPCODE.continuation, payload: bytes.subarray(half) },
        `second half of "${name}"`,
      );
    },
  });
  if (failed !== undefined) return failed;
  if (given.ok) return { verdict: "pass" };
  const plain = await witness.give(await scene.connect(), scene);
  if (!plain.ok) return withoutWitness(witness, plain);
  return {
    verdict: "fail",
    reason: "a message with a ping between its fragments had not its effect",
    expected: `${given.expected}, as in one frame`,
    got: given.got,
    mend: "Answer a ping that comes between fragments and go on with the message; control frames may be anywhere (RFC 6455 section 5.4).",
  };
}

async function pingAtWork(context: CheckContext, scene: Case): Promise<CaseOutcome> {
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
        failed = await onePing(context, scene, tester, 10 + turn, `during the exchange "${long.name}"`);
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

/** Sends a ping of so many bytes and waits for its pong; undefined when it came. */
async function onePing(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  length: number,
  when: string,
): Promise<CaseOutcome | undefined> {
  const payload = scene.random.bytes(length);
  const known = tester.pongs.length;
  tester.ping(payload);
  // An empty payload cannot tell its pong from an earlier one: then a further pong must come.
  const patience = pongPatience(context);
  if (length > 0 ? await tester.pong(payload, patience) : await furtherPong(tester, known, patience))
    return undefined;
  const others = tester.pongs.slice(known);
  return {
    verdict: "fail",
    reason: `a ping of ${length} bytes ${when} was not answered`,
    expected: `a pong with the same ${length} bytes within ${Math.round(patience)} ms`,
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

/** All checks of this file. */
export const frameChecks: readonly Check[] = [lengths, pings, closeHandshake];
