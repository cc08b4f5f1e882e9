/**
 * Whether all that are compared do the same work: everyone takes every message of the mix and makes the same of it, and
 * refuses a set of bad ones. Where a peer's check is weaker than the document, `WEAKER` says so, exactly.
 */

import { isDeepStrictEqual } from "node:util";
import { makeMix } from "./mix.js";
import { messages, missedTexts, texts } from "./mixed.js";
import { BARE, loadDecoders } from "./peers/decoders.js";
import { BARE_STRINGIFY, loadEncoders } from "./peers/encoders.js";
import type { Message } from "./peers/peer.js";

const time = "2026-06-01T12:00:00Z";
const chunk = { node_id: "n", chunk: "c" };
const token = (data: object, more: object = {}): Message => ({
  event: "token_stream",
  ...more,
  data: { ...chunk, ...data },
});
const usage = (data: object): Message => ({
  event: "token_usage",
  data: { node_id: "n", input_tokens: 1, output_tokens: 1, estimated_cost_usd: 0, ...data },
});
const branches = (list: unknown): Message => ({
  event: "node:parallel_start",
  node_id: "n",
  data: { branches: list },
});

/** What the document refuses. */
const BAD: Readonly<Record<string, Message>> = {
  "an event that there is not": { event: "token_steam", data: chunk },
  "no event": JSON.parse(JSON.stringify({ data: chunk })),
  "an event that is a number": JSON.parse('{"event":1}'),
  "no data": { event: "token_stream" },
  "data that is null": { event: "token_stream", data: null },
  "no chunk": { event: "token_stream", data: { node_id: "n" } },
  "a chunk that is a number": token({ chunk: 1 }),
  "a flag that is a string": token({ is_thinking: "true" }),
  "a node that is null": token({}, { node_id: null }),
  "a timestamp that is none": token({}, { timestamp: "yesterday" }),
  "a timestamp without an offset": token({}, { timestamp: "2026-06-01T12:00:00" }),
  "the 30th of February": token({}, { timestamp: "2026-02-30T12:00:00Z" }),
  "the 13th month": token({}, { timestamp: "2026-13-01T12:00:00Z" }),
  "a uuid that is none": token({ session_uuid: "0123" }),
  "a negative count": usage({ input_tokens: -1 }),
  "half a token": usage({ input_tokens: 1.5 }),
  "more tokens than are exact": usage({ input_tokens: 2 ** 53 }),
  "a cost below zero": usage({ estimated_cost_usd: -0.5 }),
  "an unknown status": { event: "node_state_change", node_id: "n", data: { status: "lost" } },
  "no branches": branches([]),
  "a branch twice": branches(["a", "a"]),
  "a branch that is a number": branches(["a", 1]),
};

/** What the document allows beside the mix. */
const GOOD: Readonly<Record<string, Message>> = {
  "a field that is not named": token({}, { more: [1] }),
  "an offset": token({}, { timestamp: "2026-06-01T12:00:00+05:30" }),
  "no fraction": token({}, { timestamp: time }),
  "nine digits of a fraction": token({}, { timestamp: "2026-06-01T12:00:00.123456789Z" }),
  "a leap second": token({}, { timestamp: "2016-12-31T23:59:60Z" }),
  "small letters": token({}, { timestamp: "2026-06-01t12:00:00z" }),
  "the 31st": token({}, { timestamp: "2026-12-31T12:00:00Z" }),
};

const FEBRUARY = "the 30th of February";
/** What RFC 3339 knows and ISO 8601 does not, or seldom. */
const RARE_TIMES = ["a leap second", "small letters"];

/** Bad messages that a peer takes and good ones that it refuses, as far as its own means go. */
const WEAKER: Readonly<
  Record<string, { readonly takes?: readonly string[]; readonly refuses?: readonly string[] }>
> = {
  "JSON.parse + Ajv, fast formats": { takes: [FEBRUARY, "the 13th month"] },
  "JSON.parse + zod": { refuses: RARE_TIMES },
  "JSON.parse + zod mini": { refuses: RARE_TIMES },
  "JSON.parse + valibot": { takes: [FEBRUARY], refuses: RARE_TIMES },
  "JSON.parse + arktype": { takes: [FEBRUARY, "a timestamp without an offset"], refuses: RARE_TIMES },
  "JSON.parse + typia is": { takes: [FEBRUARY], refuses: ["a leap second"] },
  "zod + JSON.stringify": { refuses: RARE_TIMES },
  "typia isStringify": { takes: [FEBRUARY], refuses: ["a leap second"] },
};

/** Compares everyone with what the document says; returns what is not as it is written down here. */
export async function disagreements(): Promise<string[]> {
  const found: string[] = [];
  if (!isDeepStrictEqual(makeMix(), messages))
    found.push("mix.json is not what mix.ts makes: npx tsx bench/mix.ts");
  for (const { name, decode } of await loadDecoders()) {
    const read = (text: string): unknown => {
      try {
        return decode(text);
      } catch {
        return undefined;
      }
    };
    for (const list of [texts, missedTexts]) {
      const wrong = list.find((text) => !isDeepStrictEqual(plain(read(text)), JSON.parse(text)));
      if (wrong !== undefined) found.push(`${name} reads something else than ${wrong}`);
    }
    if (name === BARE) continue;
    if (read('{"event":"token_stream"') !== undefined) found.push(`${name} takes half a message`);
    found.push(...compare(name, (message) => read(JSON.stringify(message)) !== undefined));
  }
  for (const { name, encode } of await loadEncoders()) {
    const write = (message: Message): string | undefined => {
      try {
        return encode(message);
      } catch {
        return undefined;
      }
    };
    const wrong = messages.find(
      (message) => !isDeepStrictEqual(JSON.parse(write(message) ?? "null"), message),
    );
    if (wrong !== undefined) found.push(`${name} writes something else than ${JSON.stringify(wrong)}`);
    if (name === BARE_STRINGIFY || name.includes("no validation")) continue;
    found.push(...compare(name, (message) => write(message) !== undefined));
  }
  return found;
}

function compare(name: string, takes: (message: Message) => boolean): string[] {
  const { takes: weak = [], refuses: strict = [] } = WEAKER[name] ?? {};
  return [
    ...Object.entries(BAD).flatMap(([title, message]) =>
      takes(message) === weak.includes(title)
        ? []
        : [`${name} ${weak.includes(title) ? "refuses" : "takes"}: ${title}`],
    ),
    ...Object.entries(GOOD).flatMap(([title, message]) =>
      takes(message) === !strict.includes(title)
        ? []
        : [`${name} ${strict.includes(title) ? "takes" : "refuses"}: ${title}`],
    ),
  ];
}

/** Without the prototypes of generated classes, which compare as different. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

if (process.argv.includes("--run")) {
  const found = await disagreements();
  for (const line of found) console.log(line);
  if (found.length > 0) process.exitCode = 1;
  else console.log("all peers agree with the document, but for what WEAKER says");
}
