/** Keeps a report readable: of a long transcript its beginning and end, of a long text the same. */
import type { TranscriptEntry } from "../transcript.js";
import { cutMiddle } from "./width.js";

/** What a report keeps of one transcript (entries), and of one text (characters). */
export const KEPT = { first: 100, last: 300, text: 4096 } as const;

/** The transcript as a report holds it. */
export function shortTranscript(transcript: readonly TranscriptEntry[]): TranscriptEntry[] {
  const skipped = transcript.length - KEPT.first - KEPT.last;
  const kept =
    skipped <= 0
      ? [...transcript]
      : [
          ...transcript.slice(0, KEPT.first),
          {
            atMs: transcript[KEPT.first]?.atMs ?? 0,
            connection: 0,
            direction: "note",
            kind: "note",
            text: `… ${skipped} entries left out …`,
          } as const,
          ...transcript.slice(-KEPT.last),
        ];
  return kept.map((entry) => ({
    ...entry,
    atMs: Math.round(entry.atMs * 1000) / 1000,
    text: cutMiddle(entry.text, KEPT.text),
    ...(entry.fault === undefined ? {} : { fault: cutMiddle(entry.fault, KEPT.text) }),
  }));
}
