/**
 * The writers of one message: a function that gives its text and one that writes its bytes.
 *
 * Both are the same walk over the shape: each member is read, checked and written in turn, and what is known beforehand
 * gathers in `pending` until something has to stand behind it. They differ in how a piece is written (`Sink`).
 */

import type { Context } from "../leaf.js";
import { quote } from "../literal.js";
import { camelCase, isIdentifier, NameSet } from "../names.js";
import { block, statement } from "../statements.js";
import { compare, holds, type Term } from "../terms.js";
import { isWhole, itemConditions, leafConditions, listConditions, typeCondition } from "./conditions.js";
import type { ConstantShape, LeafShape, ListShape, MemberShape, ObjectShape, Shape } from "./shape.js";

export interface Writer {
  readonly shape: ObjectShape;
  readonly name: string;
  /** Under Socket.IO: the name of the event. */
  readonly eventName: string | undefined;
  /** The field that the caller has compared already, as `naming` says. */
  readonly told: string | undefined;
  /** The name of a constant of the file: a literal by its text, or the set of names of an object. */
  constant(kind: "literal" | "names", value: string): string;
}

/** How pieces of a text are written. */
interface Sink {
  /** What a function returns that leaves the value to others. */
  readonly no: string;
  literal(text: string): string[];
  /** What stands before and behind a text or a choice where the sink does not write it. */
  readonly quote: string;
  /** A text between its quotes; one that needs no escape; a number; a scalar of any type; a list between its brackets. */
  text(x: string): string[];
  plain(x: string): string[];
  number(x: string): string[];
  /** A boolean, with what is pending. */
  boolean(x: string, pending: string): string[];
  scalar(x: string): string[];
  list(x: string, name: string): string[];
  /** The mark before the next member of an object of which none may be there. */
  mark(name: string): string[];
  /** Declares such a mark. */
  openMark(name: string): string;
  setMark(name: string): string;
  isOpen(name: string): Term;
}

/** The function that gives the text of a message, or undefined. */
export function textWriterLines(writer: Writer, context: Context): string[] {
  const use = (name: string) => context.imports.use(name);
  const add = (x: string) => [`  text += ${x};`];
  const sink: Sink = {
    no: "undefined",
    quote: '"',
    literal: (text) => add(quote(text)),
    text: (x) => add(`${use("escaped")}(${x})`),
    plain: add,
    number: add,
    boolean: (x, pending) => add(`${x} ? ${quote(`${pending}true`)} : ${quote(`${pending}false`)}`),
    scalar: (x) => add(`JSON.stringify(${x})`),
    list: (x, name) => [
      `  const ${name} = ${use("escapedList")}(${x});`,
      `  if (${name} === undefined) return undefined;`,
      ...add(name),
    ],
    mark: add,
    openMark: (name) => `  let ${name} = "{";`,
    setMark: (name) => `  ${name} = ",";`,
    isOpen: (name) => compare(name, "!==", "===", '"{"'),
  };
  const type = context.imports.useType("Fields");
  return [
    `function ${writer.name}(v: ${type}): string | undefined {`,
    '  let text = "";',
    ...new WritePrinter(writer, sink, context).lines(),
    "  return text;",
    "}",
  ];
}

/** The function that writes the bytes of a message and returns the offset after them, or -1. */
export function bytesWriterLines(writer: Writer, context: Context): string[] {
  const use = (name: string) => context.imports.use(name);
  const call = (name: string, x: string) => [`  at = ${use(name)}(out, at, ${x});`];
  const put = (text: string) => {
    const isAscii = /^[\x20-\x7e]*$/.test(text);
    return call(isAscii ? "put" : "utf8Into", isAscii ? writer.constant("literal", text) : quote(text));
  };
  const sink: Sink = {
    no: "-1",
    quote: "",
    literal: put,
    text: (x) => call("textInto", x),
    plain: (x) => call("plainInto", x),
    number: (x) => call("numberInto", x),
    boolean: (x, pending) => {
      const [yes, no] = [`${pending}true`, `${pending}false`].map((text) => writer.constant("literal", text));
      return call("put", `${x} ? ${yes} : ${no}`);
    },
    scalar: (x) => call("scalarInto", x),
    list: (x) => [...call("listInto", x), "  if (at < 0) return -1;"],
    mark: (name) => [`  out.bytes[at++] = ${name};`],
    openMark: (name) => `  let ${name} = 0x7b;`,
    setMark: (name) => `  ${name} = 0x2c;`,
    isOpen: (name) => compare(name, "!==", "===", "0x7b"),
  };
  const types = [context.imports.useType("Fields"), context.imports.useType("FastOutput")];
  return [
    `function ${writer.name}(v: ${types[0]}, out: ${types[1]}, start: number): number {`,
    "  let at = start;",
    ...new WritePrinter(writer, sink, context).lines(),
    "  return at;",
    "}",
  ];
}

