/**
 * A schema as a list of flat alternatives: conjunctions without `$ref`, `allOf`, `anyOf`, `oneOf`, `if`, `dependencies`.
 *
 * A generator cannot work on combiners: it has to choose a branch and then meet all keywords at once. What cannot be
 * met by construction (`not`, exactly one of `oneOf`, a failing `if`) is marked, and only there is filtering needed.
 */

import type { Contract, Json, JsonSchema } from "../contract/contract.js";
import { JoinedSchemas } from "../contract/joined-schemas.js";
import { definitionName, isSchema } from "../contract/payload.js";
import { isObject } from "../contract/pointer.js";
import { sameJson } from "../contract/same-json.js";
import { type JsonKind, KINDS, kindOf } from "./json-kind.js";

/** One object schema's own word on members; several hold at once. */
export interface ObjectShape {
  readonly properties: ReadonlyMap<string, JsonSchema>;
  readonly patterns: readonly (readonly [RegExp, JsonSchema])[];
  readonly additional: JsonSchema;
}

/** One array schema's own word on items; several hold at once. */
export interface ItemsShape {
  readonly tuple: readonly JsonSchema[];
  readonly rest: JsonSchema;
}

/** Keywords that all hold at once. */
export interface Flat {
  readonly kinds: ReadonlySet<JsonKind>;
  /** Kinds that a keyword speaks of, where no `type` is given: what the author meant. */
  readonly meant: ReadonlySet<JsonKind>;
  readonly integer: boolean;
  /** The only values there are (`const`, `enum`). */
  readonly allowed?: readonly Json[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multiples: readonly number[];
  readonly minLength: number;
  readonly maxLength?: number;
  readonly patterns: readonly string[];
  readonly formats: readonly string[];
  readonly minItems: number;
  readonly maxItems?: number;
  readonly unique: boolean;
  readonly items: readonly ItemsShape[];
  readonly contains: readonly JsonSchema[];
  readonly minProperties: number;
  readonly maxProperties?: number;
  readonly required: ReadonlySet<string>;
  readonly shapes: readonly ObjectShape[];
  readonly names: readonly JsonSchema[];
  /** True where values built from these keywords may still be refused. */
  readonly unsure: boolean;
}

const ANY: Flat = {
  kinds: new Set(KINDS),
  meant: new Set(),
  integer: false,
  multiples: [],
  minLength: 0,
  patterns: [],
  formats: [],
  minItems: 0,
  unique: false,
  items: [],
  contains: [],
  minProperties: 0,
  required: new Set(),
  shapes: [],
  names: [],
  unsure: false,
};

// A union of a hundred kinds is real (component lists); a product of several unions need not be complete.
const MAX_ALTERNATIVES = 256;

// Deeper than any schema nests combiners without descending into a member: a `$ref` that leads to itself.
const MAX_HOPS = 48;

/** Flattens schemas of one set of definitions, each once. */
export class Flattener {
  readonly #definitions: Contract["definitions"];
  readonly #known = new Map<JsonSchema, readonly Flat[]>();
  readonly #joined = new JoinedSchemas();

  constructor(definitions: Contract["definitions"]) {
    this.#definitions = definitions;
  }

  /** The alternatives of a schema; none when nothing can be valid. */
  alternatives(schema: JsonSchema): readonly Flat[] {
    let flats = this.#known.get(schema);
    if (flats === undefined) {
      flats = this.#expand(schema, 0);
      this.#known.set(schema, flats);
    }
    return flats;
  }

  /** What a member of an object must meet. */
  member(flat: Flat, name: string): JsonSchema {
    const found: JsonSchema[] = [];
    for (const shape of flat.shapes) {
      const own = shape.properties.get(name);
      const matching = shape.patterns.filter(([pattern]) => pattern.test(name));
      if (own !== undefined) found.push(own);
      found.push(...matching.map(([, schema]) => schema));
      if (own === undefined && matching.length === 0) found.push(shape.additional);
    }
    return this.#all(found);
  }

