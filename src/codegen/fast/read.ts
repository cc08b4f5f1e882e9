/** The reader of one message: its template, and the function that makes its value of the captures. */

import type { Imports } from "../imports.js";
import type { Context } from "../leaf.js";
import { LINE_WIDTH, quote } from "../literal.js";
import { camelCase, isIdentifier, NameSet } from "../names.js";
import { statement } from "../statements.js";
import { isWhole, itemConditions, listConditions, readConditions } from "./conditions.js";
import { capturesIn, capturesOf, type Layout } from "./layout.js";
import type { LeafShape, ListShape, MemberShape, ObjectShape, Part, Shape } from "./shape.js";
import { expressionOf, RAW } from "./template.js";

export interface Reader {
  readonly shape: ObjectShape;
  readonly layout: Layout;
  /** The name that the result carries: the key of the message in the document. */
  readonly message: string;
  /** The type of what it reads. */
  readonly result: string;
  /** Under Socket.IO: the name of the event. */
  readonly eventName: string | undefined;
  readonly constant: string;
  readonly name: string;
}

/** The lines of a reader: a constant and a function. `isPlain`: escapes are left to the straight path, for few bytes. */
export function readerLines(reader: Reader, context: Context, isPlain: boolean): string[] {
  const { imports } = context;
  const printer = new ReadPrinter(reader, context);
  const value = printer.object(reader.shape, "value", "  ");
  const result = reader.eventName === undefined ? "value" : `[${quote(reader.eventName)}, value]`;
  const matched = isPlain
    ? `${reader.constant}.exec(text)`
    : `${imports.use("match")}(${reader.constant}, text)`;
  return [
    `// ${reader.layout.template}`,
    ...expressionLines(reader, imports, isPlain),
    "",
    `function ${reader.name}(text: string): ${imports.useType("Decoded")}<${reader.result}> | undefined {`,
    `  const m = ${matched};`,
    "  if (m === null) return undefined;",
    ...value,
    `  return ${imports.use("accepted")}(${result}, ${quote(reader.message)});`,
    "}",
  ];
}

function expressionLines({ constant, layout }: Reader, imports: Imports, isPlain: boolean): string[] {
  const expression = `/${expressionOf(layout.template, RAW)}/`;
  if (isPlain) return [`const ${constant} =`, `  ${expression};`];
  return [
    `const ${constant} = /* @__PURE__ */ ${imports.use("template")}(`,
    `  ${expression},`,
    ...(layout.texts.length > 0 ? [`  ${layout.texts.join(", ")},`] : []),
    ");",
  ];
}

/** How a member's value is written: what must run before, the expression, and whether it is there. */
class ReadPrinter {
  private readonly names = new NameSet(["m", "text", "value", "item"]);

  constructor(
    private readonly reader: Reader,
    private readonly context: Context,
  ) {}

