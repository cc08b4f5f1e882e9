/** Sends the mix as masked frames, in large writes, as often as its parent asks for by IPC; closes when that goes. */

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { texts } from "./mixed.js";

/** What the parent asks for. */
export type Wish = { readonly open: number; readonly port: number } | { readonly send: number };

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const sockets: Socket[] = [];
const bytes = Buffer.concat(texts.map(maskedFrame));

function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const key = randomBytes(4);
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0xfe, payload.length >> 8, payload.length & 255]);
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (key[i & 3] ?? 0);
  return Buffer.concat([Buffer.from([0x81]), length, key, payload]);
}

function open(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("data", () => resolve());
    socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    sockets.push(socket);
  });
}

process.on("message", async (wish: Wish) => {
  if ("open" in wish) {
    for (let n = 0; n < wish.open; n++) await open(wish.port);
    process.send?.("opened");
    return;
  }
  for (let n = 0; n < wish.send; n++) for (const socket of sockets) socket.write(bytes);
});
process.on("disconnect", () => process.exit());
