/** The transcript of a failure as it is drawn: what came is marked where the kit gave up waiting for it. */
import type { TranscriptEntry } from "../transcript.js";
import type { Outcome } from "./report.js";

/** How the entry begins that says what the kit concluded. */
export const CONCLUSION = "here the kit concludes: ";

/** So many characters of a text are no coincidence. */
const TELLING = 12;

/**
 * The transcript, with a marked entry that says what the kit concluded: after everything that happened, before the kit says
 * goodbye. Where an entry is marked already the wire speaks for itself.
 */
export function evidenceOf(outcome: Outcome): readonly TranscriptEntry[] {
  const { got, id, transcript, verdict } = outcome;
  const failing = verdict === "fail" || verdict === "warn";
  if (!failing || transcript.length === 0 || transcript.some(({ fault }) => fault !== undefined)) {
    return transcript;
  }
  const at = goodbyeOf(transcript);
  const fault = `${id}: ${got ?? outcome.reason}`;
  // A rule about the goodbye itself is broken in it.
  const words = (got ?? "").split(": ").at(-1) ?? "";
  const guilty = transcript.findIndex(
    ({ direction, text }, index) =>
      index >= at && direction === "received" && words.length >= TELLING && text.includes(words),
  );
  if (guilty >= 0) return transcript.map((entry, index) => (index === guilty ? { ...entry, fault } : entry));
  const next = transcript[at];
  const last = transcript[at - 1];
  const concluded: TranscriptEntry = {
    // The kit says goodbye as soon as it has its verdict.
    atMs: next?.direction === "sent" ? next.atMs : (last?.atMs ?? 0),
    connection: last?.connection ?? 0,
    direction: "note",
    kind: "note",
    text: CONCLUSION + outcome.reason,
    fault,
  };
  return [...transcript.slice(0, at), concluded, ...transcript.slice(at)];
}

/** Where the teardown begins: with the first thing that the kit itself says, of all that is nothing but goodbye. */
function goodbyeOf(transcript: readonly TranscriptEntry[]): number {
  let at = transcript.length;
  while (at > 1 && isGoodbye(transcript[at - 1])) at -= 1;
  while (at < transcript.length && transcript[at]?.direction === "received") at += 1;
  return at;
}

/** What the teardown of a case leaves at the end of its transcript. */
function isGoodbye(entry: TranscriptEntry | undefined): boolean {
  if (entry === undefined) return false;
  const { direction, kind, text } = entry;
  if (kind === "close") return text.startsWith("1000");
  return kind === "tcp" && (direction === "note" || text === "FIN" || text === "RST");
}
