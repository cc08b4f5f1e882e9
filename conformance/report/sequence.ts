/** A transcript as a timed sequence: the kit on the left, the subject on the right, one line an arrow. */
import { opcodeName } from "../frames/frame.js";
import type { RoleName } from "../role.js";
import type { TranscriptEntry } from "../transcript.js";
import { cutMiddle, pad, printable } from "./width.js";

type Formatter = (text: string) => string;

/** The colours that the drawing uses. */
export interface SequenceColors {
  readonly dim: Formatter;
  readonly red: Formatter;
  readonly cyan: Formatter;
  readonly yellow: Formatter;
}

/** A drawing without colours. */
export const PLAIN: SequenceColors = { dim: plain, red: plain, cyan: plain, yellow: plain };

/** Lines that are drawn of a long transcript: its beginning and its end. */
const DRAWN = { first: 8, last: 14 } as const;

/** How wide to draw (columns), and who is judged. */
export interface SequenceOptions {
  readonly width: number;
  readonly subject: RoleName;
}

/** Draws a transcript in lines. */
export function drawSequence(
  transcript: readonly TranscriptEntry[],
  options: SequenceOptions,
  colors: SequenceColors,
): string[] {
  const { subject } = options;
  const several = transcript.some(({ connection }) => connection !== 0);
  const merged = mergeEntries(transcript);
  const skipped = merged.length - DRAWN.first - DRAWN.last;
  const head = skipped > 1 ? merged.slice(0, DRAWN.first) : merged;
  const tail = skipped > 1 ? merged.slice(-DRAWN.last) : [];
  const start = transcript[0]?.atMs ?? 0;
  const draw = (entry: DrawnEntry): string[] => row(entry, start, options, several, colors);
  return [
    colors.dim(`${pad("ms", 9, "right")}  ${several ? "conn  " : ""}kit ──▶ ${subject}, kit ◀── ${subject}`),
    ...head.flatMap(draw),
    ...(skipped > 1 ? [colors.dim(`${" ".repeat(11)}… ${skipped} more …`)] : []),
    ...tail.flatMap(draw),
  ];
}

/** An entry that stands for as many like it. */
export interface DrawnEntry extends TranscriptEntry {
  readonly times: number;
}

/** What a reader should see of an entry; a frame of any shape is told by the header that makes it special. */
export function wordsOf(entry: TranscriptEntry, subject: RoleName): string {
  const [frame] = entry.frames ?? [];
  const text = entry.text.replaceAll("\n", "\\n");
  if (entry.kind !== "raw" || frame === undefined) return text;
  const { fin, length, mask, opcode, rsv } = frame;
  const bits = [4, 2, 1].flatMap((bit, index) => ((rsv & bit) === 0 ? [] : [`RSV${index + 1}`]));
  // Only what goes to a server is masked.
  const masked = (mask !== undefined) === ((entry.direction === "sent") === (subject === "server"));
  const odd = [
    ...(fin ? [] : ["FIN 0"]),
    ...bits,
    ...(masked ? [] : [mask === undefined ? "unmasked" : "masked"]),
  ];
  return `${opcodeName(opcode)}, ${[...odd, `${length} bytes`].join(", ")}${text === "" ? "" : `: ${text}`}`;
}

/** The same thing again and again is one line. */
export function mergeEntries(transcript: readonly TranscriptEntry[]): DrawnEntry[] {
  const drawn: DrawnEntry[] = [];
  for (const entry of transcript) {
    const last = drawn.at(-1);
    const same =
      last !== undefined &&
      last.connection === entry.connection &&
      last.direction === entry.direction &&
      last.kind === entry.kind &&
      last.fault === entry.fault &&
      (last.text === entry.text || entry.kind === "ping" || entry.kind === "pong");
    if (same) drawn[drawn.length - 1] = { ...last, times: last.times + 1 };
    else drawn.push({ ...entry, times: 1 });
  }
  return drawn;
}

function row(
  entry: DrawnEntry,
  start: number,
  { width, subject }: SequenceOptions,
  several: boolean,
  colors: SequenceColors,
): string[] {
  const time = pad((entry.atMs - start).toFixed(1), 9, "right");
  const connection = several ? pad(`#${entry.connection}`, 6) : "";
  const arrow = { sent: "──▶", received: "◀──", note: " · " }[entry.direction];
  const label = entry.kind === "text" || entry.kind === "note" ? "" : `[${entry.kind}] `;
  const times = entry.times > 1 ? ` (${entry.times}×)` : "";
  const room = Math.max(10, width - 9 - 2 - connection.length - 4 - label.length - times.length);
  const text = cutMiddle(printable(wordsOf(entry, subject)), room);
  const tint = entry.fault !== undefined ? colors.red : entry.direction === "sent" ? colors.cyan : plain;
  const body = entry.direction === "note" ? colors.dim(label + text + times) : tint(label + text + times);
  const lines = [`${colors.dim(time)}  ${colors.dim(connection)}${colors.dim(arrow)} ${body}`];
  if (entry.fault !== undefined) {
    const indent = " ".repeat(9 + 2 + connection.length + 4);
    lines.push(
      indent + colors.red(`▲ ${cutMiddle(printable(entry.fault), Math.max(10, width - indent.length - 2))}`),
    );
  }
  return lines;
}

function plain(text: string): string {
  return text;
}
