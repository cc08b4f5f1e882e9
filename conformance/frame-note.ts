/** How wire frames stand in a transcript: every bit of their headers, and their bytes, shortened. */
import { hex } from "./bytes.js";
import { readHeader } from "./frames/decode.js";
import type { WireFrame } from "./frames/frame.js";
import type { FrameNote } from "./transcript.js";

/** How many frames of one message stand in a transcript. */
export const NOTED_FRAMES = 16;

/** Bytes of a payload that are kept for a transcript: `hex` shortens beyond them. */
const NOTED_BYTES = 1024;

/** The note of a frame that was read. */
export function noteOfFrame(frame: WireFrame): FrameNote {
  const { fin, rsv, opcode, lengthBits, maskKey, reads } = frame;
  return {
    fin,
    rsv,
    opcode,
    length: frame.payload.length,
    lengthBits,
    ...(maskKey === undefined ? {} : { mask: hex(maskKey) }),
    reads: [reads.first, reads.last],
  };
}

/** The note of a frame that was written: its header is read back from its own bytes, whatever it says. */
export function noteOfBytes(bytes: Uint8Array): FrameNote[] {
  const header = readHeader(bytes);
  if (header === undefined) return [];
  const { fin, rsv, opcode, length, lengthBits, maskKey } = header;
  return [
    {
      fin,
      rsv,
      opcode,
      length: Number(length),
      lengthBits,
      ...(maskKey === undefined ? {} : { mask: hex(maskKey) }),
    },
  ];
}

/** Frames as they stand in a transcript: their notes, and their bytes in hexadecimal. */
export function notedFrames(frames: readonly WireFrame[]): {
  readonly frames: readonly FrameNote[];
  readonly bytes: string;
} {
  const noted = frames.slice(0, NOTED_FRAMES);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const { header, payload } of noted) {
    if (size > NOTED_BYTES) break;
    parts.push(header, payload.subarray(0, NOTED_BYTES));
    size += header.length + payload.length;
  }
  return { frames: noted.map(noteOfFrame), bytes: hex(Buffer.concat(parts)) };
}
