/** The mix as the programs take it: values, texts, and texts that no template fits. */

import { readFileSync } from "node:fs";
import type { Message } from "./peers/peer.js";

/** The folder of the bench; the build puts it in. */
declare const BENCH: string;

// mix.ts wrote it.
export const messages: readonly Message[] = JSON.parse(readFileSync(`${BENCH}mix.json`, "utf8"));

/** As JSON.stringify writes them, parsed from bytes: flat one-byte or two-byte strings, as they come from a socket. */
export const texts: readonly string[] = messages.map(flat);

/** The same messages with their fields in another order, which is as valid. */
export const missedTexts: readonly string[] = messages.map((message) => flat(reversed(message)));

function flat(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString("utf8");
}

function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
}
