/** Schemas of a document → draft-07 whose every `$ref` is `#/definitions/<unique name>`. */

import type { JsonSchema } from "../../contract/contract.js";
import { formatPointer, isObject } from "../../contract/pointer.js";
import { lastPartOf } from "../convert.js";
import { entriesAt, follow, identityOf, memberAt, type Place, refOf } from "../place.js";

/** Collects the schemas of one contract; what several places refer to becomes a definition, once. */
export interface SchemaCompiler {
  /** Compiles the schema at a place; call {@link Root.finish} when all of them are compiled. */
  add(place: Place): Root;
  /** By name, those that something refers to. */
  definitions(): Record<string, JsonSchema>;
}

/** A schema that is no definition itself: a payload, a query string. */
export interface Root {
  /** The schema: in full, or a `$ref` when other schemas refer to it as well. */
  finish(): JsonSchema;
}

interface Definition {
  readonly name: string;
  body: JsonSchema;
}

/** Keywords whose value is one schema. */
export const SCHEMA: ReadonlySet<string> = new Set([
  "additionalItems",
  "additionalProperties",
  "contains",
  "else",
  "if",
  "not",
  "propertyNames",
  "then",
]);
/** Keywords whose value is a list of schemas. */
export const SCHEMA_LIST: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf"]);
/** Keywords whose value is a map of schemas. */
export const SCHEMA_MAP: ReadonlySet<string> = new Set(["patternProperties", "properties"]);
/** All other keywords of draft-07, and `deprecated`, which readers of the types want to see. */
export const KEPT: ReadonlySet<string> = new Set(
  `title description default examples readOnly writeOnly deprecated $comment const enum type
  multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern
  maxItems minItems uniqueItems maxProperties minProperties required
  format contentMediaType contentEncoding`.split(/\s+/),
);

// Recursion goes through `$ref`s, which end a walk: only a schema written out deeper than this meets the limit.
const MAX_DEPTH = 256;

/** Makes an empty compiler. */
export function createSchemaCompiler(): SchemaCompiler {
  const definitions = new Map<string, Definition>();
  const names = new Set<string>();

  const refer = (place: Place): JsonSchema => {
    const target = follow(place);
    const identity = identityOf(target);
    let definition = definitions.get(identity);
    if (definition === undefined) {
      definition = { name: unusedName(nameOf(target, refOf(place.value)), names), body: true };
      names.add(definition.name);
      // Registered before its body is compiled: a recursive schema meets itself here.
      definitions.set(identity, definition);
      definition.body = compile(target, 0);
    }
    return { $ref: `#/definitions${formatPointer([definition.name])}` };
  };

  const compile = (place: Place, depth: number): JsonSchema => {
    const { value } = place;
    if (typeof value === "boolean") return value;
    if (!isObject(value) || depth > MAX_DEPTH) return true;
    if (refOf(value) !== undefined) return refer(place);
    const schema: { [keyword: string]: unknown } = {};
    const inner = (child: Place): JsonSchema => compile(child, depth + 1);
    const innerList = (list: Place): JsonSchema[] => entriesAt(list).map(([, child]) => inner(child));
    for (const [keyword, child] of entriesAt(place)) {
      if (SCHEMA.has(keyword)) schema[keyword] = inner(child);
      else if (SCHEMA_LIST.has(keyword)) schema[keyword] = innerList(child);
      else if (SCHEMA_MAP.has(keyword)) schema[keyword] = mapOf(child, inner);
      else if (keyword === "items")
        schema[keyword] = Array.isArray(child.value) ? innerList(child) : inner(child);
      else if (keyword === "dependencies") {
        schema[keyword] = mapOf(child, (one) => (Array.isArray(one.value) ? one.value : inner(one)));
      } else if (KEPT.has(keyword)) schema[keyword] = child.value;
    }
    const prefix = memberAt(place, "prefixItems");
    if (prefix !== undefined && Array.isArray(prefix.value) && prefix.value.length > 0) {
      // 2020-12's word for what draft-07 says with a list under `items`; taken at its meaning instead of ignored.
      // An empty list says nothing, and draft-07 forbids it.
      if (schema["items"] !== undefined) schema["additionalItems"] = schema["items"];
      schema["items"] = innerList(prefix);
    }
    return schema;
  };

  return {
    add(place) {
      const target = follow(place);
      const identity = identityOf(target);
      const body = compile(target, 0);
      return {
        finish: () => (definitions.has(identity) ? refer({ ...place, value: place.value }) : body),
      };
    },
    definitions() {
      const sorted = [...definitions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return Object.fromEntries(sorted.map(({ name, body }) => [name, body]));
    },
  };
}

function mapOf<T>(place: Place, compileOne: (child: Place) => T): { [key: string]: T } {
  const entries = entriesAt(place).map(([key, child]): [string, T] => [key, compileOne(child)]);
  return Object.fromEntries(entries);
}

/** From its title, else the key of the component, else the name of the file. */
function nameOf(target: Place, ref: string | undefined): string {
  const title = isObject(target.value) ? target.value["title"] : undefined;
  const last = target.path.at(-1);
  // A pointer that ends in a keyword says nothing: the parent is named instead.
  const key = last === "payload" || last === "schema" || last === "items" ? target.path.at(-2) : last;
  const chosen = typeof title === "string" && /[A-Za-z]/.test(title) ? title : (key ?? lastPartOf(ref ?? ""));
  const words = chosen.split(/[^A-Za-z0-9_]+/).filter((word) => word !== "");
  const name = words
    .map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1)))
    .join("");
  return /^[A-Za-z_]/.test(name) ? name : `Schema${name}`;
}

function unusedName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${n}`;
  return free;
}
