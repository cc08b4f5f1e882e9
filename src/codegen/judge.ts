/**
 * The judge of one direction: a function that names the message of a frame and checks its payload.
 *
 * It is the discriminator of the contract, unrolled: a switch for each field that tells messages apart, and at each
 * end the check of the one message that is left, or of the few. Decisions as `src/contract/discriminate.ts`. Where
 * one field tells all by their own names, the judge is a call of `named`. A quick judge is a switch in any case; it
 * only accepts, and asks the judge about what it does not.
 */

import type { Direction, Discriminator, DiscriminatorRow, Endpoint, Message } from "../contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../contract/discriminate.js";
import { describesObject } from "../contract/payload.js";
import { formatPointer, parsePointer } from "../contract/pointer.js";
import { describes, groups, isOneStep, isTold, names, onlyNames, valuesAt } from "./discriminator-rows.js";
import type { Imports } from "./imports.js";
import { flatLiteral, LINE_WIDTH, literal, quote } from "./literal.js";
import { isIdentifier } from "./names.js";
import type { Place } from "./place.js";
import { type Definitions, kindOf, requiredOf, schemaMap, valuesOf } from "./schema.js";
import { callLines } from "./statements.js";

export interface JudgeInput {
  readonly endpoint: Endpoint;
  readonly direction: Direction;
  readonly definitions: Definitions;
  readonly imports: Imports;
  /** The expression of the check of a message; `told` is a field whose value has been compared before. */
  readonly checkOf: (message: Message, place: Place, told: string | undefined) => string;
  /** The type name of each message, which names its check. */
  readonly typeOf: (message: Message) => string;
  readonly isQuick: boolean;
}

/** Prints the judge of one direction and the data that its errors are made of. */
export class JudgePrinter {
  private readonly discriminator: Discriminator;
  private readonly messages: ReadonlyMap<string, Message>;
  private readonly socketIo: boolean;
  /** True when nothing but objects is legal, so that one test at the top serves all. */
  private readonly objectsOnly: boolean;
  private readonly what: string;

  constructor(private readonly input: JudgeInput) {
    const { endpoint, direction } = input;
    this.discriminator = discriminatorOf(endpoint, direction);
    const messages = messagesOf(endpoint, direction);
    this.messages = new Map(messages.map((message) => [message.name, message]));
    this.socketIo = endpoint.protocol.transport === "socket.io";
    this.objectsOnly =
      messages.length > 0 && messages.every((message) => describesObject(message.payload, input.definitions));
    this.what = direction === "event" ? "Event" : "Command";
  }

  lines(): string[] {
    const { imports, isQuick } = this.input;
    const body: string[] = [];
    const simple = isQuick ? undefined : this.named();
    if (simple === undefined && this.objectsOnly) {
      const wish = this.socketIo ? "an array of the event name and one payload" : "one JSON object";
      const test = this.socketIo ? "!Array.isArray(v)" : `!${imports.use("isObject")}(v)`;
      const refusal = isQuick ? this.refusal() : `return ${imports.use("notObject")}(v, ${quote(wish)});`;
      body.push(`  if (${test}) ${refusal}`);
    }
    body.push(...(simple ?? this.unrolled()));
    return [
      `function ${isQuick ? "quick" : "judge"}${this.what}(v: unknown): string | ${imports.useType("DecodeError")} {`,
      ...body,
      "}",
    ];
  }

  private unrolled(): string[] {
    const { origin, rows } = this.discriminator;
    if (origin === "declared") return this.declared();
    return [
      ...(this.socketIo ? this.shape() : []),
      ...(origin === "inferred" ? this.narrowed(rows, 0) : this.candidates([...this.messages.keys()])),
    ];
  }

  /** The judge of objects that a text in one field tells by the names of the messages, as one call. */
  private named(): string[] | undefined {
    const { direction, endpoint, imports, definitions } = this.input;
    const { fields, rows } = this.discriminator;
    const [field = ""] = fields;
    const strays = this.foreign(field);
    if (!isTold(endpoint, direction, definitions) || !strays.every(isOneStep)) return undefined;
    for (const row of rows) this.checkOf(row.message, this.told(row.message, rows));
    const across = direction === "event" ? "command" : "event";
    const others = valuesAt(discriminatorOf(endpoint, across).rows, 0).map((name) => [String(name), 1]);
    const args = [
      "v",
      quote(direction),
      quote(field.slice(1)),
      `${direction}Checks`,
      isTold(endpoint, across, definitions)
        ? `${across}Checks`
        : `() => (${flatLiteral(Object.fromEntries(others))})`,
      flatLiteral(strays.map((pointer) => pointer.slice(1))),
    ];
    return callLines("  return ", imports.use("named"), args);
  }

