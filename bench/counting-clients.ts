/**
 * Clients that only count: sockets that shake hands and then add up the bytes that come, by group. The parent asks by
 * IPC for a group's total, and is told when it has come.
 */

import { connect } from "node:net";

/** What the parent asks for. */
export type Wish =
  | {
      readonly open: number;
      readonly group: number;
      readonly port: number;
      readonly path: string;
      readonly socketIo: boolean;
    }
  | { readonly await: number; readonly group: number };

const totals: number[] = [];
let waiting: { group: number; total: number } | undefined;

/** A masked text frame with a zero key: how a Socket.IO client joins. */
const JOIN = Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from("40")]);
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const AT_ONCE = 50;

function count(group: number, bytes: number): void {
  totals[group] = (totals[group] ?? 0) + bytes;
  if (waiting?.group === group && (totals[group] ?? 0) >= waiting.total) {
    waiting = undefined;
    process.send?.({ came: group });
  }
}

function open(group: number, port: number, path: string, socketIo: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let greeting: string | undefined = "";
    const socket = connect({
      port,
      host: "127.0.0.1",
      onread: {
        buffer: Buffer.alloc(64 * 1024),
        callback(bytes, buffer) {
          if (greeting === undefined) {
            count(group, bytes);
            return true;
          }
          greeting += Buffer.from(buffer.subarray(0, bytes)).toString("latin1");
          const joined = socketIo ? /40\{"sid":"[^"]+"\}/.test(greeting) : greeting.endsWith("\r\n\r\n");
          if (socketIo && !joined && /0\{"sid"[^}]*\}$/.test(greeting)) socket.write(JOIN);
          if (joined) {
            greeting = undefined;
            resolve();
          }
          return true;
        },
      },
    });
    socket.once("error", reject);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
  });
}

async function openAll(wish: Extract<Wish, { open: number }>): Promise<void> {
  for (let left = wish.open; left > 0; left -= AT_ONCE) {
    const some = Array.from({ length: Math.min(left, AT_ONCE) }, () =>
      open(wish.group, wish.port, wish.path, wish.socketIo),
    );
    await Promise.all(some);
  }
  totals[wish.group] = 0;
  process.send?.({ opened: wish.group });
}

process.on("message", (wish: Wish) => {
  if ("open" in wish) {
    openAll(wish).catch((error: unknown) => process.send?.({ failed: String(error) }));
  } else {
    waiting = { group: wish.group, total: wish.await };
    count(wish.group, 0);
  }
});
process.on("disconnect", () => process.exit());