  /** What an item of an array must meet. */
  item(flat: Flat, index: number): JsonSchema {
    return this.#all(flat.items.map((shape) => shape.tuple[index] ?? shape.rest));
  }

  /** What the name of a member must meet. */
  name(flat: Flat): JsonSchema {
    return this.#all(flat.names);
  }

  /** Both schemas at once; the same two give the same object, so that what is known of it stays known. */
  both(a: JsonSchema, b: JsonSchema): JsonSchema {
    return this.#joined.both(a, b);
  }

  #all(schemas: readonly JsonSchema[]): JsonSchema {
    return this.#joined.all(schemas);
  }

  #expand(schema: JsonSchema, hops: number): readonly Flat[] {
    if (schema === true) return [ANY];
    if (schema === false || hops > MAX_HOPS) return [];
    let flats: readonly Flat[] = [ownKeywords(schema)];

    const name = definitionName(schema["$ref"]);
    if (name !== undefined) {
      const target = this.#definitions[name];
      flats = cross(flats, target === undefined ? [] : this.#expand(target, hops + 1));
    }
    for (const part of schemasIn(schema["allOf"])) flats = cross(flats, this.#expand(part, hops + 1));
    for (const keyword of ["anyOf", "oneOf"]) {
      if (!Array.isArray(schema[keyword])) continue;
      const branches = schemasIn(schema[keyword]).flatMap((branch) => this.#expand(branch, hops + 1));
      flats = cross(flats, keyword === "oneOf" ? branches.map(unsure) : branches);
    }
    flats = this.#conditions(schema, flats, hops);
    const not = schema["not"];
    if (isSchema(not)) flats = cross(flats, negation(not));
    return flats.filter(isPossible);
  }

  #conditions(schema: Exclude<JsonSchema, boolean>, given: readonly Flat[], hops: number): readonly Flat[] {
    let flats = given;
    const condition = schema["if"];
    if (isSchema(condition) && (isSchema(schema["then"]) || isSchema(schema["else"]))) {
      const then = isSchema(schema["then"]) ? schema["then"] : true;
      const otherwise = isSchema(schema["else"]) ? schema["else"] : true;
      const met = cross(this.#expand(condition, hops + 1), this.#expand(then, hops + 1));
      const unmet = cross(negation(condition), this.#expand(otherwise, hops + 1));
      flats = cross(flats, [...met, ...unmet]);
    }
    const dependencies = schema["dependencies"];
    if (!isObject(dependencies)) return flats;
    for (const [name, needs] of Object.entries(dependencies)) {
      const present = Array.isArray(needs)
        ? [requiring([name, ...needs.map(String)])]
        : isSchema(needs)
          ? cross([requiring([name])], this.#expand(needs, hops + 1))
          : [requiring([name])];
      flats = cross(flats, [forbidding(name), ...present]);
    }
    return flats;
  }
}

/** Both at once, for each pair that can be. */
function cross(left: readonly Flat[], right: readonly Flat[]): readonly Flat[] {
  const found: Flat[] = [];
  for (const a of left) {
    for (const b of right) {
      const flat = a === ANY ? b : b === ANY ? a : merge(a, b);
      if (isPossible(flat)) found.push(flat);
      if (found.length >= MAX_ALTERNATIVES) return found;
    }
  }
  return found;
}

function isPossible(flat: Flat): boolean {
  return flat.kinds.size > 0 && flat.allowed?.length !== 0;
}

function merge(a: Flat, b: Flat): Flat {
  const allowed =
    a.allowed !== undefined && b.allowed !== undefined
      ? a.allowed.filter((value) => b.allowed?.some((other) => sameJson(value, other)))
      : (a.allowed ?? b.allowed);
  return {
    kinds: new Set([...a.kinds].filter((kind) => b.kinds.has(kind))),
    meant: new Set([...a.meant, ...b.meant]),
    integer: a.integer || b.integer,
    ...(allowed === undefined ? {} : { allowed }),
    ...bound("minimum", a.minimum, b.minimum, Math.max),
    ...bound("maximum", a.maximum, b.maximum, Math.min),
    ...bound("exclusiveMinimum", a.exclusiveMinimum, b.exclusiveMinimum, Math.max),
    ...bound("exclusiveMaximum", a.exclusiveMaximum, b.exclusiveMaximum, Math.min),
    multiples: [...new Set([...a.multiples, ...b.multiples])],
    minLength: Math.max(a.minLength, b.minLength),
    ...bound("maxLength", a.maxLength, b.maxLength, Math.min),
    patterns: [...new Set([...a.patterns, ...b.patterns])],
    formats: [...new Set([...a.formats, ...b.formats])],
    minItems: Math.max(a.minItems, b.minItems),
    ...bound("maxItems", a.maxItems, b.maxItems, Math.min),
    unique: a.unique || b.unique,
    items: [...a.items, ...b.items],
    contains: [...a.contains, ...b.contains],
    minProperties: Math.max(a.minProperties, b.minProperties),
    ...bound("maxProperties", a.maxProperties, b.maxProperties, Math.min),
    required: new Set([...a.required, ...b.required]),
    shapes: [...a.shapes, ...b.shapes],
    names: [...a.names, ...b.names],
    unsure: a.unsure || b.unsure,
  };
}

function bound<K extends keyof Flat>(
  key: K,
  a: number | undefined,
  b: number | undefined,
  tighter: (a: number, b: number) => number,
): { [key in K]?: number } {
  const value = a === undefined ? b : b === undefined ? a : tighter(a, b);
  // A computed key loses its literal type; K is that literal.
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: number });
}

const KIND_OF_KEYWORD: Readonly<Record<string, JsonKind>> = {
  properties: "object",
  required: "object",
  additionalProperties: "object",
  patternProperties: "object",
  propertyNames: "object",
  minProperties: "object",
  maxProperties: "object",
  items: "array",
  contains: "array",
  minItems: "array",
  maxItems: "array",
  uniqueItems: "array",
  minLength: "string",
  maxLength: "string",
  pattern: "string",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "number",
};

function ownKeywords(schema: Exclude<JsonSchema, boolean>): Flat {
  const number = (keyword: string) => {
    const value = schema[keyword];
    return typeof value === "number" ? value : undefined;
  };
  const [types, integer] = declaredKinds(schema);
  // `const` and `enum` of a schema document are JSON by construction: they were parsed from it.
  const allowed = Object.hasOwn(schema, "const")
    ? [schema["const"] as Json]
    : Array.isArray(schema["enum"])
      ? (schema["enum"] as Json[])
      : undefined;
  const kinds = types ?? new Set(KINDS);
  const format = typeof schema["format"] === "string" ? schema["format"] : undefined;
  const numeric = format !== undefined && NUMBER_FORMATS.has(format);
  const meant = Object.keys(schema).flatMap((keyword) => KIND_OF_KEYWORD[keyword] ?? []);
  if (format !== undefined) meant.push(numeric ? "number" : "string");
  const pattern = schema["pattern"];
  const flat: Flat = {
    ...ANY,
    kinds,
    meant: new Set(types === undefined ? meant : []),
    integer,
    ...(allowed === undefined ? {} : { allowed: allowed.filter((value) => kinds.has(kindOf(value))) }),
    ...bound("minimum", number("minimum"), undefined, Math.max),
    ...bound("maximum", number("maximum"), undefined, Math.min),
    ...bound("exclusiveMinimum", number("exclusiveMinimum"), undefined, Math.max),
    ...bound("exclusiveMaximum", number("exclusiveMaximum"), undefined, Math.min),
    multiples: number("multipleOf") === undefined ? [] : [number("multipleOf") ?? 1],
    minLength: number("minLength") ?? 0,
    ...bound("maxLength", number("maxLength"), undefined, Math.min),
    patterns: typeof pattern === "string" ? [pattern] : [],
    formats: format === undefined ? [] : [format],
    minItems: number("minItems") ?? 0,
    ...bound("maxItems", number("maxItems"), undefined, Math.min),
    unique: schema["uniqueItems"] === true,
    items: itemsShape(schema),
    contains: isSchema(schema["contains"]) ? [schema["contains"]] : [],
    minProperties: number("minProperties") ?? 0,
    ...bound("maxProperties", number("maxProperties"), undefined, Math.min),
    required: new Set(Array.isArray(schema["required"]) ? schema["required"].map(String) : []),
    shapes: objectShape(schema),
    names: isSchema(schema["propertyNames"]) ? [schema["propertyNames"]] : [],
  };
  return flat.allowed !== undefined && Object.keys(schema).some((keyword) => keyword in KIND_OF_KEYWORD)
    ? unsure(flat)
    : flat;
}

const NUMBER_FORMATS: ReadonlySet<string> = new Set(["int32", "int64", "float", "double"]);

/** The declared kinds (`nullable`, of OpenAPI, widens them as Ajv does), and whether numbers are integers. */
function declaredKinds(schema: Exclude<JsonSchema, boolean>): [ReadonlySet<JsonKind> | undefined, boolean] {
  if (schema["type"] === undefined) return [undefined, false];
  const types = new Set([schema["type"]].flat().map(String));
  if (schema["nullable"] === true) types.add("null");
  const integer = types.has("integer") && !types.has("number");
  if (types.has("integer")) types.add("number");
  return [new Set(KINDS.filter((kind) => types.has(kind))), integer];
}

function objectShape(schema: Exclude<JsonSchema, boolean>): ObjectShape[] {
  const { properties, patternProperties, additionalProperties } = schema;
  if (!isObject(properties) && !isObject(patternProperties) && !isSchema(additionalProperties)) return [];
  const entries = (value: unknown): [string, JsonSchema][] =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, member]) => (isSchema(member) ? [[key, member]] : []))
      : [];
  return [
    {
      properties: new Map(entries(properties)),
      patterns: entries(patternProperties).map(([source, member]) => [new RegExp(source, "u"), member]),
      additional: isSchema(additionalProperties) ? additionalProperties : true,
    },
  ];
}

