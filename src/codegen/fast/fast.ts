/**
 * The fast codecs of one direction of an endpoint: readers by templates (`shape.ts` → `layout.ts` → `template.ts` →
 * `read.ts`) and writers in one pass (`write.ts`), with the functions that choose between the messages.
 *
 * They only ever say yes. What they leave, and what they refuse, the straight path decides.
 */

import type { Direction, Endpoint, Message } from "../../contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../../contract/discriminate.js";
import { parsePointer } from "../../contract/pointer.js";
import type { Imports } from "../imports.js";
import type { Context } from "../leaf.js";
import { LINE_WIDTH, literal, quote } from "../literal.js";
import { isIdentifier, type NameSet } from "../names.js";
import type { Definitions } from "../schema.js";
import { beginningOf, dispatchLines } from "./dispatch.js";
import { layoutOf } from "./layout.js";
import { readerLines } from "./read.js";
import { type MessageShape, shapeOf } from "./shape.js";
import { namingFields, untold } from "./telling.js";
import { ESCAPED, expressionOf, RAW } from "./template.js";
import { assertUnambiguous } from "./unambiguous.js";
import { bytesWriterLines, textWriterLines, type Writer } from "./write.js";

export interface FastInput {
  readonly endpoint: Endpoint;
  readonly direction: Direction;
  readonly definitions: Definitions;
  readonly imports: Imports;
  /** Names of constants and functions of the file. */
  readonly names: NameSet;
  /** The type of all messages of the direction. */
  readonly union: string;
  readonly typeOf: (message: Message) => string;
  /** The constant of a regular expression. */
  readonly pattern: (source: string, where: string) => string;
}

export interface FastPrinted {
  readonly lines: readonly string[];
}

/** A message that is left to the straight path, or is where it has certain members, and why. */
export interface Skipped {
  readonly message: string;
  readonly why: string;
}

/** What decides which messages have a template. */
type Scope = Pick<FastInput, "endpoint" | "direction" | "definitions">;

// A text of 1024 units, which is the most that is read this way, is at most three times as many bytes.
const LEAST_LIMIT = 3 * 1024;
/** Readers that are tried one after another: more cost more than JSON.parse. */
const MAX_TRIES = 4;

interface Told {
  readonly message: Message;
  readonly shape: MessageShape;
  readonly eventName: string | undefined;
}

/**
 * The function `readEvent(text)` (or `readCommand`) that gives what it decodes, or undefined where others decide.
 * `isPlain`: only texts without escapes, in few bytes. Undefined where no message can be read this way.
 */
export function fastDecode(
  input: FastInput,
  messages: readonly Message[],
  options: { readonly isPlain?: boolean } = {},
): FastPrinted | undefined {
  const isPlain = options.isPlain === true;
  const tried = templatesOf(input, messages, isPlain).templates.map(
    ({ message, shape, layout, eventName }) => ({
      shape: shape.shape,
      layout,
      message: message.name,
      type: input.typeOf(message),
      // Under Socket.IO a frame is the pair of the name and the message.
      result: eventName === undefined ? input.typeOf(message) : input.union,
      eventName,
    }),
  );
  if (tried.length === 0) return undefined;
  const word = input.direction === "event" ? "Event" : "Command";
  const named = tried.map((reader) => ({
    ...reader,
    constant: input.names.take(constantCase(reader.type)),
    // A single one needs no choice.
    name: tried.length === 1 ? `read${word}` : input.names.take(`read${reader.type}`),
  }));
  for (const { layout } of named) {
    for (const body of isPlain ? [RAW] : [RAW, ESCAPED])
      assertUnambiguous(expressionOf(layout.template, body));
  }
  const choices = named.map(({ name, layout }) => ({
    reader: name,
    beginning: beginningOf(layout.template),
  }));
  const context = contextOf(input);
  const decoded = input.imports.useType("Decoded");
  const choice = [
    `/** Reads ${input.direction}s that are written as most are. Undefined: others decide. */`,
    `function read${word}(text: string): ${decoded}<${input.union}> | undefined {`,
    ...dispatchLines(choices),
    "}",
  ];
  const readers = named.flatMap((reader) => ["", ...readerLines(reader, context, isPlain)]);
  return { lines: choices.length === 1 ? readers.slice(1) : [...choice, ...readers] };
}

/** The messages of one direction that are not always read by a template, and why. */
export function untemplated(scope: Scope): readonly Skipped[] {
  return templatesOf(scope, messagesOf(scope.endpoint, scope.direction), false).skipped;
}

/** The messages that a template can read, with it. */
function templatesOf(scope: Scope, messages: readonly Message[], isBare: boolean) {
  const { told, skipped } = shapesOf(scope, messages, isBare);
  const templates = told
    .map((each) => ({ ...each, layout: layoutOf(each.shape.shape, each.eventName) }))
    .filter(({ message, layout }, index, all) => {
      const beginning = beginningOf(layout.template);
      const rivals = all.slice(0, index).filter((other) => {
        const its = beginningOf(other.layout.template);
        return its.startsWith(beginning) || beginning.startsWith(its);
      });
      if (rivals.length < MAX_TRIES) return true;
      skipped.push({ message: message.name, why: "too many other messages begin as it does" });
      return false;
    });
  return { templates, skipped };
}

