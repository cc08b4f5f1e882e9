/** C-FR-05: pings of all lengths, also between fragments, and pongs that nobody asked for. */
import { type FrameSpec, OPCODE } from "../frames/frame.js";
import type { CaseOutcome } from "../property.js";
import { pingCases } from "../server/frames/pings.js";
import { decideRow, type NamedCase, numbersOf } from "../server/frames/row.js";
import { fragmentsOf, partsOf } from "../server/frames/sending.js";
import { strayCases } from "../server/frames/strays.js";
import { asEvent, BY_HAND } from "./broken-frames.js";
import type { ClientCase, ClientCheck, ClientContext, Peer } from "./check.js";
import { withoutWitness } from "./meeting.js";
import { eventNow, sendFrames } from "./sending.js";
import { endText, pongWitness } from "./witness.js";

type PingCase = (typeof pingCases)[number];
type StrayCase = (typeof strayCases)[number];

const cases: readonly (PingCase | StrayCase)[] = [
  ...pingCases.filter(({ when }) => when !== "work"),
  ...strayCases,
].map((one) => ({ ...one, name: asEvent(one.name) }));

const MEND =
  "Answer each ping at once with its own payload, also between the fragments of a message, and ignore pongs that answer none of yours (RFC 6455 sections 5.5.2 and 5.5.3).";

/** Where the document has no event that comes unasked: what is cut into fragments then is no event. */
const NO_EVENT = '{"wireproof":"nothing"}';

/** C-FR-05. */
export const pings: ClientCheck = {
  id: "C-FR-05",
  smoke: true,
  safe: true,
  autobahn: numbersOf(cases),
  run: (context) =>
    decideRow<NamedCase & (PingCase | StrayCase), ClientCase>(context, {
      label: "pings",
      cases,
      most: context.mode === "attach" ? BY_HAND : context.profile.maxKinds,
      script: (one, scene) => play(context, scene, one),
      pass: (played) => `each ping had its pong, and stray pongs were ignored, in ${played} cases`,
    }),
};

async function play(
  context: ClientContext,
  scene: ClientCase,
  one: PingCase | StrayCase,
): Promise<CaseOutcome> {
  await scene.launch();
  const peer = await scene.connection();
  const witness = await pongWitness(context, scene, peer);
  // What is a missing witness elsewhere breaks the rule here, as long as the connection stands.
  if (!witness.ok && peer.end === undefined) return unanswered(context, peer, "a ping of 12 bytes");
  if (!witness.ok) return withoutWitness(witness);
  const failed =
    "frames" in one
      ? await stray(context, scene, peer, one)
      : one.when === "idle"
        ? await idle(context, scene, peer, one)
        : await betweenFragments(context, scene, peer, one);
  if (failed !== undefined) return failed;
  const after = await pongWitness(context, scene, peer);
  return after.ok ? { verdict: "pass" } : unanswered(context, peer, `a ping after ${one.name}`);
}

async function idle(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  { payload }: PingCase,
): Promise<CaseOutcome | undefined> {
  const payloads =
    payload === undefined
      ? Array.from({ length: 126 }, (_, length) => scene.random.bytes(length))
      : [payload];
  for (const each of payloads) {
    const known = pongsOf(peer);
    peer.ping(each);
    if (!(await answered(context, scene, peer, each, known))) {
      return unanswered(context, peer, `a ping of ${each.length} bytes`);
    }
  }
  return undefined;
}

async function betweenFragments(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  { behind = [], chops, fragments = 2, name, pauseMs }: PingCase,
): Promise<CaseOutcome | undefined> {
  const event = eventNow(context, peer);
  const bytes = new TextEncoder().encode(event ?? NO_EVENT);
  const payloads: Uint8Array[] = [];
  let batch: FrameSpec[] = [];
  const parts = fragmentsOf(partsOf(bytes, Math.ceil(bytes.length / fragments)));
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    batch.push(part);
    if (behind.includes(index)) {
      const payload = scene.random.bytes(9);
      payloads.push(payload);
      batch.push({ opcode: OPCODE.ping, payload });
    }
    const pauses = pauseMs !== undefined && behind[0] === index;
    if (isLast) {
      if (event === undefined) peer.tell(NO_EVENT, "undecodable");
      else peer.tell(event, "event");
    }
    if (!pauses && !isLast) continue;
    await sendFrames(peer, scene, batch, chops);
    batch = [];
    if (pauses) await scene.wait(pauseMs);
  }
  for (const payload of payloads) {
    if (!(await peer.pong(payload, context.answerMs))) return unanswered(context, peer, name);
  }
  return undefined;
}

async function stray(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  { chops, frames, name }: StrayCase,
): Promise<CaseOutcome | undefined> {
  await sendFrames(peer, scene, frames, chops);
  const latest = frames.findLast(({ opcode }) => opcode === OPCODE.ping)?.payload;
  if (latest === undefined || (await peer.pong(latest, context.answerMs))) return undefined;
  return unanswered(context, peer, `the latest ping of ${name}`);
}

/** An empty payload cannot tell its pong from an earlier one: then a further pong must come. */
async function answered(
  { answerMs }: ClientContext,
  scene: ClientCase,
  peer: Peer,
  payload: Uint8Array,
  known: number,
): Promise<boolean> {
  if (payload.length > 0) return peer.pong(payload, answerMs);
  const until = scene.now() + answerMs;
  while (pongsOf(peer) <= known) {
    if (peer.end !== undefined || scene.now() > until) return false;
    await scene.wait(2);
  }
  return true;
}

function pongsOf({ frames }: Peer): number {
  return frames.filter(({ opcode }) => opcode === OPCODE.pong).length;
}

function unanswered({ answerMs }: ClientContext, peer: Peer, what: string): CaseOutcome {
  const last = peer.frames.findLast(({ opcode }) => opcode === OPCODE.pong);
  return {
    verdict: "fail",
    reason: `${what} was not answered`,
    expected: `a pong with the same bytes within ${Math.round(answerMs)} ms, and the connection stays open`,
    got:
      peer.end !== undefined
        ? endText(peer)
        : last === undefined
          ? "no pong"
          : `no such pong; the last one has ${last.payload.length} bytes`,
    mend: MEND,
    ...(peer.end === undefined ? { late: true } : {}),
  };
}
