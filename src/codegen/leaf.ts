/**
 * Schemas that one expression checks: scalars with their bounds, enumerations, and choices between such.
 *
 * Everything else gets a check function of its own (`check.ts`).
 */

import type { JsonSchema } from "../contract/contract.js";
import type { Imports } from "./imports.js";
import { flatLiteral, quote } from "./literal.js";
import {
  CodegenError,
  type Definitions,
  definitionOf,
  hasCombiners,
  hasRules,
  isAny,
  type Kind,
  kindsOf,
  numberOf,
  type SchemaObject,
  schemaList,
  typesOf,
  valuesOf,
} from "./schema.js";
import { all, any, compare, holds, NEVER, type Term, where } from "./terms.js";

/** What the printers of one file share. */
export interface Context {
  readonly definitions: Definitions;
  /** Names taken from `./wire.js`. */
  readonly imports: Imports;
  /** The constant of a regular expression, which is compiled once and not at each use. */
  pattern(source: string, where: string): string;
}

/** The functions of `src/wire/codec/format.ts` by the formats of texts that they test. */
export const STRING_FORMATS: { readonly [format: string]: string } = {
  date: "isDate",
  time: "isTime",
  "date-time": "isDateTime",
  "iso-time": "isIsoTime",
  "iso-date-time": "isIsoDateTime",
  duration: "isDuration",
  uri: "isUri",
  "uri-reference": "isUriReference",
  "uri-template": "isUriTemplate",
  url: "isUrl",
  email: "isEmail",
  hostname: "isHostname",
  ipv4: "isIpv4",
  ipv6: "isIpv6",
  regex: "isRegex",
  uuid: "isUuid",
  "json-pointer": "isJsonPointer",
  "json-pointer-uri-fragment": "isJsonPointerUriFragment",
  "relative-json-pointer": "isRelativeJsonPointer",
  byte: "isByte",
};

const ORDERED_FORMATS: { readonly [format: string]: string } = {
  date: "compareDates",
  time: "compareTimes",
  "date-time": "compareMoments",
  "iso-time": "compareIsoTimes",
  "iso-date-time": "compareIsoDateTimes",
};

/** The conditions that `x`, an expression without effects, must meet; undefined when the schema needs a function. */
export function leafTerms(
  schema: JsonSchema,
  x: string,
  context: Context,
  where: string,
  depth = 0,
): readonly Term[] | undefined {
  if (typeof schema === "boolean") return schema ? [] : [NEVER];
  if (isAny(schema)) return [];
  // A chain of references this long is a circle, which a function can follow and an expression cannot.
  if (depth > 8) return undefined;
  const kinds = kindsOf(schema);
  const deep = ["items", "additionalItems", "contains", "uniqueItems"];
  if (kinds.has("object") && hasRules(schema, "object")) return undefined;
  if (kinds.has("array") && deep.some((keyword) => schema[keyword] !== undefined)) return undefined;
  const terms = [...typeTerms(schema, x, context)];
  if (hasCombiners(schema)) {
    const combined = combinedTerms(schema, x, context, where, depth);
    if (combined === undefined) return undefined;
    terms.push(...combined);
  }
  for (const kind of kinds) terms.push(...kindTerms(schema, kind, x, context, where));
  return terms;
}

/** `$ref` to a leaf and `anyOf` over leaves are leaves, where they stand alone. */
function combinedTerms(
  schema: SchemaObject,
  x: string,
  context: Context,
  where: string,
  depth: number,
): readonly Term[] | undefined {
  if (!isPlainCombination(schema) || (schema["$ref"] === undefined && schema["anyOf"] === undefined))
    return undefined;
  const terms: Term[] = [];
  if (schema["$ref"] !== undefined) {
    const definition = definitionOf(schema["$ref"], context.definitions);
    const inner = leafTerms(definition.schema, x, context, where, depth + 1);
    if (inner === undefined) return undefined;
    terms.push(...inner);
  }
  if (schema["anyOf"] !== undefined) {
    const choices: Term[] = [];
    for (const branch of schemaList(schema, "anyOf")) {
      const inner = leafTerms(branch, x, context, where, depth + 1);
      if (inner === undefined) return undefined;
      if (inner.length === 0) return terms;
      choices.push(all(inner));
    }
    terms.push(any(choices));
  }
  return terms;
}

