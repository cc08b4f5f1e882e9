/** Makes the payload of an event: an example of the document where one fits, a generated value otherwise. */

import type { Json, Pointer } from "../../contract/contract.js";
import { formatPointer, isObject, parsePointer, valueAt } from "../../contract/pointer.js";
import type { Stock, Wants } from "./stock.js";

/** What a payload is to be like. */
export interface Wish {
  readonly must: Wants;
  /** Carried where the schema lets it. */
  readonly may?: Wants;
  /** Has the last change; `undefined` where no change of this payload will do. */
  readonly adjust?: (payload: Json) => Json | undefined;
}

/** Composes payloads for one connection. */
export interface Composer {
  /** A payload of the message that the oracle accepts and that is as wished; undefined when there is none at hand. */
  compose(event: string, wish: Wish): Json | undefined;
}

/** A composer that takes what is in stock in turn, examples first. */
export function createComposer(stock: Stock): Composer {
  const turns = new Map<string, number>();

  function* candidates(event: string, must: Wants): Generator<Json> {
    const turn = turns.get(event) ?? 0;
    turns.set(event, turn + 1);
    // Generating takes milliseconds, so it is left undone as long as an example will do.
    yield* turned(stock.examples(event), turn);
    yield* turned(stock.generated(event), turn);
    yield* stock.made(event, must);
  }

  return {
    compose(event, { must, may = new Map(), adjust = (payload) => payload }) {
      for (const candidate of candidates(event, must)) {
        const wanted = withValues(candidate, must);
        let payload = wanted === undefined ? undefined : stock.checked(event, wanted);
        if (payload === undefined) continue;
        for (const one of may) {
          const richer = withValues(payload, new Map([one]));
          payload = (richer === undefined ? undefined : stock.checked(event, richer)) ?? payload;
        }
        const adjusted = adjust(payload);
        const final = adjusted === undefined ? undefined : stock.checked(event, adjusted);
        if (final !== undefined) return final;
      }
      return undefined;
    },
  };
}

function turned(payloads: readonly Json[], turn: number): Json[] {
  const from = payloads.length === 0 ? 0 : turn % payloads.length;
  return [...payloads.slice(from), ...payloads.slice(0, from)];
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
