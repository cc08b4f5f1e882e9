/** Makes the payload of an event: an example of the document where one fits, a generated value otherwise. */

import fc from "fast-check";
import { validPayload } from "../../src/arbitrary/valid-payload.js";
import type { Contract, Endpoint, Json, Message, Pointer } from "../../src/contract/contract.js";
import { formatPointer, isObject, parsePointer, valueAt } from "../../src/contract/pointer.js";
import type { Oracle } from "../../src/contract/validate.js";

/** Values that an event is to carry, by pointer into its payload. */
export type Wants = ReadonlyMap<Pointer, Json>;

/** Composes payloads of one endpoint's events; each is judged before it is given out. */
export interface Composer {
  /**
   * A payload of the message that the oracle accepts and that carries every one of `must` and, where the schema
   * lets it, each of `may`; undefined when none of the candidates can. `adjust` has the last change.
   */
  compose(
    message: string,
    wants: { must: Wants; may?: Wants; adjust?: (payload: Json) => Json },
  ): Json | undefined;
}

/** How many generated values are tried after the examples, before a message counts as impossible. */
const GENERATED = 24;

/** A composer that takes examples in turn and generates the rest from `seed`. */
export function createComposer(
  contract: Contract,
  endpoint: Endpoint,
  oracle: Oracle,
  seed: number,
): Composer {
  const turns = new Map<string, number>();
  const byName = new Map(endpoint.events.map((message) => [message.name, message]));
  const generated = new Map<string, readonly Json[]>();

  function candidates(message: Message): Json[] {
    const turn = turns.get(message.name) ?? 0;
    turns.set(message.name, turn + 1);
    const examples = message.examples.map((example) => example.payload);
    const offset = examples.length === 0 ? 0 : turn % examples.length;
    let drawn = generated.get(message.name);
    if (drawn === undefined) {
      const arbitrary = validPayload(message.payload, contract.definitions);
      drawn = fc.sample(arbitrary, { seed, numRuns: GENERATED });
      generated.set(message.name, drawn);
    }
    return [...examples.slice(offset), ...examples.slice(0, offset), ...drawn];
  }

  function fits(message: string, payload: Json): boolean {
    return oracle.validate(message, payload) === undefined;
  }

  return {
    compose(name, { must, may = new Map(), adjust = (payload) => payload }) {
      const message = byName.get(name);
      if (message === undefined) return undefined;
      for (const candidate of candidates(message)) {
        let payload = withValues(candidate, must);
        if (payload === undefined || !fits(name, payload)) continue;
        for (const [pointer, value] of may) {
          const richer = withValues(payload, new Map([[pointer, value]]));
          if (richer !== undefined && fits(name, richer)) payload = richer;
        }
        const adjusted = adjust(payload);
        if (fits(name, adjusted)) return adjusted;
      }
      return undefined;
    },
  };
}

/** A copy of `value` with each of `wants` in its place, objects made on the way; undefined where a place cannot be. */
export function withValues(value: Json, wants: Wants): Json | undefined {
  let result: Json | undefined = value;
  for (const [pointer, wanted] of wants) {
    if (result === undefined) return undefined;
    result = put(result, parsePointer(pointer), wanted);
  }
  return result;
}

/** A copy of `value` without what stands at `pointer`; `value` itself where there is nothing. */
export function withoutValue(value: Json, pointer: Pointer): Json {
  const path = parsePointer(pointer);
  const last = path.pop();
  if (last === undefined) return value;
  const holder = jsonAt(value, formatPointer(path));
  if (!isObject(holder) || !Object.hasOwn(holder, last)) return value;
  const { [last]: _, ...rest } = holder;
  return put(value, path, rest) ?? value;
}

/** What stands at a pointer of a payload that JSON.parse gave, or that was composed: JSON, or nothing. */
export function jsonAt(payload: unknown, pointer: Pointer): Json | undefined {
  // The payload is JSON all through, and valueAt only walks into it.
  return valueAt(payload, pointer) as Json | undefined;
}

function put(at: Json | undefined, path: readonly string[], wanted: Json): Json | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return wanted;
  if (Array.isArray(at)) {
    const index = Number(part);
    if (!Number.isInteger(index) || index < 0 || index > at.length) return undefined;
    const member = put(at[index], rest, wanted);
    return member === undefined ? undefined : [...at.slice(0, index), member, ...at.slice(index + 1)];
  }
  if (at !== undefined && !isObject(at)) return undefined;
  const own: { [key: string]: Json } = { ...at };
  const member = put(Object.hasOwn(own, part) ? own[part] : undefined, rest, wanted);
  if (member === undefined) return undefined;
  // Defined, not assigned: a pointer may hold `__proto__`, which is data.
  Object.defineProperty(own, part, { value: member, writable: true, enumerable: true, configurable: true });
  return own;
}
