/**
 * A connection that is known to be good: a server and a client of our own on the loop-back, in this process, on the same
 * frames as everything else. What its pings take is what the machine and the kit take; no subject is to blame for that.
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createFrameReader } from "./frames/decode.js";
import { encodeFrame } from "./frames/encode.js";
import { OPCODE } from "./frames/frame.js";
import { acceptFor, upgradeHeaders } from "./frames/handshake.js";
import { openFrameSocket } from "./frames/socket.js";
import { type Clock, type LagWatch, monotonic } from "./time.js";

/** Measures until it is stopped. Whoever starts it stops it. */
export interface Canary {
  /** The longest round trip (milliseconds) of the last two seconds, one that is still under way included. */
  recent(): number;
  /** The longest round trip (milliseconds) so far. */
  worst(): number;
  stop(): Promise<void>;
}

/** How often it pings, how far back {@link Canary.recent} looks, and how long the handshake may take (milliseconds). */
const TIMES = { everyMs: 100, windowMs: 2000, handshakeMs: 5000 } as const;

/** Any key will do: nobody else speaks to this server. */
const KEY = Buffer.alloc(16, "canary").toString("base64");
const NO_MASK = new Uint8Array(4);

/** Starts it. Rejects when this machine has no loop-back to listen on. */
export async function startCanary(clock: Clock = monotonic): Promise<Canary> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const samples: { readonly atMs: number; readonly ms: number }[] = [];
  let worst = 0;
  let sentAt: number | undefined;
  const client = openFrameSocket({
    target: { host: "127.0.0.1", port },
    request: { target: "/", headers: upgradeHeaders({ host: "127.0.0.1", key: KEY }) },
    clock,
    drawMask: () => NO_MASK,
    timeoutMs: TIMES.handshakeMs,
    listener: {
      frame() {
        if (sentAt === undefined) return;
        const atMs = clock();
        const ms = atMs - sentAt;
        sentAt = undefined;
        worst = Math.max(worst, ms);
        samples.push({ atMs, ms });
        while ((samples[0]?.atMs ?? atMs) < atMs - TIMES.windowMs) samples.shift();
      },
      message: () => undefined,
      fault: () => undefined,
      ended: () => undefined,
    },
  });
  await client.handshake;
  const timer = setInterval(() => {
    if (sentAt !== undefined) return;
    sentAt = clock();
    client.send({ opcode: OPCODE.ping });
  }, TIMES.everyMs);
  // It measures for others: it alone keeps no process alive.
  timer.unref();

  const underWay = (): number => (sentAt === undefined || client.tcpEnd !== undefined ? 0 : clock() - sentAt);
  return {
    recent() {
      const from = clock() - TIMES.windowMs;
      return Math.max(underWay(), ...samples.flatMap(({ atMs, ms }) => (atMs >= from ? [ms] : [])), 0);
    },
    worst: () => Math.max(worst, underWay()),
    async stop() {
      clearInterval(timer);
      client.reset();
      for (const socket of sockets) socket.destroy();
      server.close();
      await client.closed;
    },
  };
}

/** Answers one upgrade, then every ping. */
function serve(socket: Socket): void {
  const reader = createFrameReader("client");
  let head = "";
  let open = false;
  socket.on("data", (chunk) => {
    if (open) {
      for (const frame of reader.push(chunk, 0)) {
        if (frame.opcode !== OPCODE.ping || !socket.writable) continue;
        socket.write(
          encodeFrame({ opcode: OPCODE.pong, payload: frame.payload, mask: false }, () => NO_MASK),
        );
      }
      return;
    }
    head += chunk.toString("latin1");
    if (!head.endsWith("\r\n\r\n")) return;
    open = true;
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write(`${lines.join("\r\n")}\r\nSec-WebSocket-Accept: ${acceptFor(KEY)}\r\n\r\n`);
  });
}

/** How late the kit is: its event loop, or its round trips where they take longer. */
export function worseOf(loop: LagWatch, canary: Canary): LagWatch {
  return {
    recent: () => Math.max(loop.recent(), canary.recent()),
    worst: () => Math.max(loop.worst(), canary.worst()),
    lost: loop.lost,
    stop: loop.stop,
  };
}
