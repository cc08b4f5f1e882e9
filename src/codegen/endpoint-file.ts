/** `<endpoint>.ts`: types, checks, judges and codec functions of one endpoint. */

import type { Contract, Direction, Endpoint, Message } from "../contract/contract.js";
import { discriminatorOf, messagesOf } from "../contract/discriminate.js";
import { protocolOf } from "../contract/protocol-of.js";
import { CheckPrinter } from "./check.js";
import { Imports } from "./imports.js";
import { JudgePrinter } from "./judge.js";
import { patternLiteral } from "./leaf.js";
import { LINE_WIDTH, literal, quote } from "./literal.js";
import { camelCase, isIdentifier, NameSet, pascalCase } from "./names.js";
import { CodegenError, isAny } from "./schema.js";
import { commentOf, docLines, TypePrinter } from "./types.js";
import { wireNames } from "./wire-file.js";

const DIRECTIONS: readonly { readonly direction: Direction; readonly word: "Event" | "Command" }[] = [
  { direction: "event", word: "Event" },
  { direction: "command", word: "Command" },
];

/** The body of an endpoint's file, and the names that it takes from `wire.ts`. */
export async function endpointFile(
  contract: Contract,
  endpoint: Endpoint,
): Promise<{ readonly body: string; readonly used: readonly string[] }> {
  const imports = new Imports();
  const unionOf = {
    event: `${pascalCase(endpoint.name)}Event`,
    command: `${pascalCase(endpoint.name)}Command`,
  };
  const wire = wireNames();
  const mapName = `${pascalCase(endpoint.name)}Messages`;
  const types = new TypePrinter(contract.definitions, [...wire, unionOf.event, unionOf.command, mapName]);
  const typeNames = new Map<Message, string>();
  for (const { direction } of DIRECTIONS) {
    for (const message of messagesOf(endpoint, direction)) {
      const name = typeName(message);
      const own = pascalCase(message.name);
      const other = name === own ? `${own}${direction === "event" ? "Event" : "Command"}` : own;
      const comment = messageComment(message);
      typeNames.set(
        message,
        types.declare(message.payload, name, other, comment, message.deprecated === true),
      );
    }
  }
  const typeOf = (message: Message) => typeNames.get(message) ?? pascalCase(message.name);
  const constants = new NameSet([
    ...wire,
    ...DIRECTIONS.flatMap(({ word, direction }) => exportsOf(word, direction)),
  ]);
  const [protocolName, clientName, serverName] = ["", "Client", "Server"].map((suffix) =>
    constants.take(`${camelCase(endpoint.name)}${suffix}`),
  );
  const values = new NameSet([
    ...wire,
    ...[protocolName, clientName, serverName].flatMap((name) => name ?? []),
    ...DIRECTIONS.flatMap(({ word, direction }) => exportsOf(word, direction)),
  ]);
  const checks = new CheckPrinter(
    {
      definitions: contract.definitions,
      imports,
      compilePattern: patternLiteral,
      definitionName: (name) => types.definitionName(name),
    },
    values,
  );
  const printers = DIRECTIONS.map(({ direction }) => {
    const input = { endpoint, direction, definitions: contract.definitions, imports, checks, typeOf };
    return { printer: new JudgePrinter(input), direction };
  });
  const bodies = guard(endpoint, () => printers.map(({ printer }) => printer.lines()));
  const judges = printers.flatMap(({ printer, direction }, index) => {
    const used = bodies.flat().some((line) => line.includes(`${direction}Names`));
    return [...(used ? [...printer.namesLines(), ""] : []), ...(bodies[index] ?? []), ""];
  });
  const unions = DIRECTIONS.flatMap(({ direction }) => [
    ...union(unionOf[direction], endpoint, direction, typeOf),
    "",
  ]);
  const byName = messageMap(mapName, endpoint, typeOf);
  const codecs = DIRECTIONS.flatMap(({ direction, word }) => [
    ...codecLines(word, unionOf[direction], endpoint, imports),
    "",
  ]);
  const protocol = protocolOf(endpoint);
  const head = `export const ${protocolName}: ${imports.useType("Protocol")} = `;
  const sideType = imports.useType("ProtocolSide");
  const sideLines = (
    name: string | undefined,
    make: string,
    [read, write, ...names]: readonly string[],
    what: string,
    functions: readonly string[],
  ) => [
    `/** The protocol with the codec functions of a ${what}. */`,
    ...heading(
      `export const ${name}: ${sideType}`,
      [read ?? "", write ?? "", ...names],
      `= /* @__PURE__ */ ${imports.use(make)}(`,
    ),
    ...[protocolName, ...functions].map((argument) => `  ${argument},`),
    ");",
  ];
  const protocolLines = [
    ...docLines(`The rules of ${endpoint.address} as data: what client and server share.`),
    ...`${head}${literal(protocol, "", head.length)};`.split("\n"),
    "",
    ...codecs,
    ...sideLines(
      clientName,
      "clientSide",
      [unionOf.event, unionOf.command, mapName],
      "client: it reads events and writes commands",
      ["decodeEvent", "encodeCommand", "[judgeCommand, judgeEvent]"],
    ),
    "",
    ...sideLines(
      serverName,
      "serverSide",
      [unionOf.command, unionOf.event],
      "server: it reads commands and writes events",
      ["commandCodec", "eventCodec", "[judgeEvent, judgeCommand]"],
    ),
  ];
  const body = [
    ...imports.lines(),
    "",
    ...unions,
    ...byName,
    "",
    ...(await types.lines()),
    ...protocolLines,
    "",
    ...judges,
    ...checks.lines(),
  ];
  return { body: body.join("\n").trimEnd(), used: imports.names() };
}

