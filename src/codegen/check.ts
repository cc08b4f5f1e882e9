/**
 * Check functions, for each object, list or combination that a payload holds: quick ones that say yes or no, and for
 * schemas that the words of `src/wire/codec/checks.ts` do not say, others that leave behind why (`no` and `at` of
 * `src/wire/codec/refusal.ts`).
 *
 * This file is long because it is draft-07 from `$ref` to `uniqueItems`, one method a group of keywords, over one state.
 */

import type { JsonSchema } from "../contract/contract.js";
import { formatPointer } from "../contract/pointer.js";
import { expectedOf } from "./expected.js";
import { type Context, isPlainCombination, kindTerms, leafTerms, sizeTerms, typeTerms } from "./leaf.js";
import { quote } from "./literal.js";
import { isIdentifier, type NameSet, pascalCase } from "./names.js";
import type { Patterns } from "./patterns.js";
import { below, nth, type Place } from "./place.js";
import {
  type Definitions,
  definitionOf,
  hasRules,
  isAny,
  kindsOf,
  requiredOf,
  type SchemaObject,
  schemaList,
  schemaMap,
  subschema,
  valuesOf,
} from "./schema.js";
import { block, ifLines, statement } from "./statements.js";
import { all, any, compare, holds, not, type Term } from "./terms.js";

/** How a value that is wrong says so: by itself, or because the function that checked it did. */
interface Wrong {
  readonly terms: readonly Term[];
  /** True when the last condition is a check function, which has left its refusal. */
  readonly called: boolean;
  readonly expected: string;
}

/** What the printers of the checks of one file share. */
export interface SharedByChecks extends Pick<Context, "definitions" | "imports"> {
  readonly patterns: Patterns;
  readonly names: NameSet;
  /** The type name of a definition, which its check shares. */
  readonly definitionName: (name: string) => string;
}

export class CheckPrinter {
  private readonly functions: string[][] = [];
  private readonly known = new Map<string, string>();

  /** `explains`: the functions leave behind why they said no. */
  constructor(
    private readonly shared: SharedByChecks,
    private readonly explains: boolean,
  ) {}

  /** The functions printed so far. */
  lines(): string[] {
    return this.functions.flatMap((lines) => [...lines, ""]);
  }

