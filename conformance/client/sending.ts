/** Ways in which the kit writes frames to a client: whole, chopped between frames or octets, behind an event that is all right. */
import { encodeFrame } from "../frames/encode.js";
import { type FrameSpec, OPCODE, opcodeName } from "../frames/frame.js";
import { frameText } from "../judge.js";
import { type Chops, partsOf } from "../server/frames/sending.js";
import type { ClientCase, ClientContext, Peer } from "./check.js";
import { unaskedEvent } from "./witness.js";

/** Above so many parts not each of them is given a turn of the loop of its own. */
const PARTS_WITH_PAUSE = 64;

/** The key of frames that a check masks although no server may. */
const MASK_KEY = new Uint8Array([0xa5, 0xc3, 0xf0, 0x0d]);

/** The bytes of some frames of a server: unmasked, unless a frame names its key. */
export function bytesOf(frames: readonly FrameSpec[]): Uint8Array {
  return Buffer.concat(frames.map((frame) => encodeFrame({ mask: false, ...frame }, () => MASK_KEY)));
}

/** Writes frames, legal or not. The judge of the client's commands hears nothing of them. */
export async function sendFrames(
  peer: Peer,
  scene: ClientCase,
  frames: readonly FrameSpec[],
  chops: Chops = "frames",
): Promise<void> {
  if (chops === "frames") {
    for (const frame of frames) peer.frame(frame);
    return;
  }
  const bytes = bytesOf(frames);
  const what = frames.map((frame) => opcodeName(frame.opcode)).join(", ");
  if (chops === "together") peer.raw(bytes, frames.length === 1 ? what : `${what} in one write`);
  else await sendParts(peer, scene, partsOf(bytes, 1), `${what}, octet by octet`);
}

/** Writes parts one after another, so that TCP may carry each by itself. */
export async function sendParts(
  peer: Peer,
  scene: ClientCase,
  parts: readonly Uint8Array[],
  label: string,
): Promise<void> {
  const every = Math.ceil(parts.length / PARTS_WITH_PAUSE);
  for (const [index, part] of parts.entries()) {
    if (peer.tcpEnd !== undefined) return;
    peer.raw(part, `${label} (${index + 1} of ${parts.length})`);
    if (index % every === 0) await scene.wait(0);
  }
}

/** The text of an event that may come now without being asked for; undefined where the document has none. */
export function eventNow({ endpoint, judge }: ClientContext, peer: Peer): string | undefined {
  const event = unaskedEvent(judge);
  if (event === undefined || peer.legality(event.name, event.payload) !== "legal") return undefined;
  return frameText(endpoint, event.name, event.payload, "event");
}

/** A text frame, or what else has this payload. */
export function textFrame(text: string, more: Partial<FrameSpec> = {}): FrameSpec {
  return { opcode: OPCODE.text, payload: new TextEncoder().encode(text), ...more };
}