function itemsShape(schema: Exclude<JsonSchema, boolean>): ItemsShape[] {
  const { items, additionalItems } = schema;
  if (Array.isArray(items)) {
    return [{ tuple: items.filter(isSchema), rest: isSchema(additionalItems) ? additionalItems : true }];
  }
  return isSchema(items) ? [{ tuple: [], rest: items }] : [];
}

const ANNOTATIONS: ReadonlySet<string> = new Set(["title", "description", "$comment", "default", "examples"]);

/** What `not` leaves: by construction where it forbids kinds or a member, else unsure. */
function negation(schema: JsonSchema): readonly Flat[] {
  if (typeof schema === "boolean") return schema ? [] : [ANY];
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  const [keyword] = keywords;
  if (keyword === undefined) return [];
  if (keywords.length === 1 && keyword === "type" && schema["type"] !== "integer") {
    const [kinds] = declaredKinds(schema);
    return [{ ...ANY, kinds: new Set(KINDS.filter((kind) => kinds?.has(kind) !== true)) }];
  }
  const required = schema["required"];
  if (keywords.length === 1 && Array.isArray(required)) {
    return required.map((name) => forbidding(String(name)));
  }
  return [unsure(ANY)];
}

function requiring(names: readonly string[]): Flat {
  return { ...ANY, required: new Set(names), meant: new Set(["object"]) };
}

function forbidding(name: string): Flat {
  return { ...ANY, shapes: [{ properties: new Map([[name, false]]), patterns: [], additional: true }] };
}

function unsure(flat: Flat): Flat {
  return { ...flat, unsure: true };
}

function schemasIn(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}