  /**
   * The name of the function that checks a schema. `told` is a field whose value the caller has already compared.
   */
  checkOf(schema: JsonSchema, place: Place, told?: string): string {
    const key = `${place.name}\0${told ?? ""}\0${JSON.stringify(schema)}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = this.shared.names.take(`${this.explains ? "check" : "is"}${place.name}`);
    // Before the body is printed: a schema that leads back to itself calls its own name.
    this.known.set(key, name);
    const lines: string[] = [];
    this.functions.push(lines);
    lines.push(`function ${name}(v: unknown): boolean {`, ...this.body(schema, place, told), "}");
    return name;
  }

  /** What makes the expression `x` wrong. `inline`: conditions on `x` may stand where the function is. */
  private wrong(schema: JsonSchema, x: string, place: Place, inline = true): Wrong {
    const expected = this.expected(schema);
    const leaf = leafTerms(schema, x, this.context, place.pointer);
    if (leaf !== undefined && (inline || leaf.length === 0)) return { terms: leaf, called: false, expected };
    return { terms: [holds(`${this.checkFor(schema, place)}(${x})`)], called: true, expected };
  }

  /** The check function of a schema; one that only refers to a definition has that definition's. */
  private checkFor(schema: JsonSchema, place: Place): string {
    if (
      typeof schema === "object" &&
      typeof schema["$ref"] === "string" &&
      isAny({ ...schema, $ref: undefined })
    ) {
      const { name, schema: target } = definitionOf(schema["$ref"], this.shared.definitions);
      return this.checkOf(target, {
        name: this.shared.definitionName(name),
        pointer: `#/definitions/${name}`,
      });
    }
    return this.checkOf(schema, place);
  }

  private expected(schema: JsonSchema): string {
    return expectedOf(schema, this.shared.definitions);
  }

  private get context(): Context {
    const { definitions, imports, patterns } = this.shared;
    return { definitions, imports, pattern: (source, where) => patterns.constant(source, where) };
  }

  /** The statement that refuses `x`, for which `wish` was expected at the pointer `path` (an expression). */
  private no(x: string, wish: string, path = ""): string {
    if (!this.explains) return "return false;";
    const args = [x, quote(wish), ...(path === "" || path === '""' ? [] : [path])];
    return `return ${this.shared.imports.use("no")}(${args.join(", ")});`;
  }

  /** The statement that passes on the no of another check. */
  private at(path: string): string {
    const here = !this.explains || path === "" || path === '""';
    return here ? "return false;" : `return ${this.shared.imports.use("at")}(${path});`;
  }

  /** The step of a pointer to the member `key`. */
  private get stepToKey(): string {
    return this.explains ? `${this.shared.imports.use("step")}(key)` : "";
  }

  private body(schema: JsonSchema, place: Place, told: string | undefined): string[] {
    const { imports } = this.shared;
    if (typeof schema === "boolean") {
      return [`  ${schema ? "return true;" : this.no("v", "nothing")}`];
    }
    const lines: string[] = [];
    const types = typeTerms(schema, "v", this.context);
    const kinds = kindsOf(schema);
    const scalars = ["string", "number"] as const;
    const terms = [
      ...types,
      ...scalars.flatMap((kind) => (kinds.has(kind) ? this.kindTerms(schema, kind, place) : [])),
    ];
    if (terms.length > 0)
      lines.push(...this.refuse({ terms, called: false, expected: this.expected(schema) }, "v", ""));
    lines.push(...this.combined(schema, place));
    // One type is checked, and known to the compiler, by now; a list of values tells it nothing.
    const alone = kinds.size === 1 && valuesOf(schema) === undefined;
    if (kinds.has("object") && hasRules(schema, "object")) {
      const inner = this.objectRules(schema, place, told);
      lines.push(...(alone ? inner : block(`if (${imports.use("isObject")}(v)) {`, inner)));
    }
    if (kinds.has("array") && hasRules(schema, "array")) {
      const inner = this.arrayRules(schema, place);
      lines.push(...(alone ? inner : block("if (Array.isArray(v)) {", inner)));
    }
    lines.push("  return true;");
    return lines;
  }

  private kindTerms(schema: SchemaObject, kind: "string" | "number", place: Place): readonly Term[] {
    return kindTerms(schema, kind, "v", this.context, place.pointer);
  }

  /** `$ref`, `allOf`, `anyOf`, `oneOf`, `not`, `if`. */
  private combined(schema: SchemaObject, place: Place): string[] {
    const lines: string[] = [];
    const plain = isPlainCombination(schema);
    const wrong = (sub: JsonSchema, at: Place) => this.wrong(sub, "v", at, plain);
    const passOn = (sub: JsonSchema, at: Place) => lines.push(...this.refuse(wrong(sub, at), "v", ""));
    const right = (sub: JsonSchema, at: Place) => all(wrong(sub, at).terms);
    if (typeof schema["$ref"] === "string") passOn({ $ref: schema["$ref"] }, place);
    for (const [index, sub] of schemaList(schema, "allOf").entries())
      passOn(sub, nth(place, "allOf", index, sub));

    const anyOf = schemaList(schema, "anyOf");
    if (anyOf.length > 0 && !anyOf.some(isAny)) {
      const choices = anyOf.map((sub, index) => right(sub, nth(place, "anyOf", index, sub)));
      lines.push(...statement([any(choices)], this.no("v", this.expected({ anyOf }))));
    }
    const oneOf = schemaList(schema, "oneOf");
    if (oneOf.length > 0) {
      const choices = oneOf.map((sub, index) => right(sub, nth(place, "oneOf", index, sub)));
      const term = choices.length === 1 ? all(choices) : exactlyOne(choices);
      const wish =
        oneOf.length > 1 ? `exactly one of: ${this.expected({ oneOf })}` : this.expected({ oneOf });
      lines.push(...statement([term], this.no("v", wish)));
    }
    const inverse = subschema(schema, "not");
    if (inverse !== undefined) {
      const term = not(right(inverse, below(place, "not", "Not")));
      const wish = `anything but ${this.expected(inverse)}`;
      lines.push(...statement([term], this.no("v", wish)));
    }
    lines.push(...this.conditional(schema, place));
    return lines;
  }

  private conditional(schema: SchemaObject, place: Place): string[] {
    const condition = subschema(schema, "if");
    if (condition === undefined) return [];
    const branch = (keyword: "then" | "else") => {
      const sub = subschema(schema, keyword);
      if (sub === undefined || isAny(sub)) return [];
      return this.refuse(this.wrong(sub, "v", below(place, keyword, pascalCase(keyword)), false), "v", "");
    };
    const [then, otherwise] = [branch("then"), branch("else")];
    if (then.length === 0 && otherwise.length === 0) return [];
    const test = all(this.wrong(condition, "v", below(place, "if", "If"), false).terms);
    if (then.length === 0) return block(`if (${test.wrong}) {`, otherwise);
    const first = block(`if (${test.right}) {`, then);
    return otherwise.length === 0 ? first : [...first.slice(0, -1), ...block("} else {", otherwise)];
  }

  private objectRules(schema: SchemaObject, place: Place, told: string | undefined): string[] {
    const lines: string[] = [];
    const size = sizeTerms(schema, "Object.keys(v).length", "Properties");
    if (size.length > 0) {
      lines.push(
        ...this.refuse(
          { terms: size, called: false, expected: this.expected({ ...schema, type: "object" }) },
          "v",
          "",
        ),
      );
    }
    const properties = schemaMap(schema, "properties");
    const required = requiredOf(schema).filter((name) => canBeMissing(name) && name !== told);
    const described = new Set(properties.map(([name]) => name));
    for (const name of required) {
      if (!described.has(name)) lines.push(...this.presence(name));
    }
    for (const [name, sub] of properties) {
      if (name !== told) lines.push(...this.property(name, sub, required.includes(name), place));
    }
    lines.push(...this.dependencies(schema, place));
    for (const [source, sub] of schemaMap(schema, "patternProperties")) {
      const at = below(place, formatPointer(["patternProperties", source]).slice(1), "Match");
      const pattern = this.shared.patterns.constant(source, at.pointer);
      if (!isAny(sub)) lines.push(...this.members(sub, at, holds(`${pattern}.test(key)`)));
    }
    lines.push(...this.additional(schema, place));
    const names = subschema(schema, "propertyNames");
    if (names !== undefined && !isAny(names)) {
      const check = this.checkFor(names, below(place, "propertyNames", "Name"));
      const term = holds(`${check}(key)`);
      lines.push(...block("for (const key in v) {", statement([term], this.at(this.stepToKey))));
    }
    return lines;
  }

  private presence(name: string): string[] {
    const [x, path] = [field(name), quote(formatPointer([name]))];
    return statement([compare(x, "===", "!==", "undefined")], this.no("undefined", "a value", path));
  }

  private property(name: string, schema: JsonSchema, required: boolean, place: Place): string[] {
    const x = field(name);
    const at = below(place, formatPointer(["properties", name]).slice(1), pascalCase(name), schema);
    const wrong = this.wrong(schema, x, at);
    const path = quote(formatPointer([name]));
    if (wrong.terms.length === 0) return required ? this.presence(name) : [];
    if (required) {
      // Where undefined itself is wrong, one condition says both.
      if (refusesUndefined(schema, this.shared.definitions)) return this.refuse(wrong, x, path);
      return [...this.presence(name), ...this.refuse(wrong, x, path)];
    }
    return this.refuse(wrong, x, path, compare(x, "!==", "===", "undefined"));
  }

  private dependencies(schema: SchemaObject, place: Place): string[] {
    const map = schema["dependencies"];
    if (typeof map !== "object" || map === null) return [];
    const lines: string[] = [];
    for (const [name, needs] of Object.entries(map)) {
      if (name === "__proto__") continue;
      const there = compare(field(name), "===", "!==", "undefined");
      if (Array.isArray(needs)) {
        for (const need of needs.map(String)) {
          if (!canBeMissing(need)) continue;
          const term = any([not(there), compare(field(need), "===", "!==", "undefined")]);
          const wish = `a value, because ${name} is there`;
          lines.push(...statement([term], this.no("undefined", wish, quote(formatPointer([need])))));
        }
      }
    }
    for (const [name, sub] of schemaMap(schema, "dependencies")) {
      if (isAny(sub)) continue;
      const at = below(place, formatPointer(["dependencies", name]).slice(1), `With${pascalCase(name)}`);
      const absent = compare(field(name), "!==", "===", "undefined");
      lines.push(...this.refuse(this.wrong(sub, "v", at, false), "v", "", absent));
    }
    return lines;
  }

  private additional(schema: SchemaObject, place: Place): string[] {
    const rest = subschema(schema, "additionalProperties");
    if (rest === undefined || isAny(rest)) return [];
    const { imports } = this.shared;
    const names = schemaMap(schema, "properties").map(([name]) => name);
    const properties = schema["properties"];
    // Ajv looks a name up in `properties` itself when there are more than eight: then `__proto__` counts too.
    if (names.length > 8 && typeof properties === "object" && properties !== null) {
      if (Object.hasOwn(properties, "__proto__")) names.push("__proto__");
    }
    const patterns = schemaMap(schema, "patternProperties").map(([source]) =>
      this.shared.patterns.constant(source, `${place.pointer}/patternProperties`),
    );
    const known = [
      ...names.map((name) => compare("key", "!==", "===", quote(name))),
      ...patterns.map((pattern) => holds(`${pattern}.test(key)`)),
    ];
    const unknown = known.length === 0 ? undefined : not(any(known));
    if (rest === false) {
      const refusal = this.explains ? `return ${imports.use("stray")}(v, key);` : "return false;";
      return block(
        "for (const key in v) {",
        unknown === undefined ? [`  ${refusal}`] : statement([not(unknown)], refusal),
      );
    }
    return this.members(rest, below(place, "additionalProperties", "Value", rest), unknown);
  }

  /** Checks each member that `filter` lets through. */
  private members(schema: JsonSchema, place: Place, filter: Term | undefined): string[] {
    const wrong = this.wrong(schema, "item", place);
    const inner = ["  const item = v[key];", ...this.refuse(wrong, "item", this.stepToKey)];
    if (filter === undefined) return block("for (const key in v) {", inner);
    return block("for (const key in v) {", [...ifLines(filter.wrong, "continue;"), ...inner]);
  }

  private arrayRules(schema: SchemaObject, place: Place): string[] {
    const { imports } = this.shared;
    const lines: string[] = [];
    const size = sizeTerms(schema, "v.length", "Items");
    if (size.length > 0) {
      lines.push(
        ...this.refuse(
          { terms: size, called: false, expected: this.expected({ ...schema, type: "array" }) },
          "v",
          "",
        ),
      );
    }
    const items = schema["items"];
    if (Array.isArray(items)) lines.push(...this.tuple(schema, schemaList(schema, "items"), place));
    else {
      const each = subschema(schema, "items");
      if (each !== undefined && !isAny(each))
        lines.push(...this.each(each, below(place, "items", "Item", each), 0));
    }
    // Ajv 8.20 takes, for an empty list inside a loop, the verdict of the list before it; we say what draft-07 says.
    const contained = subschema(schema, "contains");
    if (contained !== undefined) {
      const at = below(place, "contains", "Contained", contained);
      const some = isAny(contained)
        ? compare("v.length", "<", ">=", "1")
        : holds(`v.some(${this.checkFor(contained, at)})`);
      const wish = `an array with ${this.expected(contained)} in it`;
      lines.push(...statement([some], this.no("v", wish)));
    }
    if (schema["uniqueItems"] === true) {
      const texts = typeof items === "object" && items !== null && !Array.isArray(items) && isTextType(items);
      const test = holds(`${imports.use(texts ? "isUniqueTexts" : "isUnique")}(v)`);
      lines.push(...statement([test], this.no("v", "items that differ")));
    }
    return lines;
  }

  private tuple(schema: SchemaObject, items: readonly JsonSchema[], place: Place): string[] {
    const lines: string[] = [];
    for (const [index, sub] of items.entries()) {
      const wrong = this.wrong(sub, `v[${index}]`, below(place, `items/${index}`, `Item${index}`, sub));
      if (wrong.terms.length === 0) continue;
      const absent = compare("v.length", ">", "<=", `${index}`);
      lines.push(...this.refuse(wrong, `v[${index}]`, quote(`/${index}`), absent));
    }
    const rest = subschema(schema, "additionalItems");
    if (rest === undefined || isAny(rest)) return lines;
    if (rest === false) {
      const refusal = this.no(`v[${items.length}]`, "no item", `"/${items.length}"`);
      return [...lines, ...statement([compare("v.length", ">", "<=", `${items.length}`)], refusal)];
    }
    return [...lines, ...this.each(rest, below(place, "additionalItems", "Item", rest), items.length)];
  }

  private each(schema: JsonSchema, place: Place, from: number): string[] {
    const wrong = this.wrong(schema, "item", place);
    const inner = ["  const item: unknown = v[i];", ...this.refuse(wrong, "item", "`/${i}`")];
    return block(`for (let i = ${from}; i < v.length; i++) {`, inner);
  }

  /** Statements that leave with a no when `x`, at the pointer `path` (an expression), is wrong. */
  private refuse(wrong: Wrong, x: string, path: string, absent?: Term): string[] {
    if (wrong.terms.length === 0) return [];
    const refusal = wrong.called ? this.at(path) : this.no(x, wrong.expected, path);
    const terms = absent === undefined ? wrong.terms : [any([absent, all(wrong.terms)])];
    return statement(terms, refusal);
  }
}

