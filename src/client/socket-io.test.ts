import { afterEach, describe, expect, it } from "vitest";
import { conversationClient } from "../../generated/conversation.js";
import { startServer } from "../../reference-server/server.js";
import type { ClientOptions, ClientStatus } from "./client.js";
import { createClient } from "./socket-io.js";

const owned: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of owned.splice(0).reverse()) await end();
});

async function reference(port = 0) {
  const server = await startServer({ port, channels: ["conversation"], timeScale: 0.1 });
  owned.push(() => server.close());
  return server;
}

function make(url: string, options: Partial<ClientOptions> = {}) {
  const client = createClient(conversationClient, { url, timeScale: 0.1, ...options });
  owned.push(() => client.close());
  const errors: string[] = [];
  client.onError(({ code }) => errors.push(code));
  const until = (fits: (status: ClientStatus) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (status: ClientStatus): void => {
        if (fits(status)) resolve();
      };
      client.onStatus(look);
      look(client.status);
    });
  return { client, errors, until };
}

describe("the client over Socket.IO", () => {
  it.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])(
    "holds a turn from question to stop (%s)",
    async (transports) => {
      const { port } = await reference();
      const { client, errors } = make(`http://127.0.0.1:${port}`, { socketOptions: { transports } });
      await client.connect();
      let text = "";
      client.on("text", ([, { content }]) => {
        text += content.data;
      });
      const stopped = new Promise<void>((resolve) => void client.on("stop", () => resolve()));
      const acknowledged = await client.send(["chat_message", { current_text: "say this" }]);
      expect(acknowledged).toEqual({ ok: true });
      await stopped;
      expect(text).toContain("say this");
      expect(errors).toEqual([]);
    },
  );

  it("takes a URL with the path of the endpoint as it is", async () => {
    const { endpoints } = await reference();
    const { client } = make(endpoints[0]?.url ?? "");
    await client.connect();
    expect(client.status.state).toBe("connected");
  });

  it("surfaces a refusal, and sends nothing that the state does not take", async () => {
    const { port } = await reference();
    const { client } = make(`http://127.0.0.1:${port}`);
    await client.connect();
    const asked = client.send(["chat_message", { current_text: "one" }]);
    await expect(client.send(["chat_message", { current_text: "two" }])).rejects.toMatchObject({
      code: "illegal-state",
    });
    expect(await asked).toEqual({ ok: true });
  });

  it("comes back by the policy of the contract when the server was away, and what waited is sent", async () => {
    const first = await startServer({ port: 0, channels: ["conversation"] });
    const { client, until } = make(`http://127.0.0.1:${first.port}`);
    await client.connect();
    await first.close();
    await until(({ state }) => state !== "connected");
    const { port } = first;
    // Socket.IO says goodbye on purpose, so it is the application that comes back; an accident it would not be.
    if (client.status.state === "disconnected") void client.connect();
    const waiting = client.send(["chat_message", { current_text: "later" }]);
    await reference(port);
    expect(await waiting).toEqual({ ok: true });
  });

  it("makes attempts while nobody is there, and stops when it is closed", async () => {
    const gone = await startServer({ port: 0, channels: ["conversation"] });
    await gone.close();
    const { client, until } = make(`http://127.0.0.1:${gone.port}`, { timeScale: 0.01 });
    void client.connect();
    await until(({ attempt }) => attempt === 3);
    client.close();
    expect(client.status.state).toBe("disconnected");
  });
});
