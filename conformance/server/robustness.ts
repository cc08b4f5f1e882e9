/** Checks of robustness (S-RB-01, S-RB-02): what one client does to its own connection hurts no other. */
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import { encodeFrame } from "../frames/encode.js";
import { OPCODE } from "../frames/frame.js";
import { SubjectRefused } from "../interruption.js";
import { frameText } from "../judge.js";
import { layerOf } from "../layer.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { delay } from "../time.js";
import type { WitnessResult } from "../witness.js";
import { frameWitness, pongPatience, withoutWitness } from "./frame-witness.js";

const OTHERS_MEND =
  "Handle the error of each socket by itself: one that is reset, or slow, must not reach the others.";

/** The bystander must go on as if nothing had happened. */
async function bystanderFault(
  context: CheckContext,
  scene: Case,
  bystander: Tester,
  after: string,
): Promise<CaseOutcome | undefined> {
  const given: WitnessResult =
    bystander.end === undefined
      ? await frameWitness(context, bystander, scene)
      : { ok: false, ms: 0, expected: "an open connection", got: endOf(bystander) };
  if (given.ok) return undefined;
  // The bystander itself may have been silent for too long: that end is no doing of the others.
  if (bystander.end?.explained === true) return { verdict: "inconclusive", reason: endOf(bystander) };
  return {
    verdict: "fail",
    reason: `${after} hurt another connection`,
    expected: `${given.expected} on a connection that had nothing to do with it`,
    got: given.got,
    mend: OTHERS_MEND,
  };
}

/** How many connections are reset, and how many at once. */
const RESETS = { count: 100, atOnce: 10 } as const;

/** S-RB-01: resets in the middle of handshake, frame and message. */
const resets: Check = {
  id: "S-RB-01",
  alone: true,
  async run(context) {
    const property = await runProperty(context, {
      label: "resets",
      examples: [RESETS.count],
      show: (count) => `${count} resets`,
      script: (count, scene) => resetMany(context, scene, count),
    });
    return resultOf(property, {
      pass: `${RESETS.count} connections were reset in the middle of a handshake, a frame or a message; a bystander and a newcomer gave their witness`,
    });
  },
};

/**
 * A connection, with patience: what was done to others a moment ago may still reach the first ones that come. What it was
 * refused with, when that lasts.
 */
async function connectAfterAWhile(context: CheckContext, scene: Case): Promise<Tester | string> {
  const deadline = scene.now() + context.answerMs + context.graceMs();
  for (;;) {
    try {
      return await scene.connect();
    } catch (error) {
      if (!(error instanceof SubjectRefused)) throw error;
      if (scene.now() >= deadline) return error.message;
      await delay(100);
    }
  }
}

async function resetMany(context: CheckContext, scene: Case, count: number): Promise<CaseOutcome> {
  const bystander = await connectAfterAWhile(context, scene);
  if (typeof bystander === "string") {
    return { verdict: "untestable", reason: `no witness before the resets: ${bystander}` };
  }
  const before = await frameWitness(context, bystander, scene);
  if (!before.ok) return withoutWitness(context.witness, before);
  for (let done = 0; done < count; done += RESETS.atOnce) {
    await Promise.all(Array.from({ length: RESETS.atOnce }, (_, index) => resetOne(scene, done + index)));
    const fault = await bystanderFault(context, scene, bystander, `${done + RESETS.atOnce} resets`);
    if (fault !== undefined) return fault;
  }
  const fresh = await connectAfterAWhile(context, scene);
  if (typeof fresh === "string") {
    return {
      verdict: "fail",
      reason: `after ${count} resets nobody is let in`,
      expected: "a newcomer is served, as one was before the resets",
      got: fresh,
      mend: "Give back the place of a connection when its socket errs, in whatever state it is.",
    };
  }
  return (await bystanderFault(context, scene, fresh, `${count} resets`)) ?? { verdict: "pass" };
}

async function resetOne(scene: Case, turn: number): Promise<void> {
  const { random } = scene;
  if (turn % 3 === 0) {
    const upTo = 1 + (random.uint32() % 120);
    (await scene.connect({ bare: true, chunks: { cuts: [], pauseMs: 0, upTo } })).destroy();
    return;
  }
  const tester = await scene.connect({ bare: true });
  if (tester.handshake.kind !== "accepted" || tester.end !== undefined) return;
  const payload = new Uint8Array(300).fill(0x20);
  if (turn % 3 === 1) {
    const frame = encodeFrame({ opcode: OPCODE.text, payload }, () => random.bytes(4));
    const cut = 1 + (random.uint32() % (frame.length - 1));
    tester.raw(frame.subarray(0, cut), `the first ${cut} bytes of a frame`);
  } else {
    tester.frame({ opcode: OPCODE.text, fin: false, payload }, "a first fragment");
  }
  tester.destroy();
}

/** A byte so often (milliseconds), and how many bytes so slowly: the others follow at once. */
const DRIBBLE = { everyMs: 100, bytes: 24 } as const;

/** How long a slow reader reads nothing, and for how short a moment it reads in between (milliseconds). */
const SIPS = { pauseMs: 200, readMs: 5, count: 8 } as const;

/** S-RB-02: a byte each 100 ms, and a reader that hardly reads. */
const slowness: Check = {
  id: "S-RB-02",
  shortestMs: () => DRIBBLE.everyMs * DRIBBLE.bytes,
  async run(context) {
    const policies = new Set<string>();
    const property = await runProperty(context, {
      label: "slow",
      examples: [
        { name: "the end of a handshake, a byte each 100 ms", script: slowHandshake },
        { name: "a frame, a byte each 100 ms", script: slowFrame },
        { name: "a reader that reads for 5 ms of each 200", script: slowReader },
      ],
      show: ({ name }) => name,
      script: (one, scene) =>
        beside(context, scene, one.name, (tester) => one.script(context, scene, tester, policies)),
    });
    return resultOf(property, {
      pass: `slow clients were ${[...policies].join(" or ")}, and others were served meanwhile`,
    });
  },
};

