/**
 * The schemas of one contract as alternatives: each a list of layers without `$ref`, `allOf`, `anyOf` and `oneOf`, all
 * of which hold at once. What a layer cannot say (`not`, `if`, a `oneOf` whose branches may overlap) is kept whole as an
 * atom. A value fits the schema exactly if it fits all layers and atoms of one alternative.
 */

import type { Ajv } from "ajv";
import type { Contract, JsonSchema } from "../contract.js";
import { JoinedSchemas } from "../joined-schemas.js";
import { definitionName, isSchema } from "../payload.js";
import { isObject } from "../pointer.js";
import { compileSchema, createAjv, type SchemaValidator } from "../validate.js";

export const KINDS = ["null", "boolean", "number", "string", "array", "object"] as const;
export type Kind = (typeof KINDS)[number];
export type Layer = { readonly [keyword: string]: unknown };

/** Layers and atoms that all hold at once. */
export interface Alternative {
  readonly layers: readonly Layer[];
  readonly atoms: readonly Layer[];
}

/** What an alternative asks of one member of an object. */
export interface Member {
  readonly schema: JsonSchema;
  /** Some layer names the member, by `properties` or by a pattern. */
  readonly described: boolean;
}

/** A schema is beyond what can be compared: too many alternatives, a `$ref` that leads to itself, no schema at all. */
export class Undecidable extends Error {
  override readonly name = "Undecidable";
}

// A union of a hundred kinds is real (component lists); a product of several unions is given up.
const MAX_ALTERNATIVES = 256;

/** The schemas of one side of a comparison. */
export class Side {
  readonly #alternatives = new Map<JsonSchema, readonly Alternative[]>();
  readonly #joined = new JoinedSchemas();
  readonly #validators = new Map<JsonSchema, SchemaValidator>();
  readonly #patterns = new Map<string, RegExp>();
  #ajv: Ajv | undefined;

  constructor(
    readonly definitions: Contract["definitions"],
    /** Whether no value can fit both; decides which `oneOf` is a plain union. */
    private readonly areDisjoint: (side: Side, a: Alternative, b: Alternative) => boolean,
  ) {}

  /** The alternatives of a schema; none when nothing can be valid. Throws {@link Undecidable}. */
  alternatives(schema: JsonSchema): readonly Alternative[] {
    const known = this.#alternatives.get(schema);
    if (known !== undefined) return known;
    const found = this.#expand(schema, []);
    this.#alternatives.set(schema, found);
    return found;
  }

