import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { answerClient } from "../../generated/answer.js";
import { pipelineClient } from "../../generated/pipeline.js";
import { tasksClient } from "../../generated/tasks.js";
import { workflowClient } from "../../generated/workflow.js";
import { type ServerOptions, startServer } from "../../reference-server/server.js";
import type { ClientRules, ClientSide, MessagesByName } from "../wire/protocol.js";
import { type Client, type ClientOptions, type ClientState, createClient, type Send } from "./node.js";

const owned: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of owned.splice(0).reverse()) await end();
});

/** Waits for a state, and fails with the test's own timeout when it never comes. */
function until<In, Out, Names extends MessagesByName>(
  client: Client<In, Out, Names>,
  wanted: ClientState,
): Promise<void> {
  return new Promise((resolve) => {
    if (client.status.state === wanted) return resolve();
    const off = client.onStatus(({ state }) => {
      if (state !== wanted) return;
      off();
      resolve();
    });
  });
}

/** Fast where the contract waits, and slow to give up: a busy machine is no fault. */
const SCALE = 0.02;
const PATIENCE_MS = 10_000 / SCALE;
function patient<Side extends ClientRules>(side: Side): Side {
  const reconnect = side.reconnect && { ...side.reconnect, connectTimeoutMs: PATIENCE_MS };
  const heartbeat = side.heartbeat && { ...side.heartbeat, timeoutMs: PATIENCE_MS };
  return { ...side, answerMs: PATIENCE_MS, reconnect, heartbeat };
}

function make<In, Out, Names extends MessagesByName>(
  side: ClientSide<In, Out, Names>,
  url: string,
  options: Partial<ClientOptions<Send<Out, Names>>> = {},
) {
  const client = createClient(patient(side), { url, WebSocket, timeScale: SCALE, ...options });
  owned.push(() => client.close());
  const errors: string[] = [];
  const events: string[] = [];
  client.onError(({ code }) => errors.push(code));
  client.onAny((_event, name) => events.push(name));
  return { client, errors, events };
}

async function reference(options: ServerOptions = {}) {
  const server = await startServer({ port: 0, timeScale: SCALE, ...options });
  owned.push(() => server.close());
  const at = (name: string): string => server.endpoints.find((endpoint) => endpoint.name === name)?.url ?? "";
  return { server, at };
}

describe("with the reference server, over ws", () => {
  it("workflow: a session from its start to its end, and beats meanwhile", async () => {
    const { at } = await reference();
    const { client, errors } = make(workflowClient, at("workflow"));
    await client.connect();
    let text = "";
    client.on("token_stream", ({ data }) => {
      text += data.chunk;
    });
    const completed = new Promise<void>((resolve) => void client.on("execution:completed", () => resolve()));
    await client.send({ cmd: "start_session", data: { workflow_id: "echo", input: "say it again" } });
    await completed;
    expect(text).toBe("say it again");
    await new Promise<void>((resolve) => void client.on("pong", () => resolve()));
    expect(client.stats().rttMs).toBeGreaterThan(0);
    expect((await client.send({ cmd: "ping", data: { token: "mine" } })).data).toEqual({ token: "mine" });
    expect(errors).toEqual([]);
  });

  it("workflow: a refusal of the server is an event, and the session stays idle", async () => {
    const { at } = await reference();
    const { client, errors } = make(workflowClient, at("workflow"));
    await client.connect();
    const refused = new Promise<string>(
      (resolve) => void client.on("error", ({ data }) => resolve(data.code)),
    );
    await client.send({ cmd: "start_session", data: { workflow_id: "no such workflow" } });
    expect(await refused).toBe("not-found");
    await client.send({ cmd: "start_session", data: { workflow_id: "echo" } });
    expect(errors).toEqual([]);
  });

  it("tasks: subscriptions live through a restart of the server", async () => {
    const first = await startServer({ port: 0, timeScale: SCALE, channels: ["tasks"] });
    const { port } = first;
    const { client, errors } = make(tasksClient, first.endpoints[0]?.url ?? "");
    await client.connect();
    expect((await client.send({ event: "subscribe", session_id: "s" })).data.status).toBe("created");
    await first.close({ code: 1012 });
    await until(client, "reconnecting");
    const second = await startServer({ port, timeScale: SCALE, channels: ["tasks"] });
    owned.push(() => second.close());
    const again = new Promise<void>((resolve) => void client.on("subscribed", () => resolve()));
    await again;
    const running = new Promise<void>((resolve) => {
      client.on("session.update", ({ data }) => data.status === "running" && resolve());
    });
    await client.send({ event: "start", session_id: "s" });
    await running;
    expect(errors).toEqual([]);
  });

  it("pipeline: connected only after the first event; disconnect ends it for good", async () => {
    const { at } = await reference();
    const { client, errors, events } = make(pipelineClient, at("pipeline"));
    await client.connect();
    const final = new Promise<string>((resolve) => {
      client.on("response", ({ data }) => data.is_final && resolve(data.content));
    });
    await client.send({ type: "message", message: [{ type: "Plain", text: "hello" }] });
    expect(await final).toContain("hello");
    expect(events[0]).toBe("connected");
    const over = until(client, "disconnected");
    await client.send({ type: "disconnect" });
    await over;
    expect(client.status.code).toBe(1000);
    expect(errors).toEqual([]);
  });

  it("pipeline: one that does not exist is not asked for again after its close code", async () => {
    const { at } = await reference();
    const url = at("pipeline").replace(/session_type=\w+/, "session_type=nobody");
    const { client } = make(pipelineClient, url.includes("nobody") ? url : `${url}?session_type=nobody`);
    void client.connect();
    await until(client, "failed");
    expect([4400, 1006]).toContain(client.status.code);
  });

  it("answer: queries told by shape, one answer each", async () => {
    const { at } = await reference();
    const { client, errors } = make(answerClient, at("answer"));
    await client.connect();
    const answers: string[] = [""];
    client.on("content", ({ content }) => {
      answers[answers.length - 1] += content;
    });
    const done = new Promise<void>((resolve) => {
      client.on("done", () => (answers.length === 2 ? resolve() : answers.push("")));
    });
    await client.send({ query: "one thing" });
    await client.send({ query: "another" });
    await done;
    expect(answers[0]).toContain("one thing");
    expect(answers[1]).toContain("another");
    expect(errors).toEqual([]);
  });

  it("comes back after a slow start of the server, and gives nobody's port a second socket", async () => {
    const server = await startServer({ port: 0, timeScale: SCALE, channels: ["workflow"] });
    const url = server.endpoints[0]?.url ?? "";
    await server.close();
    const { client } = make(workflowClient, url);
    void client.connect();
    await until(client, "reconnecting");
    const late = await startServer({ port: server.port, timeScale: SCALE, channels: ["workflow"] });
    owned.push(() => late.close());
    await until(client, "connected");
    expect(late.stats().opened).toBe(1);
  });
});

