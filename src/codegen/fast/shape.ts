/**
 * From a schema to the shape that a fast codec is made of: objects with known members, and leaves that one part of a
 * template reads. Whatever a regular expression cannot read has no shape, and says why.
 *
 * A shape may allow more than its schema: `checked` leaves say which of its conditions are still to be asked.
 */

import type { Json, JsonSchema } from "../../contract/contract.js";
import { formatPointer } from "../../contract/pointer.js";
import { Imports } from "../imports.js";
import { type Context, isPlainCombination, leafTerms } from "../leaf.js";
import {
  type Definitions,
  definitionOf,
  hasCombiners,
  isAny,
  type Kind,
  kindsOf,
  requiredOf,
  type SchemaObject,
  schemaList,
  schemaMap,
  subschema,
  typesOf,
  valuesOf,
} from "../schema.js";

/** An object whose members stand in the order of the schema. */
export interface ObjectShape {
  readonly kind: "object";
  readonly members: readonly MemberShape[];
}

export interface MemberShape {
  readonly name: string;
  readonly required: boolean;
  readonly shape: Shape;
}

/** One value that every frame of the message has here. */
export interface ConstantShape {
  readonly kind: "constant";
  readonly value: string | number | boolean | null;
}

/** One text of a few, none of which needs an escape. */
export interface ChoiceShape {
  readonly kind: "choice";
  readonly values: readonly string[];
}

/** A scalar. */
export interface LeafShape {
  readonly kind: "leaf";
  /** What may stand here; more than one only where null or several types are allowed. */
  readonly parts: readonly Part[];
  /** What a value of that part must still meet. */
  readonly rest: JsonSchema;
}

/** A list of texts. */
export interface ListShape {
  readonly kind: "list";
  readonly item: SchemaObject;
  readonly schema: SchemaObject;
}

export type Shape = ObjectShape | ConstantShape | ChoiceShape | LeafShape | ListShape;

/** A part of a template that reads a scalar. */
export type Part = "text" | "time" | "uuid" | "integer" | "number" | "boolean" | "null";

/** Why there is no shape, and where. */
export interface Shapeless {
  readonly why: string;
}

/** The shape of a message, and the optional members that it leaves out because they have none. */
export interface MessageShape {
  readonly shape: ObjectShape;
  readonly without: readonly string[];
}

// Deeper schemas go round in a circle, or say too little a byte.
const MAX_DEPTH = 8;
/** More members than a template is good for. */
const MAX_MEMBERS = 40;

/**
 * The shape of a payload; `named` are the pointers of the fields that name the message, which are there in any case.
 * `isBare`: formats are checked by their functions and not by the template, which costs fewer bytes of code.
 */
export function shapeOf(
  payload: JsonSchema,
  definitions: Definitions,
  named: readonly string[],
  isBare = false,
): MessageShape | Shapeless {
  const reader = new ShapeReader(definitions, new Set(named), isBare);
  const shape = reader.shape(payload, "", 0);
  if ("why" in shape) return shape;
  if (shape.kind !== "object") return { why: "it is no object" };
  return { shape, without: reader.without };
}

class ShapeReader {
  readonly without: string[] = [];
  private members = 0;
  /** For the question whether a scalar can be checked by conditions alone. */
  private readonly probe: Context;

  constructor(
    private readonly definitions: Definitions,
    private readonly named: ReadonlySet<string>,
    private readonly isBare: boolean,
  ) {
    this.probe = { definitions, imports: new Imports(), pattern: () => "PATTERN" };
  }

  shape(given: JsonSchema, at: string, depth: number): Shape | Shapeless {
    if (depth > MAX_DEPTH) return { why: `${at || "it"} holds itself, or goes too deep` };
    if (typeof given === "boolean" || isAny(given)) return { why: `${at || "it"} may be anything` };
    const schema = this.resolved(given);
    if (typeof schema === "boolean" || isAny(schema)) return { why: `${at || "it"} may be anything` };
    const kinds = this.kinds(schema, 0);
    if (kinds.size === 0) return { why: `${at || "it"} can never be right` };
    if (!kinds.has("object") && !kinds.has("array")) return this.leaf(schema, kinds, at);
    if (kinds.size > 1) {
      // An object is told by its members where there is no type: no other value is read here.
      if (schema["type"] !== undefined || schema["properties"] === undefined)
        return { why: `${at || "it"} may be of several types` };
    }
    if (kinds.has("object")) return this.object(schema, at, depth);
    return this.list(schema, at);
  }

