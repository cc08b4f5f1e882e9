/** How wire frames stand in a transcript: every bit of their headers, and their bytes, shortened. */
import { hex, sentBytes } from "./bytes.js";
import { readHeader } from "./frames/decode.js";
import { OPCODE, type WireFrame } from "./frames/frame.js";
import { writeRequest } from "./frames/handshake.js";
import type { ConnectionOptions } from "./line.js";
import type { FrameNote, TranscriptEntry } from "./transcript.js";

/** How many frames of one message stand in a transcript. */
export const NOTED_FRAMES = 16;

/** Bytes of a payload that are kept for a transcript: `hex` shortens beyond them. */
const NOTED_BYTES = 1024;

/** The note of a frame that was read. */
function noteOfFrame(frame: WireFrame): FrameNote {
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
function noteOfBytes(bytes: Uint8Array): FrameNote[] {
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

/** A frame of ours as it stands in a transcript. */
export function sentFrame(bytes: Uint8Array): Pick<TranscriptEntry, "bytes" | "packed" | "frames"> {
  return { ...sentBytes(bytes), frames: noteOfBytes(bytes) };
}

/** What a transcript calls a frame with this opcode that a check has made. */
export function kindOf(opcode: number): TranscriptEntry["kind"] {
  switch (opcode) {
    case OPCODE.ping:
      return "ping";
    case OPCODE.pong:
      return "pong";
    case OPCODE.close:
      return "close";
    default:
      return "raw";
  }
}

/** What is sent of an upgrade request, and the bytes that go with it. */
export function sentRequest({
  chunks,
  early,
  request,
}: Pick<ConnectionOptions, "chunks" | "early" | "request">): Omit<TranscriptEntry, "connection" | "atMs">[] {
  const { method = "GET", target, httpVersion } = request;
  const version = httpVersion === undefined ? "" : ` HTTP/${httpVersion}`;
  const { cuts, upTo } = chunks ?? { cuts: [] };
  const until = upTo === undefined ? "" : upTo < 0 ? `, all but ${-upTo} bytes` : `, its first ${upTo} bytes`;
  const cut = cuts.length === 0 ? "" : `, cut at ${cuts.slice(0, 64).join(", ")}`;
  const head = {
    direction: "sent",
    kind: "handshake",
    text: `${method} ${target}${version}${cut}${until}`,
    ...sentBytes(Buffer.from(writeRequest(request), "latin1").subarray(0, upTo)),
  } as const;
  if (early === undefined) return [head];
  const text = `${early.length} bytes together with the request`;
  return [head, { direction: "sent", kind: "raw", text, ...sentBytes(early) }];
}
