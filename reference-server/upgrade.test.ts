import { afterEach, describe, expect, it } from "vitest";
import { frame, handshake, raw, tcp } from "./test-bytes.js";
import { connect, expectAlive, type Peer, serveForEachTest } from "./test-peer.js";

const TOKEN = "s3cret-t0ken";
const serve = serveForEachTest();

afterEach(() => {
  for (const socket of tcp.splice(0)) socket.destroy();
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

  it("owes a pong to each of 2 000 pings that come at once", async () => {
    const server = await serve();
    const pings = Buffer.concat(Array.from({ length: 2_000 }, () => frame(9, "p")));
    const got = await raw(server, handshake(), pings);
    const pong = Buffer.from([0x8a, 1, 0x70]);
    const first = got.bytes.indexOf("\r\n\r\n") + 4;
    expect(got.ended).toBe(false);
    expect(got.bytes.length - first).toBe(2_000 * pong.length);
    expect(got.bytes.subarray(first, first + 3)).toEqual(pong);
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
    await expectAlive(await connect(`${server.url}/ws`, { headers: { Origin: "https://app.example" } }));
    await expectAlive(await connect(`${server.url}/ws`));
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
    await expectAlive(await connect(`${url}?token=${TOKEN}`));
    await expectAlive(await connect(url, { headers: { Authorization: `Bearer ${TOKEN}` } }));
    const base = `http://127.0.0.1:${server.port}`;
    expect((await fetch(`${base}/socket.io/?EIO=4&transport=polling`)).status).toBe(401);
    expect((await fetch(`${base}/socket.io/?EIO=4&transport=polling&token=${TOKEN}`)).status).toBe(200);
    const broadcast = `${base}/api/v1/pipelines/1703860a-4d1e-4a64-8d9c-140edb2ae359/ws/broadcast`;
    const post = { method: "POST", body: '{"message":"a"}' };
    expect((await fetch(broadcast, post)).status).toBe(401);
    expect((await fetch(broadcast, { ...post, headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(
      200,
    );
  });

  it("closes one connection too many with 4429, and serves the others", async () => {
    const server = await serve({ maxConnections: 2 });
    const [first, second] = [await connect(`${server.url}/ws`), await connect(`${server.url}/ws`)];
    const third = await connect(`${server.url}/ws`);
    expect((await third.closed).code).toBe(4429);
    await expectAlive(first);
    second.socket.close();
    await second.closed;
    await expectAlive(await connect(`${server.url}/ws`));
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
