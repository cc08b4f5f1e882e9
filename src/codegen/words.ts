/**
 * Small checks: a schema in the words of `src/wire/codec/checks.ts`, as in
 * `fields({ text: chars(1, 128) }, { at: dateTime }, nothing)`. What these words do not say gets a check function
 * (`check.ts`).
 */

import type { Direction, JsonSchema, Message } from "../contract/contract.js";
import { type CheckPrinter, canBeMissing, refusesUndefined, type SharedByChecks } from "./check.js";
import { expectedOf } from "./expected.js";
import { Imports } from "./imports.js";
import { leafTerms, STRING_FORMATS } from "./leaf.js";
import { flatLiteral, LINE_WIDTH, memberName, quote } from "./literal.js";
import { camelCase, pascalCase } from "./names.js";
import { below, type Place } from "./place.js";
import {
  definitionOf,
  hasCombiners,
  isAny,
  numberOf,
  requiredOf,
  rulesOf,
  type SchemaObject,
  schemaMap,
  subschema,
  typesOf,
  valuesOf,
} from "./schema.js";
import { all, operands } from "./terms.js";

/** Source: a text, a call, an object literal, or a part that may be used elsewhere too. */
type Expression =
  | string
  | { readonly call: string; readonly of: readonly Expression[] }
  | { readonly members: readonly (readonly [name: string, value: Expression])[] }
  | Part;

/** A part of a check; one that is used more than once gets a name. */
class Part {
  uses = 1;
  name = "";

  constructor(
    readonly expression: Expression,
    readonly proposed: string,
  ) {}
}

const LIST_RULES = ["items", "minItems", "maxItems", "uniqueItems"];
const OBJECT_RULES = ["properties", "required", "additionalProperties"];

/** Prints the checks of the messages of one direction. */
export class WordPrinter {
  private readonly messages = new Map<
    string,
    { readonly told: string | undefined; readonly check: Expression }
  >();
  /** By their schema; a part stands behind those that it is made of. */
  private readonly parts = new Map<string, Part>();
  /** Definitions that are being printed, which may lead back to themselves. */
  private readonly open = new Set<string>();

  constructor(
    private readonly shared: SharedByChecks,
    /** For what words do not say. */
    private readonly functions: CheckPrinter,
    private readonly direction: Direction,
  ) {}

  /** The expression of the check of a message; `told` is a field whose value has been compared before. */
  checkOf(message: Message, place: Place, told?: string): string {
    const { name, payload } = message;
    const known = this.messages.get(name);
    if (known === undefined || known.told !== told) {
      // Where one caller has compared the field and another has not, the check compares it.
      const compared = known === undefined ? told : undefined;
      const object = typeof payload === "object" ? this.object(payload, place, compared) : undefined;
      this.messages.set(name, { told: compared, check: object ?? this.of(payload, place) });
    }
    const key = memberName(name);
    return `${this.direction}Checks()${key === name ? `.${key}` : key.startsWith("[") ? key : `[${key}]`}`;
  }

  /** The table of the checks by the names of the messages. */
  lines(): string[] {
    if (this.messages.size === 0) return [];
    const parts = [...this.parts.values()].filter(({ uses }) => uses > 1);
    for (const part of parts) part.name = this.shared.names.take(camelCase(part.proposed));
    const table: Expression = {
      members: [...this.messages].map(([name, { check }]) => [memberName(name), check] as const),
    };
    const head = `const ${this.direction}Checks = /* @__PURE__ */ ${this.shared.imports.use("lazily")}(() =>`;
    const lines =
      parts.length === 0
        ? [`${head} (${broken(table, "")}));`]
        : [
            `${head} {`,
            ...parts.map(({ name, expression }) => {
              const start = `  const ${name} = `;
              return `${start}${printed(expression, "  ", start.length)};`;
            }),
            `  return ${broken(table, "  ")};`,
            "});",
          ];
    const what = `/** What each ${this.direction} must be, by its name. */`;
    return [what, ...lines].flatMap((text) => text.split("\n"));
  }

