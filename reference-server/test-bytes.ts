/** What the tests speak where a WebSocket library would not: bytes. */

import { connect as connectTcp, type Socket as NetSocket } from "node:net";
import { expect } from "vitest";
import type { RunningServer } from "./running-server.js";

/** Sockets that a test file opened; it destroys them when a test is over. */
export const tcp: NetSocket[] = [];

/** Speaks bytes: what the server answers, until it ends or has been silent for a while. */
export async function raw(
  server: RunningServer,
  ...parts: (string | Buffer)[]
): Promise<{ text: string; bytes: Buffer; ended: boolean }> {
  const socket = connectTcp(server.port, "127.0.0.1");
  tcp.push(socket);
  const chunks: Buffer[] = [];
  let ended = false;
  let heard = Number.POSITIVE_INFINITY;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    heard = performance.now();
  });
  socket.on("close", () => {
    ended = true;
  });
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await expect.poll(() => ended || performance.now() - heard > 250, { timeout: 15_000 }).toBe(true);
  const bytes = Buffer.concat(chunks);
  return { text: bytes.toString("latin1"), bytes, ended };
}

/** A valid handshake, and what may be altered in it. */
export const handshake = (path = "/ws", more = "", method = "GET", version = "HTTP/1.1"): string =>
  `${method} ${path} ${version}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

/** A masked frame with a zero key. */
export function frame(opcode: number, payload: Buffer | string, first = 0x80): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([first | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
}
