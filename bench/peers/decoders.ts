/** Everyone who reads a text. All but the first do what the document asks for, as well as each of them can say it. */

import { safeParse } from "valibot";
import { type Generated, loadOwn, type Mode } from "../own.js";
import { ajvByEvent, ajvFast, ajvFull, loadStandalone } from "./ajv.js";
import { arktypeEvent } from "./arktype.js";
import type { Decoder } from "./peer.js";
import { typeboxEvent } from "./typebox.js";
import { loadTypia } from "./typia.js";
import { valibotEvent } from "./valibot.js";
import { zodEvent } from "./zod.js";
import { zodMiniEvent } from "./zod-mini.js";

/** The names that goals speak of. */
export const BARE = "JSON.parse, no validation";
export const AJV = "JSON.parse + Ajv";
export const AJV_FAST = "JSON.parse + Ajv, fast formats";
export const ownName = (mode: Mode): string => (mode === "auto" ? "wireproof" : `wireproof --codec ${mode}`);

export async function loadDecoders(): Promise<Decoder[]> {
  const own = await loadOwn();
  const typia = await loadTypia();
  const standalone = await loadStandalone();
  // Each is a function of its own, so that V8 learns about each of them alone.
  const decoders: (Decoder | undefined)[] = [
    { name: BARE, decode: (text) => JSON.parse(text) },
    ownDecoder("auto", own.get("auto"), ({ decodeEvent }) => (text) => {
      const read = decodeEvent(text);
      return read.ok ? read.value : undefined;
    }),
    ownDecoder("fast", own.get("fast"), ({ decodeEvent }) => (text) => {
      const read = decodeEvent(text);
      return read.ok ? read.value : undefined;
    }),
    ownDecoder("small", own.get("small"), ({ decodeEvent }) => (text) => {
      const read = decodeEvent(text);
      return read.ok ? read.value : undefined;
    }),
    {
      name: AJV,
      decode(text) {
        const value: unknown = JSON.parse(text);
        return ajvFull(value) ? value : undefined;
      },
    },
    {
      name: AJV_FAST,
      decode(text) {
        const value: unknown = JSON.parse(text);
        return ajvFast(value) ? value : undefined;
      },
    },
    {
      name: "JSON.parse + Ajv, standalone code",
      decode(text) {
        const value: unknown = JSON.parse(text);
        return standalone(value) ? value : undefined;
      },
    },
    {
      name: "JSON.parse + switch + Ajv for each event",
      decode(text) {
        const value = JSON.parse(text);
        return ajvByEvent.get(value?.event)?.(value) === true ? value : undefined;
      },
    },
    {
      name: "JSON.parse + zod",
      decode: (text) => zodEvent.safeParse(JSON.parse(text)).data,
    },
    {
      name: "JSON.parse + zod mini",
      decode: (text) => zodMiniEvent.safeParse(JSON.parse(text)).data,
    },
    {
      name: "JSON.parse + valibot",
      decode(text) {
        const read = safeParse(valibotEvent, JSON.parse(text));
        return read.success ? read.output : undefined;
      },
    },
    {
      name: "JSON.parse + TypeBox, compiled",
      decode(text) {
        const value: unknown = JSON.parse(text);
        return typeboxEvent.Check(value) ? value : undefined;
      },
    },
    {
      name: "JSON.parse + arktype",
      decode(text) {
        const value: unknown = JSON.parse(text);
        return arktypeEvent.allows(value) ? value : undefined;
      },
    },
    typia && {
      name: "JSON.parse + typia is",
      decode(text) {
        const value: unknown = JSON.parse(text);
        return typia.typiaIs(value) ? value : undefined;
      },
    },
  ];
  return decoders.filter((decoder) => decoder !== undefined);
}

function ownDecoder(
  mode: Mode,
  module: Generated | undefined,
  make: (module: Generated) => Decoder["decode"],
): Decoder | undefined {
  return module && { name: ownName(mode), decode: make(module) };
}
