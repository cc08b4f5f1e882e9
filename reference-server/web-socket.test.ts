import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { openConnection } from "../src/wire/connection.js";
import type { SharedFrame, Socket } from "../src/wire/socket.js";
import { protocolOf } from "../src/wire/test-bench.js";
import { ManualClock } from "../src/wire/test-clock.js";
import { createJoiner, type JoinedWriter, type Joiner } from "./joined-writes.js";
import { encodeShared } from "./shared-frame.js";
import { frame, handshake } from "./test-bytes.js";
import { adaptWebSocket } from "./web-socket.js";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A frame whose message is the text in quotes. */
const shared = (text: string): SharedFrame =>
  encodeShared({ encode: (value: string) => JSON.stringify(value), nameOf: () => "note" }, text);

/** One socket of the server, and how long each write was that its adapter made to the stream by itself. */
interface Adapted {
  readonly socket: Socket;
  readonly joined: number[];
  readonly stream: Duplex;
}

/** The same with its client. */
interface Pair extends Adapted {
  readonly client: WebSocket;
  readonly received: string[];
  readonly closed: Promise<number>;
}

/** A server whose sockets share one joiner; without one it is as where the feature test has failed. */
async function serve(given: Joiner | "no joiner" = createJoiner(), options: { deflate?: boolean } = {}) {
  const joiner = given === "no joiner" ? undefined : given;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: options.deflate === true ? { threshold: 0 } : false,
  });
  const http = createServer();
  const adapted: Adapted[] = [];
  let wake = (): void => {};
  http.on("upgrade", (request, stream: Duplex, head) => {
    server.handleUpgrade(request, stream, head, (webSocket) => {
      const joined: number[] = [];
      closers.push(() => stream.destroy());
      adapted.push({
        socket: adaptWebSocket(webSocket, joiner && { stream, joiner: counted(joiner, stream, joined) }),
        joined,
        stream,
      });
      wake();
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  closers.push(() => {
    server.close();
    http.close();
    joiner?.close();
  });
  // A server that listens on TCP has an AddressInfo.
  const { port } = http.address() as AddressInfo;
  const next = async (): Promise<Adapted> => {
    for (;;) {
      const one = adapted.shift();
      if (one !== undefined) return one;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    port,
    next,
    async connect(): Promise<Pair> {
      const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: options.deflate === true });
      closers.push(() => client.terminate());
      client.on("error", () => {});
      const received: string[] = [];
      client.on("message", (data) => received.push(JSON.parse(data.toString())));
      const closed = once(client, "close").then(([code]) => Number(code));
      const [{ socket, joined, stream }] = await Promise.all([next(), once(client, "open")]);
      return { socket, joined, stream, client, received, closed };
    },
  };
}

/** The joiner, and in `joined` how long each write was that it made to a stream. */
function counted(joiner: Joiner, stream: Duplex, joined: number[]): Joiner {
  return {
    ...joiner,
    writerFor(line) {
      const counting = Object.create(stream, {
        write: {
          value(bytes: Uint8Array) {
            joined.push(bytes.length);
            return stream.write(bytes);
          },
        },
      });
      return joiner.writerFor({ ...line, stream: counting });
    },
  };
}

/** A joiner whose writers are altered. */
function altered(alter: (writer: JoinedWriter) => Partial<JoinedWriter>): Joiner {
  const joiner = createJoiner();
  return {
    ...joiner,
    writerFor(line) {
      const writer = joiner.writerFor(line);
      return { ...writer, ...alter(writer) };
    },
  };
}

/** It writes at the end of the tick, whatever else is sent or read before. */
const NEVER_EARLY = () => altered(() => ({ flush() {} }));
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What can be done to a socket, in an order that only the calls decide. */
type Act = { shared: number } | { send: number } | { ping: true } | { tick: true };
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ shared: fc.constantFrom(3, 40, 200, 70_000) }) },
    { weight: 2, arbitrary: fc.record({ send: fc.constantFrom(3, 70_000) }) },
    { weight: 1, arbitrary: fc.constant({ ping: true as const }) },
    { weight: 1, arbitrary: fc.constant({ tick: true as const }) },
  ),
  { minLength: 1, maxLength: 30 },
);

/** Does it all to two sockets, and says what came at the second of them, and what should have. */
async function play(
  pairs: readonly Pair[],
  list: readonly Act[],
): Promise<{ sent: string[]; got: string[] }> {
  const sent: string[] = [];
  const [, pair] = pairs;
  if (pair === undefined) throw new Error("two sockets are needed");
  for (const act of [...list, { send: 0 }]) {
    if ("tick" in act) await tick();
    else if ("ping" in act) pair.client.ping();
    else {
      const text = `${sent.length} `.padEnd("shared" in act ? act.shared : act.send, "é");
      sent.push(text);
      const one = shared(text);
      if ("send" in act) pair.socket.send(one.text);
      else for (const { socket } of pairs) socket.sendShared?.(one);
    }
  }
  await expect.poll(() => pair.received.length).toBeGreaterThanOrEqual(sent.length);
  return { sent, got: pair.received.splice(0) };
}