  /** How a quick judge refuses: it asks the judge. */
  private refusal(): string {
    return `return judge${this.what}(v);`;
  }

  /** The constant that holds what the errors of the outermost field say; to be written where something uses it. */
  namesLines(): string[] {
    const { direction, imports } = this.input;
    const [outer = ""] = this.discriminator.fields;
    const data = this.naming(outer, valuesAt(this.discriminator.rows, 0));
    const head = `const ${direction}Names: ${imports.useType("Naming")} = `;
    return `${head}${literal(data, "", head.length)};`.split("\n");
  }

  /** What the errors of a field say; its holder and its last step stand apart. */
  private naming(pointer: string, known: readonly unknown[]): object {
    const path = this.path(pointer);
    const last = path.lastIndexOf("/");
    const { direction } = this.input;
    return { of: direction, field: path.slice(last + 1), holder: path.slice(0, last), names: known };
  }

  /** Pointers of the fields that name messages elsewhere. */
  private foreign(field: string): string[] {
    const { direction, endpoint } = this.input;
    const other = discriminatorOf(endpoint, direction === "event" ? "command" : "event").fields[0];
    const all =
      other === undefined || other === EVENT_FIELD
        ? endpoint.protocol.never
        : [other, ...endpoint.protocol.never];
    const pointers = all.map((name) => (name.startsWith("/") ? name : formatPointer([name])));
    return [...new Set(pointers)].filter((pointer) => pointer !== field);
  }

  private declared(): string[] {
    const { rows, fields } = this.discriminator;
    const [outer = ""] = fields;
    const found = this.read(outer);
    const strays = outer === EVENT_FIELD ? [] : this.foreign(outer);
    const otherwise = this.unmatched(rows, 0, found, strays);
    const cases = groups(rows, 0);
    // Under Socket.IO the name comes first, then the shape of the whole, then the payload.
    const leaf = (left: readonly DiscriminatorRow[]) => [
      ...(this.socketIo ? this.shape() : []),
      ...this.narrowed(left, 1),
    ];
    return this.switchOn(
      found,
      cases.map(([values, left]) => [values, leaf(left)]),
      otherwise,
    );
  }

  private shape(): string[] {
    const { imports, isQuick } = this.input;
    if (isQuick) return [`  if (${imports.use("eventShape")}(v) !== undefined) ${this.refusal()}`];
    return [
      `  const misshapen = ${imports.use("eventShape")}(v);`,
      "  if (misshapen !== undefined) return misshapen;",
    ];
  }

  /** The statements that decide between `rows` by the fields from `index` on. */
  private narrowed(rows: readonly DiscriminatorRow[], index: number): string[] {
    const { fields, origin } = this.discriminator;
    const declared = origin === "declared";
    const field = fields[index];
    if (field === undefined) {
      return declared ? this.candidates(names(rows), rows) : this.byPresence(rows);
    }
    if (declared && rows.length < 2) return this.candidates(names(rows), rows);
    const cases = groups(rows, index);
    if (cases.length === 0) return this.narrowed(rows, index + 1);
    const silent = rows.filter((row) => (row.values[index]?.length ?? 0) === 0);
    const absent = rows.filter((row) => silent.includes(row) || row.optional?.[index] === true);
    const found = this.read(field);
    const branches: [string[], string[]][] = cases.map(([values, left]) => [
      values,
      this.narrowed(left, index + 1),
    ]);
    if (!declared && absent.length > silent.length)
      branches.push([["undefined"], this.narrowed(absent, index + 1)]);
    const otherwise =
      silent.length > 0 ? this.narrowed(silent, index + 1) : this.unmatched(rows, index, found);
    return this.switchOn(found, branches, otherwise);
  }