/** What a slow client does; the witness that it gives in the end, or why it was not given. */
type Slow = (
  context: CheckContext,
  scene: Case,
  bystander: Tester,
  policies: Set<string>,
) => Promise<CaseOutcome>;

/** Plays a slow client while another connection gives its witness again and again. */
async function beside(
  context: CheckContext,
  scene: Case,
  name: string,
  slow: (bystander: Tester) => Promise<CaseOutcome>,
): Promise<CaseOutcome> {
  const bystander = await scene.connect();
  const before = await frameWitness(context, bystander, scene);
  if (!before.ok) return withoutWitness(context.witness, before);
  let over = false;
  const watch = async (): Promise<CaseOutcome | undefined> => {
    while (!over) {
      const fault = await bystanderFault(context, scene, bystander, name);
      if (fault !== undefined) return fault;
      await bystander.wait(DRIBBLE.everyMs * 3);
    }
    return bystanderFault(context, scene, bystander, name);
  };
  const watching = watch();
  // It is looked at below; a run that is aborted meanwhile ends both.
  watching.catch(() => undefined);
  let outcome: CaseOutcome;
  try {
    outcome = await slow(bystander);
  } finally {
    over = true;
  }
  return (await watching) ?? outcome;
}

/** `beforeLast` is called when the frame is about to be whole. */
async function dribble(
  tester: Tester,
  bytes: Uint8Array,
  label: string,
  beforeLast: () => void = () => undefined,
): Promise<void> {
  const slowly = Math.min(DRIBBLE.bytes, bytes.length - 1);
  for (let index = 0; index < slowly && tester.end === undefined; index += 1) {
    tester.raw(bytes.subarray(index, index + 1), `${label}, byte ${index + 1}`);
    await tester.wait(DRIBBLE.everyMs);
  }
  if (tester.end !== undefined) return;
  beforeLast();
  tester.raw(bytes.subarray(slowly), `${label}, the rest`);
}

/** Served, closed, or neither: then a connection in a hurry tells whether slowness is the reason. */
async function served(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  policies: Set<string>,
  answered: boolean,
  what: string,
): Promise<CaseOutcome> {
  if (answered) {
    policies.add("served");
    return { verdict: "pass" };
  }
  if (tester.end !== undefined) {
    policies.add(`closed (${endOf(tester)})`);
    return { verdict: "pass" };
  }
  const quick = await frameWitness(context, await scene.connect(), scene);
  if (!quick.ok) return withoutWitness(context.witness, quick);
  return {
    verdict: "fail",
    reason: `${what}: neither served nor closed`,
    expected: "an answer, as to a client in a hurry, or the end of the connection",
    got: "an open connection, and no answer",
    mend: "Read bytes as they come and keep what is unfinished; where a client is too slow for you, close its connection.",
  };
}

const slowHandshake: Slow = async (context, scene, _, policies) => {
  const held = DRIBBLE.bytes;
  const cuts = Array.from({ length: held }, (_unused, index) => index - held);
  const tester = await scene.connect({
    bare: true,
    handshakeMs: 10_000 + context.answerMs,
    chunks: { cuts, pauseMs: DRIBBLE.everyMs },
  });
  const payload = scene.random.bytes(8);
  const accepted = tester.handshake.kind === "accepted";
  if (accepted) tester.ping(payload);
  const answered = accepted && (await tester.pong(payload, pongPatience(context)));
  return served(context, scene, tester, policies, answered, "a slow handshake");
};

const slowFrame: Slow = async (context, scene, _, policies) => {
  const { witness } = context;
  const tester = await scene.connect();
  const mask = () => scene.random.bytes(4);
  if (witness?.hasCommand !== true || !witness.owed) {
    const payload = scene.random.bytes(18);
    await dribble(tester, encodeFrame({ opcode: OPCODE.ping, payload }, mask), "a ping");
    const answered = await tester.pong(payload, pongPatience(context));
    return served(context, scene, tester, policies, answered, "a slow frame");
  }
  const given = await witness.give(tester, scene, {
    send: async (name, payload, index) => {
      if (index > 0) {
        tester.command(name, payload);
        return;
      }
      const text = layerOf(context.endpoint, true).write(frameText(context.endpoint, name, payload));
      const frame = encodeFrame({ opcode: OPCODE.text, payload: new TextEncoder().encode(text) }, mask);
      await dribble(tester, frame, `"${name}"`, () => tester.tell("command", { names: [name], payload }));
    },
  });
  return served(context, scene, tester, policies, given.ok, "a slow frame");
};

const slowReader: Slow = async (context, scene, _, policies) => {
  const tester = await scene.connect();
  const payload = scene.random.bytes(8);
  for (let turn = 0; turn < SIPS.count && tester.end === undefined; turn += 1) {
    tester.pause();
    tester.ping(turn === 0 ? payload : scene.random.bytes(8));
    await tester.wait(SIPS.pauseMs);
    tester.resume();
    await tester.wait(SIPS.readMs);
  }
  const given = tester.end === undefined ? await frameWitness(context, tester, scene) : undefined;
  const answered = given?.ok === true && (await tester.pong(payload, pongPatience(context)));
  return served(context, scene, tester, policies, answered, "a slow reader");
};

/** All checks of this file. */
export const robustnessChecks: readonly Check[] = [resets, slowness];
