/** What a Tester can do to the wire: bend and cut its request, stop reading, end one side; and what the transcript keeps. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { inCase } from "./case.js";
import type { Case, SubjectConfig } from "./check.js";
import { encodeFrame } from "./frames/encode.js";
import { OPCODE } from "./frames/frame.js";
import { createJudge } from "./judge.js";
import { createRun, type Run } from "./run.js";
import { createSubject } from "./server/subject.js";
import { keepContract, sampleContract, sampleEndpoint } from "./test-subject.js";
import { monotonic, watchLag } from "./time.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Served {
  readonly run: Run;
  readonly requests: IncomingMessage[];
}

async function serve(
  onConnection: (socket: WebSocket) => void = keepContract(),
  config?: SubjectConfig,
): Promise<Served> {
  const requests: IncomingMessage[] = [];
  const http = createServer((_, response) => response.writeHead(404).end());
  const server = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    requests.push(request);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", () => undefined);
      onConnection(webSocket);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const lag = watchLag();
  cleanups.push(
    () => lag.stop(),
    () =>
      new Promise<void>((resolve) => {
        for (const client of server.clients) client.terminate();
        http.close(() => resolve());
      }),
  );
  // The address of a listening TCP server is an AddressInfo.
  const { port } = http.address() as AddressInfo;
  const run = createRun({
    judge: createJudge(sampleContract(), sampleEndpoint),
    subject: createSubject({ url: `ws://127.0.0.1:${port}`, endpoint: sampleEndpoint }),
    seed: 1,
    runs: 5,
    timeScale: 1,
    userAgent: "wireproof/test",
    clock: monotonic,
    lag,
    signal: new AbortController().signal,
    newUuid: randomUUID,
    ...(config === undefined ? {} : { config }),
  });
  return { run, requests };
}

const play = <T>(run: Run, script: (scene: Case) => Promise<T>): Promise<T> =>
  inCase(run, "S-FR-01", "test", script);
const said = (text: string) => JSON.stringify({ cmd: "say", text });

describe("the request of a Tester", () => {
  it("is bent as a check wants it", async () => {
    const { run, requests } = await serve();
    await play(run, async (scene) => {
      await scene.connect({
        origin: "https://example.com",
        extensions: "x-none",
        request: {
          target: "/elsewhere?a=1",
          headers: (ordinary) => ordinary.map(([name, value]) => [name.toUpperCase(), value] as const),
        },
      });
    });
    const [request] = requests;
    expect(request?.url).toBe("/elsewhere?a=1");
    expect(request?.headers).toMatchObject({
      origin: "https://example.com",
      "sec-websocket-extensions": "x-none",
    });
    expect(request?.rawHeaders).toContain("SEC-WEBSOCKET-KEY");
  });

  it("is refused where its method or version is not that of an upgrade", async () => {
    const { run } = await serve();
    await play(run, async (scene) => {
      const posted = await scene.connect({ bare: true, request: { method: "POST" } });
      expect(posted.handshake).toMatchObject({ kind: "refused", response: { status: 405 } });
      expect(posted.end).toMatchObject({ how: "refused", status: 405 });
    });
  });

  it("carries the credentials of the first identity, others, or none", async () => {
    const config: SubjectConfig = {
      identities: [{ name: "alice", headers: { "X-Key": "a" }, query: { token: "t" }, first: [said("hi")] }],
      rejected: {},
      payloads: {},
      domain: {},
    };
    const { run, requests } = await serve(keepContract(), config);
    await play(run, async (scene) => {
      const alice = await scene.connect();
      expect(await alice.next(({ names }) => names.includes("said"), 2000)).toBeDefined();
      await scene.connect({ credentials: "none" });
      await scene.connect({ credentials: { query: { token: "other" } } });
    });
    expect(requests.map(({ url, headers }) => [url, headers["x-key"]])).toEqual([
      ["/?token=t", "a"],
      ["/", undefined],
      ["/?token=other", undefined],
    ]);
  });

  it("arrives whole when it is cut at every byte, with a frame behind it", async () => {
    const { run } = await serve();
    await play(run, async (scene) => {
      const early = encodeFrame(
        { opcode: OPCODE.text, payload: new TextEncoder().encode(said("first")) },
        () => scene.random.bytes(4),
      );
      const cuts = Array.from({ length: 400 }, (_, index) => index + 1);
      const tester = await scene.connect({ early, chunks: { cuts, pauseMs: 0 } });
      const event = await tester.next(() => true, 2000, 0);
      expect(event?.payload).toEqual({ event: "said", text: "first" });
    });
  });

  it("stays unfinished where a check wants it, and can be finished or dropped", async () => {
    const { run } = await serve();
    await play(run, async (scene) => {
      const half = await scene.connect({ chunks: { cuts: [], pauseMs: 0, upTo: 20 }, handshakeMs: 60_000 });
      expect(half.handshake.kind).toBe("timeout");
      expect(half.end).toBeUndefined();
      half.raw(Buffer.from("no header\r\n\r\n"), "garbage");
      expect(await half.ended(2000)).toMatchObject({ how: "refused", status: 400 });
      const dropped = await scene.connect({ chunks: { cuts: [], pauseMs: 0, upTo: 20 } });
      dropped.destroy();
      expect(dropped.end).toMatchObject({ by: "kit", how: "rst" });
    });
    expect(run.leaks).toEqual([]);
  });
});

describe("the line of a Tester", () => {
  it("backs up while nothing is read, and gives everything afterwards", async () => {
    const size = 64 * 1024;
    const count = 200;
    let buffered = 0;
    const { run } = await serve((socket) => {
      socket.once("message", () => {
        const message = JSON.stringify({ event: "said", text: "x".repeat(size) });
        for (let index = 0; index < count; index += 1) socket.send(message);
        setTimeout(() => {
          buffered = socket.bufferedAmount;
        }, 200);
      });
    });
    await play(run, async (scene) => {
      const tester = await scene.connect();
      tester.pause();
      tester.command("say", { cmd: "say", text: "go" });
      await tester.wait(400);
      const before = tester.bytesReceived;
      expect(buffered).toBeGreaterThan(0);
      tester.resume();
      for (let turn = 0; turn < 500 && tester.messages.length < count; turn += 1) await tester.wait(10);
      expect(tester.messages).toHaveLength(count);
      expect(tester.bytesReceived - before).toBeGreaterThan(size * (count - 100));
    });
  });

  it("is ended on one side by FIN", async () => {
    const { run } = await serve();
    await play(run, async (scene) => {
      const tester = await scene.connect();
      tester.finish();
      const end = await tester.ended(2000);
      expect(end).toBeDefined();
      expect(scene.transcript.map(({ kind, text }) => `${kind} ${text}`)).toContain("tcp FIN");
    });
    expect(run.leaks).toEqual([]);
  });
});

describe("a transcript", () => {
  it("keeps the bytes and header bits of every frame, and the reads that it came in", async () => {
    const { run } = await serve((socket) => {
      socket.on("message", () => {
        socket.send('{"event":', { fin: false });
        setTimeout(() => socket.send('"counted"}', { fin: true }), 20);
      });
    });
    await play(run, async (scene) => {
      const tester = await scene.connect();
      tester.frame({
        opcode: OPCODE.text,
        payload: new TextEncoder().encode(said("x")),
        mask: Uint8Array.of(1, 2, 3, 4),
      });
      await tester.next(() => true, 2000);
      const [, answer, sent, received] = scene.transcript;
      expect(answer).toMatchObject({ kind: "handshake", text: "HTTP/1.1 101 Switching Protocols" });
      expect(sent?.frames).toEqual([
        { fin: true, rsv: 0, opcode: 1, length: 24, lengthBits: 7, mask: "01020304" },
      ]);
      expect(received).toMatchObject({
        text: '{"event":"counted"}',
        bytes: `0109${Buffer.from('{"event":').toString("hex")}800a${Buffer.from('"counted"}').toString("hex")}`,
        frames: [
          { fin: false, opcode: 1, length: 9, reads: [0, 0] },
          { fin: true, opcode: 0, length: 10, reads: [1, 1] },
        ],
      });
    });
  });

  it("keeps the frames of a message that never became whole", async () => {
    const { run } = await serve((socket) => {
      socket.send('{"event":', { fin: false });
      setTimeout(() => socket.terminate(), 20);
    });
    await play(run, async (scene) => {
      const tester = await scene.connect();
      await tester.ended(2000);
      expect(scene.transcript.map(({ text }) => text)).toContain("1 frames of an unfinished message");
    });
  });
});
