/** What an RFC 6455 frame is made of, and everything that can be wrong with one. */

/** Opcodes of RFC 6455 §5.2. */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** True for an opcode of §5.2 that is defined. */
export function isDefinedOpcode(opcode: number): boolean {
  return opcode <= OPCODE.binary || (opcode >= OPCODE.close && opcode <= OPCODE.pong);
}

/** True for a control frame (§5.5): the top bit of the opcode. */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8;
}

/** Something in a frame, a message or a handshake that its specification forbids. Reading goes on where it can. */
export interface FrameFault {
  readonly code:
    | "masked"
    | "unmasked"
    | "length-not-minimal"
    | "length-top-bit"
    | "reserved-bits"
    | "reserved-opcode"
    | "control-fragmented"
    | "control-too-long"
    | "orphan-continuation"
    | "interrupted-message"
    | "invalid-utf8"
    | "close-one-byte"
    | "close-code"
    | "close-reason-utf8"
    | "too-large"
    | "deflate-data"
    | "data-after-close";
  /** `RFC 6455 5.2` and the like. */
  readonly clause: string;
  /** One sentence about this frame. */
  readonly message: string;
}

/** One wire frame, as read. */
export interface WireFrame {
  /** When its last byte was read (milliseconds on the reader's clock). */
  readonly atMs: number;
  readonly fin: boolean;
  /** The three reserved bits as a number: RSV1 is 4. */
  readonly rsv: number;
  readonly opcode: number;
  readonly maskKey?: Uint8Array;
  /** How the length was written: 7, 16 or 64 bits. */
  readonly lengthBits: 7 | 16 | 64;
  /** Unmasked. */
  readonly payload: Uint8Array;
  /** The header as it stood on the wire. */
  readonly header: Uint8Array;
  /** The reads in which its first and its last byte came, counted from 0 at the end of the handshake. */
  readonly reads: { readonly first: number; readonly last: number };
  readonly faults: readonly FrameFault[];
}

/** A frame to be written: every bit of the header can be set, legal or not. */
export interface FrameSpec {
  /** Default true. */
  readonly fin?: boolean;
  /** 0 to 7, RSV1 is 4; default 0. */
  readonly rsv?: number;
  /** 0 to 15. */
  readonly opcode: number;
  readonly payload?: Uint8Array;
  /** The mask key; `false` writes the frame unmasked; absent: the writer draws one. */
  readonly mask?: Uint8Array | false;
  /** How to write the length; absent: the shortest form. */
  readonly lengthBits?: 7 | 16 | 64;
  /** What the length says, when it is to lie. */
  readonly declaredLength?: bigint;
}

const NAMES: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

/** The name of an opcode, or its number when it is reserved. */
export function opcodeName(opcode: number): string {
  return NAMES[opcode] ?? `reserved opcode 0x${opcode.toString(16)}`;
}