  /** The statement for a name that fits no message; `strays` are the fields that name messages elsewhere. */
  private unmatched(
    rows: readonly DiscriminatorRow[],
    index: number,
    found: string,
    strays: readonly string[] = [],
  ): string[] {
    const { imports, direction, isQuick } = this.input;
    if (isQuick) return [`  ${this.refusal()}`];
    const { origin, fields } = this.discriminator;
    const known = valuesAt(rows, index);
    const data = this.naming(fields[index] ?? "", known);
    const kinds = [...new Set(["string", ...known.map(kindOf)])];
    // A declared field names a message when it has the type of a name; an inferred one when it is there.
    const isName =
      origin === "declared"
        ? kinds
            .map((kind) => (kind === "null" ? `${found} === null` : `typeof ${found} === "${kind}"`))
            .join(" || ")
        : `${found} !== undefined`;
    const isTextName = isName === `typeof ${found} === "string"`;
    const across = index === 0 ? this.acrossNames() : isTextName ? [] : ["[]"];
    const list = strays.length > 0 ? [this.strayList(strays)] : isTextName ? [] : ["[]"];
    const args = [
      "v",
      // An absent field is reported at what should hold it; the name of an event has its place, there or not.
      fields[index] === EVENT_FIELD ? `${found} ?? null` : found,
      index === 0 ? `${direction}Names` : flatLiteral(data),
      ...across,
      ...list,
      // `unnamed` takes a text for a name by itself; of `?? null` there is nothing to take.
      ...(isTextName ? [] : [isName]),
    ];
    return callLines("  return ", imports.use("unnamed"), args);
  }

  /** The names of the other direction, which the judge of that direction declares. */
  private acrossNames(): string[] {
    const { direction, endpoint } = this.input;
    const across = direction === "event" ? "command" : "event";
    return [valuesAt(discriminatorOf(endpoint, across).rows, 0).length > 0 ? `${across}Names.names` : "[]"];
  }

  private strayList(pointers: readonly string[]): string {
    return `[${pointers.map((pointer) => `[${quote(this.path(pointer))}, ${this.read(pointer)}]`).join(", ")}]`;
  }

  private byPresence(rows: readonly DiscriminatorRow[]): string[] {
    const rules = this.discriminator.presence.filter((rule) =>
      rows.some((row) => row.message === rule.message),
    );
    if (rows.length < 2 || rules.length === 0) return this.candidates(names(rows), rows);
    // Which of the telling fields are there decides; where none is, the messages that no field tells.
    const told = new Set(rules.map((rule) => rule.message));
    const rest = rows.filter((row) => !told.has(row.message));
    const [rule, ...others] = rules;
    const test = (pointer: string) => `${this.read(pointer)} !== undefined`;
    if (rule !== undefined && others.length === 0) {
      const only = rows.filter((row) => row.message === rule.message);
      const inner = this.candidates(names(only), only);
      return [
        `  if (${test(rule.pointer)}) {`,
        ...inner.map((line) => `  ${line}`),
        "  }",
        ...this.candidates(names(rest.length > 0 ? rest : rows), rest.length > 0 ? rest : rows),
      ];
    }
    const { imports, isQuick } = this.input;
    if (isQuick) return [`  ${this.refusal()}`];
    const candidate = (row: DiscriminatorRow) => this.candidate(row.message);
    const lines = [`  const there: ${imports.useType("Candidate")}[] = [];`];
    for (const row of rows) {
      const pointers = rules
        .filter((other) => other.message === row.message)
        .map((other) => test(other.pointer));
      if (pointers.length > 0) lines.push(`  if (${pointers.join(" || ")}) there.push(${candidate(row)});`);
    }
    const left = rest.length > 0 ? rest : rows;
    lines.push(`  if (there.length === 0) there.push(${left.map(candidate).join(", ")});`);
    lines.push(`  return ${imports.use("oneOf")}(${this.payload}, there${this.base});`);
    return lines;
  }

  /** The end of a branch: the one message that is left, or the few. */
  private candidates(left: readonly string[], rows: readonly DiscriminatorRow[] = []): string[] {
    const { imports, isQuick } = this.input;
    if (isQuick) {
      const accept = (name: string) =>
        `  if (${this.checkOf(name, this.told(name, rows))}(${this.payload})) return ${quote(name)};`;
      return [...left.map(accept), `  ${this.refusal()}`];
    }
    const foreign = this.discriminator.origin === "none" ? this.strays(left) : [];
    const explain = (error: string) =>
      foreign.length === 0 ? error : `${imports.use("shapeless")}(${error}, ${this.strayList(foreign)})`;
    const [only] = left;
    if (only !== undefined && left.length === 1) {
      const check = this.checkOf(only, this.told(only, rows));
      const error = explain(`${imports.use("invalidPayload")}(${this.socketIo ? '"/1"' : ""})`);
      const line = `  return ${check}(${this.payload}) ? ${quote(only)} : ${error};`;
      return line.length <= LINE_WIDTH - 4
        ? [line]
        : [`  if (${check}(${this.payload})) return ${quote(only)};`, `  return ${error};`];
    }
    const list = `[${left.map((name) => this.candidate(name)).join(", ")}]`;
    const args = [this.payload, list, ...(this.socketIo ? ['"/1"'] : [])];
    if (foreign.length === 0) return callLines("  return ", imports.use("oneOf"), args);
    return [
      ...callLines("  const judged = ", imports.use("oneOf"), args),
      `  return typeof judged === "string" ? judged : ${explain("judged")};`,
    ];
  }

