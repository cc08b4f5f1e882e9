/** Frames of RFC 6455 section 5.2 as the proxy of the mutants reads and writes them: legal or not, as they came. */

/** A wire frame that passes. `payload` is unmasked. */
export interface PassingFrame {
  readonly from: "client" | "server";
  /** Exactly as it came. */
  readonly bytes: Buffer;
  readonly fin: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** What {@link writeFrame} writes. */
export interface FrameParts {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Default true. */
  readonly fin?: boolean;
  /** Default 0. */
  readonly rsv?: number;
  /** A frame towards the server is masked, one towards the client is not. */
  readonly masked: boolean;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The proxy holds no frame that is longer than the channels allow: from there on it lets everything through unread. */
const LONGEST = 1024 * 1024;

/** The first frame of some bytes; `unread` for one that is too long to hold, undefined while it is incomplete. */
export function readFrame(from: PassingFrame["from"], bytes: Buffer): PassingFrame | "unread" | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  let length = second & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (length > LONGEST) return "unread";
  const masked = (second & 0x80) !== 0;
  const end = at + (masked ? 4 : 0) + length;
  if (bytes.length < end) return undefined;
  const payload = Buffer.from(bytes.subarray(at + (masked ? 4 : 0), end));
  if (masked) mask(payload, bytes.subarray(at, at + 4));
  return {
    from,
    bytes: bytes.subarray(0, end),
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 7,
    opcode: first & 0x0f,
    masked,
    payload,
  };
}

/** The bytes of a frame, of minimal length; the mask key need not be unpredictable here. */
export function writeFrame({ opcode, payload, fin = true, rsv = 0, masked }: FrameParts): Buffer {
  const { length } = payload;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.alloc(size + (masked ? 4 : 0));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  if (size === 2) head[1] = length;
  else if (size === 4) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  const body = Buffer.from(payload);
  if (masked) {
    head[1] = (head[1] ?? 0) | 0x80;
    const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
    key.copy(head, size);
    mask(body, key);
  }
  return Buffer.concat([head, body]);
}

/** The payload of a Close frame. */
export function closePayload(code: number, reason = ""): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

function mask(payload: Buffer, key: Uint8Array): void {
  for (let index = 0; index < payload.length; index++) {
    payload[index] = (payload[index] ?? 0) ^ (key[index % 4] ?? 0);
  }
}
