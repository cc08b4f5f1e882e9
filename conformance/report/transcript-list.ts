/** A transcript as a list in HTML: each entry opens to its whole text and its bytes. */
import type { RoleName } from "../role.js";
import type { TranscriptEntry } from "../transcript.js";
import { escapeHtml } from "./escape-html.js";
import { wordsOf } from "./sequence.js";
import { cutMiddle } from "./width.js";
import { wireView } from "./wire-view.js";

/** How much of a text stands in the line that opens it (characters). */
const LINE = 160;

/** The list, without a heading. */
export function entryList(transcript: readonly TranscriptEntry[], subject: RoleName): string {
  const start = transcript[0]?.atMs ?? 0;
  const several = transcript.some(({ connection }) => connection !== 0);
  const items = transcript.map((entry) => {
    const body = bodyOf(entry, subject);
    const line = lineOf(entry, start, several, subject);
    return body === ""
      ? `<li><div class="flat">${line}</div></li>`
      : `<li><details><summary>${line}</summary><div class="body">${body}</div></details></li>`;
  });
  return `<ol class="entries">${items.join("\n")}</ol>`;
}

function lineOf(entry: TranscriptEntry, start: number, several: boolean, subject: RoleName): string {
  const { atMs, connection, direction, fault, kind } = entry;
  const who = { sent: "kit ▶", received: `◀ ${subject}`, note: "note" }[direction];
  const label = kind === "text" || kind === "note" ? "" : `<b>${kind}</b> `;
  const words = cutMiddle(wordsOf(entry, subject), LINE);
  return (
    `<span class="time mono">${(atMs - start).toFixed(1)}</span><span>${who}${several ? ` #${connection}` : ""}</span>` +
    `<span${fault === undefined ? "" : ' class="bad"'}>${label}<code>${escapeHtml(words)}</code>${fault === undefined ? "" : `<br>▲ ${escapeHtml(fault)}`}</span>`
  );
}

function bodyOf(entry: TranscriptEntry, subject: RoleName): string {
  const parts: string[] = [];
  const { names = [], text } = entry;
  if (names.length > 0) parts.push(`<p class="soft">message: ${escapeHtml(names.join(" or "))}</p>`);
  if (text.length > LINE || text.includes("\n")) parts.push(`<pre class="mono">${escapeHtml(text)}</pre>`);
  parts.push(wireView(entry, subject));
  return parts.join("");
}