  /** Follows references that stand alone, and joins `allOf` where it only adds members. */
  private resolved(given: SchemaObject, depth = 0): JsonSchema {
    if (depth > MAX_DEPTH) return given;
    if (given["$ref"] !== undefined && isPlainCombination(given)) {
      const { schema } = definitionOf(given["$ref"], this.definitions);
      return typeof schema === "boolean" ? schema : this.resolved(schema, depth + 1);
    }
    if (given["allOf"] === undefined) return given;
    const { allOf: _, ...own } = given;
    const joined = [own, ...schemaList(given, "allOf")].map((part) =>
      typeof part === "boolean" ? part : this.resolved(part, depth + 1),
    );
    return joined.reduce<JsonSchema | undefined>(joinedObjects, {}) ?? given;
  }

  private kinds(schema: SchemaObject, depth: number): ReadonlySet<Kind> {
    const own = kindsOf(schema);
    if (depth > MAX_DEPTH) return own;
    const allowed = (sub: JsonSchema): ReadonlySet<Kind> => {
      if (typeof sub === "boolean") return sub ? own : new Set();
      return this.kinds(sub, depth + 1);
    };
    let left = own;
    if (schema["$ref"] !== undefined)
      left = both(left, allowed(definitionOf(schema["$ref"], this.definitions).schema));
    for (const keyword of ["anyOf", "oneOf"]) {
      const branches = schemaList(schema, keyword);
      if (branches.length > 0) left = both(left, new Set(branches.flatMap((branch) => [...allowed(branch)])));
    }
    return left;
  }

  private object(schema: SchemaObject, at: string, depth: number): ObjectShape | Shapeless {
    const here = at || "it";
    if (hasCombiners(schema)) return { why: `${here} is a union or a condition` };
    if (valuesOf(schema) !== undefined) return { why: `${here} is one of a few objects` };
    const properties = schemaMap(schema, "properties");
    if (properties.length === 0) {
      const map = schema["additionalProperties"] !== undefined && schema["additionalProperties"] !== false;
      if (map || schema["patternProperties"] !== undefined) return { why: `${here} is a map` };
      if (schema["additionalProperties"] !== false) return { why: `${here} may be any object` };
    }
    for (const keyword of ["dependencies", "propertyNames", "minProperties", "maxProperties"]) {
      if (schema[keyword] !== undefined) return { why: `${here} has ${keyword}` };
    }
    for (const [source] of schemaMap(schema, "patternProperties")) {
      if (properties.some(([name]) => new RegExp(source, "u").test(name)))
        return { why: `${here} has patternProperties that fit described members` };
    }
    // The judge finds such a name in every object, there or not.
    const inherited = properties.find(([name]) => name in Object.prototype);
    if (inherited !== undefined) return { why: `${here} has a member named ${inherited[0]}` };
    const required = requiredOf(schema);
    const unknown = required.find((name) => !properties.some(([property]) => property === name));
    if (unknown !== undefined) return { why: `${here} requires ${unknown}, which it does not describe` };
    const members: MemberShape[] = [];
    for (const [name, sub] of properties) {
      const pointer = `${at}${formatPointer([name])}`;
      const needed = required.includes(name) || this.named.has(pointer);
      const shape = isPlainWord(name)
        ? this.shape(sub, pointer, depth + 1)
        : { why: `${pointer} has an odd name` };
      if (!("why" in shape)) {
        if (++this.members > MAX_MEMBERS) return { why: `it has more than ${MAX_MEMBERS} members` };
        members.push({ name, required: needed, shape });
      } else if (needed) return shape;
      else this.without.push(shape.why);
    }
    return { kind: "object", members };
  }

