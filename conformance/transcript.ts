/** The header of one wire frame, as it stood on the wire. */
export interface FrameNote {
  readonly fin: boolean;
  /** The three reserved bits as a number: RSV1 is 4. */
  readonly rsv: number;
  readonly opcode: number;
  /** The length that the header gives (bytes), and in how many bits it is written. */
  readonly length: number;
  readonly lengthBits: 7 | 16 | 64;
  /** The mask key, in hexadecimal; absent on an unmasked frame. */
  readonly mask?: string;
  /** The TCP reads in which its first and last byte came, counted from 0 after the handshake; absent on a sent one. */
  readonly reads?: readonly [first: number, last: number];
}

/** One thing that crossed the wire, or that the kit noted, in the order in which it happened. */
export interface TranscriptEntry {
  /** Milliseconds on the case's monotonic clock, taken at socket read or write. */
  readonly atMs: number;
  readonly connection: number;
  readonly direction: "sent" | "received" | "note";
  readonly kind: "handshake" | "text" | "binary" | "ping" | "pong" | "close" | "raw" | "tcp" | "note";
  /** What a reader should see: the text of a message, the request line, the note. */
  readonly text: string;
  /** The bytes of the wire frame, hex, shortened in the middle beyond 1 KiB. */
  readonly bytes?: string;
  /** Where `bytes` is shortened: all that was sent, deflated (RFC 1951), in base64. */
  readonly packed?: string;
  /** The headers of the frames that it came in: the first 16. */
  readonly frames?: readonly FrameNote[];
  /** Names of the messages that the frame may be. */
  readonly names?: readonly string[];
  /** What is wrong with it, if anything. */
  readonly fault?: string;
}

/** First and last entries of a transcript that are kept when it grows beyond their sum. */
const KEPT = { first: 500, last: 3500 } as const;

/** It may grow by so many more before it is cut: cutting costs something. */
const SLACK = 500;

/** Leaves out the middle of a transcript that has grown too long. */
export function trimTranscript(transcript: TranscriptEntry[]): void {
  if (transcript.length <= KEPT.first + KEPT.last + SLACK) return;
  const left = transcript.length - KEPT.first - KEPT.last;
  const from = transcript[KEPT.first];
  transcript.splice(KEPT.first, left, {
    atMs: from?.atMs ?? 0,
    connection: from?.connection ?? 0,
    direction: "note",
    kind: "note",
    text: `… ${left} entries left out …`,
  });
}
