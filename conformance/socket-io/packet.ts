/** Packets of Engine.IO 4 and Socket.IO 5, as they stand in one text message of the websocket transport. */

/** Which side wrote a packet: some mean another thing in each direction. */
export type PacketSide = "server" | "client";

/** Engine.IO's own packets, and what a Socket.IO packet inside a message packet says. Only the root namespace is read. */
export type Packet =
  | { readonly kind: "open"; readonly handshake: EngineHandshake }
  | { readonly kind: "engine-close" }
  | { readonly kind: "ping"; readonly data: string }
  | { readonly kind: "pong"; readonly data: string }
  | { readonly kind: "noop" }
  /** Of the client: the probed transport takes over. */
  | { readonly kind: "upgrade" }
  /** Of the client: it asks for the namespace, perhaps with credentials. */
  | { readonly kind: "connect" }
  | { readonly kind: "connected"; readonly sid: string }
  | { readonly kind: "connect-error"; readonly message: string }
  | { readonly kind: "disconnect" }
  /** `json` is the array of event name and arguments; `id` is there when an acknowledgement is asked for. */
  | { readonly kind: "event"; readonly json: string; readonly id?: number }
  | { readonly kind: "ack"; readonly json: string; readonly id: number }
  | { readonly kind: "broken"; readonly message: string };

/** What the server says in the packet `0`. Durations are milliseconds, sizes bytes. */
export interface EngineHandshake {
  readonly sid: string;
  readonly pingInterval: number;
  readonly pingTimeout: number;
  readonly maxPayload: number;
}

/** Reads one packet; what is none comes back as `broken`, with the reason. */
export function parsePacket(text: string, side: PacketSide = "server"): Packet {
  const rest = text.slice(1);
  switch (text[0]) {
    case "0":
      return side === "server" ? parseOpen(rest) : broken("no open packet from a client");
    case "1":
      return { kind: "engine-close" };
    case "2":
      return { kind: "ping", data: rest };
    case "3":
      return { kind: "pong", data: rest };
    case "4":
      return parseSocketPacket(rest, side);
    case "5":
      return side === "client" ? { kind: "upgrade" } : broken("no upgrade packet from a server");
    case "6":
      return { kind: "noop" };
    default:
      return broken(`an Engine.IO packet type 0 to 6, got ${JSON.stringify(text.slice(0, 20))}`);
  }
}

function parseOpen(json: string): Packet {
  const value = parseJson(json);
  if (!isRecord(value)) return broken("a JSON object in the open packet 0");
  const { sid, pingInterval, pingTimeout, maxPayload } = value;
  if (typeof sid !== "string" || typeof pingInterval !== "number" || typeof pingTimeout !== "number") {
    return broken("sid, pingInterval and pingTimeout in the open packet 0");
  }
  // maxPayload came with Engine.IO 4.1; older servers leave it out and take 1 MB.
  const limit = typeof maxPayload === "number" ? maxPayload : 1_000_000;
  return { kind: "open", handshake: { sid, pingInterval, pingTimeout, maxPayload: limit } };
}

function parseSocketPacket(text: string, side: PacketSide): Packet {
  const type = text[0];
  // <type>[<attachments>-][/<namespace>,][<id>]<json>
  const match = /^\d(?:(\d+)-)?(?:(\/[^,]*),?)?(\d+)?(.*)$/s.exec(text);
  if (match === null) return broken(`a Socket.IO packet, got ${JSON.stringify(text.slice(0, 20))}`);
  const [, attachments, namespace, idText, json = ""] = match;
  if (attachments !== undefined) return broken("a packet without binary attachments");
  if (namespace !== undefined && namespace !== "/") return broken(`the root namespace, got ${namespace}`);
  const id = idText === undefined ? undefined : Number(idText);
  switch (type) {
    case "0": {
      const value = json === "" ? {} : parseJson(json);
      if (side === "client") {
        return isRecord(value)
          ? { kind: "connect" }
          : broken("credentials as a JSON object in the connect packet 40");
      }
      if (!isRecord(value) || typeof value["sid"] !== "string")
        return broken("a sid in the connect packet 40");
      return { kind: "connected", sid: value["sid"] };
    }
    case "1":
      return { kind: "disconnect" };
    case "2":
      return { kind: "event", json, ...(id === undefined ? {} : { id }) };
    case "3":
      return id === undefined ? broken("an id in the acknowledgement 43") : { kind: "ack", json, id };
    case "4": {
      const value = parseJson(json);
      const message = isRecord(value) && typeof value["message"] === "string" ? value["message"] : json;
      return { kind: "connect-error", message };
    }
    default:
      return broken(`a Socket.IO packet type 0 to 4, got ${JSON.stringify(text.slice(0, 20))}`);
  }
}

/** Writes an EVENT packet of the root namespace around the JSON array of event name and arguments. */
export function writeEvent(json: string, id?: number): string {
  return `42${id ?? ""}${json}`;
}

function broken(wanted: string): Packet {
  return { kind: "broken", message: `expected ${wanted}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
