/** Everyone who writes a value. The peers differ in what they check; `checks` says who checks what decode checks. */

import { type Generated, loadOwn, type Mode } from "../own.js";
import { ajvFull } from "./ajv.js";
import { ownName } from "./decoders.js";
import { fastJsonStringify } from "./fast-json-stringify.js";
import type { Encoder } from "./peer.js";
import { loadTypia } from "./typia.js";
import { zodEvent } from "./zod.js";

/** The names that goals speak of. */
export const BARE_STRINGIFY = "JSON.stringify, no validation";
export const AJV_STRINGIFY = "Ajv + JSON.stringify";

/** Those who write text; all but the ones that say "no validation" refuse what the document refuses. */
export async function loadEncoders(): Promise<Encoder[]> {
  const own = await loadOwn();
  const typia = await loadTypia();
  const encoders: (Encoder | undefined)[] = [
    { name: BARE_STRINGIFY, encode: (value) => JSON.stringify(value) },
    ownEncoder(
      "auto",
      own.get("auto"),
      ({ encodeEvent }) =>
        (value) =>
          encodeEvent(value),
    ),
    ownEncoder(
      "fast",
      own.get("fast"),
      ({ encodeEvent }) =>
        (value) =>
          encodeEvent(value),
    ),
    ownEncoder(
      "small",
      own.get("small"),
      ({ encodeEvent }) =>
        (value) =>
          encodeEvent(value),
    ),
    { name: AJV_STRINGIFY, encode: (value) => (ajvFull(value) ? JSON.stringify(value) : undefined) },
    {
      name: "zod + JSON.stringify",
      encode(value) {
        const { success, data } = zodEvent.safeParse(value);
        return success ? JSON.stringify(data) : undefined;
      },
    },
    { name: "fast-json-stringify for each event, no validation", encode: fastJsonStringify },
    {
      name: "Ajv + fast-json-stringify",
      encode: (value) => (ajvFull(value) ? fastJsonStringify(value) : undefined),
    },
    typia && { name: "typia stringify, no validation", encode: (value) => typia.typiaStringify(value) },
    typia && { name: "typia isStringify", encode: (value) => typia.typiaIsStringify(value) ?? undefined },
  ];
  return encoders.filter((encoder) => encoder !== undefined);
}

/** What the generated functions take; the mix holds nothing else, and the agreement says so. */
type Event = Parameters<Generated["encodeEvent"]>[0];

function ownEncoder(
  mode: Mode,
  module: Generated | undefined,
  make: (module: Generated) => (value: Event) => string,
): Encoder | undefined {
  if (module === undefined) return undefined;
  // A message of the mix is one of the events; what is none is refused, which is what the agreement tries.
  return { name: ownName(mode), encode: make(module) as Encoder["encode"] };
}
