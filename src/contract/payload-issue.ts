/** What an Ajv error means to the person who sent the value: where, what was wanted, what was there, what to do. */

import type { ErrorObject } from "ajv";
import type { Contract, JsonSchema } from "./contract.js";
import { shorten } from "./discriminate.js";
import { definitionName } from "./payload.js";
import { formatPointer, isObject, memberOf, parsePointer, valueAt } from "./pointer.js";

/** The first thing that a schema says against a payload. */
export interface PayloadIssue {
  /** The draft-07 keyword that refused. */
  readonly keyword: string;
  /** JSON pointer into the payload. */
  readonly path: string;
  readonly expected: string;
  /** At most 80 characters. */
  readonly received: string;
  readonly hint: string;
}

/** Puts an Ajv error in words. `value` is what was validated against `schema`. */
export function payloadIssue(
  error: ErrorObject,
  value: unknown,
  schema: JsonSchema,
  definitions: Contract["definitions"],
): PayloadIssue {
  const { keyword, instancePath: at } = error;
  const found = valueAt(value, at);
  const here = at === "" ? "the payload" : `\`${at}\``;
  const issue = (expected: string, hint: string, path = at, received = shorten(found)): PayloadIssue => ({
    keyword,
    path,
    expected,
    received,
    hint,
  });
  // Ajv documents the parameters of each keyword but types them as a record: each is looked at before it is used.
  const params: { readonly [name: string]: unknown } = error.params;

  switch (keyword) {
    case "required":
    case "dependencies": {
      const missing = String(params["missingProperty"]);
      const path = at + formatPointer([missing]);
      const spelled = otherSpelling(found, missing);
      if (spelled !== undefined) {
        const wanted = `the field \`${missing}\``;
        return issue(wanted, `Rename \`${spelled}\` to \`${missing}\`.`, path, `\`${spelled}\``);
      }
      const why = keyword === "dependencies" ? ` because \`${String(params["property"])}\` is there` : "";
      return issue(`the field \`${missing}\`${why}`, `Add \`${missing}\` to ${here}.`, path, "nothing");
    }
    case "additionalProperties": {
      const extra = String(params["additionalProperty"]);
      const path = at + formatPointer([extra]);
      const known = knownFields(schema, definitions, parsePointer(at));
      const meant = known.find((name) => sameLetters(name, extra));
      const expected = known.length > 0 ? `only ${fields(known)}` : "no further field";
      const hint =
        meant !== undefined ? `Rename \`${extra}\` to \`${meant}\`.` : `Remove \`${extra}\` from ${here}.`;
      return issue(expected, hint, path, shorten(memberOf(found, extra)));
    }
    case "type": {
      const wanted = [params["type"]].flat().join(" or ");
      return issue(wanted, `Send ${here} as ${wanted}.`);
    }
    case "enum": {
      const allowed = Array.isArray(params["allowedValues"]) ? params["allowedValues"] : [];
      const wanted = `one of ${shown(allowed)}`;
      return issue(wanted, `Set ${here} to ${wanted}.`);
    }
    case "const": {
      const wanted = shorten(params["allowedValue"]);
      return issue(wanted, `Set ${here} to ${wanted}.`);
    }
    case "format":
      return issue(`format ${String(params["format"])}`, `Write ${here} as ${String(params["format"])}.`);
    case "pattern":
      return issue(`text matching ${String(params["pattern"])}`, `Make ${here} match the pattern.`);
    case "false schema":
      return issue("nothing here", `Remove ${here}.`);
    case "propertyNames": {
      const name = String(params["propertyName"]);
      return issue("a valid field name", `Rename \`${name}\` in ${here}.`, at + formatPointer([name]));
    }
    default: {
      const wanted = error.message ?? keyword;
      return issue(wanted, `Correct ${here}: it ${wanted}.`);
    }
  }
}

/** The fields that the schema at a place describes by name: followed through `$ref`, `allOf` and the members on the way. */
function knownFields(
  schema: unknown,
  definitions: Contract["definitions"],
  parts: readonly string[],
  depth = 0,
): string[] {
  if (!isObject(schema) || depth > 32) return [];
  const found: string[] = [];
  const name = definitionName(schema["$ref"]);
  if (name !== undefined) found.push(...knownFields(definitions[name], definitions, parts, depth + 1));
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (!Array.isArray(branches)) continue;
    for (const branch of branches) found.push(...knownFields(branch, definitions, parts, depth + 1));
  }
  const [head, ...rest] = parts;
  if (head === undefined)
    found.push(...Object.keys(isObject(schema["properties"]) ? schema["properties"] : {}));
  else {
    const items = schema["items"];
    const next =
      memberOf(schema["properties"], head) ?? (Array.isArray(items) ? memberOf(items, head) : items);
    found.push(...knownFields(next, definitions, rest, depth + 1));
  }
  return [...new Set(found)];
}

function otherSpelling(value: unknown, name: string): string | undefined {
  return isObject(value) ? Object.keys(value).find((key) => sameLetters(key, name)) : undefined;
}

/** `userId`, `user_id` and `User-ID` are the same letters: a name in another case. */
function sameLetters(a: string, b: string): boolean {
  const letters = (name: string) => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
  return a !== b && letters(a) !== "" && letters(a) === letters(b);
}

function fields(names: readonly string[]): string {
  const some = names.slice(0, 8).map((name) => `\`${name}\``);
  return names.length > some.length
    ? `${some.join(", ")} and ${names.length - some.length} more`
    : some.join(", ");
}

function shown(values: readonly unknown[]): string {
  const some = values.slice(0, 8).map((value) => shorten(value));
  return values.length > some.length
    ? `${some.join(", ")} and ${values.length - some.length} more`
    : some.join(", ");
}
