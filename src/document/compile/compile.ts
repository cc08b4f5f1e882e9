/** A document in the shape of AsyncAPI 3 → Contract, with the place of every part. */

import type { Contract, Direction, Endpoint, Exchanges, Message } from "../../contract/contract.js";
import type { Finding } from "../finding.js";
import { findingAt, memberAt, type Place } from "../place.js";
import { readExchanges, readInvariants, readLifecycles } from "./behaviour.js";
import {
  type Channel,
  groupChannels,
  isSocketIo,
  parametersOf,
  readChannels,
  securityOf,
  serversOf,
} from "./channels.js";
import { readCloseCodes, readHeartbeat, readReconnect } from "./connection.js";
import { type Compilation, placed } from "./context.js";
import { checkExtensions } from "./extension-schemas.js";
import { present, textAt } from "./fields.js";
import { type MessageNames, nameMessages } from "./message-names.js";
import {
  acknowledgementsOf,
  directionsOf,
  finishOperations,
  type OperationDraft,
  readOperations,
} from "./operations.js";
import { readProtocol } from "./protocol.js";
import { createSchemaCompiler, type Root } from "./schemas.js";

/** What a compilation is given. */
export interface CompileInput {
  readonly root: Place;
  /** The `asyncapi` version that the document declares. */
  readonly asyncapi: string;
  readonly perspective: "server" | "client";
  readonly names: ReadonlyMap<string, string>;
  readonly sha256: string;
}

/** A contract, what is to be said about the document, and where each part of the contract was written. */
export interface Compiled {
  readonly contract: Contract;
  readonly findings: readonly Finding[];
  readonly places: ReadonlyMap<object, Place>;
}

/** Compiles a document that the official parser accepts; anything else gives findings, never an exception. */
export function compile(input: CompileInput): Compiled {
  const compilation: Compilation = {
    root: input.root,
    traitsOverride: input.asyncapi.startsWith("2."),
    perspective: input.perspective,
    names: input.names,
    schemas: createSchemaCompiler(),
    findings: [],
    places: new Map(),
  };
  const channels = readChannels(compilation);
  const operations = readOperations(compilation, channels);
  const travels = directionsOf(operations);
  const acknowledgements = acknowledgementsOf(operations);
  // Names first, for all endpoints: which schemas become definitions depends on all payloads.
  const drafts = groupChannels(channels).map((group): EndpointDraft => {
    const names = nameMessages(compilation, group, travels, acknowledgements);
    const schemaAt = (...keys: string[]) => {
      const found = firstOf(group, (channel) => memberAt(channel.place, ...keys));
      return found === undefined ? undefined : compilation.schemas.add(found);
    };
    return {
      channels: group,
      names,
      operations: operations.filter((operation) => group.includes(operation.channel)),
      query: schemaAt("bindings", "ws", "query"),
      headers: schemaAt("bindings", "ws", "headers"),
    };
  });
  const messages = drafts.map((draft) => ({
    command: draft.names.messages("command"),
    event: draft.names.messages("event"),
  }));
  const definitions = compilation.schemas.definitions();
  const names = new Set<string>();
  const endpoints = drafts.map((draft, index) => {
    const own = messages[index] ?? { command: [], event: [] };
    return finishEndpoint(compilation, draft, own, definitions, names);
  });
  if (endpoints.length === 0) {
    const at = memberAt(input.root, "channels") ?? input.root;
    const mend = "Add a channel, and a server with protocol ws or wss.";
    compilation.findings.push(
      findingAt(at, "no-channel", "error", "The document has no channel for WebSocket.", mend),
    );
  }
  const info = memberAt(input.root, "info");
  const contract: Contract = {
    format: 1,
    title: textAt(info, "title") ?? "",
    version: textAt(info, "version") ?? "",
    ...present<Contract>({ description: textAt(info, "description") }),
    asyncapi: input.asyncapi,
    sha256: input.sha256,
    perspective: input.perspective,
    endpoints,
    definitions,
  };
  return { contract, findings: compilation.findings, places: compilation.places };
}

interface EndpointDraft {
  readonly channels: readonly Channel[];
  readonly names: MessageNames;
  readonly operations: readonly OperationDraft[];
  readonly query: Root | undefined;
  readonly headers: Root | undefined;
}

function finishEndpoint(
  compilation: Compilation,
  draft: EndpointDraft,
  messages: Readonly<Record<Direction, readonly Message[]>>,
  definitions: Contract["definitions"],
  taken: Set<string>,
): Endpoint {
  const { channels, names } = draft;
  const [first] = channels;
  const operations = draft.operations.map((operation) => operation.place);
  const found = checkExtensions(compilation, channels, operations);
  const name = unusedName(first?.key ?? "channel", taken);
  const servers = channels.flatMap((channel) => channel.servers);
  const protocol = readProtocol(compilation, found.one("x-ws-protocol"), {
    names,
    messages,
    definitions,
    socketIo: servers.length > 0 && servers.every(({ place }) => isSocketIo(textAt(place, "protocol"))),
  });
  const wired = (way: Direction) =>
    withWireNames(compilation, messages[way], way === "event" ? protocol.send : protocol.receive);
  return placed(compilation, first?.place, {
    name,
    channels: channels.map((channel) => channel.key),
    ...present<Endpoint>({
      title: firstOf(channels, (channel) => textAt(channel.place, "title")),
      description: firstOf(
        channels,
        (channel) => textAt(channel.place, "description") ?? textAt(channel.place, "summary"),
      ),
    }),
    address: first?.address ?? "/",
    parameters: parametersOf(channels),
    servers: serversOf(channels),
    security: securityOf([
      ...channels.flatMap((channel) => channel.servers.map((server) => memberAt(server.place, "security"))),
      ...draft.operations.map((operation) => memberAt(operation.place, "security")),
    ]),
    protocol,
    ...present<Endpoint>({
      query: draft.query?.finish(),
      headers: draft.headers?.finish(),
      heartbeat: readHeartbeat(compilation, found.one("x-ws-heartbeat"), names),
      reconnect: readReconnect(compilation, found.one("x-ws-reconnect"), names),
      closeCodes: readCloseCodes(found.one("x-ws-close-codes")),
      exchanges: mergeExchanges(
        found.all("x-ws-exchanges").map((at) => readExchanges(compilation, at, names)),
      ),
    }),
    lifecycles: found.all("x-ws-lifecycle").flatMap((at) => readLifecycles(compilation, at, names)),
    invariants: found.all("x-ws-invariants").flatMap((at) => readInvariants(compilation, at, names)),
    commands: wired("command"),
    events: wired("event"),
    operations: finishOperations(compilation, draft.operations, names),
  });
}

/** What stands on the wire as the outermost name, where that is one string. */
function withWireNames(
  compilation: Compilation,
  messages: readonly Message[],
  discriminator: Endpoint["protocol"]["send"],
): Message[] {
  return messages.map((message) => {
    const values = discriminator.rows.find((row) => row.message === message.name)?.values[0] ?? [];
    const [only] = values;
    if (values.length !== 1 || typeof only !== "string") return message;
    return placed(compilation, compilation.places.get(message), { ...message, wireName: only });
  });
}

function mergeExchanges(all: readonly Exchanges[]): Exchanges | undefined {
  if (all.length === 0) return undefined;
  return {
    domain: [...new Set(all.flatMap((one) => one.domain))],
    list: all.flatMap((one) => one.list),
  };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unusedName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${n}`;
  taken.add(free);
  return free;
}
