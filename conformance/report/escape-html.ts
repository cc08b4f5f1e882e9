/** Text of any origin as HTML: nothing of it is markup, and control characters are seen. */
import { printable } from "./width.js";

const SIGNS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A sentence of ours: what stands in backticks is code. */
export function proseHtml(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/** For the content of an element and for an attribute in quotes. Line feeds stay. */
export function escapeHtml(text: string): string {
  return printable(text)
    .replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);
}
