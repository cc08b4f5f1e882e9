/**
 * Fan-out: processor time of a server for each delivery of a message that goes to all; prints JSON. The clients are a
 * second process that does nothing but count bytes. All ways of sending have connections of their own to the same
 * clients and take turns.
 *
 * Run: node --expose-gc .build/fan-out.js <connections> <messages a tick>
 */

import { type ChildProcess, fork } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Server as SocketIo } from "socket.io";
import { type WebSocket, WebSocketServer } from "ws";
import { type PipelineEvent, pipelineServer } from "../generated/pipeline.js";
import { createHub } from "../reference-server/hub.js";
import { createJoiner, type Joiner } from "../reference-server/joined-writes.js";
import { encodeShared } from "../reference-server/shared-frame.js";
import { adaptWebSocket } from "../reference-server/web-socket.js";
import { systemClock } from "../src/wire/clock.js";
import { openConnection } from "../src/wire/connection.js";
import type { SharedFrame } from "../src/wire/socket.js";
import type { Wish } from "./counting-clients.js";
import { type Measured, median } from "./rounds.js";

const QUICK = process.env["BENCH_QUICK"] === "1";
const [connections = 200, perTick = 8] = process.argv.slice(2).map(Number);
const ROUNDS = QUICK ? 5 : 9;
/** Enough ticks for a turn that the clock of the processor can tell. */
const TICKS = Math.ceil(Math.max(3, 8_000 / (connections * perTick)));
const TICK_MS = 2;

/** A way of sending to all. */
interface Way {
  readonly name: string;
  readonly path: string;
  /** Takes a connection whose handshake is done. */
  readonly join?: (socket: WebSocket, stream: Duplex) => void;
  readonly publish: (event: PipelineEvent) => void;
  /** Bytes that a client gets for the text of one event. */
  readonly bytes: (text: string) => number;
}

const framed = (bytes: number): number => bytes + (bytes < 126 ? 2 : 4);
const asFrame = (text: string): number => framed(Buffer.byteLength(text));

function loopOf(
  name: string,
  path: string,
  send: (sockets: readonly WebSocket[], event: PipelineEvent) => void,
): Way {
  const sockets: WebSocket[] = [];
  return {
    name,
    path,
    join: (socket) => sockets.push(socket),
    publish: (event) => send(sockets, event),
    bytes: asFrame,
  };
}

/** The hub of the reference server, its connections with their guards, its frames. */
function hubWay(name: string, path: string, joiner: Joiner | undefined): Way {
  const hub = createHub<{ event: PipelineEvent; frame: SharedFrame }>((fault) => {
    throw fault;
  });
  return {
    name,
    path,
    join(socket, stream) {
      openConnection({
        id: path,
        protocol: pipelineServer,
        socket: adaptWebSocket(socket, joiner && { stream, joiner }),
        clock: { ...systemClock, after: () => () => {} },
        timeScale: 1,
        join(connection) {
          const left = hub.subscribe("all", ({ event, frame }) => connection.emit(event, frame));
          return { take: () => undefined, refuse: () => undefined, left };
        },
        onFault(fault) {
          throw fault;
        },
        onEnd() {},
      });
    },
    publish: (event) => hub.publish("all", { event, frame: encodeShared(pipelineServer, event) }),
    bytes: asFrame,
  };
}

/** Nobody's state is asked and nothing is checked. */
function floor(name: string, path: string): Way {
  const streams: Duplex[] = [];
  return {
    name,
    path,
    join: (_socket, stream) => streams.push(stream),
    publish(event) {
      const { wire } = encodeShared(pipelineServer, event);
      for (const stream of streams) stream.write(wire);
    },
    bytes: asFrame,
  };
}

const text =
  "A notice of some length, with a “quote” and a new line\n, as a server tells it to everyone it knows. ";

function broadcast(n: number): PipelineEvent {
  return { type: "broadcast", message: `${n % 10}${text}`, timestamp: "2026-06-01T12:00:00.000Z" };
}

/** Part of an answer: each connection's guard follows the answers by their id. */
function response(n: number): PipelineEvent {
  const content = `${n % 10}${text.slice(0, 40)}`;
  const data = {
    id: 7,
    role: "assistant" as const,
    content,
    timestamp: "2026-06-01T12:00:00.000Z",
    is_final: false,
    connection_id: "c",
  };
  return { type: "response", session_type: "person", data };
}