  /** The word for a schema. */
  private of(schema: JsonSchema, place: Place): Expression {
    if (isAny(schema)) return this.use("anything");
    if (typeof schema === "object" && typeof schema["$ref"] === "string") {
      if (isAny({ ...schema, $ref: undefined })) return this.definition(schema["$ref"]);
    }
    // Looked at without effect: a word may say it, and then the condition's imports are not needed.
    const trial = { definitions: this.shared.definitions, imports: new Imports(), pattern: () => "PATTERN" };
    if (leafTerms(schema, "v", trial, place.pointer) !== undefined) return this.scalar(schema, place);
    const key = JSON.stringify(schema);
    const known = this.parts.get(key);
    if (known !== undefined) {
      known.uses++;
      return known;
    }
    const expression =
      typeof schema === "object" ? (this.object(schema, place) ?? this.list(schema, place)) : undefined;
    if (expression === undefined) return this.functions.checkOf(schema, place);
    const part = new Part(expression, place.name);
    this.parts.set(key, part);
    return part;
  }

  private definition(ref: string): Expression {
    const { name, schema } = definitionOf(ref, this.shared.definitions);
    const place = { name: this.shared.definitionName(name), pointer: `#/definitions/${name}` };
    if (this.open.has(name)) return this.functions.checkOf(schema, place);
    this.open.add(name);
    const expression = this.of(schema, place);
    this.open.delete(name);
    return expression;
  }

  /** The word for a schema that one condition says, or the condition in code where there is none. */
  private scalar(schema: JsonSchema, place: Place): Expression {
    if (schema === false) return this.use("nothing");
    const word = typeof schema === "object" && !hasCombiners(schema) ? this.wordOf(schema) : undefined;
    if (word !== undefined) return word;
    const { definitions, imports, patterns } = this.shared;
    const pattern = (source: string, where: string): string => patterns.constant(source, where);
    const terms = leafTerms(schema, "v", { definitions, imports, pattern }, place.pointer) ?? [];
    return {
      call: this.use("is"),
      of: [`(v) => ${all(terms).right}`, quote(expectedOf(schema, definitions))],
    };
  }

  private wordOf(schema: SchemaObject): Expression | undefined {
    const constants = valuesOf(schema);
    if (constants !== undefined) {
      const isPlain = constants.every((value) => typeof value === "string" || typeof value === "number");
      return isPlain ? { call: this.use("values"), of: constants.map(flatLiteral) } : undefined;
    }
    const [type, ...others] = typesOf(schema) ?? [];
    if (type === undefined || others.length > 0) return undefined;
    if (type === "boolean") return this.use("flag");
    if (type === "string") return this.textWord(schema);
    if (type !== "number" && type !== "integer") return undefined;
    const rules = rulesOf(schema, "number").filter((keyword) => keyword !== "format");
    const isBound = rules.every((keyword) => keyword === "minimum" || keyword === "maximum");
    if (!isBound || String(schema["format"]).startsWith("int")) return undefined;
    return this.bounded(
      type === "integer" ? "int" : "number",
      numberOf(schema, "minimum") ?? -Infinity,
      numberOf(schema, "maximum"),
    );
  }

  private textWord(schema: SchemaObject): Expression | undefined {
    const format = String(schema["format"]);
    const test = Object.hasOwn(STRING_FORMATS, format) ? STRING_FORMATS[format] : undefined;
    const rules = rulesOf(schema, "string").filter((keyword) => keyword !== "format" || test !== undefined);
    if (rules.length === 0) return this.use("text");
    if (rules.length === 1 && test !== undefined && rules[0] === "format") {
      if (format === "uuid") return this.use("uuid");
      if (format === "date-time") return this.use("dateTime");
      return { call: this.use("format"), of: [this.use(test), quote(format)] };
    }
    if (rules.some((keyword) => keyword !== "minLength" && keyword !== "maxLength")) return undefined;
    return this.bounded("chars", numberOf(schema, "minLength") ?? 0, numberOf(schema, "maxLength"));
  }

  private bounded(word: string, min: number, max = Infinity): Expression {
    const bounds = max === Infinity ? (min === -Infinity ? [] : [min]) : [min, max];
    return { call: this.use(word), of: bounds.map(flatLiteral) };
  }