class WritePrinter {
  private pending = "";
  private readonly names = new NameSet(["v", "text", "out", "at", "start", "item"]);
  /** Names of variables, so that what is printed twice has the same. */
  private readonly variables = new Map<object, string>();

  constructor(
    private readonly writer: Writer,
    private readonly sink: Sink,
    private readonly context: Context,
  ) {}

  lines(): string[] {
    const { eventName, shape } = this.writer;
    if (eventName !== undefined) this.pending = `[${JSON.stringify(eventName)},`;
    const lines = this.object(shape, "v");
    this.pending += eventName === undefined ? "" : "]";
    return [...lines, ...this.flushed()];
  }

  /** Writes what is pending. */
  private flushed(): string[] {
    const text = this.pending;
    this.pending = "";
    return text === "" ? [] : this.sink.literal(text);
  }

  private name(of: object, proposed: string): string {
    const known = this.variables.get(of) ?? this.names.take(proposed);
    this.variables.set(of, known);
    return known;
  }

  private object(shape: ObjectShape, v: string): string[] {
    const { members } = shape;
    const needed = members.filter((member) => member.required).length;
    const counted = needed < members.length;
    const count = counted
      ? this.name(members, `${v === "v" ? "" : v}Members`.replace(/^M/, "m"))
      : `${needed}`;
    const lines = counted ? [`  let ${count} = ${needed};`] : [];
    const startsSure = members[0]?.required === true || members.length === 0;
    const mark = startsSure ? undefined : this.name(shape, `${v === "v" ? "" : v}Mark`.replace(/^M/, "m"));
    let sure = startsSure;
    if (startsSure) this.pending += "{";
    else lines.push(...this.flushed(), this.sink.openMark(mark ?? ""));
    for (const [index, member] of members.entries()) {
      const before = sure ? (index > 0 ? "," : "") : undefined;
      if (member.required) {
        lines.push(...this.read(member, v), ...this.opened(before, mark), ...this.member(member));
        sure = true;
      } else lines.push(...this.read(member, v), ...this.optional(member, before, mark, count));
    }
    if (!sure && mark !== undefined)
      lines.push(...statement([not(this.sink.isOpen(mark))], this.sink.mark(mark)[0]?.trim() ?? ""));
    this.pending += "}";
    const known = this.writer.constant("names", JSON.stringify(members.map((member) => member.name)));
    const others = holds(`${this.context.imports.use("hasOthers")}(${v}, ${count}, ${known})`);
    return [...lines, ...statement([not(others)], `return ${this.sink.no};`)];
  }

  /** What stands before a member: a comma that is sure, or the mark. */
  private opened(before: string | undefined, mark: string | undefined): string[] {
    if (before !== undefined) {
      this.pending += before;
      return [];
    }
    return [...this.flushed(), ...this.sink.mark(mark ?? "")];
  }

  private read(member: MemberShape, v: string): string[] {
    if (v === "v" && this.isTold(member)) return [];
    const x = this.variable(member);
    return [
      `  const ${x} = ${isIdentifier(member.name) ? `${v}.${member.name}` : `${v}[${quote(member.name)}]`};`,
    ];
  }

  private isTold(member: MemberShape): boolean {
    return this.writer.told === member.name && this.writer.shape.members.includes(member);
  }

  private variable(member: MemberShape): string {
    return this.name(member, camelCase(member.name));
  }

