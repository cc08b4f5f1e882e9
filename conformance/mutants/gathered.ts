/** For mutants that alter messages whichever way they are fragmented: gathers the client's fragments. */

import type { Alteration, Line } from "./frame-proxy.js";
import { OPCODE, type PassingFrame, writeFrame } from "./proxy-wire.js";

/** A message of the client, whole. */
export interface WholeMessage {
  readonly opcode: number;
  readonly payload: Buffer;
  /** In how many frames it came. */
  readonly fragments: number;
}

/** What the server gets in place of a message: bytes, or nothing for undefined: then it gets the message as it came. */
export type Take = (message: WholeMessage, line: Line) => readonly Uint8Array[] | undefined;

/** More than this (bytes) is not gathered. */
const MOST = 4 * 1024 * 1024;

/** A `frame` handler that gives `take` each message of the client, once it is whole. */
export function gathered(take: Take): NonNullable<Alteration["frame"]> {
  let held: PassingFrame[] = [];
  let bytes = 0;
  return (frame, line) => {
    if (frame.from !== "client" || frame.opcode >= OPCODE.close) return undefined;
    held.push(frame);
    bytes += frame.bytes.length;
    if (!frame.fin && bytes < MOST) return [];
    const frames = held;
    held = [];
    bytes = 0;
    const message = {
      opcode: frames[0]?.opcode ?? OPCODE.text,
      payload: Buffer.concat(frames.map(({ payload }) => payload)),
      fragments: frames.length,
    };
    const instead = frame.fin ? take(message, line) : undefined;
    return instead ?? frames.map((one) => one.bytes);
  };
}

/** A message towards the server, in one frame. */
export const oneFrame = (opcode: number, payload: Uint8Array): Buffer =>
  writeFrame({ opcode, payload, masked: true });
