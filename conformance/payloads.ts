/** Ordinary payloads for the commands that the kit needs to send: known-good ones first, generated ones last. */
import fc from "fast-check";
import { UnsatisfiableError } from "../src/arbitrary/bounded-filter.js";
import { validPayload } from "../src/arbitrary/valid-payload.js";
import type { Json, Message, Pointer } from "../src/contract/contract.js";
import { parsePointer } from "../src/contract/pointer.js";
import { KNOWN_GOOD } from "./config.js";
import { type Filling, fill } from "./exchange.js";
import { frameText, type Judge } from "./judge.js";

/** How many payloads are generated: the first that can be sent is taken. */
const DRAWN = 4;

/**
 * A valid payload of a command: from the exchanges, else the document's examples, else generated under `seed`; with
 * `token` at its correlation id, where it declares one. Undefined when the schema yields none.
 */
export function ordinaryPayload(
  judge: Judge,
  name: string,
  filling: Filling,
  seed: number,
  token?: Json,
): Json | undefined {
  const message = judge.endpoint.commands.find((command) => command.name === name);
  if (message === undefined) return undefined;
  for (const payload of candidates(judge, message, filling, seed)) {
    if (judge.commands.validate(name, payload) !== undefined) continue;
    // Limits hold for the whole frame: a payload that is valid may still be too long to be sent.
    if (!judge.commands.judge(frameText(judge.endpoint, name, payload)).ok) continue;
    const marked = token === undefined ? undefined : withToken(judge, message, payload, token);
    return marked ?? payload;
  }
  return undefined;
}

/** The payload with a token at its correlation id; undefined when it declares none or cannot hold this one. */
export function withToken(judge: Judge, message: Message, payload: Json, token: Json): Json | undefined {
  if (message.correlation === undefined) return undefined;
  const marked = withValue(payload, message.correlation, token);
  if (marked === undefined || judge.commands.validate(message.name, marked) !== undefined) return undefined;
  return marked;
}

/** A copy with `value` at the pointer; objects on the way are made. Undefined when something else stands in the way. */
export function withValue(payload: Json, pointer: Pointer, value: Json): Json | undefined {
  return place(payload, parsePointer(pointer), value);
}

function place(at: Json | undefined, parts: readonly string[], value: Json): Json | undefined {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  const here = at ?? {};
  if (typeof here !== "object" || here === null || Array.isArray(here)) return undefined;
  // Not an array and not null: what is left of Json objects is the record.
  const record = here as { readonly [key: string]: Json };
  const below = place(Object.hasOwn(record, part) ? record[part] : undefined, rest, value);
  return below === undefined ? undefined : { ...record, [part]: below };
}

function* candidates(judge: Judge, message: Message, filling: Filling, seed: number): Generator<Json> {
  for (const example of message.examples) if (example.name === KNOWN_GOOD) yield example.payload;
  for (const exchange of judge.endpoint.exchanges?.list ?? []) {
    for (const step of exchange.steps) {
      if ("send" in step && step.send.message === message.name) yield fill(step.send.payload, filling);
    }
  }
  for (const example of message.examples) yield example.payload;
  // A payload without a schema may be anything: an empty object is the least surprising.
  if (message.payload === true) yield {};
  yield* drawn(judge, message, seed);
}

/** Generated payloads; none where the schema allows no finite one, so that the command cannot be sent at all. */
function drawn(judge: Judge, message: Message, seed: number): Json[] {
  try {
    return fc.sample(validPayload(message.payload, judge.contract.definitions), { seed, numRuns: DRAWN });
  } catch (fault) {
    if (fault instanceof UnsatisfiableError) return [];
    throw fault;
  }
}
