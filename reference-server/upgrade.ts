import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { allowsDirectWrites } from "./direct-writes.js";
import type { Endpoint } from "./endpoint.js";
import { findEndpoint } from "./endpoints.js";
import { type Turned, urlOf } from "./gate.js";
import { createJoiner } from "./joined-writes.js";
import { PAGE_QUERY, type Playground } from "./playground.js";
import type { Registry } from "./registry.js";
import type { SocketIoServer } from "./socket-io.js";
import { adaptWebSocket } from "./web-socket.js";

/**
 * `ws` drops a client after 60 pongs that it has not taken yet, without a Close. What is owed to a client is bounded by
 * `sendQueueBytes` already. Spread, because the types of `ws` do not know the option.
 */
const UNCOUNTED_PONGS = { maxPendingAutoPongs: 0 };

export interface UpgraderOptions {
  readonly endpoints: readonly Endpoint[];
  readonly registry: Registry;
  /** Looks at origin and token. */
  readonly gate: (endpoint: Endpoint, request: IncomingMessage, url: URL) => Turned | undefined;
  readonly socketIo: SocketIoServer | undefined;
  readonly playground: Playground | undefined;
  /** True once the server goes down. */
  readonly stopping: () => boolean;
}

/** Turns handshakes into connections, or answers them with a status before the 101. */
export interface Upgrader {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** Makes the upgrader of a server: one `ws` server for each endpoint, because each has its own limits. */
export function createUpgrader(options: UpgraderOptions): Upgrader {
  const { registry } = options;
  const joiner = allowsDirectWrites() ? createJoiner() : undefined;
  const servers = new Map<Endpoint, WebSocketServer>();
  for (const endpoint of options.endpoints) {
    const { transport, maxBytes, subprotocols } = endpoint.protocol;
    if (transport === "socket.io") continue;
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: maxBytes ?? 0,
      ...UNCOUNTED_PONGS,
      // Without this `ws` would accept the first subprotocol offered, whatever it is.
      handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
    });
    servers.set(endpoint, server);
  }

  /** What a handshake comes to: who takes it, or why nobody does. */
  function route(
    request: IncomingMessage,
  ): { name: string; turned: Turned } | { name: string; take: (socket: Duplex, head: Buffer) => void } {
    const url = urlOf(request);
    const found = url === undefined ? undefined : findEndpoint(options.endpoints, url.pathname);
    if (url === undefined || found === undefined) {
      return { name: "-", turned: { status: 404, text: "No endpoint has this address." } };
    }
    const { endpoint, parameters } = found;
    const { name } = endpoint.protocol;
    const turned = options.gate(endpoint, request, url);
    if (turned !== undefined) return { name, turned };
    if (options.stopping()) return { name, turned: { status: 503, text: "The server goes down." } };
    if (request.httpVersion !== "1.1") {
      return { name, turned: { status: 400, text: "A WebSocket handshake is HTTP/1.1." } };
    }
    const server = servers.get(endpoint);
    if (server === undefined) {
      return { name, take: (socket, head) => options.socketIo?.upgrade(request, socket, head) };
    }
    const page = options.playground?.pageOf(url.searchParams);
    // Also that of a page which was loaded before a restart: the endpoint's query is the document's.
    if (options.playground !== undefined) url.searchParams.delete(PAGE_QUERY);
    const entry = endpoint.admit({ parameters, query: url.searchParams });
    if (!entry.ok) return { name, turned: entry };
    const remote = request.socket.remoteAddress ?? "";
    return {
      name,
      take: (socket, head) =>
        server.handleUpgrade(request, socket, head, (webSocket) => {
          const adapted = adaptWebSocket(webSocket, joiner && { stream: socket, joiner });
          registry.open(endpoint, entry, page?.adopt(adapted) ?? adapted, remote);
        }),
    };
  }

  return {
    upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      const routed = route(request);
      if ("take" in routed) {
        routed.take(socket, head);
        return;
      }
      const { status, text, headers } = routed.turned;
      registry.rejected(routed.name, request.socket.remoteAddress ?? "", status, text);
      answer(socket, status, text, headers ?? {});
    },
    close() {
      joiner?.close();
      for (const server of servers.values()) server.close();
    },
  };
}

function answer(socket: Duplex, status: number, text: string, extra: Readonly<Record<string, string>>): void {
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": `${Buffer.byteLength(text)}`,
    Connection: "close",
    ...extra,
  };
  const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
  // `end` alone would leave a peer that never closes its half.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
}
