/** `<endpoint>.ts`: types, checks, judges and codec functions of one endpoint. */

import type { Contract, Direction, Endpoint, Message } from "../contract/contract.js";
import { discriminatorOf, messagesOf } from "../contract/discriminate.js";
import { protocolOf } from "../contract/protocol-of.js";
import type { Protocol } from "../wire/protocol.js";
import { CheckPrinter } from "./check.js";
import { clientRulesOf } from "./client-rules.js";
import { type CodecKind, namesOf, printDirection, wordOf } from "./direction.js";
import { Imports } from "./imports.js";
import { LINE_WIDTH, literal, quote } from "./literal.js";
import { camelCase, isIdentifier, NameSet, pascalCase } from "./names.js";
import { Patterns } from "./patterns.js";
import { CodegenError, isAny } from "./schema.js";
import { commentOf, docLines, TypePrinter } from "./types.js";
import { wireNames } from "./wire-file.js";

const DIRECTIONS: readonly Direction[] = ["event", "command"];

/** The body of an endpoint's file, and the names that it takes from `wire.ts`. */
export async function endpointFile(
  contract: Contract,
  endpoint: Endpoint,
  kind: CodecKind,
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
  for (const direction of DIRECTIONS) {
    for (const message of messagesOf(endpoint, direction)) {
      const name = typeName(message);
      const own = pascalCase(message.name);
      const other = name === own ? `${own}${wordOf(direction)}` : own;
      const comment = messageComment(message);
      typeNames.set(
        message,
        types.declare(message.payload, name, other, comment, message.deprecated === true),
      );
    }
  }
  const typeOf = (message: Message) => typeNames.get(message) ?? pascalCase(message.name);
  const names = new NameSet([...wire, ...DIRECTIONS.flatMap(namesOf)]);
  const [protocolName = "", rulesName = "", clientName = "", serverName = ""] = [
    "",
    "Rules",
    "Client",
    "Server",
  ].map((suffix) => names.take(`${camelCase(endpoint.name)}${suffix}`));
  const shared = {
    definitions: contract.definitions,
    imports,
    names,
    patterns: new Patterns(names),
    definitionName: (name: string) => types.definitionName(name),
  };
  const explaining = new CheckPrinter(shared, true);
  const quick = new CheckPrinter(shared, false);
  const print = (direction: Direction) => {
    const union = unionOf[direction];
    const input = { endpoint, direction, kind, shared, explaining, quick, union, typeOf };
    return guard(endpoint, () => printDirection(input));
  };
  const [events, commands] = [print("event"), print("command")];
  const inner = [...events.inner, ...commands.inner];
  // The naming data of a direction is for the errors of both.
  const naming = [events, commands].flatMap(({ naming: { name, lines } }) =>
    inner.some((line) => line.includes(name)) ? [...lines(), ""] : [],
  );
  const unions = DIRECTIONS.flatMap((direction) => [
    ...union(unionOf[direction], endpoint, direction, typeOf),
    "",
  ]);
  const byName = messageMap(mapName, endpoint, typeOf);
  const protocol = protocolOf(endpoint);
  const head = `export const ${protocolName}: ${imports.useType("Protocol")} = `;
  const rules = clientRulesOf(protocol);
  const rulesHead = `const ${rulesName}: ${imports.useType("ClientRules")} = `;
  const protocolLines = [
    ...docLines(`The rules of ${endpoint.address} as data: what client and server share.`),
    ...`${head}${literal(protocol, "", head.length)};`.split("\n"),
    "",
    ...[events, commands].flatMap(({ codec }) => [...codec, ""]),
    ...docLines("What a client reads of the rules."),
    ...`${rulesHead}${literal(rules, "", rulesHead.length)};`.split("\n"),
    "",
    ...sideLines(
      `export const ${clientName}: ${imports.useType("ClientSide")}`,
      [unionOf.event, unionOf.command, mapName],
      imports.use("clientSide"),
      "client: it reads events and writes commands",
      [
        rulesName,
        "decodeEvent",
        "encodeCommand",
        `[${commands.judges.client}, ${events.judges.client}]`,
        ...(hasInstances(protocol) ? [`{ ${imports.use("followInstances")} }`] : []),
      ],
    ),
    "",
    ...sideLines(
      `export const ${serverName}: ${imports.useType("ProtocolSide")}`,
      [unionOf.command, unionOf.event],
      imports.use("serverSide"),
      "server: it reads commands and writes events",
      [protocolName, "commandCodec", "eventCodec", `[${events.judges.server}, ${commands.judges.server}]`],
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
    ...shared.patterns.lines(),
    ...naming,
    ...inner,
    ...explaining.lines(),
    ...quick.lines(),
  ];
  return { body: body.join("\n").trimEnd(), used: imports.names() };
}

/** True where a client has more to follow than one state for each lifecycle, or something to bring back. */
function hasInstances({ lifecycles, reconnect }: Protocol): boolean {
  return lifecycles.some(({ scope }) => scope !== "connection") || (reconnect?.restore ?? []).length > 0;
}

/** The declaration of one side, its head on one line where it fits. */
function sideLines(
  start: string,
  types: readonly string[],
  make: string,
  what: string,
  args: readonly string[],
): string[] {
  const end = `= /* @__PURE__ */ ${make}(`;
  const line = `${start}<${types.join(", ")}> ${end}`;
  const head =
    line.length <= LINE_WIDTH
      ? [line]
      : [`${start}<`, ...types.map((type, i) => `  ${type}${i === types.length - 1 ? "" : ","}`), `> ${end}`];
  return [
    `/** The protocol with the codec functions of a ${what}. */`,
    ...head,
    ...args.map((argument) => `  ${argument},`),
    ");",
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
