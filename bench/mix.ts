/**
 * Makes mix.json, the messages that all codecs are measured with: eight of the events of `workflow`, four of five of
 * them a piece of text that is streamed. Seeded, so that it is the same wherever it is made.
 *
 * Run: npx tsx bench/mix.ts
 */

import { writeFileSync } from "node:fs";

/** A message of the mix. */
export interface Mixed {
  readonly event: string;
  readonly [field: string]: unknown;
}

const SEED = 20_260_601;
const MESSAGES = 500;
/** Of a hundred strings, so many hold an escape, and so many a character that is not Latin-1. */
const ESCAPED = 10;
const WIDE = 5;

const LETTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,:;!?()-_'/éüñß";
const ESCAPES = ['"', "\\", "\n", "\t", "\u0001"];
const WIDES = ["小", "明", "–", "“", "”", "…", "é́", "я", "😀"];
const NODES = 20;

/** The messages, in an order that is as mixed as they are. */
export function makeMix(): Mixed[] {
  const next = mulberry32(SEED);
  const below = (limit: number): number => Math.floor(next() * limit);
  const chance = (percent: number): boolean => next() * 100 < percent;
  const pick = <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0];

  let texts = 0;
  /** A string of 3 to 40 characters. Kinds come in turn, so that their shares are exact. */
  function text(): string {
    const characters = Array.from({ length: 3 + below(38) }, () => LETTERS[below(LETTERS.length)] ?? " ");
    const kind = (texts++ * 37) % 100;
    if (kind < ESCAPED) characters[below(characters.length)] = ESCAPES[below(ESCAPES.length)] ?? "\n";
    else if (kind < ESCAPED + WIDE) characters[below(characters.length)] = WIDES[below(WIDES.length)] ?? "…";
    return characters.join("");
  }

  const nodes = Array.from({ length: NODES }, text);
  const node = (): string => nodes[below(NODES)] ?? "node";
  const uuid = (): string =>
    "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => below(16).toString(16));
  const timestamp = (): string =>
    new Date(
      Date.UTC(2026, below(12), 1 + below(28), below(24), below(60), below(60), below(1_000)),
    ).toISOString();
  /** A field that not every message has. */
  const maybe = <T>(percent: number, name: string, make: () => T): Record<string, T> =>
    chance(percent) ? { [name]: make() } : {};
  const envelope = (percent: number) => ({
    ...maybe(percent, "node_id", node),
    ...maybe(60, "timestamp", timestamp),
  });

  const rare: readonly [() => Mixed, ...(() => Mixed)[]] = [
    () => ({
      event: "node_state_change",
      node_id: node(),
      ...maybe(60, "timestamp", timestamp),
      data: { status: pick(["pending", "running", "completed", "failed", "skipped", "suspended"]) },
    }),
    () => ({
      event: "node:parallel_start",
      node_id: node(),
      ...maybe(60, "timestamp", timestamp),
      data: { branches: [...new Set(Array.from({ length: 2 + below(3) }, text))] },
    }),
    () => ({
      event: "token_usage",
      ...maybe(60, "timestamp", timestamp),
      data: {
        node_id: node(),
        ...maybe(30, "agent_id", text),
        input_tokens: below(200_000),
        output_tokens: below(8_000),
        estimated_cost_usd: below(1_000_000) / 1_000_000,
      },
    }),
    () => ({
      event: "human_interaction_required",
      node_id: node(),
      ...maybe(60, "timestamp", timestamp),
      data: { reason: text(), ...maybe(50, "timeout", () => 30 * (1 + below(20))) },
    }),
    () => ({
      event: "execution:paused",
      ...envelope(40),
      data: { reason: text(), session_uuid: uuid() },
    }),
    () => ({
      event: "execution:completed",
      ...maybe(60, "timestamp", timestamp),
      data: { status: pick(["completed", "failed"]), session_uuid: uuid() },
    }),
    () => ({
      event: "error",
      ...envelope(40),
      data: { error: text(), code: pick(["invalid-payload", "illegal-state", "not-found", "rate-limited"]) },
    }),
  ];
  const stream = (): Mixed => ({
    event: "token_stream",
    ...maybe(20, "node_id", node),
    ...maybe(80, "timestamp", timestamp),
    data: { node_id: node(), chunk: text(), is_thinking: chance(25) },
  });

  return Array.from({ length: MESSAGES }, (_, n) => (n % 5 === 4 ? pick(rare)() : stream()));
}

/** A small generator of good quality: the same numbers on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

if (process.argv[1]?.endsWith("mix.ts")) {
  const lines = makeMix().map((message) => JSON.stringify(message));
  writeFileSync(new URL("mix.json", import.meta.url), `[\n${lines.join(",\n")}\n]\n`);
}
