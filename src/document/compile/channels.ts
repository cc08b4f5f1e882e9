/** Channels, the servers they are at, and the endpoints that they make: those that one connection carries. */

import type { Parameter, SecurityScheme, Server } from "../../contract/contract.js";
import { entriesAt, findingAt, follow, identityOf, listAt, memberAt, type Place, refOf } from "../place.js";
import type { Compilation } from "./context.js";
import { objectAt, present, textAt, textsAt } from "./fields.js";

/** A message under its key in a channel. */
export interface ChannelMessage {
  readonly channel: string;
  readonly key: string;
  /** Where the key stands; a `$ref` to the message itself may stand there. */
  readonly place: Place;
  readonly identity: string;
}

/** A channel of the document that WebSocket can carry. */
export interface Channel {
  readonly key: string;
  readonly place: Place;
  readonly identity: string;
  readonly address: string;
  readonly servers: readonly ServerPlace[];
  readonly messages: readonly ChannelMessage[];
}

interface ServerPlace {
  readonly name: string;
  readonly place: Place;
  readonly identity: string;
}

/** The channels of a document; those that only other protocols carry are left out and said. */
export function readChannels(compilation: Compilation): Channel[] {
  const { root } = compilation;
  const servers = entriesAt(memberAt(root, "servers")).map(([name, place]) => serverPlace(name, place));
  const channels: Channel[] = [];
  for (const [key, place] of entriesAt(memberAt(root, "channels"))) {
    const own = listAt(memberAt(place, "servers")).map((ref) => {
      const identity = identityOf(ref);
      return servers.find((server) => server.identity === identity) ?? serverPlace(lastName(ref), ref);
    });
    const all = own.length > 0 ? own : servers;
    const usable = all.filter((server) => isWebSocket(textAt(server.place, "protocol")));
    const bound = memberAt(place, "bindings", "ws") !== undefined;
    if (all.length > 0 && usable.length === 0 && !bound) {
      const protocols = [...new Set(all.map((server) => textAt(server.place, "protocol") ?? "no protocol"))];
      compilation.findings.push(
        findingAt(
          place,
          "not-websocket",
          "info",
          `Channel \`${key}\` is left out: it is served over ${protocols.join(", ")}, not over WebSocket.`,
          "Nothing, if that is so; else give it a server with protocol ws or wss, or a ws binding.",
        ),
      );
      continue;
    }
    channels.push({
      key,
      place,
      identity: identityOf(place),
      address: normalAddress(textAt(place, "address")),
      servers: usable,
      messages: entriesAt(memberAt(place, "messages")).map(([name, at]) => ({
        channel: key,
        key: name,
        place: at,
        identity: identityOf(at),
      })),
    });
  }
  return channels;
}

/** Channels that share an address and a server, in document order: one WebSocket connection carries them all. */
export function groupChannels(channels: readonly Channel[]): Channel[][] {
  const groups: Channel[][] = [];
  for (const channel of channels) {
    const meets = (other: Channel) =>
      other.address === channel.address &&
      (other.servers.length === 0 ||
        channel.servers.length === 0 ||
        other.servers.some((one) => channel.servers.some((two) => one.identity === two.identity)));
    const [first, ...others] = groups.filter((group) => group.some(meets));
    if (first === undefined) {
      groups.push([channel]);
      continue;
    }
    // A channel at several servers may join groups that had nothing in common before.
    for (const other of others) {
      first.push(...other);
      groups.splice(groups.indexOf(other), 1);
    }
    first.push(channel);
  }
  const order = new Map(channels.map((channel, index) => [channel, index]));
  for (const group of groups) group.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return groups;
}

/** True for protocols that WebSocket is reached by; HTTP is where its handshake starts. */
export function isWebSocket(protocol: string | undefined): boolean {
  return protocol === undefined || /^(wss?|https?|socket\.?io|wss?\+.*)$/i.test(protocol);
}

/** True for the words that people use for Socket.IO, which AsyncAPI has no word for. */
export function isSocketIo(protocol: string | undefined): boolean {
  return /^(wss?\+)?socket\.?io$/i.test(protocol ?? "");
}

function serverPlace(name: string, place: Place): ServerPlace {
  return { name, place, identity: identityOf(place) };
}

function lastName(place: Place): string {
  return refOf(place.value)?.split("/").pop() ?? "server";
}

/** Begins with `/`; of a full URL, what follows the host. */
function normalAddress(address: string | undefined): string {
  const path = (address ?? "").trim().replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  return path.startsWith("/") ? path : `/${path}`;
}

/** The servers of an endpoint, each once. */
export function serversOf(channels: readonly Channel[]): Server[] {
  const found = new Map<string, Server>();
  for (const { name, place, identity } of channels.flatMap((channel) => channel.servers)) {
    if (!found.has(identity)) found.set(identity, { name, url: serverUrl(place) });
  }
  return [...found.values()];
}

function serverUrl(place: Place): string {
  const protocol = (textAt(place, "protocol") ?? "ws").toLowerCase();
  const scheme = ["wss", "https"].includes(protocol) ? "wss" : "ws";
  const url = `${scheme}://${textAt(place, "host") ?? "localhost"}${textAt(place, "pathname") ?? ""}`;
  const filled = url.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = memberAt(place, "variables", name);
    return textAt(variable, "default") ?? textsAt(variable, "enum")?.[0] ?? whole;
  });
  // A host, or the variable in its place, may bring a scheme of its own.
  return filled.replace(/^wss?:\/\/(?=[a-z]+:\/\/)/, "");
}

/** The security schemes that the servers of an endpoint or its operations ask for, each once. */
export function securityOf(places: readonly (Place | undefined)[]): SecurityScheme[] {
  const found = new Map<string, SecurityScheme>();
  for (const place of places.flatMap((one) => listAt(one))) {
    const scheme = follow(place);
    const name = refOf(place.value)?.split("/").pop() ?? scheme.path.at(-1) ?? "security";
    const type = textAt(scheme, "type");
    const identity = identityOf(place);
    if (type === undefined || found.has(identity)) continue;
    const apiKey = type.toLowerCase().includes("apikey");
    found.set(identity, {
      name: /^\d+$/.test(name) ? type : name,
      type,
      ...present<SecurityScheme>({
        in: textAt(scheme, "in"),
        parameter: apiKey ? textAt(scheme, "name") : undefined,
        scheme: textAt(scheme, "scheme"),
      }),
    });
  }
  return [...found.values()];
}

/** The parameters of an address, by name. */
export function parametersOf(channels: readonly Channel[]): Record<string, Parameter> {
  const found: Record<string, Parameter> = {};
  for (const channel of channels) {
    for (const [name, place] of entriesAt(memberAt(channel.place, "parameters"))) {
      if (Object.hasOwn(found, name) || objectAt(place) === undefined) continue;
      found[name] = present<Parameter>({
        description: textAt(place, "description"),
        enum: asTexts(memberAt(place, "enum")),
        default: textAt(place, "default"),
        examples: asTexts(memberAt(place, "examples")),
      });
    }
  }
  return found;
}

/** What stands in an address is text: a number in an enum is written as it will be there. */
function asTexts(place: Place | undefined): string[] | undefined {
  const value = place === undefined ? undefined : follow(place).value;
  if (!Array.isArray(value)) return undefined;
  return value.filter((item) => ["string", "number", "boolean"].includes(typeof item)).map(String);
}