/**
 * The functions `writeEvent(value)` and `writeEventInto(value, bytes, offset)` (or `…Command…`), which give undefined
 * and -1 where others decide. Undefined where no message can be written this way.
 */
export function fastEncode(input: FastInput, messages: readonly Message[]): FastPrinted | undefined {
  const { told } = shapesOf(input, messages, false);
  if (told.length === 0) return undefined;
  const word = input.direction === "event" ? "Event" : "Command";
  const constants = new Map<string, { name: string; lines: string[] }>();
  const constant = (kind: "literal" | "names", value: string): string => {
    const key = `${kind} ${value}`;
    const known = constants.get(key);
    if (known !== undefined) return known.name;
    const made = kind === "literal" ? literalConstant(input, value) : namesConstant(input, value);
    constants.set(key, made);
    return made.name;
  };
  const context = contextOf(input);
  const field = switchField(input);
  const writers = told.map(({ message, shape, eventName }) => {
    const type = input.typeOf(message);
    const writer = (name: string): Writer => ({
      shape: shape.shape,
      name: input.names.take(name),
      eventName,
      told: eventName === undefined && isFlat(field) ? parsePointer(field)[0] : undefined,
      constant,
    });
    const [text, bytes] = [writer(`write${type}`), writer(`write${type}Into`)];
    return {
      text: text.name,
      bytes: bytes.name,
      values: valuesOf(input, message),
      lines: ["", ...textWriterLines(text, context), "", ...bytesWriterLines(bytes, context)],
    };
  });
  const functions = [
    ...choiceLines(input, `write${word}`, field, writers),
    "",
    ...choiceIntoLines(input, `write${word}Into`, field, writers),
    ...writers.flatMap(({ lines }) => lines),
  ];
  // Some were made for a way of printing that was not taken.
  const words = new Set(functions.join("\n").match(/\w+/g));
  const used = [...constants.values()].filter(({ name }) => words.has(name));
  return { lines: [...functions, "", ...used.flatMap(({ lines }) => lines)] };
}

function contextOf({ definitions, imports, pattern }: FastInput): Context {
  return { definitions, imports, pattern };
}

/** The messages that have a shape and are told by it. */
function shapesOf(
  input: Scope,
  messages: readonly Message[],
  isBare: boolean,
): { told: Told[]; skipped: Skipped[] } {
  const { endpoint, direction, definitions } = input;
  const told: Told[] = [];
  const skipped: Skipped[] = [];
  const skip = (message: Message, why: string) => skipped.push({ message: message.name, why });
  const limit = endpoint.protocol.maxBytes ?? Infinity;
  const socketIo = endpoint.protocol.transport === "socket.io";
  for (const message of messages) {
    if (limit < LEAST_LIMIT) {
      skip(message, `the limit of ${limit} bytes has to be counted`);
      continue;
    }
    const shape = shapeOf(message.payload, definitions, namingFields(endpoint, direction, message), isBare);
    const why = "why" in shape ? shape : untold(endpoint, direction, message, shape.shape);
    const eventName = socketIo ? eventNameOf(input, message) : undefined;
    if (socketIo && eventName === undefined) skip(message, "no constant names its event");
    else if ("why" in shape || why !== undefined) skip(message, why?.why ?? "");
    else {
      told.push({ message, shape, eventName });
      if (shape.without.length > 0) skip(message, `without some members: ${shape.without.join(", ")}`);
    }
  }
  return { told, skipped };
}

function eventNameOf({ endpoint, direction }: Scope, message: Message): string | undefined {
  const { fields, rows } = discriminatorOf(endpoint, direction);
  const index = fields.indexOf(EVENT_FIELD);
  const [name] = rows.find((row) => row.message === message.name)?.values[index] ?? [];
  return typeof name === "string" && /^[\w .:/-]+$/.test(name) ? name : undefined;
}

/** The field by whose value a writer is chosen; "" where there is none. */
function switchField({ endpoint, direction }: FastInput): string {
  return discriminatorOf(endpoint, direction).fields[0] ?? "";
}

function isFlat(field: string): boolean {
  return field !== EVENT_FIELD && field !== "" && parsePointer(field).length === 1;
}

/** The values of the switch that lead to a message. */
function valuesOf({ endpoint, direction }: FastInput, message: Message): readonly string[] {
  const row = discriminatorOf(endpoint, direction).rows.find(
    (candidate) => candidate.message === message.name,
  );
  return (row?.values[0] ?? []).map((value) => literal(value));
}

interface Choice {
  readonly text: string;
  readonly bytes: string;
  readonly values: readonly string[];
}

