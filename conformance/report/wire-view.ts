/** The bytes of a transcript entry, explained: the bits of each frame's header, and a dump with what the bytes say. */
import { readHeader } from "../frames/decode.js";
import { opcodeName } from "../frames/frame.js";
import type { RoleName } from "../role.js";
import type { FrameNote, TranscriptEntry } from "../transcript.js";
import { escapeHtml } from "./escape-html.js";

/** Bytes that are dumped at most. */
const DUMPED = 1024;

/** Bytes on one line of a dump: 16 are read best, 8 fit on a phone. */
const LINE = 16;

/** The header bits and the dump as HTML; empty where no byte was kept. */
export function wireView(entry: TranscriptEntry, subject: RoleName): string {
  const { bytes } = entry;
  if (bytes === undefined || bytes === "") return "";
  const raw = Buffer.from(bytes.split("…")[0] ?? "", "hex");
  const frames = entry.kind === "handshake" ? [] : (entry.frames ?? notesOf(raw, entry));
  const parts = frames.map((frame, index) =>
    headerBits(
      frame,
      frames.length > 1 ? index + 1 : undefined,
      (entry.direction === "sent") === (subject === "server"),
    ),
  );
  parts.push(
    `<div class="hex" tabindex="0" role="group" aria-label="bytes"><pre>${escapeHtml(dump(raw.subarray(0, DUMPED)))}</pre></div>`,
  );
  if (bytes.includes("…") || raw.length > DUMPED) parts.push('<p class="soft">… shortened</p>');
  return parts.join("");
}

/** The notes of the frames in some bytes, where the transcript has none. */
function notesOf(raw: Buffer, entry: TranscriptEntry): FrameNote[] {
  if (entry.kind === "raw" || entry.kind === "tcp" || entry.kind === "note") {
    // Raw bytes may be anything: what does not read as a frame of just this length is none.
    const header = readHeader(raw);
    if (header === undefined || header.size + Number(header.length) !== raw.length) return [];
  }
  const header = readHeader(raw);
  if (header === undefined) return [];
  const { fin, rsv, opcode, length, lengthBits, maskKey } = header;
  const mask = maskKey === undefined ? {} : { mask: Buffer.from(maskKey).toString("hex") };
  return [{ fin, rsv, opcode, length: Number(length), lengthBits, ...mask }];
}

/** `shouldMask`: it goes to a server. */
function headerBits(frame: FrameNote, number: number | undefined, shouldMask: boolean): string {
  const { fin, rsv, opcode, length, lengthBits, mask, reads } = frame;
  const minimal = length < 126 ? 7 : length < 65_536 ? 16 : 64;
  const control = opcode >= 8;
  const defined = opcode <= 2 || (opcode >= 8 && opcode <= 10);
  const item = (words: string, odd = false): string =>
    `<li${odd ? ' class="odd"' : ""}>${escapeHtml(words)}${odd ? " ⚠" : ""}</li>`;
  const bits = [
    ...(number === undefined ? [] : [item(`frame ${number}`)]),
    item(`FIN ${fin ? 1 : 0}`, control && !fin),
    ...[4, 2, 1].map((bit, index) => item(`RSV${index + 1} ${rsv & bit ? 1 : 0}`, (rsv & bit) !== 0)),
    item(`opcode 0x${opcode.toString(16)} ${defined ? opcodeName(opcode) : "reserved"}`, !defined),
    item(mask === undefined ? "MASK 0" : `MASK 1, key ${mask}`, (mask !== undefined) !== shouldMask),
    item(`length ${length} in ${lengthBits} bits`, lengthBits !== minimal || (control && length > 125)),
    ...(reads === undefined
      ? []
      : [item(reads[0] === reads[1] ? `read ${reads[0]}` : `reads ${reads[0]} to ${reads[1]}`)]),
  ];
  return `<ul class="bits">${bits.join("")}</ul>`;
}

/** Offset, hexadecimal, and the printable signs, in lines of 16 bytes. */
export function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE) {
    const part = [...bytes.subarray(at, at + LINE)];
    const hexed = part.map((byte) => byte.toString(16).padStart(2, "0"));
    const columns = `${hexed.slice(0, 8).join(" ")}  ${hexed.slice(8).join(" ")}`.padEnd(LINE * 3);
    const signs = part
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"))
      .join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${columns}  ${signs}`);
  }
  return lines.join("\n");
}
