/** Where the parts of a contract stand in the files of its document, for those that the contract itself does not say. */

import type { Pointer, Source } from "../contract/contract.js";
import { parsePointer } from "../contract/pointer.js";
import { payloadPlace } from "./compile/messages.js";
import { entriesAt, follow, memberAt, type Place, rootOf } from "./place.js";
import { openDocument } from "./references.js";

/** Looks places up; files are named relative to the folder of the document. */
export interface Locator {
  /** An extension of the first of some channels that has it, else the first channel that is there. */
  channel(names: readonly string[], extension: string | undefined): Source | undefined;
  /** The schema at a place of a payload, or the deepest part of it that is described. */
  payload(channels: readonly string[], message: string, pointer: Pointer): Source | undefined;
}

/** Opens a document to look places up; one that is not in the shape of AsyncAPI 3 has few that are found. */
export async function openLocator(path: string): Promise<Locator> {
  const { main } = await openDocument(path);
  const channels = main === undefined ? undefined : memberAt(rootOf(main), "channels");
  return {
    channel(names, extension) {
      const found = names.flatMap((name) => memberAt(channels, name) ?? []);
      const own = found.flatMap((channel) =>
        extension === undefined ? [] : (memberAt(channel, extension) ?? []),
      );
      return sourceOf(own[0] ?? found[0]);
    },
    payload(names, message, pointer) {
      const found = names.flatMap((name) => memberAt(channels, name, "messages", message) ?? [])[0];
      const payload = found === undefined ? undefined : payloadPlace(follow(found));
      return payload === undefined
        ? undefined
        : sourceOf(describing(payload, parsePointer(pointer), 0).place);
    },
  };
}

function sourceOf(place: Place | undefined): Source | undefined {
  return place === undefined
    ? undefined
    : { file: place.file.name, line: place.file.position(place.path).line };
}

interface Found {
  readonly place: Place;
  /** Parts of the pointer that are left. */
  readonly left: number;
}

// Combiners and `$ref`s on the way; bounds the walk through recursive schemas.
const MAX_DEPTH = 32;

function describing(written: Place, parts: readonly string[], depth: number): Found {
  const at = follow(written);
  // A `$ref` stands where it is used, and the schema where it is written: that is where something is to be done.
  const here: Found = { place: at.value === undefined ? written : at, left: parts.length };
  const [name, ...rest] = parts;
  if (name === undefined || depth > MAX_DEPTH) return here;
  const items = memberAt(at, "items");
  const children =
    name === "*"
      ? [items, memberAt(at, "additionalProperties")]
      : [memberAt(at, "properties", name), memberAt(items, name)];
  const found = children.flatMap((child) =>
    child === undefined ? [] : [describing(child, rest, depth + 1)],
  );
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    for (const [, branch] of entriesAt(memberAt(at, keyword))) {
      const inside = describing(branch, parts, depth + 1);
      if (inside.left < parts.length) found.push(inside);
    }
  }
  return found.sort((a, b) => a.left - b.left)[0] ?? here;
}