  private optional(
    member: MemberShape,
    before: string | undefined,
    mark: string | undefined,
    count: string,
  ): string[] {
    const x = this.variable(member);
    const waiting = this.pending;
    const inside = () => [
      ...this.opened(before, mark),
      ...(before === undefined ? [this.sink.setMark(mark ?? "")] : []),
      ...this.member(member),
    ];
    let body = inside();
    const outside: string[] = [];
    // What waits before the member and what waits after it is mostly the same quote: then it can wait on.
    if (this.pending !== waiting) {
      this.pending = waiting;
      outside.push(...this.flushed());
      body = [...inside(), ...this.flushed()];
    }
    return [...outside, ...block(`if (${x} !== undefined) {`, [...body, `  ${count}++;`])];
  }

  private member(member: MemberShape): string[] {
    this.pending += `${JSON.stringify(member.name)}:`;
    return this.value(member, member.shape, this.variable(member));
  }

  private value(member: MemberShape, shape: Shape, x: string): string[] {
    switch (shape.kind) {
      case "constant":
        return this.constant(member, shape, x);
      case "choice": {
        const terms = shape.values.map((value) => compare(x, "!==", "===", quote(value)));
        const wrong = terms.map((term) => term.wrong).join(" && ");
        const right = terms.map((term) => term.right).join(" || ");
        return [...this.refuse([{ wrong, right }]), ...this.quoted(() => this.sink.text(x))];
      }
      case "object": {
        const isPlain = holds(`${this.context.imports.use("isPlain")}(${x})`);
        return [...this.refuse([isPlain]), ...this.object(shape, x)];
      }
      case "list":
        return this.list(member, shape, x);
      case "leaf":
        return this.leaf(member, shape, x);
    }
  }

  private constant(member: MemberShape, { value }: ConstantShape, x: string): string[] {
    this.pending += JSON.stringify(value);
    if (this.isTold(member)) return [];
    return this.refuse([compare(x, "!==", "===", JSON.stringify(value))]);
  }

  private leaf(member: MemberShape, shape: LeafShape, x: string): string[] {
    const { imports } = this.context;
    const conditions = leafConditions(shape, x, this.context, member.name);
    const [part] = shape.parts;
    if (part === undefined || isWhole(shape)) {
      return [...this.refuse(conditions), ...this.flushed(), ...this.sink.scalar(x)];
    }
    const terms = [typeCondition(part, x, this.context)];
    if (part === "integer" || part === "number")
      terms.unshift(compare(`typeof ${x}`, "!==", "===", '"number"'));
    if (part === "time") terms.push(holds(`${imports.use("isPlainDateTime")}(${x})`));
    if (part === "uuid") terms.push(holds(`${imports.use("isPlainUuid")}(${x})`));
    const lines = this.refuse([...terms, ...conditions]);
    switch (part) {
      case "text":
        return [...lines, ...this.quoted(() => this.sink.text(x))];
      case "time":
      case "uuid":
        return [...lines, ...this.quoted(() => this.sink.plain(x))];
      case "boolean":
        lines.push(...this.sink.boolean(x, this.pending));
        this.pending = "";
        return lines;
      case "null":
        this.pending += "null";
        return lines;
      default:
        return [...lines, ...this.flushed(), ...this.sink.number(x)];
    }
  }

  private list(member: MemberShape, shape: ListShape, x: string): string[] {
    const { imports } = this.context;
    const lines = this.refuse([
      holds(`${imports.use("isPlainList")}(${x})`),
      ...listConditions(shape, x, this.context),
    ]);
    const items = itemConditions(shape, "item", this.context, member.name);
    if (items.length > 0) {
      const isText = compare("typeof item", "!==", "===", '"string"');
      lines.push(...block(`for (const item of ${x}) {`, this.refuse([isText, ...items])));
    }
    this.pending += "[";
    lines.push(...this.flushed(), ...this.sink.list(x, this.name(shape, `${x}Text`)));
    this.pending = "]";
    return lines;
  }

  private quoted(write: () => string[]): string[] {
    const { quote: mark } = this.sink;
    this.pending += mark;
    const lines = [...this.flushed(), ...write()];
    this.pending = mark;
    return lines;
  }

  private refuse(terms: readonly Term[]): string[] {
    return terms.length === 0 ? [] : statement(terms, `return ${this.sink.no};`);
  }
}

function not(term: Term): Term {
  return { wrong: term.right, right: term.wrong };
}