describe("shared frames", () => {
  it("of one tick are one write, the same for all, and come in order", async () => {
    const server = await serve();
    const pairs = [await server.connect(), await server.connect(), await server.connect()];
    const texts = Array.from({ length: 8 }, (_, n) => `message ${n}`);
    const frames = texts.map(shared);
    const bytes = frames.reduce((sum, { wire }) => sum + wire.length, 0);
    for (const one of frames) for (const { socket } of pairs) socket.sendShared?.(one);
    for (const { joined } of pairs) expect(joined).toEqual([]);
    for (const { received, joined } of pairs) {
      await expect.poll(() => received).toEqual(texts);
      expect(joined).toEqual([bytes]);
    }
  });

  it("keep their order among frames that are sent alone, pings, ticks and messages of 70 kB", async () => {
    const server = await serve();
    const pairs = [await server.connect(), await server.connect()];
    const run = async (list: Act[]): Promise<void> => {
      const { sent, got } = await play(pairs, list);
      expect(got).toEqual(sent);
    };
    await fc.assert(fc.asyncProperty(acts, run), { numRuns: 30 });
  });

  it("out of order are seen by that property", async () => {
    const server = await serve(NEVER_EARLY());
    const pairs = [await server.connect(), await server.connect()];
    const { sent, got } = await play(pairs, [{ shared: 3 }, { send: 3 }]);
    expect(got).not.toEqual(sent);
  });

  it("go through ws, in order, where frames are queued", async () => {
    const server = await serve();
    const { socket, client, joined, received } = await server.connect();
    client.pause();
    const long = "x".repeat(1_000_000);
    let count = 0;
    while (socket.buffered() === 0) {
      socket.send(JSON.stringify(long));
      count++;
    }
    socket.sendShared?.(shared("last"));
    await tick();
    expect(joined).toEqual([]);
    client.resume();
    await expect.poll(() => received.at(-1)).toBe("last");
    expect(received).toHaveLength(count + 1);
  });

  it.each([
    [70_000, 1, 1],
    [30_000, 4, 2],
    [1_000, 200, 4],
  ])("of %i characters, %i in a tick, are %i writes and whole", async (length, count, writes) => {
    const server = await serve();
    const { socket, received, joined } = await server.connect();
    const texts = Array.from({ length: count }, (_, n) => `${n} `.padEnd(length, "x"));
    for (const text of texts) socket.sendShared?.(shared(text));
    await expect.poll(() => received.length).toBe(count);
    expect(received).toEqual(texts);
    expect(joined.length).toBe(writes);
  });
});

describe("a close in the middle of a tick", () => {
  it("comes after what was sent before it, and nothing comes after it", async () => {
    const { socket, received, closed } = await (await serve()).connect();
    socket.sendShared?.(shared("before"));
    socket.close(1000, "done");
    socket.sendShared?.(shared("after"));
    expect(await closed).toBe(1000);
    expect(received).toEqual(["before"]);
  });

  it.each([
    ["the answer to a message before it, in one segment", "?", ""],
    ["what waits already", "", "early"],
    ["both", "?", "early"],
  ])("of the client is answered after %s", async (_title, question, early) => {
    const wanted = [early, question && "answer"].filter(Boolean).map((text) => JSON.stringify(text));
    expect(await answered(createJoiner(), question, early)).toBe(wanted.join(""));
    expect(await answered(NEVER_EARLY(), question, early)).toBe("");
  });

  it("without a handshake leaves nothing that waits", async () => {
    const { socket, received, closed, joined } = await (await serve()).connect();
    socket.sendShared?.(shared("lost"));
    socket.close();
    expect(await closed).toBe(1006);
    expect([received, joined]).toEqual([[], []]);
  });
});

/** What a client reads before the Close that answers its own; that came in one read with a question, if there is one. */
async function answered(joiner: Joiner, question: string, early: string): Promise<string> {
  const server = await serve(joiner);
  const tcp = connectTcp(server.port, "127.0.0.1");
  closers.push(() => tcp.destroy());
  const chunks: Buffer[] = [];
  const whole = (): Buffer => Buffer.concat(chunks);
  tcp.on("data", (chunk: Buffer) => chunks.push(chunk));
  tcp.write(handshake("/"));
  const { socket, stream } = await server.next();
  socket.listen({ frame: () => socket.sendShared?.(shared("answer")), beat() {}, closed() {} });
  await expect.poll(() => whole().includes("\r\n\r\n")).toBe(true);
  chunks.length = 0;
  const close = Buffer.from([3, 0xe8]);
  const questions = question === "" ? [] : [frame(1, question)];
  if (early !== "") socket.sendShared?.(shared(early));
  // As the stream says that it has read, in this very tick.
  stream.emit("data", Buffer.concat([...questions, frame(8, close)]));
  const answer = Buffer.concat([Buffer.from([0x88, close.length]), close]);
  await expect.poll(() => whole().includes(answer)).toBe(true);
  return whole()
    .subarray(0, whole().indexOf(answer))
    .toString("latin1")
    .replace(/[^ -~]./g, "");
}

