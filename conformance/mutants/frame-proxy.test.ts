import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Alteration, startFrameProxy } from "./frame-proxy.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An echo server behind a proxy that alters what it is told. */
async function through(alteration: Alteration): Promise<{ client: WebSocket; messages: string[] }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  server.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const proxy = await startFrameProxy(address.port, () => alteration);
  cleanups.push(() => proxy.close());
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}`);
  const messages: string[] = [];
  client.on("message", (data) => messages.push(String(data)));
  // What a mutant does to the handshake is told by the event that a test waits for.
  client.on("error", () => undefined);
  cleanups.push(() => client.terminate());
  return { client, messages };
}

/** Nothing goes on: the line has been dealt with. */
const leave = (_done: unknown): readonly string[] => [];

async function ask(client: WebSocket, text: string): Promise<string> {
  client.send(text);
  const [answer] = await once(client, "message");
  return String(answer);
}

describe("the proxy before a mutant", () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 300_000])("lets %d bytes through as they are", async (length) => {
    const { client } = await through({});
    await once(client, "open");
    const text = "é".repeat(Math.floor(length / 2)) + "x".repeat(length % 2);
    expect(await ask(client, text)).toBe(text);
  });

  it("alters what the server says, and what the client says", async () => {
    const { client, messages } = await through({
      command: (text) => [text.toUpperCase()],
      event: (text) => [`${text}!`, "and more"],
    });
    await once(client, "open");
    expect(await ask(client, "hello")).toBe("HELLO!");
    await expect.poll(() => messages).toEqual(["HELLO!", "and more"]);
  });

  it("sends what neither side has sent, and swallows what it is told to", async () => {
    const { client } = await through({
      command(text, line) {
        if (text !== "quiet") return undefined;
        line.toClient("from the proxy");
        return [];
      },
    });
    await once(client, "open");
    expect(await ask(client, "quiet")).toBe("from the proxy");
  });

  it("closes with a code, or without one", async () => {
    const closing = await through({ command: (_text, line) => leave(line.close(4321)) });
    await once(closing.client, "open");
    closing.client.send("x");
    expect((await once(closing.client, "close"))[0]).toBe(4321);
    const reset = await through({ command: (_text, line) => leave(line.reset()) });
    await once(reset.client, "open");
    reset.client.send("x");
    expect((await once(reset.client, "close"))[0]).toBe(1006);
  });

  it("alters control frames and the handshake", async () => {
    const { client } = await through({
      control: ({ from, opcode }) => (from === "server" && opcode === 10 ? new Uint8Array([7]) : undefined),
    });
    await once(client, "open");
    client.ping("payload");
    expect([...(await once(client, "pong"))[0]]).toEqual([7]);
    const broken = await through({ response: (head) => head.replace(/(accept: )\S+/i, "$1wrong") });
    expect(String((await once(broken.client, "error"))[0])).toMatch(/Sec-WebSocket-Accept/);
  });

  it("alters the request, and tells when a connection is open and over", async () => {
    const told: string[] = [];
    const { client } = await through({
      request: (head) => head.replace(/^GET \S+/, "GET /elsewhere"),
      opened: () => void told.push("opened"),
      closed: () => void told.push("closed"),
    });
    await once(client, "open");
    client.close();
    await expect.poll(() => told).toEqual(["opened", "closed"]);
  });

  it("passes a frame that is too long to hold, or treats it as it is told", async () => {
    const passing = await through({ command: () => undefined });
    await once(passing.client, "open");
    const long = "x".repeat(5_000_000);
    expect((await ask(passing.client, long)).length).toBe(long.length);
    const refusing = await through({ tooLong: (_bytes, line) => leave(line.close(1009)) && null });
    await once(refusing.client, "open");
    refusing.client.send(long);
    expect((await once(refusing.client, "close"))[0]).toBe(1009);
  });
});
