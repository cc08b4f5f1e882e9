import { connect as connectTcp, type Socket as NetSocket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ProtocolSide } from "../src/wire/protocol.js";
import type { Channel } from "./channel.js";
import { createEndpoint } from "./endpoint.js";
import { formatLogEntry, type LogEntry } from "./log.js";
import type { RunningServer } from "./running-server.js";
import { type ServerOptions, startServer } from "./server.js";
import { connect, dataOf, type Peer } from "./test-peer.js";

const TOKEN = "s3cret-t0ken";
const running: RunningServer[] = [];
const tcp: NetSocket[] = [];

async function serve(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await startServer({ port: 0, seed: 1, timeScale: 0.05, channels: ["workflow"], ...options });
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const socket of tcp.splice(0)) socket.destroy();
  for (const server of running.splice(0)) {
    await server.close();
    expect(server.stats()).toMatchObject({ connections: 0, timers: 0 });
  }
});

/** Speaks bytes: what the server says until it is silent for a while, or ends. */
async function raw(
  server: RunningServer,
  ...parts: (string | Buffer)[]
): Promise<{ text: string; bytes: Buffer; ended: boolean }> {
  const socket = connectTcp(server.port, "127.0.0.1");
  tcp.push(socket);
  const chunks: Buffer[] = [];
  let ended = false;
  let heard = performance.now();
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
  await expect.poll(() => ended || performance.now() - heard > 150, { timeout: 15_000 }).toBe(true);
  const bytes = Buffer.concat(chunks);
  return { text: bytes.toString("latin1"), bytes, ended };
}

