/**
 * The reference server: the executable specification of the five channels (PROTOCOL.md). One port carries `ws` for
 * four of them, Socket.IO for the fifth, REST beside one, a page and `/healthz`.
 */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import type { Clock } from "../src/wire/clock.js";
import type { Protocol } from "../src/wire/protocol.js";
import type { Endpoint } from "./endpoint.js";
import { channelNames, loadEndpoints } from "./endpoints.js";
import { checkGate, type Turned } from "./gate.js";
import type { Log } from "./log.js";
import { createPlayground, type Playground, type PlaygroundFiles } from "./playground.js";
import { createRegistry, type Registry } from "./registry.js";
import { fail, respond } from "./routes.js";
import type { CloseOptions, RunningServer, ServedEndpoint, ServerStats } from "./running-server.js";
import { createSocketIo, type SocketIoServer } from "./socket-io.js";
import { renderStatusPage } from "./status-page.js";
import { createUpgrader } from "./upgrade.js";
import { createWorld, type World } from "./world.js";

export interface ServerOptions {
  /** 127.0.0.1 where absent: nobody else is let in unless somebody says so. */
  readonly host?: string;
  /** 8080 where absent; 0 takes a free one. */
  readonly port?: number;
  /** Names of the channels to serve; all where absent. */
  readonly channels?: readonly string[];
  /** Of all chance; the same seed repeats what the engines say. 1 where absent. */
  readonly seed?: number;
  /** Multiplies every duration of the contract and every pace of an engine. 1 where absent. */
  readonly timeScale?: number;
  /** The platform's where absent. Engine.IO's own heartbeat runs on the platform's clock whatever it is. */
  readonly clock?: Clock;
  /** Needed for every connection and for REST: `Authorization: Bearer …` or `?token=…`. None where absent. */
  readonly token?: string;
  /** Origins that browsers may come from; what the document declares where absent, all where it declares none. */
  readonly origins?: readonly string[];
  /** Messages a connection may send; what the document declares where absent. */
  readonly rate?: Protocol["rate"];
  /** Connections at once over all endpoints; one more is closed with the code for `too-many`. 10 000 where absent. */
  readonly maxConnections?: number;
  /** The page at `/`, which can break its own connections; absent: a page that only lists the endpoints. */
  readonly playground?: PlaygroundFiles;
  /** Takes one entry a connection, when it ends. */
  readonly log?: Log;
  /** Takes the bugs that clients only see as `internal`. */
  readonly onFault?: (fault: unknown) => void;
}

/** Makes the endpoints that are served; the mock brings its own. */
export type LoadEndpoints = (world: World) => Promise<readonly Endpoint[]>;

const MAX_CONNECTIONS = 10_000;
/** How long a shutdown waits for closing handshakes; all is over within five seconds. */
const SHUTDOWN_MS = 3_500;
/** A request that is not complete by then is dropped. */
const REQUEST_MS = 30_000;
/** What the playground's handshakes get while its page wants them to fail. */
const AWAY: Turned = { status: 503, text: "The page has asked to be kept out." };
/** From then on the kernel asks a silent peer whether it is still there. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Starts the reference server. Resolves when it listens; rejects when it cannot: a port in use, or a channel that
 * there is not (RangeError).
 */
export async function startServer(
  options: ServerOptions = {},
  load: LoadEndpoints = (world) =>
    loadEndpoints(world, options.channels ?? channelNames, { rate: options.rate }),
): Promise<RunningServer> {
  const { host = "127.0.0.1", token } = options;
  let faults = 0;
  const world = createWorld({
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    seed: options.seed ?? 1,
    timeScale: options.timeScale ?? 1,
    onFault(fault) {
      faults++;
      options.onFault?.(fault);
    },
  });
  const endpoints = await load(world);
  const maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  const registry = createRegistry({ world, maxConnections, log: options.log });
  const originsOf = ({ protocol }: Endpoint): readonly string[] | undefined =>
    options.origins ?? protocol.origins;
  const playground = options.playground && createPlayground(options.playground, world.clock, host);
  const gate = (endpoint: Endpoint, request: IncomingMessage, url: URL): Turned | undefined => {
    const page = playground?.pageOf(url.searchParams);
    // What a long-polling client that is in already asks carries its session.
    if (page?.away === true && !url.searchParams.has("sid")) return AWAY;
    // The token says more than an origin: only a script of the server's own page can have read it.
    return checkGate({ token, origins: page === undefined ? originsOf(endpoint) : undefined }, request, url);
  };
  const socketIo = await openSocketIo({ world, registry, endpoints, originsOf, maxConnections, playground });
  let stopped: Promise<void> | undefined;
  let served: readonly ServedEndpoint[] = [];

  const stats = (): ServerStats => ({ ...registry.stats(), faults, timers: world.pending() });
  const statusPage = (): string => renderStatusPage(served, stats());
  const upgrader = createUpgrader({
    endpoints,
    registry,
    gate,
    socketIo,
    playground,
    stopping: () => stopped !== undefined,
  });

  const sockets = new Set<NetSocket>();
  const http = createServer({
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS / 6,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  http.on("connection", (socket: NetSocket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  http.on("upgrade", upgrader.upgrade);
  http.on("request", (request, response) => {
    respond({ endpoints, gate, socketIo, playground, statusPage }, request, response).catch(
      (fault: unknown) => {
        // A peer that went away in the middle of its body is no bug.
        if (!request.destroyed) world.fault(fault);
        if (response.headersSent) response.destroy();
        else fail(response, 500, "The server failed on this request.");
      },
    );
  });

  async function stop({ code = 1001 }: CloseOptions): Promise<void> {
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    await registry.closeAll(code === 1012 ? "restart" : "going-away", SHUTDOWN_MS);
    await socketIo?.close();
    upgrader.close();
    for (const socket of sockets) socket.destroy();
    world.stop();
    await closed;
  }

  const port = await listen(http, options.port ?? 8080, host);
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  served = endpoints.map(({ protocol: { name, transport }, sample }) => {
    const scheme = transport === "socket.io" ? "http" : "ws";
    return { name, transport, url: `${scheme}://${authority}${sample}` };
  });
  return {
    url: `ws://${authority}`,
    port,
    endpoints: served,
    stats,
    close(closeOptions = {}) {
      stopped ??= stop(closeOptions);
      return stopped;
    },
  };
}

/** Starts Socket.IO where an endpoint speaks it. */
async function openSocketIo(options: {
  world: World;
  registry: Registry;
  endpoints: readonly Endpoint[];
  originsOf: (endpoint: Endpoint) => readonly string[] | undefined;
  maxConnections: number;
  playground: Playground | undefined;
}): Promise<SocketIoServer | undefined> {
  const { world, registry } = options;
  const endpoint = options.endpoints.find(({ protocol }) => protocol.transport === "socket.io");
  if (endpoint === undefined) return undefined;
  return createSocketIo({
    protocol: endpoint.protocol,
    timeScale: world.timeScale,
    origins: options.originsOf(endpoint),
    maxConnections: options.maxConnections,
    onSocket(socket, remote, query) {
      const entry = endpoint.admit({ parameters: {}, query: new URLSearchParams() });
      const page = options.playground?.pageOf(query);
      if (entry.ok) registry.open(endpoint, entry, page?.adopt(socket) ?? socket, remote);
      else socket.close();
    },
  });
}

function listen(http: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => {
      http.off("error", reject);
      // A server that listens on TCP has an AddressInfo.
      resolve((http.address() as AddressInfo).port);
    });
  });
}