/** The protocol of the bench with a bound of that many bytes; its `encodeInto` writes nothing. */
function boundedTo(sendQueueBytes: number) {
  const { encodeInto: _, ...protocol } = protocolOf({ sendQueueBytes });
  return protocol;
}

function connectionOn(socket: Socket, protocol: ReturnType<typeof boundedTo>) {
  return openConnection({
    id: "c",
    protocol,
    socket,
    clock: new ManualClock(),
    timeScale: 1,
    join: () => ({ take: () => undefined, refuse: () => undefined, left() {} }),
    onFault(fault) {
      throw fault;
    },
    onEnd() {},
  });
}

describe("a slow consumer among fast ones", () => {
  it("is closed at the end of the tick that brought it over its bound, whether or not more is sent", async () => {
    const isOpen = async (joiner: Joiner): Promise<boolean> => {
      const { socket, stream } = await (await serve(joiner)).connect();
      const protocol = boundedTo(100);
      const connection = connectionOn(socket, protocol);
      const event = { is: "note", code: "x".repeat(60) };
      // What the kernel takes of the next write: nothing.
      stream.cork();
      for (const one of [1, 2].map(() => encodeShared(protocol, event))) connection.emit(event, one);
      await tick();
      await tick();
      stream.uncork();
      return connection.emit(event);
    };
    expect(await isOpen(createJoiner())).toBe(false);
    const deaf = createJoiner();
    expect(
      await isOpen({ ...deaf, writerFor: (line) => deaf.writerFor({ ...line, behind: () => {} }) }),
    ).toBe(true);
  });

  /** Tells all of it to a slow client and a fast one; what each got, and how the slow one ended. */
  async function flood(joiner: Joiner | "no joiner") {
    const server = await serve(joiner);
    const pairs = [await server.connect(), await server.connect()] as const;
    const protocol = boundedTo(100_000);
    const connections = pairs.map(({ socket }) => connectionOn(socket, protocol));
    const [slow, fast] = pairs;
    slow.client.pause();
    let told = 0;
    let kept = 0;
    // 16 MB are more than the kernel takes on both sides.
    for (let turn = 0; turn < 40; turn++) {
      for (let n = 0; n < 8; n++) {
        const event = { is: "note", code: `${told}`.padEnd(50_000, "x") };
        const one = encodeShared(protocol, event);
        const [slowly] = connections.map((connection) => connection.emit(event, one));
        if (slowly === true) kept++;
        told++;
      }
      await expect.poll(() => fast.received.length, { interval: 1 }).toBe(told);
    }
    const buffered = slow.socket.buffered();
    slow.client.resume();
    return { told, kept, buffered, slow, fast };
  }

  it.each([
    ["joined", createJoiner()],
    ["through ws alone", "no joiner" as const],
  ])(
    "is closed with 4429 at its bound, gets all up to there, and costs the others nothing: %s",
    async (_title, joiner) => {
      const { told, kept, buffered, slow, fast } = await flood(joiner);
      expect(await slow.closed).toBe(4429);
      expect(kept).toBeLessThan(told);
      expect(buffered).toBeLessThan(100_000 + 3 * 64 * 1024);
      const names = (received: readonly unknown[]) =>
        received.map((event) => Number.parseInt(Object(event).code, 10));
      expect(names(slow.received)).toEqual(Array.from({ length: kept }, (_, n) => n));
      expect(names(fast.received)).toEqual(Array.from({ length: told }, (_, n) => n));
    },
    30_000,
  );
});

describe("ws alone sends shared frames", () => {
  it.each([
    ["where permessage-deflate is on", true, 0],
    ["nowhere else", false, 1],
  ])("%s", async (_title, deflate, writers) => {
    const joiner = createJoiner();
    let made = 0;
    const writerFor: Joiner["writerFor"] = (line) => {
      made++;
      return joiner.writerFor(line);
    };
    const server = await serve({ ...joiner, writerFor }, { deflate });
    const { socket, received, client } = await server.connect();
    expect(client.extensions !== "").toBe(deflate);
    const texts = Array.from({ length: 20 }, (_, n) => `${n}`);
    for (const text of texts) socket.sendShared?.(shared(text));
    await expect.poll(() => received).toEqual(texts);
    expect(made).toBe(writers);
  });

  it("where the feature test has failed", async () => {
    const { socket, received, joined } = await (await serve("no joiner")).connect();
    for (const text of ["a", "b"]) socket.sendShared?.(shared(text));
    await expect.poll(() => received).toEqual(["a", "b"]);
    expect(joined).toEqual([]);
  });
});