/**
 * True for a schema that is one combination of others and nothing else. Only there may conditions on the value itself
 * follow each other: the compiler narrows it by the first, and calls a second one that contradicts it an error.
 */
export function isPlainCombination(schema: SchemaObject): boolean {
  const combiners = ["$ref", "allOf", "anyOf", "oneOf", "not", "if"];
  return (
    combiners.filter((keyword) => schema[keyword] !== undefined).length === 1 &&
    isAny(Object.fromEntries(Object.entries(schema).filter(([keyword]) => !combiners.includes(keyword))))
  );
}

/** What `type`, `enum` and `const` say. */
export function typeTerms(schema: SchemaObject, x: string, context: Context): readonly Term[] {
  const values = valuesOf(schema);
  if (values !== undefined) {
    if (values.length === 0) return [NEVER];
    return [
      any(
        values.map((value) =>
          typeof value === "object" && value !== null
            ? holds(`${context.imports.use("isEqual")}(${x}, ${flatLiteral(value)})`)
            : compare(x, "!==", "===", flatLiteral(value)),
        ),
      ),
    ];
  }
  const types = typesOf(schema);
  if (types === undefined) return [];
  const [only] = types;
  if (types.length === 1 && (only === "number" || only === "integer")) return numberTerms(schema, only, x);
  return [any(types.map((type) => typeTerm(type, x, context)))];
}

/** That `x` is of a type of JSON Schema. */
export function typeTerm(type: string, x: string, { imports }: Pick<Context, "imports">): Term {
  switch (type) {
    case "null":
      return compare(x, "!==", "===", "null");
    case "integer":
      return holds(`Number.isInteger(${x})`);
    // JSON.parse makes Infinity of 1e400, which is no number of JSON Schema.
    case "number":
      return holds(`Number.isFinite(${x})`);
    case "array":
      return holds(`Array.isArray(${x})`);
    case "object":
      return holds(`${imports.use("isObject")}(${x})`);
    default:
      return compare(`typeof ${x}`, "!==", "===", quote(type));
  }
}

function numberTerms(schema: SchemaObject, type: string, x: string): readonly Term[] {
  const bounded = (keyword: string) =>
    numberOf(schema, keyword) !== undefined ||
    numberOf(schema, `exclusive${keyword[0]?.toUpperCase()}${keyword.slice(1)}`) !== undefined;
  const test = type === "integer" ? holds(`Number.isInteger(${x})`) : holds(`Number.isFinite(${x})`);
  if (!hasRules(schema, "number")) return [test];
  // The typeof is for the compiler as much as for the value: it lets the comparisons below stand.
  const isNumber = compare(`typeof ${x}`, "!==", "===", '"number"');
  return type === "number" && bounded("minimum") && bounded("maximum") ? [isNumber] : [isNumber, test];
}

/** What the keywords for values of one kind say, guarded where the value may be of another. */
export function kindTerms(
  schema: SchemaObject,
  kind: Kind,
  x: string,
  context: Context,
  place: string,
): readonly Term[] {
  if (!hasRules(schema, kind)) return [];
  const kinds = kindsOf(schema);
  const alone = kinds.size === 1 && valuesOf(schema) === undefined;
  switch (kind) {
    case "string": {
      const terms = stringTerms(schema, x, context, place);
      if (terms.length === 0 || alone) return terms;
      return [where(compare(`typeof ${x}`, "!==", "===", '"string"'), terms)];
    }
    case "number": {
      const terms = boundTerms(schema, x, context);
      if (terms.length === 0 || alone) return terms;
      const isNumber = compare(`typeof ${x}`, "!==", "===", '"number"');
      const typed = typesOf(schema) !== undefined || valuesOf(schema) !== undefined;
      return [where(typed ? isNumber : all([isNumber, holds(`Number.isFinite(${x})`)]), terms)];
    }
    case "array": {
      const terms = sizeTerms(schema, `${x}.length`, "Items");
      if (terms.length === 0 || alone) return terms;
      return [where(holds(`Array.isArray(${x})`), terms)];
    }
    default:
      return [];
  }
}