/** A declaration up to its value, on one line where it fits. */
function heading(start: string, parameters: readonly string[], end: string): string[] {
  const line = `${start}<${parameters.join(", ")}> ${end}`;
  if (line.length <= LINE_WIDTH) return [line];
  return [
    `${start}<`,
    ...parameters.map((type, i, all) => `  ${type}${i === all.length - 1 ? "" : ","}`),
    `> ${end}`,
  ];
}

function guard<T>(endpoint: Endpoint, print: () => T): T {
  try {
    return print();
  } catch (cause) {
    if (!(cause instanceof CodegenError)) throw cause;
    throw new CodegenError(`No code can be generated for endpoint "${endpoint.name}": ${cause.message}`, {
      cause,
    });
  }
}

function lower(word: "Event" | "Command"): Direction {
  return word === "Event" ? "event" : "command";
}

function exportsOf(word: string, direction: string): string[] {
  return [
    `decode${word}`,
    `encode${word}`,
    `encode${word}Into`,
    `${direction}Codec`,
    `${direction}Names`,
    `judge${word}`,
  ];
}

/** The type of a message is named by its schema's title where that is a name, else by the message itself. */
function typeName(message: Message): string {
  const title = typeof message.payload === "object" ? message.payload["title"] : undefined;
  return typeof title === "string" && /^[A-Z]\w*$/.test(title) ? title : pascalCase(message.name);
}

/** The doc comment of a message: its title or summary, its description, and what cannot be judged. */
function messageComment(message: Message): string {
  const own = message.description ?? commentOf(message.payload);
  const head = message.summary ?? (own === "" ? message.title : undefined);
  const limits = message.binary
    ? "Binary: the document describes no JSON text, so any value passes."
    : isAny(message.payload)
      ? "The document gives no schema: any value passes."
      : undefined;
  return [head, own === "" || own === head ? undefined : own, limits]
    .filter((part) => part !== undefined)
    .join("\n\n");
}

function union(
  name: string,
  endpoint: Endpoint,
  direction: Direction,
  typeOf: (message: Message) => string,
): string[] {
  const members = memberTypes(endpoint, direction, typeOf).map(({ type }) => type);
  const what = direction === "event" ? "An event: server to client." : "A command: client to server.";
  const type = members.length === 0 ? "never" : [...new Set(members)].join(" | ");
  const line = `export type ${name} = ${type};`;
  if (line.length <= LINE_WIDTH) return [`/** ${what} */`, line];
  return [
    `/** ${what} */`,
    `export type ${name} =`,
    ...[...new Set(members)].map(
      (member, index, all) => `  | ${member}${index === all.length - 1 ? ";" : ""}`,
    ),
  ];
}

