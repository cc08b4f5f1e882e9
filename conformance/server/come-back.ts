/** S-RC-01: a connection that was reset without a Close can come back: the new session works. */
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { encodeFrame } from "../frames/encode.js";
import { OPCODE } from "../frames/frame.js";
import { SubjectRefused } from "../interruption.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { frameWitness, withoutWitness } from "./frame-witness.js";

/** The moment of the reset, and what brings it about on a connection that has given its witness. */
interface Moment {
  readonly name: string;
  readonly lead: (context: CheckContext, scene: Case, tester: Tester) => Promise<void> | void;
}

const MOMENTS: readonly Moment[] = [
  { name: "while idle", lead: () => undefined },
  {
    name: "right after something was sent",
    lead: (context, scene, tester) => sendSomething(context, scene, tester),
  },
  {
    name: "while what the server sends is not read",
    lead: async (context, scene, tester) => {
      tester.pause();
      await sendSomething(context, scene, tester);
      await tester.wait(50);
    },
  },
  {
    name: "in the middle of a frame",
    lead: (_, scene, tester) => {
      const frame = encodeFrame({ opcode: OPCODE.text, payload: new Uint8Array(400).fill(0x20) }, () =>
        scene.random.bytes(4),
      );
      tester.raw(frame.subarray(0, 100), "the first 100 bytes of a frame");
    },
  },
  {
    name: "in the middle of a message",
    lead: (_, __, tester) => {
      tester.frame(
        { opcode: OPCODE.text, fin: false, payload: new Uint8Array(10).fill(0x20) },
        "a first fragment",
      );
    },
  },
];

/** Sends the witness's command without waiting for its answer, or a ping where there is none. */
async function sendSomething({ witness }: CheckContext, scene: Case, tester: Tester): Promise<void> {
  if (witness?.hasCommand !== true) {
    tester.ping(scene.random.bytes(8));
    return;
  }
  let sent: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    sent = resolve;
  });
  // Its answer is never awaited: the reset that follows ends its waits.
  const given = witness.give(tester, scene, {
    send: (name, payload) => {
      tester.command(name, payload);
      sent();
    },
  });
  await Promise.race([first, given.then(() => undefined)]);
  given.catch(() => undefined);
}

/** How often each kind of reset is tried. */
const TURNS = 2;

/** How many connections are tried for the first witness: a reset of an earlier case may have spoilt one. */
const FIRST_TRIES = 3;

/** How long a reset may be on its way (milliseconds). */
const RESET_MS = 20;

/** Resets at several moments, each followed by a new connection that gives the witness. */
export const comeBack: Check = {
  id: "S-RC-01",
  // What a reset has spoilt may spoil whoever comes next: that is to be this check's connection.
  alone: true,
  async run(context) {
    const examples = Array.from({ length: TURNS }, () => MOMENTS).flat();
    const property = await runProperty(context, {
      label: "reset",
      examples,
      // One after another: what a reset does to the next session must not be taken for another case's doing.
      concurrency: 1,
      show: ({ name }) => `reset ${name}`,
      script: (moment, scene) => resetOnce(context, scene, moment),
    });
    return resultOf(property, { pass: `a new session worked after each of ${property.passed} resets` });
  },
};

async function resetOnce(context: CheckContext, scene: Case, { name, lead }: Moment): Promise<CaseOutcome> {
  let tester = await scene.connect();
  let before = await frameWitness(context, tester, scene);
  for (let turn = 1; turn < FIRST_TRIES && !before.ok; turn += 1) {
    tester.close(1000);
    tester = await scene.connect();
    before = await frameWitness(context, tester, scene);
  }
  if (!before.ok) return withoutWitness(context.witness, before);
  await lead(context, scene, tester);
  tester.destroy();
  // The reset is to be there before the next handshake is.
  await tester.wait(RESET_MS);
  const failed = (expected: string, got: string): CaseOutcome => ({
    verdict: "fail",
    reason: `after a reset ${name} the new session does not work`,
    expected: `${expected} on the connection that follows a reset ${name}`,
    got,
    mend: "Drop what belongs to a connection when its socket errs, and keep nothing of it that the next one trips over.",
  });
  let again: Tester;
  try {
    again = await scene.connect();
  } catch (error) {
    if (error instanceof SubjectRefused) return failed("101", error.message);
    throw error;
  }
  const after = await frameWitness(context, again, scene);
  return after.ok ? { verdict: "pass" } : failed(after.expected, after.got);
}