  private list(schema: SchemaObject, at: string): ListShape | Shapeless {
    if (hasCombiners(schema) || valuesOf(schema) !== undefined) return { why: `${at} is a union of lists` };
    const items = schema["items"];
    if (Array.isArray(items)) return { why: `${at} is a tuple` };
    const item = subschema(schema, "items");
    if (item === undefined || typeof item === "boolean" || isAny(item))
      return { why: `${at} is a list of anything` };
    if (schema["contains"] !== undefined) return { why: `${at} has contains` };
    const each = this.resolved(item);
    if (typeof each === "boolean") return { why: `${at} is a list of anything` };
    const kinds = this.kinds(each, 0);
    if (kinds.has("object")) return { why: `${at} is a list of objects` };
    if (kinds.size !== 1 || !kinds.has("string"))
      return { why: `${at} is a list of other things than texts` };
    if (leafTerms(each, "x", this.probe, at) === undefined) return { why: `${at} is a list of unions` };
    return { kind: "list", item: each, schema };
  }

  private leaf(
    schema: SchemaObject,
    kinds: ReadonlySet<Kind>,
    at: string,
  ): ConstantShape | ChoiceShape | LeafShape | Shapeless {
    const values = valuesOf(schema);
    if (values !== undefined && !hasCombiners(schema)) {
      const [only] = values;
      if (values.length === 1 && isConstant(only)) return { kind: "constant", value: only };
      const words = values.filter(isPlainWord);
      if (words.length === values.length && words.length <= 32) return { kind: "choice", values: words };
    }
    if (leafTerms(schema, "x", this.probe, at) === undefined) return { why: `${at || "it"} is a union` };
    const [kind] = kinds;
    if (kind === undefined || kinds.size > 1 || hasCombiners(schema) || values !== undefined) {
      const parts = [...kinds].map((each) => partOf({}, each));
      return { kind: "leaf", parts, rest: schema };
    }
    const part = kind === "string" && this.isBare ? "text" : partOf(schema, kind);
    if (at === "" && part === "null") return { why: "it is no object" };
    const { format: _, ...others } = schema;
    return { kind: "leaf", parts: [part], rest: part === "time" || part === "uuid" ? others : schema };
  }
}

function partOf(schema: SchemaObject, kind: Kind): Part {
  switch (kind) {
    case "string": {
      const isBounded = Object.keys(schema).some((keyword) => /^format(?:Ex|M)/.test(keyword));
      if (schema["format"] === "date-time" && !isBounded) return "time";
      return schema["format"] === "uuid" ? "uuid" : "text";
    }
    case "number":
      return typesOf(schema)?.includes("integer") === true && !typesOf(schema)?.includes("number")
        ? "integer"
        : "number";
    case "boolean":
      return "boolean";
    default:
      return "null";
  }
}

function isConstant(value: Json | undefined): value is string | number | boolean | null {
  if (typeof value === "string") return isPlainWord(value);
  return (
    value === null || typeof value === "boolean" || (Number.isSafeInteger(value) && !Object.is(value, -0))
  );
}

/** A text that stands in JSON as it is, and in a template as well. */
function isPlainWord(value: unknown): value is string {
  return typeof value === "string" && /^[\p{L}\p{N} _.:;,/+*#@=!?&%~'-]{1,128}$/u.test(value);
}

function both(some: ReadonlySet<Kind>, others: ReadonlySet<Kind>): ReadonlySet<Kind> {
  return new Set([...some].filter((kind) => others.has(kind)));
}

const JOINABLE = ["type", "properties", "required", "title", "description", "examples", "default"];

/** Two object schemas that both must be met, as one; undefined where more than members would have to be joined. */
function joinedObjects(some: JsonSchema | undefined, other: JsonSchema): JsonSchema | undefined {
  if (typeof some !== "object" || typeof other !== "object") return undefined;
  const isPlain = (schema: SchemaObject) =>
    Object.keys(schema).every((keyword) => JOINABLE.includes(keyword) || keyword.startsWith("x-"));
  if (!isPlain(some) || !isPlain(other)) return undefined;
  const types = [some["type"], other["type"]].filter((type) => type !== undefined);
  if (types.some((type) => type !== "object")) return undefined;
  const [mine, theirs] = [schemaMap(some, "properties"), schemaMap(other, "properties")];
  if (mine.some(([name]) => theirs.some(([twin]) => twin === name))) return undefined;
  return {
    ...(types.length > 0 ? { type: "object" } : {}),
    properties: Object.fromEntries([...mine, ...theirs]),
    required: [...new Set([...requiredOf(some), ...requiredOf(other)])],
  };
}