  /** Statements that declare `variable`, an object with the members that the text has, in their order. */
  object(shape: ObjectShape, variable: string, indent: string): string[] {
    const { imports } = this.context;
    const lead = shape.members.findIndex((member) => !member.required);
    const first = lead < 0 ? shape.members : shape.members.slice(0, lead);
    const before: string[] = [];
    const fields: string[] = [];
    for (const member of first) {
      const { lines, value } = this.value(member, indent);
      before.push(...lines);
      fields.push(`${isIdentifier(member.name) ? member.name : quote(member.name)}: ${value}`);
    }
    const type = lead < 0 ? "" : `: ${imports.useType("FastMembers")}`;
    const flat = `${indent}const ${variable}${type} = ${fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`};`;
    const literal =
      flat.length <= LINE_WIDTH
        ? [flat]
        : [
            `${indent}const ${variable}${type} = {`,
            ...fields.map((field) => `${indent}  ${field},`),
            `${indent}};`,
          ];
    const later = shape.members.slice(first.length);
    return [...before, ...literal, ...later.flatMap((member) => this.added(member, variable, indent))];
  }

  private added(member: MemberShape, variable: string, indent: string): string[] {
    const place = isIdentifier(member.name)
      ? `${variable}.${member.name}`
      : `${variable}[${quote(member.name)}]`;
    if (member.required) {
      const { lines, value } = this.value(member, indent);
      return [...lines, `${indent}${place} = ${value};`];
    }
    const { lines, value } = this.value(member, `${indent}  `, true);
    const test = `${indent}if (${this.presence(member)}) `;
    const line = `${test}${place} = ${value};`;
    if (lines.length === 0 && line.length <= LINE_WIDTH) return [line];
    return [`${test}{`, ...lines, `${indent}  ${place} = ${value};`, `${indent}}`];
  }

  private presence(member: MemberShape): string {
    const own = this.reader.layout.presenceOf.get(member);
    const first = own ?? this.first(member.shape);
    const last = own ?? first + capturesIn(member.shape) - 1;
    if (first === last) return `m[${first}] !== undefined`;
    const captures = Array.from({ length: last - first + 1 }, (_, index) => `m[${first + index}]`);
    return `(${captures.join(" ?? ")}) !== undefined`;
  }

  private first(shape: Shape): number {
    const capture = this.reader.layout.captureOf.get(shape);
    if (capture === undefined) throw new Error("A shape has no capture: its layout is of another one.");
    return capture;
  }

  /** What must run before the value of a member can be written, and the value. */
  private value(
    { name, shape }: MemberShape,
    indent: string,
    isThere = false,
  ): { lines: string[]; value: string } {
    switch (shape.kind) {
      case "constant":
        return { lines: [], value: typeof shape.value === "string" ? quote(shape.value) : `${shape.value}` };
      case "choice":
        return { lines: [], value: `m[${this.first(shape)}]` };
      case "object": {
        const variable = this.names.take(camelCase(name));
        return { lines: this.object(shape, variable, indent), value: variable };
      }
      case "list":
        return this.list(name, shape, indent);
      case "leaf":
        return this.leaf(name, shape, indent, isThere);
    }
  }

  private leaf(
    name: string,
    shape: LeafShape,
    indent: string,
    isThere: boolean,
  ): { lines: string[]; value: string } {
    const value = this.expression(shape);
    const conditions = (x: string) => readConditions(shape, x, this.context, name);
    if (conditions("x").length === 0) return { lines: [], value };
    const isText = !isWhole(shape) && value.startsWith("m[");
    // Where its presence was asked the compiler knows that a capture is a text.
    if (isText && isThere)
      return { lines: indented(statement(conditions(value), "return undefined;"), indent), value };
    const taken = this.names.take(camelCase(name));
    const typed = isWhole(shape) ? ": unknown" : "";
    return {
      lines: [
        `${indent}const ${taken}${typed} = ${isText ? `${value} ?? ""` : value};`,
        ...indented(statement(conditions(taken), "return undefined;"), indent),
      ],
      value: taken,
    };
  }

  private list(name: string, shape: ListShape, indent: string): { lines: string[]; value: string } {
    const { imports } = this.context;
    const read = `${imports.use("texts")}(m[${this.first(shape)}])`;
    const taken = this.names.take(camelCase(name));
    const conditions = listConditions(shape, taken, this.context);
    const items = itemConditions(shape, "item", this.context, name);
    if (conditions.length === 0 && items.length === 0) return { lines: [], value: read };
    const lines = [`${indent}const ${taken} = ${read};`];
    if (conditions.length > 0) lines.push(...indented(statement(conditions, "return undefined;"), indent));
    if (items.length > 0) {
      lines.push(`${indent}for (const item of ${taken}) {`);
      lines.push(...indented(statement(items, "return undefined;"), `${indent}  `), `${indent}}`);
    }
    return { lines, value: taken };
  }

  private expression(shape: LeafShape): string {
    const parts = capturesOf(shape, this.first(shape));
    const last = parts.at(-1);
    return parts.reduceRight(
      (rest, { part, capture }) => {
        const value = this.part(part, capture);
        if (part === "null" || rest === "") return value;
        if (part === "boolean") return `m[${capture}] ?? m[${capture + 1}] ? ${value} : ${rest}`;
        return `m[${capture}] !== undefined ? ${value} : ${rest}`;
      },
      last === undefined ? "null" : "",
    );
  }

  private part(part: Part, capture: number): string {
    switch (part) {
      case "integer":
        return `${this.context.imports.use("integer")}(m[${capture}])`;
      case "number":
        return `${this.context.imports.use("decimal")}(m[${capture}])`;
      case "boolean":
        return `m[${capture}] !== undefined`;
      case "null":
        return "null";
      default:
        return `m[${capture}]`;
    }
  }
}

/** Statements are printed two columns in; this moves them to `indent`. */
function indented(lines: readonly string[], indent: string): string[] {
  return lines.map((line) => `${indent}${line.slice(2)}`);
}
