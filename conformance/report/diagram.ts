/**
 * A transcript as a sequence diagram in SVG: a lane of the kit for each connection, the subject's lane on the right, time
 * downwards. Colours come from the style sheet of the page.
 */
import type { RoleName } from "../role.js";
import type { TranscriptEntry } from "../transcript.js";
import { escapeHtml } from "./escape-html.js";
import { type DrawnEntry, mergeEntries, wordsOf } from "./sequence.js";
import { cutMiddle, printable, wrap } from "./width.js";

/** What is drawn of a long transcript (rows): its beginning and its end. */
const DRAWN = { first: 14, last: 36 } as const;

/** Lanes of the kit at most; connections beyond them share the last. */
const LANES = 6;

/** Pixels. */
const SIZE = { sign: 7.25, row: 34, line: 15, head: 26, top: 50 } as const;

/** A pause so long (milliseconds) is said beside the axis. */
const PAUSE_MS = 250;

/** How wide to draw (pixels), and a prefix that makes the ids of this drawing its own. */
export interface DiagramOptions {
  readonly width: number;
  readonly id: string;
  /** What it shows, for those who cannot see it. */
  readonly title: string;
  /** The width is a phone's: what fits beside each other elsewhere stands one below the other. */
  readonly narrow?: boolean;
  /** Who is judged. */
  readonly subject: RoleName;
}

interface Frame {
  readonly axis: number;
  readonly lanes: readonly number[];
  readonly subject: number;
  readonly name: RoleName;
  readonly width: number;
  readonly id: string;
}

/** Draws a transcript; an empty one is an empty text. */
export function drawDiagram(transcript: readonly TranscriptEntry[], options: DiagramOptions): string {
  const entries = chosen(mergeEntries(transcript));
  if (entries.length === 0) return "";
  const connections = [...new Set(transcript.map(({ connection }) => connection))].sort((a, b) => a - b);
  const count = Math.min(LANES, connections.length);
  const narrow = options.narrow === true;
  const axis = narrow ? 52 : 84;
  const step = narrow ? 16 : 44;
  const first = axis + (narrow ? 14 : 44);
  const frame: Frame = {
    axis,
    lanes: Array.from({ length: count }, (_, index) => first + index * step),
    name: options.subject,
    subject: options.width - (narrow ? 18 : 52),
    width: options.width,
    id: options.id,
  };
  const laneOf = (connection: number): number =>
    frame.lanes[Math.min(LANES - 1, Math.max(0, connections.indexOf(connection)))] ?? first;
  const start = transcript[0]?.atMs ?? 0;
  const parts: string[] = [];
  let y = SIZE.top + 24;
  let before = start;
  for (const entry of entries) {
    if (entry === "gap") {
      parts.push(text(first, y, "note-text", "⋮ more entries, see below"));
      y += SIZE.row - 8;
      continue;
    }
    y += pauseBefore(entry.atMs - before, frame, y, parts);
    before = entry.atMs;
    y += row(entry, entry.atMs - start, laneOf(entry.connection), frame, y, parts);
  }
  const height = Math.ceil(y + 4);
  const lanes = [...frame.lanes, frame.subject].map(
    (x) => `<line class="lane" x1="${x}" y1="${SIZE.top}" x2="${x}" y2="${height - 6}"/>`,
  );
  const label = `${options.id}-title`;
  return (
    `<svg viewBox="0 0 ${options.width} ${height}" style="--drawn:${options.width}px" role="img" aria-labelledby="${label}">` +
    `<title id="${label}">${escapeHtml(options.title)}</title>${heads(frame, connections, narrow)}${lanes.join("")}${parts.join("")}</svg>`
  );
}

function chosen(merged: readonly DrawnEntry[]): (DrawnEntry | "gap")[] {
  if (merged.length <= DRAWN.first + DRAWN.last + 1) return [...merged];
  return [...merged.slice(0, DRAWN.first), "gap", ...merged.slice(-DRAWN.last)];
}

