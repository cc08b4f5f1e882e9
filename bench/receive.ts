/**
 * Receiving through `ws`: processor time of a server for a message, whatever its handler does with it; prints JSON.
 * A second process sends masked frames in large writes. The handlers take turns.
 *
 * Run: node --expose-gc .build/receive.js
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { Wish } from "./masked-sender.js";
import { texts } from "./mixed.js";
import { loadDecoders } from "./peers/decoders.js";
import { type Measured, median } from "./rounds.js";

const QUICK = process.env["BENCH_QUICK"] === "1";
const ROUNDS = QUICK ? 5 : 21;
/** Who is compared; the whole list would take as long as everything else. */
const HANDLERS = /no validation$|^wireproof|\+ Ajv$|\+ zod$|typia/;
const CONNECTIONS = 4;
/** How often the mix is sent on each connection in a turn. */
const REPEATS = QUICK ? 4 : 10;
const MESSAGES = CONNECTIONS * REPEATS * texts.length;

const kept: { last: unknown } = { last: undefined };
const handlers: { name: string; take: (data: Buffer) => void }[] = [
  {
    name: "a handler that does nothing",
    take(data) {
      kept.last = data;
    },
  },
];
for (const { name, decode } of await loadDecoders()) {
  if (!HANDLERS.test(name)) continue;
  const make = new Function("decode", "kept", "return (data) => { kept.last = decode(data.toString()); }");
  handlers.splice(name.includes("no validation") ? 0 : handlers.length, 0, {
    name,
    take: make(decode, kept),
  });
}

let take = handlers[0]?.take ?? (() => {});
let left = 0;
let done = (): void => {};
const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    // With the default binaryType every message is one Buffer.
    take(data as Buffer);
    if (--left === 0) done();
  });
});
await once(server, "listening");
const sender = fork(new URL("masked-sender.js", import.meta.url), { execArgv: [] });

/** One turn: the processor time of this process for a message, in nanoseconds. */
async function turn(): Promise<number> {
  globalThis.gc?.({ type: "minor", execution: "sync" });
  left = MESSAGES;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const before = process.cpuUsage();
  tell({ send: REPEATS });
  await all;
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / MESSAGES;
}

function tell(wish: Wish): void {
  sender.send(wish);
}

try {
  // A server that listens on TCP has an AddressInfo.
  tell({ open: CONNECTIONS, port: (server.address() as AddressInfo).port });
  await once(sender, "message");
  const times: number[][] = handlers.map(() => []);
  for (let round = -3; round < ROUNDS; round++) {
    for (let n = 0; n < handlers.length; n++) {
      const index = (n + round + handlers.length) % handlers.length;
      take = handlers[index]?.take ?? take;
      const time = await turn();
      if (round >= 0) times[index]?.push(time);
    }
  }
  const base = times[0] ?? [];
  const measured: Measured[] = handlers.map(({ name }, index) => ({
    name,
    nanoseconds: median(times[index] ?? []),
    ratio: median((times[index] ?? []).map((time, round) => time / (base[round] ?? Number.NaN))),
  }));
  console.log(JSON.stringify(measured));
} finally {
  sender.kill();
  process.exit();
}
