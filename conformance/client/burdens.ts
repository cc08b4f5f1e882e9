/** C-RB-01: a flood, a dribble and a server that does not read: the client goes on answering. */
import { OPCODE } from "../frames/frame.js";
import { frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, Peer, SentText } from "./check.js";
import { validEvents } from "./event-names.js";
import { meet } from "./meeting.js";
import { broken } from "./survival.js";
import { pongWitness, unaskedEvent } from "./witness.js";

/** What the client has to bear, in words. */
const BURDENS = ["a flood", "a dribble", "a server that does not read"] as const;

/** C-RB-01. */
export const burdens: ClientCheck = {
  id: "C-RB-01",
  alone: true,
  async run(context) {
    const property = await runProperty(context, {
      label: "burden",
      examples: BURDENS,
      concurrency: 1,
      script: (burden, scene: ClientCase) => bear(context, scene, burden),
    });
    return resultOf(property, {
      pass: "a ping had its pong after a flood, during a dribble and after a time in which nothing was read",
      notes: ["how much memory the client takes is not judged"],
    });
  },
};

/** A flood is so many messages, or so many bytes, whichever comes first. */
const FLOOD = { messages: 2000, bytes: 2 * 1024 * 1024 } as const;

/** Bytes of one dribbled event, and the pause after each (milliseconds). */
const DRIBBLE = { bytes: 120, pauseMs: 2 } as const;

async function bear(
  context: ClientContext,
  scene: ClientCase,
  burden: (typeof BURDENS)[number],
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  if (burden === "a flood") flood(context, peer);
  else if (burden === "a dribble") await dribble(context, scene, peer);
  else await deafen(context, scene, peer);
  const witness = await pongWitness(context, scene, peer);
  if (witness.ok && met.client.gone === undefined) return { verdict: "pass" };
  return { ...broken(met, burden), ...(met.client.gone === undefined ? { late: true as const } : {}) };
}

/** What is said again and again, and what it is to the judge. */
interface Repeated {
  readonly text: string;
  readonly kind: SentText;
}

/** An event that may come unasked at any time; else one that answers nothing: a client ignores it, or reports it. */
function repeated({ endpoint, judge }: ClientContext): Repeated {
  const event = unaskedEvent(judge);
  const { first } = endpoint.protocol;
  const isCounted =
    event?.name === first?.message ||
    endpoint.lifecycles.some(({ transitions }) =>
      transitions.some(({ on }) => event !== undefined && on.includes(event.name)),
    );
  if (event !== undefined && !isCounted)
    return { text: judge.eventFrameOf(event.name, event.payload), kind: "event" };
  const stray = validEvents(judge).find(({ name }) => name !== first?.message);
  if (stray === undefined) return { text: "{}", kind: "anything" };
  return { text: frameText(endpoint, stray.name, stray.payload, "event"), kind: "anything" };
}

/** Events as fast as they go. */
function flood(context: ClientContext, peer: Peer): void {
  const { kind, text } = repeated(context);
  const count = Math.min(FLOOD.messages, Math.ceil(FLOOD.bytes / Math.max(1, Buffer.byteLength(text))));
  for (let sent = 0; sent < count && peer.end === undefined; sent += 1) peer.text(text, kind);
}

/** A text in fragments of one byte each. */
async function dribble(context: ClientContext, scene: ClientCase, peer: Peer): Promise<void> {
  const { kind, text } = repeated(context);
  const bytes = Buffer.from(text);
  peer.tell(text, kind);
  for (const [index, byte] of bytes.subarray(0, DRIBBLE.bytes).entries()) {
    if (peer.end !== undefined) return;
    const opcode = index === 0 ? OPCODE.text : OPCODE.continuation;
    peer.frame({ opcode, fin: false, payload: Uint8Array.of(byte) });
    await scene.wait(DRIBBLE.pauseMs);
    if (index % PINGED_BYTES !== PINGED_BYTES - 1) continue;
    if (!(await pongWitness(context, scene, peer)).ok) return;
  }
  // What is longer comes in one piece.
  peer.frame({ opcode: OPCODE.continuation, fin: true, payload: bytes.subarray(DRIBBLE.bytes) });
}

/** After so many bytes of a dribble the client is pinged. */
const PINGED_BYTES = 20;

/** Reads nothing for a while, shorter than a client bears it that listens for the heart of the server. */
async function deafen(context: ClientContext, scene: ClientCase, peer: Peer): Promise<void> {
  const { timeoutMs } = context.endpoint.heartbeat ?? {};
  const bearableMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : context.scaled(timeoutMs) / 2;
  peer.pause();
  await scene.wait(Math.min(context.quietMs(), bearableMs));
  peer.resume();
}
