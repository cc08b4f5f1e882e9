/**
 * Broadcast to many: 1 000 connections × 100 messages, several rounds, against a reference server in a process of its
 * own. Prints what arrived, what was out of order, how long it took, and the server's memory before and after.
 *
 * Run: npx tsx bench/broadcast.ts [connections] [messages] [rounds]
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { startServer } from "../reference-server/server.js";

/** What the server's process says of itself. */
interface Report {
  readonly url: string;
  readonly path: string;
  readonly rssMiB: number;
  readonly heapMiB: number;
  readonly connections: number;
  readonly timers: number;
}

const MIB = 1024 * 1024;
const ROUND_MS = 60_000;

if (process.argv.includes("--server")) await serve();
else await measure();

/** The child: serves, and reports when it is asked to. */
async function serve(): Promise<void> {
  const server = await startServer({ port: 0, channels: ["pipeline"], seed: 1 });
  const [endpoint] = server.endpoints;
  const report = (): void => {
    // There under --expose-gc, which the parent gives.
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const { connections, timers } = server.stats();
    const url = endpoint?.url ?? "";
    process.send?.({
      url,
      path: new URL(url).pathname,
      rssMiB: rss / MIB,
      heapMiB: heapUsed / MIB,
      connections,
      timers,
    });
  };
  process.on("message", (wish) => {
    if (wish === "report") report();
    else server.close().then(() => process.disconnect());
  });
  report();
}

async function measure(): Promise<void> {
  const [connections = 1_000, messages = 100, rounds = 5] = process.argv.slice(2).map(Number);
  const child = fork(fileURLToPath(import.meta.url), ["--server"], {
    execArgv: ["--expose-gc", "--import", "tsx"],
  });
  const told = (): Promise<Report> =>
    new Promise((resolve) => child.once("message", (report: Report) => resolve(report)));
  const ask = async (): Promise<Report> => {
    child.send("report");
    return told();
  };
  try {
    const first = await told();
    const clients = await Promise.all(Array.from({ length: connections }, (_, n) => open(first.url, n)));
    const before = await ask();
    console.log(
      `${connections} connections × ${messages} messages, server in its own process, Node ${process.version}`,
    );
    console.log(line("before", before));
    const post = new URL(first.path.replace("/connect", "/broadcast"), first.url.replace("ws:", "http:"));
    for (let round = 1; round <= rounds; round++) {
      const began = performance.now();
      for (const client of clients) client.expect(messages);
      for (let n = 0; n < messages; n++) {
        const response = await fetch(post, { method: "POST", body: JSON.stringify({ message: `${n}` }) });
        await response.arrayBuffer();
      }
      await Promise.race([Promise.all(clients.map(({ done }) => done())), timeout(ROUND_MS)]);
      const ms = performance.now() - began;
      const delivered = clients.reduce((sum, { got }) => sum + got(), 0);
      const disorder = clients.reduce((sum, { wrong }) => sum + wrong(), 0);
      const rate = Math.round(delivered / (ms / 1_000));
      console.log(
        `round ${round}: ${delivered} of ${connections * messages} delivered, ${disorder} out of order, ${Math.round(ms)} ms, ${rate}/s`,
      );
      console.log(line("  after", await ask()));
      if (delivered !== connections * messages || disorder > 0) process.exitCode = 1;
    }
    await Promise.all(clients.map(({ close }) => close()));
    console.log(line("closed", await ask()));
  } finally {
    if (child.connected) child.send("stop");
  }
}

function line(title: string, { rssMiB, heapMiB, connections, timers }: Report): string {
  return `${title}: rss ${rssMiB.toFixed(1)} MiB, heap ${heapMiB.toFixed(1)} MiB, ${connections} connections, ${timers} timers`;
}

/** A client that counts what it gets and looks whether it comes in order. */
async function open(url: string, n: number) {
  const socket = new WebSocket(n % 2 === 0 ? url : url.replace("person", "group"));
  let wanted = 0;
  let got = 0;
  let wrong = 0;
  let finish = (): void => {};
  let finished = Promise.resolve();
  socket.on("message", (data) => {
    const text = data.toString();
    const message = /^\{"type":"broadcast","message":"(\d+)"/.exec(text)?.[1];
    if (message === undefined) return;
    if (Number(message) !== got) wrong++;
    if (++got === wanted) finish();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    expect(messages: number): void {
      // Who only listens is taken for dead after 75 s, and rightly.
      socket.send('{"type":"ping"}');
      wanted = messages;
      got = 0;
      wrong = 0;
      finished = new Promise((resolve) => {
        finish = resolve;
      });
    },
    done: () => finished,
    got: () => got,
    wrong: () => wrong,
    close: () =>
      new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.close();
      }),
  };
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
