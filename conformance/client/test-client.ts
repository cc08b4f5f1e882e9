/** Clients for tests that hide nothing: one on the kit's own frames, one that writes any bytes. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type FrameSpec, OPCODE, type WireFrame } from "../frames/frame.js";
import { upgradeHeaders } from "../frames/handshake.js";
import { type FrameSocket, openFrameSocket } from "../frames/socket.js";
import { seededRandom } from "../random.js";
import { monotonic } from "../time.js";
import type { LaunchOptions } from "./launcher.js";
import type { StartClient } from "./test-case.js";

const random = seededRandom(7);

/** A client on the kit's own frames, and what it has received. */
export interface FrameClient {
  readonly socket: FrameSocket;
  readonly texts: string[];
  readonly frames: WireFrame[];
  readonly faults: string[];
  text(text: string): void;
  send(spec: FrameSpec): void;
}

/** Starts frame clients; the last one that was started is at hand. */
export function frameClients(): { readonly start: StartClient; readonly last: () => FrameClient } {
  const clients: FrameClient[] = [];
  return {
    start(options) {
      const client = openFrameClient(options);
      clients.push(client);
      return async () => {
        client.socket.reset();
        await client.socket.closed;
      };
    },
    last() {
      const client = clients.at(-1);
      if (client === undefined) throw new Error("no client was launched");
      return client;
    },
  };
}

function openFrameClient({ url }: LaunchOptions): FrameClient {
  const { hostname, port, host, pathname, search } = new URL(url);
  const texts: string[] = [];
  const frames: WireFrame[] = [];
  const faults: string[] = [];
  const key = Buffer.from(random.bytes(16)).toString("base64");
  const socket = openFrameSocket({
    target: { host: hostname, port: Number(port) },
    request: { target: `${pathname}${search}`, headers: upgradeHeaders({ host, key }) },
    clock: monotonic,
    drawMask: () => random.bytes(4),
    timeoutMs: 5000,
    listener: {
      frame: (frame) => frames.push(frame),
      message: ({ text }) => {
        if (text !== undefined) texts.push(text);
      },
      fault: ({ code }) => faults.push(code),
      ended: () => undefined,
    },
  });
  const send = (spec: FrameSpec): void => void socket.send(spec);
  return {
    socket,
    texts,
    frames,
    faults,
    send,
    text: (text) => send({ opcode: OPCODE.text, payload: Buffer.from(text) }),
  };
}

/** A client that writes a right request, then whatever a test gives it. */
export function rawClient(after: Uint8Array = new Uint8Array(0)): {
  readonly start: StartClient;
  readonly socket: () => Socket;
  readonly read: () => string;
} {
  let socket: Socket | undefined;
  let read = "";
  return {
    start({ url }) {
      const { hostname, port, host, pathname } = new URL(url);
      const key = Buffer.from(random.bytes(16)).toString("base64");
      const lines = upgradeHeaders({ host, key }).map(([name, value]) => `${name}: ${value}\r\n`);
      const opened = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      opened.setNoDelay(true);
      opened.on("error", () => undefined);
      opened.on("data", (chunk) => {
        read += chunk.toString("latin1");
      });
      opened.write(Buffer.concat([Buffer.from(`GET ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`), after]));
      socket = opened;
      return async () => {
        if (opened.closed) return;
        opened.destroy();
        await once(opened, "close");
      };
    },
    socket() {
      if (socket === undefined) throw new Error("no client was launched");
      return socket;
    },
    read: () => read,
  };
}
