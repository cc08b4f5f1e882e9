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
  /** Names of the messages that the frame may be. */
  readonly names?: readonly string[];
  /** What is wrong with it, if anything. */
  readonly fault?: string;
}
