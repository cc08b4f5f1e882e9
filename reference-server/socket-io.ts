/**
 * The real Socket.IO behind the duct. It is loaded only when an endpoint speaks it, and lives on an HTTP server of its
 * own that never listens: the one that does hands over what is for `/socket.io/`, after it has looked at origin,
 * token and number, so that a refusal has a status whatever the transport.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket as SocketIoSocket } from "socket.io";
import type { Protocol } from "../src/wire/protocol.js";
import type { Acknowledge, Socket } from "../src/wire/socket.js";

export interface SocketIoOptions {
  readonly protocol: Protocol;
  readonly timeScale: number;
  /** Origins that browsers may come from; absent: all. */
  readonly origins: readonly string[] | undefined;
  /** Transports at once, those that have not joined the namespace yet included. */
  readonly maxConnections: number;
  /** A client has joined the namespace. Called in the tick in which its socket was made, with the query of its URL. */
  readonly onSocket: (socket: Socket, remote: string, query: URLSearchParams) => void;
}

/** A Socket.IO server that is handed its requests. */
export interface SocketIoServer {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

/** What Engine.IO counts by itself; the document's heartbeat replaces it (ms). */
const PING_INTERVAL_MS = 25_000;
const PING_TIMEOUT_MS = 20_000;
const CONNECT_MS = 45_000;
const MAX_BYTES = 1_048_576;

/** Starts Socket.IO, both transports, with the limits and the heartbeat of the protocol. */
export async function createSocketIo(options: SocketIoOptions): Promise<SocketIoServer> {
  const { Server } = await import("socket.io");
  const { protocol, timeScale, origins } = options;
  const scaled = (ms: number): number => Math.max(1, Math.round(ms * timeScale));
  const interval = protocol.heartbeat?.intervalMs;
  const http = createServer();
  const io = new Server(http, {
    path: protocol.address,
    serveClient: false,
    destroyUpgrade: false,
    transports: ["polling", "websocket"],
    pingInterval: scaled(typeof interval === "number" ? interval : PING_INTERVAL_MS),
    pingTimeout: scaled(protocol.heartbeat?.timeoutMs ?? PING_TIMEOUT_MS),
    connectTimeout: Math.max(1_000, scaled(CONNECT_MS)),
    maxHttpBufferSize: protocol.maxBytes ?? MAX_BYTES,
    allowRequest: (_request, decide) => {
      const room = io.engine.clientsCount < options.maxConnections;
      decide(room ? null : "no room for another connection", room);
    },
    cors: { origin: origins === undefined ? "*" : [...origins] },
  });
  io.on("connection", (socket) => {
    const query = new URLSearchParams(socket.handshake.url.split("?")[1]);
    options.onSocket(adaptSocketIo(socket), socket.conn.remoteAddress, query);
  });
  return {
    request: (request, response) => void http.emit("request", request, response),
    upgrade: (request, socket, head) => void http.emit("upgrade", request, socket, head),
    close: () => io.close(),
  };
}

/** A frame is the JSON array of an EVENT packet, `["name", payload]`, both ways. */
function adaptSocketIo(socket: SocketIoSocket): Socket {
  // Engine.IO hands a batch to its transport and reports `drain`; what was queued since is not on its way yet.
  let queued = 0;
  socket.conn.on("drain", () => {
    queued = 0;
  });
  return {
    send(frame) {
      const packet: unknown = JSON.parse(frame);
      if (!Array.isArray(packet) || typeof packet[0] !== "string") {
        throw new TypeError('A Socket.IO frame is ["event name", payload].');
      }
      queued += Buffer.byteLength(frame);
      socket.emit(packet[0], ...packet.slice(1));
    },
    close(code) {
      // Socket.IO has no close codes: packet 41, then the end of the transport; or the latter alone.
      if (code === undefined) socket.conn.close(true);
      else socket.disconnect(true);
    },
    buffered: () => queued,
    listen(listener) {
      socket.onAny((...packet: unknown[]) => {
        const last = packet.at(-1);
        if (typeof last !== "function") listener.frame(frameOf(packet));
        // Socket.IO gives a function exactly where the client asked for an acknowledgement.
        else listener.frame(frameOf(packet.slice(0, -1)), last as Acknowledge);
      });
      // An event that a client names `error` would otherwise be thrown by Node's emitter.
      socket.on("error", () => {});
      socket.conn.on("heartbeat", listener.beat);
      socket.on("disconnect", (reason) => {
        socket.conn.off("heartbeat", listener.beat);
        listener.closed(reason.endsWith("namespace disconnect") ? 1000 : 1006, reason);
      });
    },
  };
}

/** Deeper than any codec goes: stands for what is too deep to be written down. */
const ABYSS = "[".repeat(1_024) + "]".repeat(1_024);

/** The packet as text again, or bytes when something in it was binary. */
function frameOf(packet: readonly unknown[]): string | Uint8Array {
  let binary = false;
  try {
    const text = JSON.stringify(packet, function (this: Record<string, unknown>, key, value: unknown) {
      // Buffers have a toJSON, so the value that arrives here is no Buffer any more.
      if (Buffer.isBuffer(this[key])) binary = true;
      return value;
    });
    return binary ? new Uint8Array() : text;
  } catch {
    return ABYSS;
  }
}
