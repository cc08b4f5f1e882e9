import { randomUUID } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { Server as SocketIoServer } from "socket.io";
import { afterEach, describe, expect, it } from "vitest";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import { inCase } from "./case.js";
import type { Case } from "./check.js";
import { fillingOf, runExchange } from "./exchange.js";
import { RunAborted, SubjectGone, SubjectRefused } from "./interruption.js";
import { createJudge, HarnessFault } from "./judge.js";
import { createRun, type Run } from "./run.js";
import { createSubject } from "./server/subject.js";
import {
  keepContract,
  type SampleServer,
  sampleContract,
  sampleEndpoint,
  serveSample,
} from "./test-subject.js";
import { monotonic, watchLag } from "./time.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function runAgainst(url: string, endpoint = sampleEndpoint, controller = new AbortController()): Run {
  const lag = watchLag();
  cleanups.push(() => lag.stop());
  return createRun({
    judge: createJudge(sampleContract(endpoint), endpoint),
    subject: createSubject({ url, endpoint }),
    seed: 1,
    runs: 5,
    timeScale: 1,
    userAgent: "wireproof/test",
    clock: monotonic,
    lag,
    signal: controller.signal,
    newUuid: randomUUID,
  });
}

async function sample(onConnection = keepContract()): Promise<SampleServer> {
  const server = await serveSample(onConnection);
  cleanups.push(() => server.close());
  return server;
}

const play = <T>(run: Run, script: (scene: Case) => Promise<T>): Promise<T> =>
  inCase(run, "S-FR-01", "test", script);
const echo = sampleEndpoint.exchanges?.list[0];