const handshake = (path = "/ws", more = "", method = "GET", version = "HTTP/1.1"): string =>
  `${method} ${path} ${version}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

/** A masked frame with a zero key. */
function frame(opcode: number, payload: Buffer | string, first = 0x80): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([first | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
}

async function alive(peer: Peer): Promise<void> {
  peer.send({ cmd: "ping", data: { token: "alive" } });
  await peer.next({ event: "pong", data: { token: "alive" } });
}

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
    const server = await startServer({ port: 0, timeScale: 0.02 });
    running.push(server);
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

  describe("handshakes", () => {
    it("answers a valid one with 101 and the accept of its key, cut at any byte", async () => {
      const server = await serve();
      const text = handshake();
      for (let cut = 1; cut < text.length; cut += 17) {
        const got = await raw(server, text.slice(0, cut), text.slice(cut));
        expect(got.text).toMatch(/^HTTP\/1\.1 101 /);
        expect(got.text).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      }
    });

    it("loses no frame that comes in the segment of the handshake", async () => {
      const server = await serve();
      const got = await raw(server, Buffer.concat([Buffer.from(handshake()), frame(1, '{"cmd":"ping"}')]));
      expect(got.text).toContain('{"event":"pong"}');
    });

    it.each([
      ["a POST", handshake("/ws", "", "POST"), /^HTTP\/1\.1 4/],
      ["HTTP/1.0", handshake("/ws", "", "GET", "HTTP/1.0"), /^HTTP\/1\.1 4/],
      ["no key", handshake().replace(/Sec-WebSocket-Key.*\r\n/, ""), /^HTTP\/1\.1 400/],
      ["a key of three bytes", handshake().replace("dGhlIHNhbXBsZSBub25jZQ==", "AAAA"), /^HTTP\/1\.1 400/],
      ["two keys", handshake("/ws", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), /^HTTP\/1\.1 400/],
      [
        "version 12",
        handshake().replace("Version: 13", "Version: 12"),
        /^HTTP\/1\.1 4\d\d [\s\S]*Sec-WebSocket-Version: 13/,
      ],
      ["no Upgrade", handshake().replace("Upgrade: websocket\r\n", ""), /^HTTP\/1\.1 426/],
      ["an unknown path", handshake("/nowhere"), /^HTTP\/1\.1 404/],
      ["a path that is no URL", handshake("//%"), /^HTTP\/1\.1 404/],
      ["64 kB of headers", handshake("/ws", `X: ${"x".repeat(65_536)}\r\n`), /^HTTP\/1\.1 431/],
    ])("refuses %s before the 101", async (_title, text, wanted) => {
      expect((await raw(await serve(), text)).text).toMatch(wanted);
    });

    it("picks no subprotocol that nobody declared", async () => {
      const server = await serve();
      const got = await raw(server, handshake("/ws", "Sec-WebSocket-Protocol: a, b\r\n"));
      expect(got.text).toMatch(/^HTTP\/1\.1 101 /);
      expect(got.text).not.toContain("Sec-WebSocket-Protocol");
      expect(got.text).not.toContain("Sec-WebSocket-Extensions");
    });

    it("refuses a foreign Origin with 403, and lets in those on the list and clients that send none", async () => {
      const server = await serve({
        origins: ["https://app.example"],
        channels: ["workflow", "conversation"],
      });
      await expect(
        connect(`${server.url}/ws`, { headers: { Origin: "https://evil.example" } }),
      ).rejects.toThrow("HTTP 403");
      await alive(await connect(`${server.url}/ws`, { headers: { Origin: "https://app.example" } }));
      await alive(await connect(`${server.url}/ws`));
      const polling = await fetch(`http://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=polling`, {
        headers: { Origin: "https://evil.example" },
      });
      expect(polling.status).toBe(403);
    });

    it("asks for the token, by header or query, and refuses with 401 what has none or another", async () => {
      const server = await serve({ token: TOKEN, channels: ["workflow", "pipeline", "conversation"] });
      const url = `${server.url}/ws`;
      await expect(connect(url)).rejects.toThrow("HTTP 401");
      await expect(connect(`${url}?token=wrong`)).rejects.toThrow("HTTP 401");
      await expect(connect(url, { headers: { Authorization: "Bearer wrong" } })).rejects.toThrow("HTTP 401");
      await alive(await connect(`${url}?token=${TOKEN}`));
      await alive(await connect(url, { headers: { Authorization: `Bearer ${TOKEN}` } }));
      const base = `http://127.0.0.1:${server.port}`;
      expect((await fetch(`${base}/socket.io/?EIO=4&transport=polling`)).status).toBe(401);
      expect((await fetch(`${base}/socket.io/?EIO=4&transport=polling&token=${TOKEN}`)).status).toBe(200);
      const broadcast = `${base}/api/v1/pipelines/1703860a-4d1e-4a64-8d9c-140edb2ae359/ws/broadcast`;
      const post = { method: "POST", body: '{"message":"a"}' };
      expect((await fetch(broadcast, post)).status).toBe(401);
      expect(
        (await fetch(broadcast, { ...post, headers: { Authorization: `Bearer ${TOKEN}` } })).status,
      ).toBe(200);
    });

    it("closes one connection too many with 4429, and serves the others", async () => {
      const server = await serve({ maxConnections: 2 });
      const [first, second] = [await connect(`${server.url}/ws`), await connect(`${server.url}/ws`)];
      const third = await connect(`${server.url}/ws`);
      expect((await third.closed).code).toBe(4429);
      await alive(first);
      second.socket.close();
      await second.closed;
      await alive(await connect(`${server.url}/ws`));
    });
  });

  describe("frames", () => {
    it.each([
      ["a binary frame with 1003", (peer: Peer) => peer.socket.send(Buffer.from('{"cmd":"ping"}')), 1003],
      [
        "bad UTF-8 with 1007",
        (peer: Peer) => peer.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }),
        1007,
      ],
      [
        "a message over maxBytes with 1009",
        (peer: Peer) => peer.send(`{"cmd":"ping"}${" ".repeat(1_048_576)}`),
        1009,
      ],
    ])("closes %s", async (_title, send, code) => {
      const server = await serve();
      const peer = await connect(`${server.url}/ws`);
      send(peer);
      expect((await peer.closed).code).toBe(code);
    });

    it.each([
      ["unmasked", Buffer.from([0x81, 2, 0x7b, 0x7d])],
      ["with a reserved bit", frame(1, "{}", 0xc0)],
      ["with a reserved opcode", frame(3, "{}")],
      ["a fragmented ping", frame(9, "", 0)],
      ["a continuation of nothing", frame(0, "{}")],
      ["a close code that may not be sent", frame(8, Buffer.from([0x03, 0xed]))],
    ])("closes a frame %s with 1002", async (_title, bytes) => {
      const server = await serve();
      const got = await raw(server, handshake(), bytes);
      const close = got.bytes.subarray(got.bytes.indexOf("\r\n\r\n") + 4);
      expect(close[0]).toBe(0x88);
      expect(close.readUInt16BE(2)).toBe(1002);
    });

    it("takes a message of exactly maxBytes, and one in a thousand fragments", async () => {
      const server = await serve();
      const peer = await connect(`${server.url}/ws`);
      peer.send('{"cmd":"ping"}'.padEnd(1_048_576));
      await peer.next({ event: "pong" });
      for (const character of '{"cmd":"ping"}'.padEnd(1_000)) peer.socket.send(character, { fin: false });
      peer.socket.send("", { fin: true });
      await peer.next({ event: "pong" });
    });

    it("answers a ping with its payload while a run keeps it busy", async () => {
      const server = await serve();
      const peer = await connect(`${server.url}/ws`);
      peer.send({ cmd: "start_session", data: { workflow_id: "flood" } });
      await peer.next({ event: "token_stream" });
      const asked = performance.now();
      const pong = new Promise<string>((resolve) =>
        peer.socket.once("pong", (data) => resolve(data.toString())),
      );
      peer.socket.ping("are you there");
      expect(await pong).toBe("are you there");
      expect(performance.now() - asked).toBeLessThan(5_000);
    });

    it("answers a Close with its code, and closes TCP", async () => {
      const server = await serve();
      const got = await raw(server, handshake(), frame(8, Buffer.from([0x03, 0xe8])));
      expect(got.ended).toBe(true);
      const close = got.bytes.subarray(got.bytes.indexOf("\r\n\r\n") + 4);
      expect([...close]).toEqual([0x88, 2, 0x03, 0xe8]);
    });
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
      await alive(other);
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
    await alive(other);
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
    await alive(witness);
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
    const server = await startServer(
      { port: 0, timeScale: 0.05, onFault: (fault) => faults.push(fault) },
      async (world) => [createEndpoint(world, faultyChannel(), { rate: undefined })],
    );
    running.push(server);
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