  private candidate(name: string): string {
    return `[${quote(name)}, ${this.checkOf(name)}]`;
  }

  private checkOf(name: string, told?: string): string {
    const message = this.messages.get(name);
    if (message === undefined) throw new Error(`The discriminator names "${name}", which is no message.`);
    const place = { name: this.input.typeOf(message), pointer: `${this.input.direction} "${name}" #` };
    return this.input.checkOf(message, place, told);
  }

  /** The field that the switch compared with the only value that the message's schema has for it. */
  private told(name: string, rows: readonly DiscriminatorRow[]): string | undefined {
    const { fields, origin } = this.discriminator;
    const payload = this.messages.get(name)?.payload;
    const row = rows.find((candidate) => candidate.message === name);
    if (origin === "none" || row === undefined || typeof payload !== "object") return undefined;
    const [outer] = fields;
    const [field, ...deeper] = outer === undefined || outer === EVENT_FIELD ? [] : parsePointer(outer);
    // Under Socket.IO the switch compares the event name, which is no field of the payload.
    if (field === undefined || deeper.length > 0 || this.socketIo) return undefined;
    const schema = schemaMap(payload, "properties").find(([property]) => property === field)?.[1];
    const values = typeof schema === "object" && onlyNames(schema) ? valuesOf(schema) : undefined;
    const named = row.values[0] ?? [];
    const [value] = values ?? [];
    if (value === undefined || values?.length !== 1 || named.length !== 1 || named[0] !== value)
      return undefined;
    if (payload["type"] !== "object" || !requiredOf(payload).includes(field)) return undefined;
    return field;
  }

  /** Fields that name messages elsewhere and that no candidate has: a frame with one was meant for another channel. */
  private strays(left: readonly string[]): string[] {
    return this.foreign("").filter((pointer) => {
      const [name = ""] = parsePointer(pointer);
      return !left.some((message) =>
        describes(this.messages.get(message)?.payload, name, this.input.definitions, 0),
      );
    });
  }

  private get payload(): string {
    return this.socketIo ? "v[1]" : "v";
  }

  private get base(): string {
    return this.socketIo ? ', "/1"' : "";
  }

  private path(field: string): string {
    if (field === EVENT_FIELD) return "/0";
    return this.socketIo ? `/1${field}` : field;
  }

  /** The expression that reads a field of the frame: own members only. */
  private read(field: string): string {
    const { imports } = this.input;
    if (field === EVENT_FIELD) return this.objectsOnly ? "v[0]" : `${imports.use("member")}(v, "0")`;
    let at = this.payload;
    for (const [depth, name] of parsePointer(field).entries()) {
      const plain =
        depth === 0 &&
        !this.socketIo &&
        this.objectsOnly &&
        isIdentifier(name) &&
        !(name in Object.prototype);
      at = plain ? `${at}.${name}` : `${imports.use("member")}(${at}, ${quote(name)})`;
    }
    return at;
  }

  private switchOn(
    found: string,
    branches: readonly (readonly [string[], string[]])[],
    otherwise: string[],
  ): string[] {
    const lines = [`  switch (${found}) {`];
    for (const [values, body] of branches) {
      for (const value of values.slice(0, -1)) lines.push(`    case ${value}:`);
      const scoped = body.some((line) => line.startsWith("  const "));
      lines.push(`    case ${values.at(-1)}:${scoped ? " {" : ""}`, ...body.map((line) => `    ${line}`));
      if (scoped) lines.push("    }");
    }
    const scoped = otherwise.some((line) => line.startsWith("  const "));
    lines.push(`    default:${scoped ? " {" : ""}`, ...otherwise.map((line) => `    ${line}`));
    if (scoped) lines.push("    }");
    return [...lines, "  }"];
  }
}