describe("a Tester on a WebSocket", () => {
  it("sends commands by name and gets judged events", async () => {
    const run = runAgainst((await sample()).url);
    await play(run, async (scene) => {
      const tester = await scene.connect();
      tester.command("say", { cmd: "say", text: "hello" });
      const event = await tester.next((message) => message.names.includes("said"), 1000);
      expect(event?.payload).toEqual({ event: "said", text: "hello" });
      expect(scene.transcript.map(({ direction, kind }) => `${direction} ${kind}`)).toEqual([
        "sent handshake",
        "received handshake",
        "sent text",
        "received text",
      ]);
    });
    expect(run.record).toMatchObject({ cases: 1, connections: 1, messages: 1, validMessages: 1 });
    expect(run.leaks).toEqual([]);
  });

  it("takes an invalid command of its own for a fault of the kit", async () => {
    const run = runAgainst((await sample()).url);
    await expect(
      play(run, async (scene) => (await scene.connect()).command("say", { cmd: "say" })),
    ).rejects.toThrow(HarnessFault);
  });

  it("charges an event that names itself by another field to the row of the field rule", async () => {
    const run = runAgainst((await sample(keepContract({ field: "type" }))).url);
    await play(run, async (scene) => {
      const tester = await scene.connect();
      tester.command("say", { cmd: "say", text: "x" });
      await tester.next(() => true, 1000);
      expect(scene.violations).toMatchObject([
        { check: "S-CD-09", mend: expect.stringContaining("Rename the field") },
      ]);
    });
    expect(run.record.count("S-CD-09")).toBe(1);
  });

  it("runs the exchanges of the document", async () => {
    const run = runAgainst((await sample()).url);
    if (echo === undefined) throw new Error("no exchange");
    const result = await play(run, async (scene) =>
      runExchange(await scene.connect(), echo, {
        judge: run.judge,
        filling: fillingOf(scene),
        answerMs: 500,
      }),
    );
    expect(result.ok).toBe(true);
  });

  it("says where an exchange parts from what was expected", async () => {
    const run = runAgainst(
      (await sample(keepContract({ alter: (event) => ({ ...event, text: "other" }) }))).url,
    );
    if (echo === undefined) throw new Error("no exchange");
    const result = await play(run, async (scene) =>
      runExchange(await scene.connect(), echo, {
        judge: run.judge,
        filling: fillingOf(scene),
        answerMs: 300,
      }),
    );
    expect(result).toMatchObject({ ok: false, got: expect.stringContaining("other") });
  });

  it("answers pings, hears the Close of the server and answers it", async () => {
    const seen: string[] = [];
    const server = await sample((socket) => {
      socket.on("pong", (data) => {
        seen.push(`pong ${data}`);
        socket.close(4408, "tired");
      });
      socket.on("close", (code) => seen.push(`close ${code}`));
      socket.ping("are you there");
    });
    const run = runAgainst(server.url);
    const end = await play(run, async (scene) => {
      const tester = await scene.connect();
      const ended = await tester.ended(1000);
      for (let turn = 0; turn < 100 && tester.tcpEnd === undefined; turn += 1) await tester.wait(5);
      return [ended, tester.tcpEnd?.how];
    });
    expect(end).toMatchObject([{ by: "subject", how: "close", code: 4408, reason: "tired" }, "fin"]);
    expect(seen).toEqual(["pong are you there", "close 4408"]);
  });

  it("ends a connection that floods it, and goes on", async () => {
    const server = await sample((socket) => {
      const flood = setInterval(() => {
        for (let turn = 0; turn < 500; turn += 1) socket.send('{"event":"counted"}');
      }, 1);
      socket.on("close", () => clearInterval(flood));
    });
    const run = runAgainst(server.url);
    const end = await play(run, async (scene) => (await scene.connect()).ended(20_000));
    expect(end?.by).toBe("kit");
    expect(run.leaks).toEqual([]);
  });

  it("leaves no wait hanging when the run is over", async () => {
    const controller = new AbortController();
    const run = runAgainst((await sample(() => undefined)).url, sampleEndpoint, controller);
    setTimeout(() => controller.abort(new Error("time ran out")), 50);
    await expect(
      play(run, async (scene) => (await scene.connect()).next(() => true, 60_000)),
    ).rejects.toThrow(RunAborted);
  });

  it.each<[string, (socket: Socket) => void]>([
    ["refuses", (socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n")],
    ["ends without a word", (socket) => socket.end()],
  ])("tells the runner of a server that %s", async (_, act) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => act(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    await expect(play(runAgainst(`ws://127.0.0.1:${port}`), (scene) => scene.connect())).rejects.toThrow(
      SubjectRefused,
    );
  });

  it("tells the runner that nobody is there", async () => {
    await expect(play(runAgainst("ws://127.0.0.1:1"), (scene) => scene.connect())).rejects.toThrow(
      SubjectGone,
    );
  });
});

describe("a Tester on Socket.IO", () => {
  const endpoint = inlineEndpoint({
    receive: "$event",
    send: "$event",
    commands: { ask: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } },
    events: { answer: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } },
    protocol: { transport: "socket.io", answerMs: 1000 },
    endpoint: { address: "/socket.io/" },
  });

  async function serve(): Promise<string> {
    const io = new SocketIoServer({ pingInterval: 60, pingTimeout: 200 });
    io.on("connection", (socket) => {
      socket.on("ask", (payload, ack) => {
        socket.emit("answer", payload);
        if (typeof ack === "function") ack({ ok: true });
      });
    });
    io.listen(0);
    cleanups.push(async () => {
      await io.close();
    });
    const address = io.httpServer.address();
    return `ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  it("opens the session, exchanges events and acknowledgements, and keeps the heartbeat alive", async () => {
    const run = runAgainst(await serve(), endpoint);
    await play(run, async (scene) => {
      const tester = await scene.connect();
      tester.command("ask", { text: "a" });
      const event = await tester.next(() => true, 1000);
      expect(event).toMatchObject({
        names: ["answer"],
        payload: { text: "a" },
        text: '["answer",{"text":"a"}]',
      });
      const ack = await tester.ack("ask", { text: "b" }, 1000);
      expect(ack?.payload).toEqual({ ok: true });
      await tester.wait(500);
      expect(tester.end).toBeUndefined();
    });
    expect(run.leaks).toEqual([]);
  });

  it("hears the server's goodbye", async () => {
    const io = new SocketIoServer();
    io.on("connection", (socket) => socket.disconnect());
    io.listen(0);
    cleanups.push(async () => {
      await io.close();
    });
    const address = io.httpServer.address();
    const run = runAgainst(`ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, endpoint);
    const end = await play(run, async (scene) => (await scene.connect()).ended(1000));
    expect(end).toMatchObject({ by: "subject", reason: expect.stringContaining("41") });
  });
});
