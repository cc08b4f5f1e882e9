import { describe, expect, it } from "vitest";
import { pipelineClient } from "../../generated/pipeline.js";
import { workflowClient } from "../../generated/workflow.js";
import { bench } from "./test-bench.js";

const start = { cmd: "start_session", data: { workflow_id: "echo" } } as const;
const credentials = { cmd: "ping", data: { token: "credentials" } } as const;

describe("before the declared first event", () => {
  it("nothing is sent, and the client is not yet connected", async () => {
    const { client, network, connected, after } = bench(pipelineClient);
    await connected();
    expect(client.status.state).toBe("connecting");
    await expect(client.send({ type: "disconnect" })).rejects.toMatchObject({ code: "offline" });
    expect(network.last.sent).toEqual([]);
    network.last.give({
      type: "connected",
      connection_id: "c",
      pipeline_uuid: "p",
      session_type: "person",
      timestamp: "2026-01-01T00:00:00Z",
    });
    await after(0);
    expect(client.status.state).toBe("connected");
    await client.send({ type: "disconnect" });
    client.close();
  });

  it("another event is delivered, and told as one out of order; so is a second first one", async () => {
    const { client, network, connected, events, errors } = bench(pipelineClient);
    await connected();
    network.last.give({ type: "pong", timestamp: "2026-01-01T00:00:00Z" });
    const hello = { type: "connected", connection_id: "c", pipeline_uuid: "p", session_type: "person" };
    network.last.give({ ...hello, timestamp: "2026-01-01T00:00:00Z" });
    network.last.give({ ...hello, timestamp: "2026-01-01T00:00:00Z" });
    expect(events).toEqual(["pong", "connected", "connected"]);
    expect(errors.map(({ code }) => code)).toEqual(["illegal-state", "illegal-state"]);
    client.close();
  });

  it("and long after it the connection stays", async () => {
    const { client, network, connected, after } = bench(pipelineClient);
    await connected();
    await after(4_999);
    network.last.give({
      type: "connected",
      connection_id: "c",
      pipeline_uuid: "p",
      session_type: "person",
      timestamp: "2026-01-01T00:00:00Z",
    });
    await after(20_000);
    expect(client.status.state).toBe("connected");
    expect(network.sockets.length).toBe(1);
    client.close();
  });

  it("the connection is left when it does not come in time, and that counts as an attempt", async () => {
    const { client, network, connected, after } = bench(pipelineClient);
    await connected();
    await after(5_000);
    expect(network.sockets[0]?.closed?.code).toBe(4408);
    expect(client.status).toMatchObject({ state: "reconnecting", attempt: 1, delayMs: 3_000 });
    client.close();
  });
});

describe("the hook onReady", () => {
  it("goes before all that waits, and the client is connected only after it", async () => {
    const { client, network, connected, after } = bench(workflowClient, {
      offline: "queue",
      async onReady({ send }) {
        await send(credentials);
      },
    });
    void client.connect();
    const sent = client.send(start);
    await connected();
    expect(client.status.state).toBe("connecting");
    expect(network.last.said).toEqual([credentials]);
    network.last.give({ event: "pong", data: { token: "credentials" } });
    await after(0);
    expect(client.status.state).toBe("connected");
    expect(network.last.said).toEqual([credentials, start]);
    expect(await sent).toBeUndefined();
    client.close();
  });

  it("is called on each connection, and told whether there was one before", async () => {
    const calls: boolean[] = [];
    const { client, network, connected, after } = bench(workflowClient, {
      onReady: ({ again }) => void calls.push(again),
    });
    await connected();
    network.last.end();
    await after(3_000);
    network.last.accept();
    expect(calls).toEqual([false, true]);
    client.close();
  });

  it("that fails is told, ends the connection, and does not start a storm", async () => {
    const { client, network, errors, after } = bench(workflowClient, {
      onReady: () => Promise.reject(new Error("bad token")),
    });
    network.onSocket = (socket) => queueMicrotask(() => socket.accept());
    void client.connect();
    await after(1_000_000);
    expect(network.sockets.length).toBe(6);
    expect(client.status.state).toBe("failed");
    expect(errors.map(({ code }) => code)).toEqual(Array(6).fill("setup"));
  });

  it("whose connection ends in the meantime is forgotten", async () => {
    let go = (): void => {};
    const { client, network, connected, after } = bench(workflowClient, {
      onReady: () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    });
    await connected();
    network.last.end();
    go();
    await after(0);
    expect(client.status.state).toBe("reconnecting");
    client.close();
  });
});
