import { connect as connectTcp } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ProtocolSide } from "../src/wire/protocol.js";
import type { Channel } from "./channel.js";
import { createEndpoint } from "./endpoint.js";
import { channelNames } from "./endpoints.js";
import { formatLogEntry, type LogEntry } from "./log.js";
import { frame, handshake, tcp } from "./test-bytes.js";
import { connect, dataOf, expectAlive, serveForEachTest } from "./test-peer.js";

const TOKEN = "s3cret-t0ken";
const serve = serveForEachTest();

afterEach(() => {
  for (const socket of tcp.splice(0)) socket.destroy();
});

describe("the reference server", () => {
  it("listens on 127.0.0.1 unless told, and says where each endpoint is", async () => {
    const server = await serve({ channels: ["workflow", "conversation"] });
    expect(server.url).toBe(`ws://127.0.0.1:${server.port}`);
    expect(server.endpoints).toEqual([
      { name: "workflow", transport: "websocket", url: `${server.url}/ws` },
      { name: "conversation", transport: "socket.io", url: `http://127.0.0.1:${server.port}/socket.io/` },
    ]);
  });

  it("rejects a port in use and a channel that there is not", async () => {
    const server = await serve();
    await expect(serve({ port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await expect(serve({ channels: ["workflow", "nothing"] })).rejects.toThrow(
      /no such channel: nothing; there are workflow/,
    );
  });

  it("serves all five channels on one port", async () => {
    const server = await serve({ channels: channelNames });
    expect(server.endpoints.map(({ name }) => name)).toEqual([
      "workflow",
      "tasks",
      "pipeline",
      "answer",
      "conversation",
    ]);
    for (const { transport, url } of server.endpoints) {
      if (transport === "websocket") (await connect(url)).socket.close();
    }
  });

  it("closes a consumer that never reads with 4429 after contiguous data, and serves others meanwhile", async () => {
    // At full scale, so that the silence of who does not read is not what ends it.
    const server = await serve({ timeScale: 1 });
    const [slow, other] = [await connect(`${server.url}/ws`), await connect(`${server.url}/ws`)];
    slow.send({ cmd: "start_session", data: { workflow_id: "flood" } });
    await slow.next();
    slow.socket.pause();
    for (let look = 0; look < 15; look++) {
      const asked = performance.now();
      await expectAlive(other);
      expect(performance.now() - asked).toBeLessThan(3_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    slow.socket.resume();
    const { code } = await slow.closed;
    expect([4429, 1006]).toContain(code);
    const tokens = slow.received.slice(1);
    expect(tokens.length).toBeGreaterThan(0);
    expect(tokens.length).toBeLessThan(5_000);
    for (const token of tokens) expect(String(dataOf(token)["chunk"])).toHaveLength(4_096);
    await expectAlive(other);
  });

  it("drops a member that does not read without stopping the others of its session", async () => {
    const server = await serve({ timeScale: 1 });
    const session_uuid = "0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f10";
    const [slow, reader] = [await connect(`${server.url}/ws`), await connect(`${server.url}/ws`)];
    for (const peer of [slow, reader]) {
      peer.send({ cmd: "start_session", data: { workflow_id: "flood", session_uuid } });
      await peer.next();
    }
    slow.socket.pause();
    await reader.until({ event: "execution:completed" });
    expect(reader.received.filter(({ event }) => event === "token_stream").length).toBeGreaterThan(4_900);
  });

  it("limits what a connection may send, where it is told to", async () => {
    const server = await serve({ rate: { messages: 3, perMs: 60_000, answer: "error" } });
    const peer = await connect(`${server.url}/ws`);
    for (let n = 0; n < 5; n++) peer.send({ cmd: "ping" });
    await peer.next({ event: "error", data: { code: "rate-limited" } });
    expect(peer.received.filter(({ event }) => event === "pong")).toHaveLength(3);
  });

  describe("going down", () => {
    it("closes everybody with 1012 when a restart comes, with 1001 when it goes away", async () => {
      for (const code of [1012, 1001] as const) {
        const server = await serve({ channels: ["workflow", "answer"] });
        const peers = [await connect(`${server.url}/ws`), await connect(`${server.url}/ws/chat`)];
        await server.close({ code });
        for (const peer of peers) expect((await peer.closed).code).toBe(code);
        await expect(connect(`${server.url}/ws`)).rejects.toThrow();
      }
    });

    it("is done within five seconds, whatever its clients do", async () => {
      const server = await serve({ channels: ["workflow", "conversation"], timeScale: 1 });
      const [silent, busy] = [await connect(`${server.url}/ws`), await connect(`${server.url}/ws`)];
      busy.send({ cmd: "start_session", data: { workflow_id: "flood" } });
      await busy.next({ event: "token_stream" });
      for (const peer of [silent, busy]) peer.socket.pause();
      const half = connectTcp(server.port, "127.0.0.1");
      tcp.push(half);
      half.on("error", () => {});
      half.write("GET /ws HTTP/1.1\r\n");
      const began = performance.now();
      await server.close({ code: 1012 });
      expect(performance.now() - began).toBeLessThan(5_000);
    });

    it("may be told twice", async () => {
      const server = await serve();
      await Promise.all([server.close(), server.close({ code: 1012 })]);
    });
  });

  it("leaves nothing of two hundred connections that come and go", async () => {
    const server = await serve();
    for (let n = 0; n < 200; n++) {
      const peer = await connect(`${server.url}/ws`);
      peer.send({ cmd: "start_session", data: { workflow_id: "echo", input: "x" } });
      await peer.next({ event: "execution:completed" });
      if (n % 2 === 0) peer.socket.terminate();
      else peer.socket.close(1000);
      await peer.closed;
    }
    await expect
      .poll(() => server.stats())
      .toMatchObject({ connections: 0, timers: 0, opened: 200, faults: 0 });
  });

  it("survives clients that break off in the middle of a handshake, a frame or a message", async () => {
    const server = await serve();
    const witness = await connect(`${server.url}/ws`);
    const parts = [
      handshake().slice(0, 40),
      handshake(),
      Buffer.concat([Buffer.from(handshake()), frame(1, '{"cmd"', 0)]),
    ];
    for (let n = 0; n < 30; n++) {
      const socket = connectTcp(server.port, "127.0.0.1");
      socket.on("error", () => {});
      await new Promise<void>((resolve) => socket.write(parts[n % 3] ?? "", () => resolve()));
      socket.resetAndDestroy();
    }
    await expectAlive(witness);
    await expect.poll(() => server.stats().connections).toBe(1);
  });

  it("writes one line a connection at most, and no token, query or payload into it", async () => {
    const log: LogEntry[] = [];
    const server = await serve({ log: (entry) => log.push(entry), token: TOKEN });
    const peer = await connect(`${server.url}/ws?token=${TOKEN}`);
    peer.send({ cmd: "ping", data: { token: TOKEN } });
    peer.send({ cmd: "nonsense", secret: TOKEN });
    await peer.next({ event: "error" });
    peer.socket.close(1000, "bye");
    await peer.closed;
    await expect(connect(`${server.url}/ws?token=wrong`)).rejects.toThrow("HTTP 401");
    await expect.poll(() => log.length).toBe(2);
    expect(log).toMatchObject([
      {
        endpoint: "workflow",
        remote: "127.0.0.1",
        code: 1000,
        reason: "bye",
        commands: 1,
        events: 2,
        refused: 1,
      },
      { endpoint: "workflow", code: 401 },
    ]);
    for (const entry of log) {
      for (const format of ["json", "pretty"] as const) {
        const line = formatLogEntry(entry, format);
        expect(line).not.toContain(TOKEN);
        expect(line).not.toContain("\n");
      }
    }
    expect(formatLogEntry({ ...log[0], reason: "\u001b[31m\nevil" } as LogEntry, "pretty")).not.toMatch(
      /[\u001b\n]/,
    );
  });

  describe("plain HTTP", () => {
    it("shows a page that names every endpoint, escapes, and runs no script", async () => {
      const server = await serve({ channels: ["workflow", "pipeline"] });
      const response = await fetch(`http://127.0.0.1:${server.port}/`);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
      const page = await response.text();
      for (const { url } of server.endpoints) expect(page).toContain(url);
    });

    it.each([
      ["/healthz", 200],
      ["/ws", 426],
      ["/nothing", 404],
    ])("answers GET %s with %i", async (path, status) => {
      const server = await serve();
      expect((await fetch(`http://127.0.0.1:${server.port}${path}`)).status).toBe(status);
    });
  });

  it("isolates a channel that throws: `internal` for the command, the connection and the others stay", async () => {
    const faults: unknown[] = [];
    const server = await serve({ onFault: (fault) => faults.push(fault) }, async (world) => [
      createEndpoint(world, faultyChannel(), { rate: undefined }),
    ]);
    const [peer, other] = [await connect(`${server.url}/faulty`), await connect(`${server.url}/faulty`)];
    peer.send({ do: "throw" });
    peer.send({ do: "work" });
    expect(await peer.next()).toMatchObject({ is: "refused", code: "internal" });
    expect(await peer.next()).toEqual({ is: "worked", code: "" });
    other.send({ do: "work" });
    await other.next({ is: "worked" });
    expect(faults).toHaveLength(1);
    expect(JSON.stringify(peer.received)).not.toMatch(/at .*\.ts|secret of the handler/);
  });
});

type Order = { do: string };
type Notice = { is: string; code: string };

/** A channel with a bug: it throws on one of its commands. */
function faultyChannel(): Channel<Order, Notice> {
  const protocol: ProtocolSide<Order, Notice> = {
    name: "faulty",
    address: "/faulty",
    transport: "websocket",
    frames: "text",
    subprotocols: [],
    commands: [],
    events: [],
    discriminator: { send: [], receive: [] },
    replies: {},
    correlation: {},
    answerMs: 5_000,
    reject: { message: "refused", code: "/code", payload: [], state: [], spontaneous: false },
    closeCodes: {},
    lifecycles: [],
    decode: (frame) => ({ ok: true, value: JSON.parse(String(frame)) }),
    encode: (notice) => JSON.stringify(notice),
    encodeInto: () => 0,
    nameOf: (value) => ("do" in value ? value.do : value.is),
  };
  return {
    protocol,
    sample: "/faulty",
    admit: () => ({
      ok: true,
      join: () => ({
        take(order, connection) {
          if (order.do === "throw") throw new Error("secret of the handler");
          connection.emit({ is: "worked", code: "" });
          return undefined;
        },
        refuse: ({ code }) => ({ is: "refused", code }),
        left() {},
      }),
    }),
  };
}
