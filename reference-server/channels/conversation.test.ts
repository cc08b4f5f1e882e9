import { io, type Socket } from "socket.io-client";
import { afterAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { serveForTests } from "../test-peer.js";

const served = serveForTests({ channels: ["conversation", "workflow"], timeScale: 0.05 });
const clients: Socket[] = [];

interface Talk {
  readonly socket: Socket;
  /** What came, as `[event, payload]`. */
  readonly received: [string, unknown][];
  /** All that came up to the next `stop` (or `error` event). */
  turn(): Promise<[string, unknown][]>;
  readonly gone: Promise<string>;
}

async function talk(transports: string[]): Promise<Talk> {
  const socket = io(`http://127.0.0.1:${served.server().port}`, {
    transports,
    reconnection: false,
    forceNew: true,
  });
  clients.push(socket);
  const received: [string, unknown][] = [];
  let read = 0;
  socket.onAny((name: string, payload: unknown) => received.push([name, payload]));
  const gone = new Promise<string>((resolve) => socket.once("disconnect", resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return {
    socket,
    received,
    gone,
    async turn() {
      const from = read;
      await expect
        .poll(
          () => {
            const end = received
              .slice(from)
              .findIndex(([name, payload]) => name === "error" || isStop(payload));
            if (end >= 0) read = from + end + 1;
            return end;
          },
          { timeout: 15_000, interval: 5 },
        )
        .toBeGreaterThanOrEqual(0);
      return received.slice(from, read);
    },
  };
}

function isStop(payload: unknown): boolean {
  return typeof payload === "object" && payload !== null && "type" in payload && payload.type === "stop";
}

function textOf(frames: [string, unknown][]): string {
  return frames
    .map(([, payload]) => payload)
    .map((payload) =>
      JSON.stringify(payload).startsWith('{"type":"text"')
        ? JSON.parse(JSON.stringify(payload)).content.data
        : "",
    )
    .join("");
}

const STOP = (reason: string): [string, unknown] => ["chat_response", { type: "stop", content: { reason } }];

afterAll(() => {
  for (const client of clients) client.disconnect();
});

describe.each([["websocket"], ["polling"]])("the conversation channel over %s", (transport) => {
  it.each(["Hello", "", "data: <b>&amp;</b>\n\u0000 会議 👍🏽", "x".repeat(65_536)])(
    "gives the text back unchanged and ends with exactly one stop (%#)",
    async (current_text) => {
      const client = await talk([transport]);
      client.socket.emit("chat_message", { current_text });
      const frames = await client.turn();
      expect(frames[0]).toMatchObject(["chat_response", { type: "agent_status" }]);
      expect(textOf(frames)).toContain(current_text);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(client.received.filter(([, payload]) => isStop(payload))).toEqual([STOP("normal")]);
      expect(client.received.at(-1)).toEqual(STOP("normal"));
    },
  );

  it("takes absent fields as empty", async () => {
    const client = await talk([transport]);
    client.socket.emit("chat_message", {});
    expect((await client.turn()).at(-1)).toEqual(STOP("normal"));
  });

  it("acknowledges a taken message with ok, where the client asked for it", async () => {
    const client = await talk([transport]);
    const answer: unknown = await client.socket
      .timeout(10_000)
      .emitWithAck("chat_message", { current_text: "a", history: [{ role: "user" }] });
    expect(answer).toEqual({ ok: true });
    await client.turn();
  });

  it("refuses a message during an answer with illegal-state and no stop, also in the acknowledgement", async () => {
    const client = await talk([transport]);
    client.socket.emit("chat_message", { current_text: "a text that takes its time to come back" });
    const answer: unknown = await client.socket
      .timeout(10_000)
      .emitWithAck("chat_message", { current_text: "b" });
    expect(answer).toMatchObject({ ok: false, code: "illegal-state" });
    expect((await client.turn()).at(-1)).toMatchObject(["error", { code: "illegal-state" }]);
    expect((await client.turn()).at(-1)).toEqual(STOP("normal"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.received.filter(([, payload]) => isStop(payload))).toHaveLength(1);
  });

  it("a failure after acceptance is one chat_response error, then stop with reason error", async () => {
    const client = await talk([transport]);
    client.socket.emit("chat_message", { current_text: "fail now" });
    const frames = await client.turn();
    expect(frames.slice(-2)).toEqual([
      ["chat_response", { type: "error", content: { message: expect.any(String) } }],
      STOP("error"),
    ]);
    expect(frames.some(([name]) => name === "error")).toBe(false);
    client.socket.emit("chat_message", { current_text: "and on" });
    expect((await client.turn()).at(-1)).toEqual(STOP("normal"));
  });

  it.each([
    ["an unknown event name", "dance", [{}], "unknown-message"],
    ["an event that is named error", "error", [{}], "unknown-message"],
    ["no payload", "chat_message", [], "invalid-payload"],
    ["two payloads", "chat_message", [{}, {}], "invalid-payload"],
    ["a string for the payload", "chat_message", ["x"], "invalid-payload"],
    ["an unknown field", "chat_message", [{ text: "a" }], "invalid-payload"],
    ["a history of strings", "chat_message", [{ history: ["a"] }], "invalid-payload"],
  ])("refuses %s by the error event, and the connection stays", async (_title, name, payload, code) => {
    const client = await talk([transport]);
    client.socket.emit(name, ...payload);
    expect(await client.turn()).toMatchObject([["error", { code, message: expect.any(String) }]]);
    client.socket.emit("chat_message", { current_text: "still here" });
    expect(textOf(await client.turn())).toContain("still here");
  });

  it("never answers one client with another's text", async () => {
    const [first, second] = [await talk([transport]), await talk([transport])];
    first.socket.emit("chat_message", { current_text: "only for the first" });
    second.socket.emit("chat_message", { current_text: "only for the second" });
    expect(textOf(await first.turn())).not.toContain("second");
    expect(textOf(await second.turn())).not.toContain("first");
  });
});

describe("the conversation channel", () => {
  it("upgrades from polling to websocket", async () => {
    const client = await talk(["polling", "websocket"]);
    await expect.poll(() => client.socket.io.engine.transport.name, { timeout: 10_000 }).toBe("websocket");
    client.socket.emit("chat_message", { current_text: "over both" });
    expect(textOf(await client.turn())).toContain("over both");
  });

  it("the server pings every 25 s and gives up after 20 s, scaled", async () => {
    const socket = new WebSocket(`${served.server().url}/socket.io/?EIO=4&transport=websocket`);
    const packets: string[] = [];
    const started = performance.now();
    socket.on("message", (data) => packets.push(data.toString()));
    const closed = new Promise<number>((resolve) =>
      socket.once("close", () => resolve(performance.now() - started)),
    );
    const lived = await closed;
    expect(JSON.parse(packets[0]?.slice(1) ?? "{}")).toMatchObject({
      pingInterval: 1_250,
      pingTimeout: 1_000,
      maxPayload: 1_048_576,
    });
    expect(packets.filter((packet) => packet === "2")).toHaveLength(1);
    expect(lived).toBeGreaterThan(2_200);
    expect(lived).toBeLessThan(10_000);
  });

  it("what the parser refuses closes the transport, and others are served", async () => {
    const socket = new WebSocket(`${served.server().url}/socket.io/?EIO=4&transport=websocket`);
    socket.on("message", (data) => {
      const packet = data.toString();
      if (packet.startsWith("0{")) socket.send("40");
      if (packet.startsWith("40")) socket.send('42["chat_message",{');
    });
    await new Promise((resolve) => socket.once("close", resolve));
    const client = await talk(["websocket"]);
    client.socket.emit("chat_message", { current_text: "served" });
    expect(textOf(await client.turn())).toContain("served");
  });

  it.each([
    ["deep nesting", `{"history":[${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}]}`],
    ["__proto__ keys", '{"__proto__":{"current_text":"x"},"constructor":1}'],
  ])("survives %s", async (_title, payload) => {
    const socket = new WebSocket(`${served.server().url}/socket.io/?EIO=4&transport=websocket`);
    const refused = new Promise<string>((resolve) => {
      socket.on("message", (data) => {
        const packet = data.toString();
        if (packet.startsWith("0{")) socket.send("40");
        if (packet.startsWith("40")) socket.send(`42["chat_message",${payload}]`);
        if (packet.startsWith('42["error"')) resolve(packet);
      });
    });
    expect(await refused).toMatch(/too-deep|invalid-payload/);
    socket.terminate();
  });

  it("ends the connection of a client that sends binary where text is due", async () => {
    const client = await talk(["websocket"]);
    client.socket.emit("chat_message", { history: [Buffer.from("x")] });
    expect(await client.gone).toBe("io server disconnect");
    expect(client.received).toEqual([]);
  });

  it("shares the port with ws: the other endpoint still answers", async () => {
    const peer = await served.connect("/ws");
    peer.send({ cmd: "ping" });
    expect(await peer.next()).toEqual({ event: "pong" });
  });
});
