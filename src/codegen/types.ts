/** TypeScript types of messages and their parts, by json-schema-to-typescript. */

import type { JsonSchema } from "../contract/contract.js";
import { formatPointer } from "../contract/pointer.js";
import { NameSet, pascalCase } from "./names.js";
import { below, type Place, partName } from "./place.js";
import {
  type Definitions,
  definitionOf,
  isAny,
  type SchemaObject,
  schemaList,
  schemaMap,
  subschema,
  typesOf,
  valuesOf,
} from "./schema.js";

/** A type to declare: `name`, the schema it describes, and what its doc comment says. */
interface Declaration {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly comment: string;
  readonly deprecated: boolean;
}

/** The part of json-schema-to-typescript that we use. */
/** The name under which each declaration is compiled: the compiler would respell one that is not ASCII. */
const PLACEHOLDER = "Declared";

type Compile = (schema: object, name: string, options: object) => Promise<string>;

export class TypePrinter {
  private readonly declarations: Declaration[] = [];
  private readonly known = new Map<string, string>();
  private readonly owners = new Map<string, string>();
  private readonly definitionNames = new Map<string, string>();
  private readonly names: NameSet;

  constructor(
    private readonly definitions: Definitions,
    reserved: Iterable<string>,
  ) {
    this.names = new NameSet(reserved);
  }

  /** Declares the type of a message or a part, once; returns its name. */
  declare(schema: JsonSchema, proposed: string, otherwise: string, comment = "", deprecated = false): string {
    const body = JSON.stringify(schema);
    // A title that two different schemas bear names the first; the others are named after their place.
    const wish = (this.owners.get(proposed) ?? body) === body ? proposed : otherwise;
    const key = `${wish}\0${body}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = this.names.take(wish);
    this.known.set(key, name);
    this.owners.set(wish, body);
    this.declarations.push({ name, schema, comment, deprecated });
    return name;
  }

  /** The type of a definition. */
  definitionName(key: string): string {
    const known = this.definitionNames.get(key);
    if (known !== undefined) return known;
    const { schema } = definitionOf(
      `#/definitions/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      this.definitions,
    );
    const name = this.declare(schema, pascalCase(key), pascalCase(key), commentOf(schema));
    this.definitionNames.set(key, name);
    return name;
  }

  /** The declarations as source, in the order in which they were asked for, parts after what holds them. */
  async lines(): Promise<string[]> {
    // Imported here: it brings a formatter and a reference parser that nothing else needs.
    const { compile } = await import("json-schema-to-typescript");
    const lines: string[] = [];
    // The list grows while it is walked: a declaration names its parts.
    for (const declaration of this.declarations)
      lines.push(...(await this.print(declaration, compile as Compile)), "");
    return lines;
  }

  private async print(declaration: Declaration, compile: Compile): Promise<string[]> {
    const { name, schema, comment, deprecated } = declaration;
    const place: Place = { name, pointer: "" };
    const source = {
      ...this.convert(schema, place, true),
      ...(comment === "" ? {} : { description: comment }),
      ...(deprecated ? { deprecated } : {}),
    };
    const text = await compile({ ...source, title: PLACEHOLDER }, PLACEHOLDER, {
      bannerComment: "",
      format: false,
      ignoreMinAndMaxItems: true,
      additionalProperties: true,
    });
    const declared = text.replace(`export interface ${PLACEHOLDER} `, () => `export interface ${name} `);
    const body = indentation(
      declared.replace(`export type ${PLACEHOLDER} `, () => `export type ${name} `).trim(),
    );
    // An alias of an alias is what is left where the compiler finds nothing to declare.
    return body.some((line) => line.startsWith("export "))
      ? body
      : [...docLines(comment), `export type ${name} = ${body.join(" ") || "unknown"};`];
  }

  /** The schema as json-schema-to-typescript shall see it: no names but ours, nothing that says nothing of the type. */
  private convert(schema: JsonSchema, place: Place, root = false): object {
    if (typeof schema === "boolean") return { tsType: schema ? "unknown" : "never" };
    const comment = root ? "" : commentOf(schema);
    const described = comment === "" ? {} : { description: comment };
    const deprecated = !root && schema["deprecated"] === true ? { deprecated: true } : {};
    if (typeof schema["$ref"] === "string") {
      const target = this.definitionName(nameInRef(schema["$ref"], this.definitions));
      return { tsType: target, ...described, ...deprecated };
    }
    if (!root && isRecord(schema)) {
      const name = this.declare(
        schema,
        partName(schema, place.name),
        place.name,
        comment,
        schema["deprecated"] === true,
      );
      return { tsType: name, ...described, ...deprecated };
    }
    if (isAny(schema)) return { tsType: "unknown", ...described, ...deprecated };
    return { ...this.shape(schema, place), ...described, ...deprecated };
  }

  private shape(schema: SchemaObject, place: Place): object {
    const values = valuesOf(schema);
    if (values !== undefined) {
      return {
        tsType: values.length === 0 ? "never" : values.map((value) => JSON.stringify(value)).join(" | "),
      };
    }
    const shape: { [keyword: string]: unknown } = {};
    const types = typesOf(schema);
    if (types !== undefined) shape["type"] = types.length === 1 ? types[0] : types;
    const properties = schemaMap(schema, "properties");
    const objects = types === undefined || types.includes("object");
    if (objects && schema["properties"] !== undefined) {
      shape["properties"] = Object.fromEntries(
        properties.map(([name, sub]) => [
          name,
          this.convert(
            sub,
            below(place, formatPointer(["properties", name]).slice(1), pascalCase(name), sub),
          ),
        ]),
      );
      if (Array.isArray(schema["required"])) shape["required"] = schema["required"];
    }
    if (objects) {
      const patterns = schemaMap(schema, "patternProperties");
      const rest = subschema(schema, "additionalProperties");
      if (patterns.length > 0) {
        shape["patternProperties"] = Object.fromEntries(
          patterns.map(([source, sub]) => [
            source,
            this.convert(sub, below(place, "patternProperties", "Match", sub)),
          ]),
        );
        // Without this the compiler would take what no pattern matches for illegal.
        shape["additionalProperties"] = true;
      }
      if (rest !== undefined) {
        shape["additionalProperties"] =
          typeof rest === "boolean" || isAny(rest)
            ? isAny(rest)
            : this.convert(rest, below(place, "additionalProperties", "Value", rest));
      }
    }
    if (types === undefined || types.includes("array")) this.arrayShape(schema, place, shape);
    for (const keyword of ["allOf", "anyOf", "oneOf"]) {
      const branches = schemaList(schema, keyword);
      if (branches.length === 0) continue;
      shape[keyword] = branches.map((sub, index) =>
        this.convert(sub, below(place, `${keyword}/${index}`, `Option${index + 1}`, sub)),
      );
    }
    return Object.keys(shape).length === 0 ? { tsType: "unknown" } : shape;
  }

  private arrayShape(schema: SchemaObject, place: Place, shape: { [keyword: string]: unknown }): void {
    if (Array.isArray(schema["items"])) {
      // A tuple of draft-07 may end early; only with `minItems` is each element sure to be there.
      const items = schemaList(schema, "items").map((sub, index) =>
        this.convert(sub, below(place, `items/${index}`, `Item${index}`, sub)),
      );
      shape["items"] = { anyOf: items.length > 0 ? items : [{ tsType: "unknown" }] };
      return;
    }
    const each = subschema(schema, "items");
    if (each !== undefined) shape["items"] = this.convert(each, below(place, "items", "Item", each));
  }
}