  /** Whether Ajv accepts a value. Throws {@link Undecidable} where it cannot compile the schema. */
  accepts(schema: JsonSchema, value: unknown): boolean {
    let validator = this.#validators.get(schema);
    if (validator === undefined) {
      this.#ajv ??= createAjv({ checkSchemas: false });
      try {
        validator = compileSchema(schema, this.definitions, "a part of a payload", this.#ajv);
      } catch (error) {
        throw new Undecidable("it cannot be compiled", { cause: error });
      }
      this.#validators.set(schema, validator);
    }
    return validator(value) === undefined;
  }

  /** Whether Ajv knows a format; what it does not know it does not check. */
  knowsFormat(format: string): boolean {
    this.#ajv ??= createAjv({ checkSchemas: false });
    return this.#ajv.formats[format] !== undefined;
  }

  /** What a member of an object must meet. */
  member({ layers }: Alternative, name: string): Member {
    const found: JsonSchema[] = [];
    let described = false;
    for (const layer of layers) {
      const own = isObject(layer["properties"]) && Object.hasOwn(layer["properties"], name);
      const matching = patternsOf(layer).filter(([pattern]) => this.pattern(pattern).test(name));
      if (own && isObject(layer["properties"])) found.push(asSchema(layer["properties"][name]));
      found.push(...matching.map(([, schema]) => schema));
      if (own || matching.length > 0) described = true;
      else if (isSchema(layer["additionalProperties"])) found.push(layer["additionalProperties"]);
    }
    return { schema: this.all(found), described };
  }

  /** What the members that nothing names must meet, patterns aside. */
  rest({ layers }: Alternative): JsonSchema {
    return this.all(layers.map((layer) => layer["additionalProperties"]).filter(isSchema));
  }

  /** What an item of an array must meet. */
  item({ layers }: Alternative, index: number): JsonSchema {
    return this.all(
      layers.flatMap((layer) => {
        const { items, additionalItems } = layer;
        if (!Array.isArray(items)) return isSchema(items) ? [items] : [];
        const own: unknown = items[index] ?? additionalItems;
        return isSchema(own) ? [own] : [];
      }),
    );
  }

  /** Both at once; the same schemas give the same object, so that what is known of it stays known. */
  all(schemas: readonly JsonSchema[]): JsonSchema {
    return this.#joined.all(schemas);
  }

  /** A pattern as Ajv compiles it. */
  pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (pattern === undefined) {
      try {
        pattern = new RegExp(source, "u");
      } catch (error) {
        throw new Undecidable("a regular expression does not compile", { cause: error });
      }
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }

  #expand(schema: JsonSchema, above: readonly string[]): readonly Alternative[] {
    if (schema === true) return [{ layers: [], atoms: [] }];
    if (schema === false) return [];
    const known = this.#alternatives.get(schema);
    if (known !== undefined) return known;
    let found: readonly Alternative[] = [{ layers: [schema], atoms: atomsOf(schema) }];
    const name = definitionName(schema["$ref"]);
    if (name !== undefined) {
      const target = this.definitions[name];
      if (target === undefined || above.includes(name))
        throw new Undecidable("a `$ref` leads to itself or nowhere");
      found = cross(found, this.#expand(target, [...above, name]));
    }
    for (const part of schemasIn(schema["allOf"])) found = cross(found, this.#expand(part, above));
    if (Array.isArray(schema["anyOf"])) {
      found = cross(
        found,
        schemasIn(schema["anyOf"]).flatMap((branch) => this.#expand(branch, above)),
      );
    }
    if (Array.isArray(schema["oneOf"])) {
      const branches = schemasIn(schema["oneOf"]).map((branch) => this.#expand(branch, above));
      const union = branches.flat();
      const atoms = this.#apart(branches) ? [] : [{ oneOf: schema["oneOf"] }];
      found = cross(
        found,
        union.map((one) => ({ ...one, atoms: [...one.atoms, ...atoms] })),
      );
    }
    const not = schema["not"];
    const forbidden = isObject(not) ? onlyRequired(not) : undefined;
    if (forbidden !== undefined) {
      found = cross(
        found,
        forbidden.map((one) => ({ layers: [{ properties: { [one]: false } }], atoms: [] })),
      );
    }
    return found.filter(({ layers }) => kindsOf(layers).size > 0);
  }

  /** True when no value fits two of the branches. */
  #apart(branches: readonly (readonly Alternative[])[]): boolean {
    return branches.every((one, index) =>
      branches
        .slice(index + 1)
        .every((other) => one.every((a) => other.every((b) => this.areDisjoint(this, a, b)))),
    );
  }
}

function cross(left: readonly Alternative[], right: readonly Alternative[]): readonly Alternative[] {
  const found = left.flatMap((a) =>
    right.map((b) => ({ layers: [...a.layers, ...b.layers], atoms: [...a.atoms, ...b.atoms] })),
  );
  const possible = found.filter(({ layers }) => kindsOf(layers).size > 0);
  if (possible.length > MAX_ALTERNATIVES) throw new Undecidable("its combiners give too many alternatives");
  return possible;
}

/** The keywords that are kept whole. */
function atomsOf(schema: Layer): Layer[] {
  const atoms: Layer[] = [];
  const not = schema["not"];
  if (isSchema(not) && !(isObject(not) && onlyRequired(not) !== undefined)) atoms.push({ not });
  const condition = schema["if"];
  if (isSchema(condition) && (isSchema(schema["then"]) || isSchema(schema["else"]))) {
    const branches = ["then", "else"].filter((keyword) => isSchema(schema[keyword]));
    atoms.push({
      if: condition,
      ...Object.fromEntries(branches.map((keyword) => [keyword, schema[keyword]])),
    });
  }
  const dependencies = schema["dependencies"];
  if (isObject(dependencies)) {
    for (const [name, needs] of Object.entries(dependencies)) atoms.push({ dependencies: { [name]: needs } });
  }
  return atoms;
}

/** Names of a schema that asks for fields and for nothing else; under `not`, one of them is missing. */
function onlyRequired(schema: Layer): string[] | undefined {
  const { required } = schema;
  return Object.keys(schema).length === 1 && Array.isArray(required) ? required.map(String) : undefined;
}

/** The kinds of value that all layers allow. */
export function kindsOf(layers: readonly Layer[]): Set<Kind> {
  return new Set(KINDS.filter((kind) => layers.every((layer) => allowsKind(layer, kind))));
}

function allowsKind(layer: Layer, kind: Kind): boolean {
  const { type, nullable } = layer;
  if (type === undefined) return true;
  const types: readonly unknown[] = [type].flat();
  // OpenAPI's `nullable` widens a `type`, as Ajv has it.
  if (kind === "null" && nullable === true) return true;
  return types.includes(kind) || (kind === "number" && types.includes("integer"));
}

/** True when numbers are whole. */
export function isInteger(layers: readonly Layer[]): boolean {
  return layers.some(({ type, multipleOf }) => {
    const types: readonly unknown[] = type === undefined ? [] : [type].flat();
    if (types.includes("integer") && !types.includes("number")) return true;
    return typeof multipleOf === "number" && Number.isInteger(multipleOf);
  });
}

/** The values that `const` and `enum` leave, or undefined where no layer has one. */
export function listedValues(layers: readonly Layer[]): readonly unknown[] | undefined {
  const lists = layers.flatMap((layer): (readonly unknown[])[] => {
    if (Object.hasOwn(layer, "const")) return [[layer["const"]]];
    return Array.isArray(layer["enum"]) ? [layer["enum"]] : [];
  });
  return lists.sort((a, b) => a.length - b.length)[0];
}

export function patternsOf(layer: Layer): [string, JsonSchema][] {
  const patterns = layer["patternProperties"];
  if (!isObject(patterns)) return [];
  return Object.entries(patterns).map(([pattern, schema]) => [pattern, asSchema(schema)]);
}

function asSchema(value: unknown): JsonSchema {
  return isSchema(value) ? value : true;
}

function schemasIn(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

/** The kind of a JSON value. */
export function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "boolean" || type === "number" || type === "string" ? type : "object";
}
