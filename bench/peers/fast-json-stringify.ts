import fastJson from "fast-json-stringify";
import type { Message } from "./peer.js";
import { schemas } from "./schema.js";

// Its types want draft-07 as a type; it is draft-07.
const byEvent = new Map(
  [...schemas].map(([name, schema]) => [name, fastJson({ ...schema, additionalProperties: true } as never)]),
);

/** One serializer an event; it validates nothing. */
export function fastJsonStringify(value: Message): string {
  const stringify = byEvent.get(value.event);
  if (stringify === undefined) throw new TypeError(`no event is named ${value.event}`);
  return stringify(value);
}
