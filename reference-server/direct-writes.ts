/**
 * Whether frames may be put on the stream below a `ws` socket by others than `ws`. It never says so, and never said
 * otherwise; so its conduct is looked at, on a stream in memory, by what is public of it.
 */

import { IncomingMessage } from "node:http";
import { Socket as NetSocket } from "node:net";
import { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** Makes the server whose sockets are looked at. */
export type MakeServer = () => Pick<WebSocketServer, "handleUpgrade" | "close">;

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** A text frame of RFC 6455 with the payload `a`, and one with `b`. */
const A = Buffer.from([0x81, 1, 0x61]);
const B = Buffer.from([0x81, 1, 0x62]);

let known: boolean | undefined;

/** The answer for the `ws` that is installed; looked for once. */
export function allowsDirectWrites(): boolean {
  known ??= looksDirect(() => new WebSocketServer({ noServer: true, clientTracking: false }));
  return known;
}

/**
 * True when a socket of that server writes plain frames to its stream at once, counts what waits there as its own, and
 * keeps the order of what others wrote to it in between.
 */
export function looksDirect(makeServer: MakeServer): boolean {
  const written: Buffer[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const server = makeServer();
  try {
    const socket = upgrade(server, stream);
    if (socket === undefined || socket.extensions !== "" || socket.bufferedAmount !== 0) return false;
    written.length = 0;
    stream.cork();
    socket.send(Buffer.from("a"), { binary: false });
    stream.write(B);
    socket.send("a");
    // Corked, nothing has left yet; a socket that keeps a queue of its own, or counts otherwise, shows it here.
    const isCounted = socket.bufferedAmount === 3 * A.length && stream.writableLength === 3 * A.length;
    stream.uncork();
    return (
      isCounted && socket.bufferedAmount === 0 && Buffer.concat(written).equals(Buffer.concat([A, B, A]))
    );
  } catch {
    return false;
  } finally {
    stream.destroy();
    server.close();
  }
}

function upgrade(server: ReturnType<MakeServer>, stream: Duplex): WebSocket | undefined {
  const request = new IncomingMessage(new NetSocket());
  request.method = "GET";
  request.url = "/";
  request.headers = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
  };
  let upgraded: WebSocket | undefined;
  server.handleUpgrade(request, stream, Buffer.alloc(0), (socket) => {
    // It is destroyed at the end, which is no fault.
    socket.on("error", () => {});
    upgraded = socket;
  });
  return upgraded;
}