function exactlyOne(choices: readonly Term[]): Term {
  const count = choices.map((choice) => `Number(${choice.right})`).join(" + ");
  return { wrong: `${count} !== 1`, right: `${count} === 1` };
}

function isTextType(items: object): boolean {
  if (!("type" in items) || ("nullable" in items && items.nullable === true)) return false;
  return (
    items.type === "string" ||
    (Array.isArray(items.type) && items.type.length === 1 && items.type[0] === "string")
  );
}

/** True when undefined, an absent field, is wrong by the conditions of the schema alone. */
export function refusesUndefined(schema: JsonSchema, definitions: Definitions, depth = 0): boolean {
  if (typeof schema === "boolean") return !schema;
  if (schema["type"] !== undefined || schema["enum"] !== undefined || schema["const"] !== undefined)
    return true;
  if (depth > 8 || typeof schema["$ref"] !== "string") return false;
  return refusesUndefined(definitionOf(schema["$ref"], definitions).schema, definitions, depth + 1);
}

/**
 * False for the two names that Ajv never misses: it finds the prototype of every object at `__proto__`, and takes the
 * name "" of a missing field for the absence of one.
 */
export function canBeMissing(name: string): boolean {
  return name !== "__proto__" && name !== "";
}

function field(name: string): string {
  return isIdentifier(name) ? `v.${name}` : `v[${quote(name)}]`;
}