describe("what only Node shows", () => {
  /** An HTTP server whose upgrades a test answers. */
  async function upgrades(
    answer: (request: IncomingMessage, socket: NetSocket, head: Buffer) => void,
  ): Promise<string> {
    const http: Server = createHttpServer();
    const open = new Set<NetSocket>();
    http.on("upgrade", (request, socket, head) => {
      // An upgrade of a server on TCP comes on a socket of TCP.
      open.add(socket as NetSocket);
      socket.on("error", () => {});
      answer(request, socket as NetSocket, head);
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    owned.push(() => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => http.close(resolve));
    });
    return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  }

  const refusing = (head: string): Promise<string> =>
    upgrades((_request, socket) => socket.end(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`));

  it.each(["1", new Date(Date.now() + 86_400_000).toUTCString()])(
    "Retry-After is a lower bound in real time, whatever the scale (%s)",
    async (after) => {
      const url = await refusing(`503 Busy\r\nRetry-After: ${after}`);
      const { client } = make(workflowClient, url);
      void client.connect();
      await until(client, "reconnecting");
      expect(client.status).toMatchObject({ code: 1006, reason: "HTTP 503" });
      expect(client.status.delayMs).toBeGreaterThanOrEqual(after === "1" ? 1_000 : 80_000_000);
    },
  );

  it.each(["401 Unauthorized", "404 Not Found", "301 Moved\r\nLocation: ws://127.0.0.1:1/"])(
    "a handshake that is refused is an unclean end, whatever its status (%s)",
    async (head) => {
      const { client } = make(workflowClient, await refusing(head), { reconnect: { maxAttempts: 2 } });
      void client.connect();
      await until(client, "failed");
      expect(client.stats().sockets).toBe(3);
      expect(client.status.reason).toBe("Max reconnection attempts reached");
    },
  );

  it.each([
    ["text that is not UTF-8", [0x81, 0x01, 0xff], 1007, "not-text"],
    ["a reserved opcode", [0x83, 0x00], 1002, "frame"],
    ["a message over maxBytes, by its header", [0x81, 0x7f, 0, 0, 0, 0, 0, 0x10, 0, 1], 1009, "too-large"],
  ])("a fault of the server that ws finds is not tried again (%s)", async (_title, bytes, code, error) => {
    const server = new WebSocketServer({ noServer: true });
    const url = await upgrades((request, socket, head) => {
      server.handleUpgrade(request, socket, head, () => socket.write(Buffer.from(bytes)));
    });
    const { client, errors, events } = make(workflowClient, url);
    void client.connect();
    await until(client, "failed");
    expect(errors).toEqual([error]);
    expect(client.status.code).toBe(code);
    expect(client.stats().sockets).toBe(1);
    expect(events).toEqual([]);
  });

  it("RFC 6455 pings are the heartbeat where the contract says so", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    owned.push(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    let pings = 0;
    server.on("connection", (socket) => socket.on("ping", () => pings++));
    const { port } = server.address() as AddressInfo;
    const side = {
      ...workflowClient,
      heartbeat: { mode: "frame", intervalMs: 2_000, timeoutMs: 1_000_000 } as const,
    };
    const { client } = make(side, `ws://127.0.0.1:${port}/`);
    await client.connect();
    await expect.poll(() => pings).toBeGreaterThan(1);
    expect(client.stats().rttMs).toBeGreaterThan(0);
  });

  it("headers go with the handshake", async () => {
    let seen: string | undefined;
    const url = await upgrades((request, socket) => {
      seen = request.headers.authorization;
      socket.destroy();
    });
    const { client } = make(workflowClient, url, {
      socketOptions: { headers: { Authorization: "Bearer t" } },
    });
    void client.connect();
    await until(client, "reconnecting");
    expect(seen).toBe("Bearer t");
  });
});