/** The type of each message of a direction as it is in a frame, in the order of the document. */
function memberTypes(
  endpoint: Endpoint,
  direction: Direction,
  typeOf: (message: Message) => string,
): { readonly name: string; readonly type: string }[] {
  const socketIo = endpoint.protocol.transport === "socket.io";
  const { rows, origin } = discriminatorOf(endpoint, direction);
  return messagesOf(endpoint, direction).flatMap((message) => {
    const row = rows.find((candidate) => candidate.message === message.name);
    // A message that the declared discriminator cannot name travels otherwise: an acknowledgement of Socket.IO.
    if (origin === "declared" && row === undefined) return [];
    if (!socketIo) return [{ name: message.name, type: typeOf(message) }];
    const event = (row?.values[0] ?? []).map((value) => JSON.stringify(value)).join(" | ");
    return [
      {
        name: message.name,
        type: `[event: ${event === "" ? "string" : event}, payload: ${typeOf(message)}]`,
      },
    ];
  });
}

/** The messages by name, and what answers a command: what a client's `on` and `send` are typed by. */
function messageMap(name: string, endpoint: Endpoint, typeOf: (message: Message) => string): string[] {
  const events = memberTypes(endpoint, "event", typeOf);
  const typesOf = (messages: readonly string[]): string[] =>
    messages.flatMap((reply) => {
      const event = events.find((candidate) => candidate.name === reply)?.type;
      const message = endpoint.events.find((candidate) => candidate.name === reply);
      return event ?? (message === undefined ? [] : typeOf(message));
    });
  const replies = Object.entries(protocolOf(endpoint).replies).map(([command, { messages }]) => ({
    name: command,
    type: [...new Set(typesOf(messages))].join(" | ") || "never",
  }));
  const field = (key: string, rows: readonly { readonly name: string; readonly type: string }[]): string[] =>
    rows.length === 0
      ? [`  ${key}: {};`]
      : [
          `  ${key}: {`,
          ...rows.map((row) => `    ${isIdentifier(row.name) ? row.name : quote(row.name)}: ${row.type};`),
          "  };",
        ];
  return [
    "/** The messages by name, and what answers a command: types for a client. */",
    `export type ${name} = {`,
    ...field("events", events),
    ...field("commands", memberTypes(endpoint, "command", typeOf)),
    ...field("replies", replies),
    "};",
  ];
}

/** The exports of one direction. A fast path stands before `decodeFrame` and before `encodeFrame`, which decide the rest. */
function codecLines(word: "Event" | "Command", type: string, endpoint: Endpoint, imports: Imports): string[] {
  const direction = lower(word);
  const max = endpoint.protocol.maxBytes === undefined ? "" : `, ${endpoint.protocol.maxBytes}`;
  const [decodeFrame, encodeFrame, writeText] = [
    imports.use("decodeFrame"),
    imports.use("encodeFrame"),
    imports.use("writeText"),
  ];
  const what = direction === "event" ? "an event" : "a command";
  const frame =
    endpoint.protocol.transport === "socket.io" ? "the JSON array of one EVENT packet" : "one text frame";
  return [
    `/** Decodes ${what} from the text, or the UTF-8 bytes, of ${frame}. Never throws. */`,
    `export function decode${word}(frame: string | Uint8Array): ${imports.useType("Decoded")}<${type}> {`,
    `  return ${decodeFrame}(frame, judge${word}${max});`,
    "}",
    "",
    `/** Encodes ${what}. Throws EncodeError, with the JSON pointer, for what decode${word} would refuse. */`,
    `export function encode${word}(value: ${type}): string {`,
    `  return ${encodeFrame}(value, judge${word}${max});`,
    "}",
    "",
    `/** Encodes ${what} as UTF-8 at \`offset\`; returns the offset after it. Throws RangeError when it does not fit. */`,
    `export function encode${word}Into(value: ${type}, bytes: Uint8Array, offset: number): number {`,
    `  return ${writeText}(encode${word}(value), bytes, offset);`,
    "}",
    "",
    `/** The functions above as one value, which also is a Standard Schema. */`,
    `export const ${direction}Codec: ${imports.useType("Codec")}<${type}> = /* @__PURE__ */ ${imports.use("codec")}(`,
    `  { decode: decode${word}, encode: encode${word}, encodeInto: encode${word}Into },`,
    `  judge${word},`,
    ");",
  ];
}