function heads(frame: Frame, connections: readonly number[], narrow: boolean): string {
  const box = (x: number, width: number, name: string): string =>
    `<rect class="head" x="${x - width / 2}" y="12" width="${width}" height="${SIZE.head}" rx="6"/>` +
    `<text class="who" x="${x}" y="29">${escapeHtml(name)}</text>`;
  const [only = 0] = frame.lanes;
  const subject = narrow ? box(frame.subject - 12, 56, frame.name) : box(frame.subject, 84, frame.name);
  if (frame.lanes.length === 1) return box(only, narrow ? 44 : 70, "kit") + subject;
  const kits = frame.lanes.map((x, index) => {
    const last = index === LANES - 1 && connections.length > LANES;
    return box(x, narrow ? 15 : 38, last ? "…" : `${narrow ? "" : "#"}${connections[index] ?? index}`);
  });
  return kits.join("") + subject;
}

/** A longer time is a longer way, by its logarithm; a long one is said. */
function pauseBefore(ms: number, frame: Frame, y: number, parts: string[]): number {
  if (ms < 20) return 0;
  const way = Math.min(46, 9 * Math.log10(ms / 10));
  if (ms < PAUSE_MS) return way;
  parts.push(
    `<text class="pause-text time" x="${frame.axis - 8}" y="${y + way / 2 - 2}" text-anchor="end">⋮ ${ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}</text>`,
  );
  return way + 6;
}

function row(entry: DrawnEntry, at: number, lane: number, frame: Frame, y: number, parts: string[]): number {
  const { direction, fault, kind, times } = entry;
  const labelAt = Math.max(...frame.lanes) + 10;
  const room = Math.floor((frame.subject - labelAt - 10) / SIZE.sign);
  const shown = kind === "text" || kind === "note" ? "" : `${kind.toUpperCase()} `;
  const often = times > 1 ? ` (${times}×)` : "";
  const label = cutMiddle(
    printable(wordsOf(entry, frame.name)),
    Math.max(8, room - shown.length - often.length),
  );
  const faults = fault === undefined ? [] : wrap(fault, Math.max(16, room)).slice(0, 3);
  const height = SIZE.row + (faults.length === 0 ? 0 : faults.length * SIZE.line + 4);
  const bad = fault !== undefined;
  if (bad) {
    parts.push(
      `<rect class="band" x="${frame.axis}" y="${y - 16}" width="${frame.width - frame.axis}" height="${height - 2}" rx="6"/>`,
    );
  }
  parts.push(`<text class="time" x="${frame.axis - 8}" y="${y + 12}" text-anchor="end">${time(at)}</text>`);
  const words = `${shown}${label}${often}`;
  if (direction === "note") {
    parts.push(`<circle class="${bad ? "bad" : "received"}" cx="${lane}" cy="${y + 8}" r="3"/>`);
    parts.push(text(labelAt, y + 12, bad ? "bad-text" : "note-text", words));
  } else {
    const tone = bad ? "bad" : direction;
    parts.push(text(labelAt, y + 3, bad ? "bad-text" : direction === "sent" ? "sent-text" : "", words));
    parts.push(
      arrow(
        direction === "sent" ? lane : frame.subject,
        direction === "sent" ? frame.subject : lane,
        y + 10,
        tone,
      ),
    );
  }
  for (const [index, line] of faults.entries()) {
    parts.push(text(labelAt, y + 27 + index * SIZE.line, "bad-text", `${index === 0 ? "▲ " : "  "}${line}`));
  }
  return height;
}

function arrow(from: number, to: number, y: number, tone: string): string {
  const back = to > from ? -1 : 1;
  return (
    `<line class="arrow ${tone}" x1="${from}" y1="${y}" x2="${to + back * 6}" y2="${y}"/>` +
    `<path class="${tone}" d="M${to} ${y}l${back * 8} -4v8z"/>`
  );
}

function text(x: number, y: number, tone: string, words: string): string {
  return `<text class="${tone}" x="${x}" y="${Math.round(y * 10) / 10}" xml:space="preserve">${escapeHtml(words)}</text>`;
}

function time(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(1)}` : `${(ms / 1000).toFixed(2)} s`;
}
