/** C-FR-02: frames that no server may send each fail the connection. */
import { closeBody } from "../frames/close.js";
import { type FrameSpec, OPCODE } from "../frames/frame.js";
import type { CaseOutcome } from "../property.js";
import type { BrokenCase } from "../server/frames/failing.js";
import { interleavingCases } from "../server/frames/interleaving.js";
import { longFormCases, topBitCases } from "../server/frames/lengths.js";
import { controlCases, reservedBitCases, reservedOpcodeCases } from "../server/frames/reserved.js";
import { decideRow, numbersOf } from "../server/frames/row.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { failsConnection, type Wanted } from "./failing.js";
import { meet } from "./meeting.js";
import { eventNow } from "./sending.js";
import { endText, pongWitness } from "./witness.js";

const HELLO = new TextEncoder().encode("Hello, world!");
const KEY = Buffer.from("37fa213d", "hex");

/** Masked frames of each kind: a client may be sent none (RFC 6455 section 5.1). */
const maskedCases: readonly BrokenCase[] = [
  masked("a masked text frame", [{ opcode: OPCODE.text, payload: HELLO, mask: KEY }]),
  masked("an empty masked text frame", [{ opcode: OPCODE.text, mask: KEY }]),
  masked("a text frame under the mask key 0", [
    { opcode: OPCODE.text, payload: HELLO, mask: Buffer.alloc(4) },
  ]),
  masked("a masked text frame of 126 bytes", [
    { opcode: OPCODE.text, payload: new Uint8Array(126).fill(0x20), mask: KEY },
  ]),
  masked("a masked binary frame", [{ opcode: OPCODE.binary, payload: HELLO, mask: KEY }]),
  masked("a masked ping", [{ opcode: OPCODE.ping, payload: HELLO, mask: KEY }]),
  masked("a masked pong", [{ opcode: OPCODE.pong, payload: HELLO, mask: KEY }]),
  masked("a masked Close", [{ opcode: OPCODE.close, payload: closeBody(1000), mask: KEY }]),
  masked("a masked second fragment", [
    { opcode: OPCODE.text, fin: false, payload: HELLO },
    { opcode: OPCODE.continuation, payload: HELLO, mask: KEY },
  ]),
];

function masked(name: string, frames: readonly FrameSpec[]): BrokenCase {
  return { name, frames };
}

/** Frames of the server half, under names that fit a server's. */
const sharedCases: readonly BrokenCase[] = [
  ...reservedBitCases,
  ...reservedOpcodeCases,
  ...controlCases,
  ...interleavingCases,
  ...topBitCases,
].map((one) => ({ ...one, name: asEvent(one.name) }));

/** What a case of the server half is called where an event stands in the place of its command. */
export function asEvent(name: string): string {
  return name.replace(/\ba command/g, "an event").replace(/command/g, "event");
}

type LongForm = (typeof longFormCases)[number];

const longCases: readonly LongForm[] = longFormCases.map((one) => ({ ...one, name: asEvent(one.name) }));

const WANTED: Wanted = {
  causes: ["frame"],
  mend: "Fail the connection with 1002 at a frame that RFC 6455 sections 5.1 to 5.5 forbid; most libraries do so by themselves.",
};

const IMPOSSIBLE: Wanted = { ...WANTED, causes: ["frame", "too-large"] };

/** C-FR-02. */
export const brokenFrames: ClientCheck = {
  id: "C-FR-02",
  smoke: true,
  autobahn: numbersOf(sharedCases),
  async run(context) {
    const taken = { accepted: 0, refused: 0 };
    return decideRow<BrokenCase | LongForm, ClientCase>(context, {
      label: "broken",
      cases: [...maskedCases, ...sharedCases, ...longCases],
      most: context.mode === "attach" ? BY_HAND : context.profile.maxKinds,
      script: (one, scene) => {
        if (!("frames" in one)) return longForm(context, scene, one, taken);
        return failsConnection(context, scene, one, isLength(one) ? IMPOSSIBLE : WANTED);
      },
      pass: (played) => `each of ${played} kinds failed its connection`,
      notes: () =>
        taken.accepted + taken.refused === 0
          ? []
          : [
              `lengths not in their shortest form: ${taken.accepted} accepted, ${taken.refused} refused (both are allowed: the clause binds the sender)`,
            ],
    });
  },
};

/** Cases of one row for which somebody has to start a client by hand. */
export const BY_HAND = 6;

function isLength({ frames }: BrokenCase): boolean {
  return frames.some(
    ({ declaredLength, payload }) => declaredLength !== undefined || (payload?.length ?? 0) > 60_000,
  );
}

/** Accepted, or the connection failed: what is neither is worth a warning. */
async function longForm(
  context: ClientContext,
  scene: ClientCase,
  one: LongForm,
  taken: { accepted: number; refused: number },
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  if (one.kind === "ping") {
    peer.frame({ opcode: OPCODE.ping, payload: scene.random.bytes(one.length), lengthBits: one.bits });
  } else {
    const text = eventNow(context, peer);
    if (text === undefined) return { verdict: "inconclusive", reason: "no event may be sent unasked" };
    const bytes = Buffer.from(text.padEnd(one.length + text.length - Buffer.byteLength(text)));
    const shortest = bytes.length < 126 ? 7 : bytes.length < 65_536 ? 16 : 64;
    peer.tell(text, "event");
    peer.frame(
      { opcode: OPCODE.text, payload: bytes, lengthBits: one.bits > shortest ? one.bits : 64 },
      one.name,
    );
  }
  const after = await pongWitness(context, scene, peer);
  const { end } = peer;
  const refused = end !== undefined && (end.how !== "close" || end.code === undefined || end.code === 1002);
  if (!after.ok && !refused) {
    return {
      verdict: "warn",
      expected: `${one.name} is accepted, or fails the connection with 1002`,
      got: end === undefined ? after.got : endText(peer),
      mend: "Accept lengths that are not in their shortest form, or fail the connection with 1002 (RFC 6455 section 5.2).",
    };
  }
  taken[after.ok ? "accepted" : "refused"] += 1;
  return { verdict: "pass" };
}