/** A schema that gets an interface of its own: an object whose fields are described. */
function isRecord(schema: SchemaObject): boolean {
  const types = typesOf(schema);
  return (
    schema["properties"] !== undefined &&
    (types === undefined || (types.length === 1 && types[0] === "object")) &&
    valuesOf(schema) === undefined
  );
}

/** What a doc comment says of a schema. */
export function commentOf(schema: JsonSchema): string {
  if (typeof schema === "boolean") return "";
  return typeof schema["description"] === "string" ? schema["description"].trim() : "";
}

function nameInRef(ref: string, definitions: Definitions): string {
  return definitionOf(ref, definitions).name;
}

/** A doc comment; empty for an empty text. */
export function docLines(text: string): string[] {
  const trimmed = text.trim().replaceAll("*/", "*\\/");
  if (trimmed === "") return [];
  if (!trimmed.includes("\n") && trimmed.length <= 102) return [`/** ${trimmed} */`];
  return ["/**", ...trimmed.split("\n").map((line) => ` * ${line}`.trimEnd()), " */"];
}

/** Lines of unformatted source, indented by their brackets, with one-line doc comments and semicolons. */
function indentation(text: string): string[] {
  const lines: string[] = [];
  let depth = 0;
  let comment: string[] | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "") continue;
    const pad = "  ".repeat(depth);
    if (comment !== undefined || line === "/**") {
      comment = [...(comment ?? []), line];
      if (!line.endsWith("*/")) continue;
      const words = comment.slice(1, -1).map((part) => part.replace(/^\* ?/, ""));
      lines.push(...docLines(words.join("\n")).map((part) => pad + part));
      comment = undefined;
      continue;
    }
    const code = line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const closes = (code.match(/^[}\])]+/)?.[0] ?? "").length;
    const change = (code.match(/[{[(]/g) ?? []).length - (code.match(/[}\])]/g) ?? []).length;
    const ends = /[{;(|&]$/.test(code) || (line === "}" && depth === 1 && isInterface(lines)) ? "" : ";";
    lines.push("  ".repeat(Math.max(0, depth - closes)) + withoutParentheses(line) + ends);
    depth += change;
  }
  return lines;
}

/** `name: (A | B)` → `name: A | B`, where the parentheses hold the whole type. */
function withoutParentheses(line: string): string {
  const match = /^((?:export type \w+ =|[\w$]+\??:|"[^"]*"\??:) )\(([^()]*)\)$/.exec(line);
  return match === null ? line : `${match[1]}${match[2]}`;
}

function isInterface(lines: readonly string[]): boolean {
  const head = lines.findLast((line) => line.startsWith("export "));
  return head?.startsWith("export interface ") === true;
}