function stringTerms(schema: SchemaObject, x: string, context: Context, place: string): Term[] {
  const terms: Term[] = [];
  const min = numberOf(schema, "minLength");
  const max = numberOf(schema, "maxLength");
  if (max === 0) terms.push(compare(x, "!==", "===", '""'));
  else if (max !== undefined) {
    // A text has at most as many characters as UTF-16 units, so a short one need not be counted.
    const count = `${context.imports.use("characters")}(${x})`;
    terms.push(any([compare(`${x}.length`, ">", "<=", `${max}`), compare(count, ">", "<=", `${max}`)]));
  }
  if (min === 1) terms.push(compare(x, "===", "!==", '""'));
  else if (min !== undefined && min > 1) {
    terms.push(compare(`${context.imports.use("characters")}(${x})`, "<", ">=", `${min}`));
  }
  if (typeof schema["pattern"] === "string") {
    terms.push(holds(`${context.pattern(schema["pattern"], `${place}/pattern`)}.test(${x})`));
  }
  const format = String(schema["format"] ?? "");
  const check = Object.hasOwn(STRING_FORMATS, format) ? STRING_FORMATS[format] : undefined;
  if (check !== undefined) terms.push(holds(`${context.imports.use(check)}(${x})`));
  const order = Object.hasOwn(ORDERED_FORMATS, format) ? ORDERED_FORMATS[format] : undefined;
  if (order !== undefined) {
    const sides = {
      formatMinimum: "<",
      formatExclusiveMinimum: "<=",
      formatMaximum: ">",
      formatExclusiveMaximum: ">=",
    };
    for (const [keyword, wrong] of Object.entries(sides)) {
      const limit = schema[keyword];
      if (typeof limit !== "string") continue;
      const call = `${context.imports.use(order)}(${x}, ${quote(limit)}) ${wrong} 0`;
      // Texts without an order give NaN, which no comparison refuses.
      terms.push({ wrong: call, right: `!(${call})` });
    }
  }
  return terms;
}

function boundTerms(schema: SchemaObject, x: string, { imports }: Context): Term[] {
  const terms: Term[] = [];
  const sides = [
    ["minimum", "<", ">="],
    ["exclusiveMinimum", "<=", ">"],
    ["maximum", ">", "<="],
    ["exclusiveMaximum", ">=", "<"],
  ] as const;
  for (const [keyword, wrong, right] of sides) {
    const bound = numberOf(schema, keyword);
    if (bound !== undefined) terms.push(compare(x, wrong, right, flatLiteral(bound)));
  }
  const step = numberOf(schema, "multipleOf");
  if (step !== undefined) terms.push(holds(`${imports.use("isMultiple")}(${x}, ${flatLiteral(step)})`));
  if (schema["format"] === "int32") terms.push(holds(`${imports.use("isInt32")}(${x})`));
  if (schema["format"] === "int64" && typesOf(schema)?.includes("integer") !== true) {
    terms.push(holds(`Number.isInteger(${x})`));
  }
  return terms;
}

/** `minItems` and `maxItems`, or the same of properties, over an expression that counts. */
export function sizeTerms(schema: SchemaObject, count: string, what: "Items" | "Properties"): Term[] {
  const min = numberOf(schema, `min${what}`);
  const max = numberOf(schema, `max${what}`);
  const terms: Term[] = [];
  if (min !== undefined && min > 0) terms.push(compare(count, "<", ">=", `${min}`));
  if (max !== undefined) terms.push(compare(count, ">", "<=", `${max}`));
  return terms;
}

/** A regular expression as Ajv compiles it, as a literal. Throws {@link CodegenError} naming `where`. */
export function patternLiteral(source: string, where: string): string {
  try {
    return new RegExp(source, "u").toString();
  } catch (cause) {
    throw new CodegenError(
      `The pattern at ${where} is no regular expression (${String(cause)}). Patterns are compiled with the \`u\` flag: escape only what must be escaped.`,
      { cause },
    );
  }
}
