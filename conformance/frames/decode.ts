/**
 * Reads RFC 6455 frames from any chunks. Strictness is data: a frame that breaks a rule is read as far as it can be and
 * carries its faults; what to think of them is the judge's business.
 */
import { applyMask } from "./encode.js";
import { type FrameFault, isControl, isDefinedOpcode, OPCODE, opcodeName, type WireFrame } from "./frame.js";

/** Largest payload that is kept; a longer one ends the reading (bytes). */
export const MAX_PAYLOAD = 32 * 1024 * 1024;

/** Whose frames are read: a server must not mask, a client must. */
export type Peer = "server" | "client";

/** Reads frames as their bytes come. */
export interface FrameReader {
  /** Takes bytes and returns the frames that they complete. */
  push(chunk: Uint8Array, atMs: number): WireFrame[];
  /** Set when reading cannot go on: a length that no reader takes. */
  readonly broken: FrameFault | undefined;
  /** Bytes read that are no whole frame yet. */
  readonly pendingBytes: number;
}

/** Opens a reader of what `peer` writes; `compressed`: RSV1 says that a message is (RFC 7692 §6). */
export function createFrameReader(peer: Peer, maxPayload = MAX_PAYLOAD, compressed = false): FrameReader {
  let chunks: Uint8Array[] = [];
  let buffered = 0;
  let broken: FrameFault | undefined;
  let header: Header | undefined;
  let reads = 0;
  let firstRead = 0;

  const gather = (): Uint8Array => {
    if (chunks.length !== 1) chunks = [concat(chunks, buffered)];
    return chunks[0] ?? new Uint8Array(0);
  };
  const drop = (bytes: Uint8Array, count: number): void => {
    buffered -= count;
    chunks = buffered === 0 ? [] : [bytes.subarray(count)];
  };

  return {
    get broken() {
      return broken;
    },
    get pendingBytes() {
      return buffered;
    },
    push(chunk, atMs) {
      const frames: WireFrame[] = [];
      if (broken !== undefined || chunk.length === 0) return frames;
      if (buffered === 0) firstRead = reads;
      const read = reads;
      reads += 1;
      // A Buffer's slice() is no copy; a plain view of the same bytes has the slice() that is.
      chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      buffered += chunk.length;
      for (;;) {
        if (header === undefined) {
          // A header is at most 14 bytes: joining chunks for it is cheap, and a payload's chunks are joined once.
          if (buffered < 2) return frames;
          header = readHeader(gather());
          if (header === undefined) return frames;
          broken = lengthFault(header, maxPayload);
          if (broken !== undefined) {
            chunks = [];
            buffered = 0;
            return frames;
          }
        }
        const total = header.size + Number(header.length);
        if (buffered < total) return frames;
        const bytes = gather();
        const payload = bytes.slice(header.size, total);
        if (header.maskKey !== undefined) applyMask(payload, header.maskKey);
        frames.push({
          atMs,
          fin: header.fin,
          rsv: header.rsv,
          opcode: header.opcode,
          ...(header.maskKey === undefined ? {} : { maskKey: header.maskKey }),
          lengthBits: header.lengthBits,
          payload,
          header: bytes.slice(0, header.size),
          reads: { first: firstRead, last: read },
          faults: faultsOf(header, peer, compressed),
        });
        firstRead = read;
        drop(bytes, total);
        header = undefined;
      }
    },
  };
}

/** The header of a frame, read alone. */
export interface Header {
  readonly size: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly length: bigint;
  readonly lengthBits: 7 | 16 | 64;
  readonly maskKey?: Uint8Array;
}

/** The header at the start of some bytes; undefined while it is incomplete. */
export function readHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  const second = view.getUint8(1);
  const masked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const lengthBits = short < 126 ? 7 : short === 126 ? 16 : 64;
  const lengthBytes = lengthBits === 7 ? 0 : lengthBits === 16 ? 2 : 8;
  const size = 2 + lengthBytes + (masked ? 4 : 0);
  if (bytes.length < size) return undefined;
  const length =
    lengthBits === 7 ? BigInt(short) : lengthBits === 16 ? BigInt(view.getUint16(2)) : view.getBigUint64(2);
  return {
    size,
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 0x7,
    opcode: first & 0xf,
    length,
    lengthBits,
    ...(masked ? { maskKey: bytes.slice(size - 4, size) } : {}),
  };
}

function lengthFault(header: Header, maxPayload: number): FrameFault | undefined {
  if (header.length >= 1n << 63n) {
    return {
      code: "length-top-bit",
      clause: "RFC 6455 5.2",
      message: `a 64-bit length with its most significant bit set (0x${header.length.toString(16)})`,
    };
  }
  if (header.length > BigInt(maxPayload)) {
    return {
      code: "too-large",
      clause: "RFC 6455 10.4",
      message: `a frame that announces ${header.length} bytes, more than the ${maxPayload} that the kit keeps`,
    };
  }
  return undefined;
}

function faultsOf(header: Header, peer: Peer, compressed: boolean): FrameFault[] {
  const faults: FrameFault[] = [];
  const say = (code: FrameFault["code"], clause: string, message: string): void => {
    faults.push({ code, clause, message });
  };
  const name = opcodeName(header.opcode);
  if (peer === "server" && header.maskKey !== undefined) {
    say("masked", "RFC 6455 5.1", `a masked ${name} frame; a server must not mask`);
  }
  if (peer === "client" && header.maskKey === undefined) {
    say("unmasked", "RFC 6455 5.1", `an unmasked ${name} frame; a client must mask`);
  }
  // RSV1 stands on the first frame of a compressed message only.
  const begins = header.opcode === OPCODE.text || header.opcode === OPCODE.binary;
  const rsv = compressed && begins ? header.rsv & 0x3 : header.rsv;
  if (rsv !== 0) {
    say(
      "reserved-bits",
      "RFC 6455 5.2",
      `reserved bits ${bitNames(rsv)} set on a ${name} frame without an extension that gives them a meaning`,
    );
  }
  if (!isDefinedOpcode(header.opcode)) say("reserved-opcode", "RFC 6455 5.2", `${name}`);
  const minimal = header.length < 126n ? 7 : header.length < 65_536n ? 16 : 64;
  if (header.lengthBits !== minimal) {
    say(
      "length-not-minimal",
      "RFC 6455 5.2",
      `a length of ${header.length} written in ${header.lengthBits} bits; ${minimal} are enough`,
    );
  }
  if (isControl(header.opcode)) {
    if (!header.fin)
      say(
        "control-fragmented",
        "RFC 6455 5.5",
        `a ${name} frame with FIN 0; control frames are never fragmented`,
      );
    if (header.length > 125n) {
      say(
        "control-too-long",
        "RFC 6455 5.5",
        `a ${name} frame of ${header.length} bytes; a control frame has at most 125`,
      );
    }
  }
  return faults;
}

function bitNames(rsv: number): string {
  return [rsv & 4 ? "RSV1" : "", rsv & 2 ? "RSV2" : "", rsv & 1 ? "RSV3" : ""].filter(Boolean).join(", ");
}

function concat(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const joined = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/** True when the frame carries or continues a data message. */
export function isData(frame: WireFrame): boolean {
  return (
    frame.opcode === OPCODE.continuation || frame.opcode === OPCODE.text || frame.opcode === OPCODE.binary
  );
}