const io = new SocketIo({
  transports: ["websocket"],
  pingInterval: 600_000,
  perMessageDeflate: false,
  serveClient: false,
});
const answers = hubWay("", "/answers", createJoiner());
const ways: readonly Way[] = [
  loopOf("ws: send(string) to each, one JSON.stringify", "/loop", (sockets, event) => {
    const json = JSON.stringify(event);
    for (const socket of sockets) socket.send(json);
  }),
  hubWay("wireproof: hub, guard, validated, frames of a tick joined", "/hub", createJoiner()),
  {
    ...answers,
    name: "wireproof: the same, for an event that a lifecycle follows",
    publish: (event) =>
      answers.publish(event.type === "broadcast" ? response(Number(event.message[0])) : event),
    bytes: (json) => asFrame(JSON.stringify(response(Number(JSON.parse(json).message[0])))),
  },
  hubWay("wireproof: by the public API of ws alone", "/public", undefined),
  loopOf("ws: send(JSON.stringify(event)) to each", "/each", (sockets, event) => {
    for (const socket of sockets) socket.send(JSON.stringify(event));
  }),
  loopOf("ws: send(Buffer) to each", "/buffer", (sockets, event) => {
    const bytes = Buffer.from(JSON.stringify(event));
    for (const socket of sockets) socket.send(bytes, { binary: false });
  }),
  floor("framed once, written to each stream below ws, joined by nobody: a floor for 1 a tick", "/floor"),
  {
    name: "socket.io: io.emit",
    path: "/socket.io/?EIO=4&transport=websocket",
    publish: (event) => io.emit("message", event),
    bytes: (json) => asFrame(`42["message",${json}]`),
  },
];

/** The server of all ways; Socket.IO has one of its own. */
async function listen(): Promise<{ http: Server; ioHttp: Server }> {
  const server = new WebSocketServer({ noServer: true, clientTracking: false });
  const http = createServer();
  http.on("upgrade", (request, stream, head) => {
    const way = ways.find(({ path }) => path === request.url);
    server.handleUpgrade(request, stream, head, (socket) => way?.join?.(socket, stream));
  });
  const ioHttp = createServer();
  io.attach(ioHttp);
  for (const each of [http, ioHttp])
    await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
  return { http, ioHttp };
}

const portOf = (http: Server): number => {
  // A server that listens on TCP has an AddressInfo.
  return (http.address() as AddressInfo).port;
};

/** Asks the clients and waits for their answer. */
function ask(clients: ChildProcess, wish: Wish): Promise<void> {
  return new Promise((resolve, reject) => {
    clients.once("message", (answer: object) =>
      "failed" in answer ? reject(new Error(String(answer.failed))) : resolve(),
    );
    clients.send(wish);
  });
}

/** One turn: the processor time of this process for a delivery, in nanoseconds. */
async function turn(clients: ChildProcess, way: Way, group: number, totals: number[]): Promise<number> {
  globalThis.gc?.({ type: "minor", execution: "sync" });
  const before = process.cpuUsage();
  for (let tick = 0; tick < TICKS; tick++) {
    for (let n = 0; n < perTick; n++) {
      const event = broadcast(n);
      way.publish(event);
      totals[group] = (totals[group] ?? 0) + connections * way.bytes(JSON.stringify(event));
    }
    await sleep(TICK_MS);
  }
  await ask(clients, { await: totals[group] ?? 0, group });
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / (TICKS * perTick * connections);
}

const { http, ioHttp } = await listen();
const clients = fork(new URL("counting-clients.js", import.meta.url), { execArgv: [] });
try {
  for (const [group, { path, join }] of ways.entries()) {
    const socketIo = join === undefined;
    await ask(clients, { open: connections, group, port: portOf(socketIo ? ioHttp : http), path, socketIo });
  }
  const totals: number[] = [];
  const times: number[][] = ways.map(() => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (let n = 0; n < ways.length; n++) {
      const group = (n + ((round + ways.length) % ways.length)) % ways.length;
      const way = ways[group];
      if (way === undefined) continue;
      const time = await turn(clients, way, group, totals);
      if (round >= 0) times[group]?.push(time);
    }
  }
  const base = times[0] ?? [];
  const measured: Measured[] = ways.map(({ name }, group) => ({
    name,
    nanoseconds: median(times[group] ?? []),
    ratio: median((times[group] ?? []).map((time, round) => time / (base[round] ?? Number.NaN))),
  }));
  console.log(JSON.stringify(measured));
} finally {
  clients.kill();
  process.exit();
}
