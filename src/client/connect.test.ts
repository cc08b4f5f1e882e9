import { describe, expect, it } from "vitest";
import { workflowClient } from "../../generated/workflow.js";
import type { Reconnect } from "../wire/protocol.js";
import { bench } from "./test-bench.js";
import { MemorySocket } from "./test-network.js";

const policy = workflowClient.reconnect as Reconnect;
const withPolicy = (more: Partial<Reconnect>) => ({ ...workflowClient, reconnect: { ...policy, ...more } });

describe("an attempt", () => {
  it("asks for its URL anew, and waits for it", async () => {
    const given: ((url: string) => void)[] = [];
    const url = () => new Promise<string>((resolve) => given.push(resolve));
    const { client, network, after } = bench(workflowClient, { url });
    void client.connect();
    await after(5_000);
    expect(network.sockets.length).toBe(0);
    given[0]?.("ws://server/?token=1");
    await after(0);
    expect(network.last.url).toBe("ws://server/?token=1");
    network.last.end();
    await after(3_000);
    given[1]?.("ws://server/?token=2");
    await after(0);
    expect(network.last.url).toBe("ws://server/?token=2");
    client.close();
  });

  it("makes no socket of a URL that comes when it is over", async () => {
    let give = (_url: string): void => {};
    const url = () =>
      new Promise<string>((resolve) => {
        give = resolve;
      });
    const { client, network, after } = bench(workflowClient, { url });
    void client.connect();
    const late = give;
    await after(10_000);
    expect(client.status.state).toBe("reconnecting");
    late("ws://server/late");
    await after(0);
    expect(network.sockets).toEqual([]);
    client.close();
  });

  it.each([
    ["the URL", { url: () => Promise.reject(new Error("no token")) }, /no token/],
    [
      "the constructor",
      {
        WebSocket: class extends MemorySocket {
          constructor() {
            super("", [], 0, false, () => {});
            throw new SyntaxError("no such scheme");
          }
        },
      },
      /no such scheme/,
    ],
  ])("has failed when %s throws, says why, and is made again", async (_title, options, reason) => {
    const { client, after } = bench(workflowClient, options);
    void client.connect();
    await after(0);
    expect(client.status).toMatchObject({ state: "reconnecting", delayMs: 3_000 });
    expect(client.status.reason).toMatch(reason);
    client.close();
  });

  it("offers the subprotocols of the contract, unless others are given", async () => {
    for (const [options, wanted] of [
      [{}, ["v1"]],
      [{ protocols: ["v2"] }, ["v2"]],
    ] as const) {
      const { client, network, after } = bench({ ...workflowClient, subprotocols: ["v1"] }, options);
      void client.connect();
      await after(0);
      expect(network.last.protocols).toEqual(wanted);
      client.close();
    }
  });
});

describe("connecting", () => {
  it("happens once, however often it is asked for", async () => {
    const { client, network, after } = bench(workflowClient);
    const asked = [client.connect(), client.connect()];
    await after(0);
    network.last.accept();
    await Promise.all([...asked, client.connect()]);
    expect(network.sockets.length).toBe(1);
    client.close();
  });

  it("resolves when it is connected at last, after some attempts", async () => {
    const { client, network, after } = bench(workflowClient);
    let isConnected = false;
    void client.connect().then(() => {
      isConnected = true;
    });
    await after(0);
    network.last.end();
    await after(3_000);
    expect(isConnected).toBe(false);
    network.last.accept();
    await after(0);
    expect(isConnected).toBe(true);
    client.close();
  });

  it("rejects when it has failed, and nobody has to look at it", async () => {
    const { client, network, after } = bench(withPolicy({ maxAttempts: 0 }));
    void client.connect();
    const looked = client.connect();
    await after(0);
    network.last.end();
    await expect(looked).rejects.toMatchObject({ name: "ClientError", code: "closed" });
  });

  it("says what is missing where there is no WebSocket", () => {
    expect(() => bench(workflowClient, { WebSocket: undefined as never })).toThrow(/give that of `ws`/);
  });
});