function choiceLines(input: FastInput, name: string, field: string, writers: readonly Choice[]): string[] {
  const { body, payload } = opening(input, "undefined");
  return [
    `/** Writes ${input.direction}s that are nothing but data. Undefined: others decide. */`,
    `function ${name}(value: unknown): string | undefined {`,
    ...body,
    ...switchLines(
      input,
      field,
      writers,
      (found) => [`return ${found.map(({ text }) => `${text}(${payload})`).join(" ?? ")};`],
      "return undefined;",
      "  ",
    ),
    "}",
  ];
}

function choiceIntoLines(
  input: FastInput,
  name: string,
  field: string,
  writers: readonly Choice[],
): string[] {
  const { imports } = input;
  const { body, payload } = opening(input, "-1");
  const limit = input.endpoint.protocol.maxBytes;
  const tooLong = limit === undefined ? "" : `end - offset > ${limit} || `;
  return [
    "/** The same into bytes; returns the offset after them. -1: others decide. */",
    `function ${name}(value: unknown, bytes: Uint8Array, offset: number): number {`,
    ...body,
    `  const out = ${imports.use("outputOf")}(bytes);`,
    "  let end = -1;",
    "  try {",
    ...switchLines(
      input,
      field,
      writers,
      (found) => [
        ...found.map(
          ({ bytes: writer }, index) =>
            `${index === 0 ? "" : "if (end < 0) "}end = ${writer}(${payload}, out, offset);`,
        ),
        "break;",
      ],
      undefined,
      "    ",
    ),
    "  } catch {",
    "    // A store beyond the end: whether it fits to the byte is decided elsewhere.",
    "    return -1;",
    "  }",
    `  return ${tooLong}end > bytes.length ? -1 : end;`,
    "}",
  ];
}

/** What is asked of a value before its name is looked at, and the expression of its payload. */
function opening({ imports, endpoint }: FastInput, no: string): { body: string[]; payload: string } {
  const isPlain = imports.use("isPlain");
  if (endpoint.protocol.transport !== "socket.io")
    return { body: [`  if (!${isPlain}(value)) return ${no};`], payload: "value" };
  const isList = imports.use("isPlainList");
  return {
    body: [
      `  if (!${isList}(value) || value.length !== 2) return ${no};`,
      "  const payload = value[1];",
      `  if (!${isPlain}(payload)) return ${no};`,
    ],
    payload: "payload",
  };
}

function switchLines(
  input: FastInput,
  field: string,
  writers: readonly Choice[],
  leave: (writers: readonly Choice[]) => readonly string[],
  otherwise: string | undefined,
  indent: string,
): string[] {
  const values = [...new Set(writers.flatMap((writer) => writer.values))];
  if (field === "" || values.length === 0)
    return leave(writers)
      .filter((line) => line !== "break;")
      .map((line) => `${indent}${line}`);
  const lines = [`${indent}switch (${fieldExpression(input, field)}) {`];
  for (const value of values) {
    const found = writers.filter((writer) => writer.values.includes(value) || writer.values.length === 0);
    lines.push(`${indent}  case ${value}:`, ...leave(found).map((line) => `${indent}    ${line}`));
  }
  if (otherwise !== undefined) lines.push(`${indent}  default:`, `${indent}    ${otherwise}`);
  return [...lines, `${indent}}`];
}

function fieldExpression({ imports, endpoint }: FastInput, field: string): string {
  if (field === EVENT_FIELD) return "value[0]";
  const payload = endpoint.protocol.transport === "socket.io" ? "payload" : "value";
  const [first = "", ...deeper] = parsePointer(field);
  if (deeper.length === 0) return isIdentifier(first) ? `${payload}.${first}` : `${payload}[${quote(first)}]`;
  return [first, ...deeper].reduce((at, name) => `${imports.use("member")}(${at}, ${quote(name)})`, payload);
}

/** `","title":"` → TITLE_. */
function literalConstant({ names, imports }: FastInput, text: string): { name: string; lines: string[] } {
  const words = text.match(/[A-Za-z][\w]*/g) ?? [];
  const name = names.take(words.length > 0 ? `${constantCase(words.join("_"))}_` : "END_");
  return { name, lines: [`const ${name} = /* @__PURE__ */ ${imports.use("literal")}(${quote(text)});`] };
}

function namesConstant({ names }: FastInput, list: string): { name: string; lines: string[] } {
  const name = names.take("MEMBERS");
  // A list of names, written by the printer of the writers.
  const shown = (JSON.parse(list) as string[]).map((member) => quote(member));
  const line = `const ${name} = /* @__PURE__ */ new Set([${shown.join(", ")}]);`;
  if (line.length <= LINE_WIDTH) return { name, lines: [line] };
  return {
    name,
    lines: [`const ${name} = /* @__PURE__ */ new Set([`, ...shown.map((member) => `  ${member},`), "]);"],
  };
}

/** `SystemStatus` → SYSTEM_STATUS. */
function constantCase(name: string): string {
  return name.replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1_$2").toUpperCase();
}
