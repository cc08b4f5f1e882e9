/** A word in a schema that means nothing there: what its author wanted is not judged. */

import { KEPT, SCHEMA, SCHEMA_LIST, SCHEMA_MAP } from "../compile/schemas.js";
import type { Finding } from "../finding.js";
import { entriesAt, findingAt, type Place } from "../place.js";
import type { LintRule } from "./rule.js";
import { schemasOf } from "./schema-places.js";

const NAME = "unknown-keyword";

/** Words that say nothing about values: draft-07's own, and those that AsyncAPI adds. `$defs` only holds what is referred to. */
const SILENT: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$ref",
  "definitions",
  "$defs",
  "items",
  "dependencies",
  "discriminator",
  "externalDocs",
]);
const KNOWN: ReadonlySet<string> = new Set([...SCHEMA, ...SCHEMA_LIST, ...SCHEMA_MAP, ...KEPT, ...SILENT]);

/** What the words of other dialects are in draft-07. */
const INSTEAD: Readonly<Record<string, string>> = {
  nullable: 'Add "null" to `type`.',
  example: "Write a list under `examples`.",
  dependentRequired: "Write `dependencies`, with lists of names.",
  dependentSchemas: "Write `dependencies`, with schemas.",
  unevaluatedProperties: "Write `additionalProperties` beside all `properties`, in one schema.",
  unevaluatedItems: "Write `additionalItems` beside `items`.",
  $anchor: "Refer by a pointer.",
  $dynamicRef: "Refer by a pointer with `$ref`.",
  $recursiveRef: "Refer by a pointer with `$ref`.",
};

/** Schemas are written in the words of draft-07 and of AsyncAPI; of several places with one strange word, the first is named. */
export const unknownKeyword: LintRule = {
  name: NAME,
  says: "Schemas are written in the words of draft-07.",
  check(context) {
    const places = new Map<string, Place[]>();
    for (const [keyword, place] of schemasOf(context).flatMap(entriesAt)) {
      if (KNOWN.has(keyword) || keyword.startsWith("x-")) continue;
      const key = `${place.file.path}\0${keyword}`;
      places.set(key, [...(places.get(key) ?? []), place]);
    }
    return [...places].map(([key, found]) => remark(key.slice(key.indexOf("\0") + 1), found));
  },
};

function remark(keyword: string, [first, ...others]: readonly Place[]): Finding {
  if (first === undefined) throw new RangeError("A keyword was found nowhere.");
  const count =
    others.length === 0
      ? ""
      : ` (here, and at ${others.length} other place${others.length === 1 ? "" : "s"})`;
  if (keyword === "prefixItems") {
    const message = `\`prefixItems\` is no word of draft-07${count}: it is read as a list under \`items\`, and other tools may pass it over.`;
    return findingAt(
      first,
      NAME,
      "info",
      message,
      "Write the list under `items`, and `additionalItems` beside it.",
    );
  }
  const meant = [...KNOWN].find((known) => plain(known) === plain(keyword));
  const mend =
    meant === undefined
      ? (INSTEAD[keyword] ?? "Take it away, or begin it with `x-` where it is for tools of your own.")
      : `Write \`${meant}\`.`;
  const message = `\`${keyword}\` is no word of draft-07${count}: it is passed over, and nothing that it asks for is judged.`;
  return findingAt(first, NAME, "warning", message, mend);
}

/** Without what a slip of the keyboard changes: case and separators. */
function plain(keyword: string): string {
  return keyword.toLowerCase().replaceAll(/[-_]/g, "");
}