  private object(schema: SchemaObject, place: Place, told?: string): Expression | undefined {
    if (!isOnly(schema, "object", OBJECT_RULES)) return undefined;
    const required = requiredOf(schema);
    if (!required.every(canBeMissing)) return undefined;
    const properties = schemaMap(schema, "properties");
    // Ajv takes a described `__proto__` for one of the fields only where there are more than eight.
    if (Object.hasOwn(Object(schema["properties"]), "__proto__")) return undefined;
    const rest = subschema(schema, "additionalProperties") ?? true;
    const must: [string, Expression][] = [];
    const may: [string, Expression][] = [];
    for (const [name, sub] of properties) {
      const at = below(place, `properties/${name}`, pascalCase(name), sub);
      if (name === told) {
        if (!isAny(rest)) must.push([memberName(name), this.use("text")]);
      } else if (required.includes(name)) must.push([memberName(name), this.needed(sub, at)]);
      else if (!isAny(sub) || !isAny(rest)) may.push([memberName(name), this.of(sub, at)]);
    }
    for (const name of required) {
      if (!properties.some(([known]) => known === name))
        must.push([memberName(name), this.needed(true, place)]);
    }
    const args: Expression[] = [{ members: must }];
    if (may.length > 0 || !isAny(rest)) args.push({ members: may });
    if (!isAny(rest)) args.push(this.of(rest, below(place, "additionalProperties", "Value", rest)));
    return { call: this.use("fields"), of: args };
  }

  /** The word for what must be there. */
  private needed(schema: JsonSchema, place: Place): Expression {
    if (isAny(schema)) return { call: this.use("given"), of: [] };
    const word = this.of(schema, place);
    return refusesUndefined(schema, this.shared.definitions) ? word : { call: this.use("given"), of: [word] };
  }

  private list(schema: SchemaObject, place: Place): Expression | undefined {
    if (!isOnly(schema, "array", LIST_RULES) || Array.isArray(schema["items"])) return undefined;
    const items = subschema(schema, "items") ?? true;
    const [min, max] = [numberOf(schema, "minItems") ?? 0, numberOf(schema, "maxItems") ?? Infinity];
    const args: Expression[] = [this.of(items, below(place, "items", "Item", items))];
    const isUnique = schema["uniqueItems"] === true;
    if (min > 0 || max < Infinity || isUnique) args.push(flatLiteral(min));
    if (max < Infinity || isUnique) args.push(flatLiteral(max));
    if (isUnique) args.push(this.use(args[0] === "text" ? "isUniqueTexts" : "isUnique"));
    return { call: this.use("list"), of: args };
  }

  private use(name: string): string {
    return this.shared.imports.use(name);
  }
}

/** True for a schema of one type, whose other keywords are among `rules`. */
function isOnly(schema: SchemaObject, type: "object" | "array", rules: readonly string[]): boolean {
  const types = typesOf(schema);
  return (
    types?.length === 1 &&
    types[0] === type &&
    valuesOf(schema) === undefined &&
    !hasCombiners(schema) &&
    rulesOf(schema, type).every((keyword) => rules.includes(keyword))
  );
}

/** An expression on one line where it fits behind `column` characters, else on several. */
function printed(expression: Expression, indent: string, column: number): string {
  const line = flat(expression);
  return column + line.length <= LINE_WIDTH - 2 ? line : broken(expression, indent);
}

function broken(expression: Expression, indent: string): string {
  const inner = `${indent}  `;
  if (typeof expression === "string") return brokenCondition(expression, inner);
  if (expression instanceof Part) {
    return expression.uses > 1 ? expression.name : broken(expression.expression, indent);
  }
  if ("call" in expression) {
    const args = expression.of.map((part) => `${inner}${printed(part, inner, inner.length)},\n`);
    return `${expression.call}(\n${args.join("")}${indent})`;
  }
  const members = expression.members.map(
    ([name, value]) => `${inner}${name}: ${printed(value, inner, inner.length + name.length + 2)},\n`,
  );
  return `{\n${members.join("")}${indent}}`;
}

/** `(v) => a && b`, an operand a line. */
function brokenCondition(text: string, inner: string): string {
  const start = "(v) => ";
  if (!text.startsWith(start)) return text;
  const { operator, parts } = operands(text.slice(start.length));
  return `(v) =>\n${parts.map((part) => `${inner}${part}`).join(` ${operator}\n`)}`;
}

function flat(expression: Expression): string {
  if (typeof expression === "string") return expression;
  if (expression instanceof Part) {
    return expression.uses > 1 ? expression.name : flat(expression.expression);
  }
  if ("call" in expression) return `${expression.call}(${expression.of.map(flat).join(", ")})`;
  const members = expression.members.map(([name, value]) => `${name}: ${flat(value)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
