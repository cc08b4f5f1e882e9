import { describe, expect, it } from "vitest";
import { tasksClient } from "../../generated/tasks.js";
import { workflowClient } from "../../generated/workflow.js";
import type { Heartbeat } from "../wire/protocol.js";
import { createClient } from "./create-client.js";
import type { Tap } from "./tap.js";
import { bench } from "./test-bench.js";
import { createNetwork, type MemorySocket, VirtualClock } from "./test-network.js";

const withBeats = (more: Partial<Heartbeat>) => ({
  ...workflowClient,
  heartbeat: { ...(workflowClient.heartbeat as Heartbeat), ...more },
});
const pings = (socket: MemorySocket): { cmd: string; data?: { token?: string } }[] =>
  (socket.said as { cmd: string; data?: { token?: string } }[]).filter(({ cmd }) => cmd === "ping");
const pong = (socket: MemorySocket, at = -1): void => {
  const token = pings(socket).at(at)?.data?.token;
  socket.give({ event: "pong", data: token === undefined ? {} : { token } });
};
const token = { event: "token_stream", data: { node_id: "a", chunk: "b" } };

describe("a client that pings", () => {
  it("does so every interval, counted from open, whatever else flows", async () => {
    const { network, connected, after, client } = bench(workflowClient);
    await connected();
    const at: number[] = [];
    for (let second = 1; second <= 100; second++) {
      await after(1_000);
      network.last.give({ event: "error", data: { error: "noise", code: "internal" } });
      if (pings(network.last).length > at.length) {
        at.push(second);
        pong(network.last);
      }
    }
    expect(at).toEqual([30, 60, 90]);
    client.close();
  });

  it("says nothing but the ping's name, and a new token where the contract correlates ping and pong", async () => {
    const { network, connected, after, client } = bench(workflowClient);
    await connected();
    await after(30_000);
    pong(network.last);
    await after(30_000);
    const said = pings(network.last);
    expect(said.every(({ cmd, data }) => cmd === "ping" && Object.keys(data ?? {}).join() === "token")).toBe(
      true,
    );
    expect(new Set(said.map(({ data }) => data?.token)).size).toBe(2);
    client.close();

    const other = bench(tasksClient);
    await other.connected();
    await other.after(30_000);
    expect(other.network.last.said).toEqual([{ event: "ping" }]);
    other.client.close();
  });

  it("drops the connection with 4408 when timeoutMs after a ping there is no pong, and comes back", async () => {
    const { network, connected, after, client } = bench(workflowClient);
    await connected();
    const socket = network.last;
    await after(39_999);
    expect(socket.closed).toBeUndefined();
    await after(251);
    expect(socket.closed).toEqual({ code: 4408, reason: "no sign of life in time" });
    // The old socket never says that it is closed.
    expect(client.status).toMatchObject({ state: "reconnecting", attempt: 1, code: 4408 });
    await after(3_000);
    expect(network.sockets.length).toBe(2);
    expect(network.mostLive).toBe(1);
    client.close();
  });

  it.each([
    ["pong", true],
    ["any", false],
  ] as const)(
    "under life: %s, a flow of other events and no pong is dropped: %s",
    async (life, isDropped) => {
      const { network, connected, after, client } = bench(withBeats({ life }));
      await connected();
      for (let second = 0; second < 45; second++) {
        await after(1_000);
        network.sockets[0]?.give(token);
      }
      expect(network.sockets[0]?.closed !== undefined).toBe(isDropped);
      client.close();
    },
  );

  it("does not take a pong with another token, or a pong that it did not ask for, for its own", async () => {
    const { network, connected, after, client } = bench(workflowClient);
    await connected();
    network.last.give({ event: "pong", data: { token: "00000000-0000-4000-8000-000000000001" } });
    await after(30_000);
    network.last.give({ event: "pong", data: { token: "of somebody else" } });
    network.last.give({ event: "pong", data: {} });
    await after(10_250);
    expect(network.sockets[0]?.closed?.code).toBe(4408);
    client.close();
  });

  it("stays when the pong comes at nine tenths of the bound, again and again", async () => {
    const { network, connected, after, client } = bench(workflowClient);
    await connected();
    for (let i = 0; i < 3; i++) {
      await after(30_000 - (i > 0 ? 9_000 : 0));
      await after(9_000);
      pong(network.last);
    }
    await after(15_000);
    expect(network.sockets.length).toBe(1);
    expect(client.stats().rttMs).toBe(9_000);
    client.close();
  });

  it("beats once after many reconnects", async () => {
    const { network, connected, after, client } = bench(workflowClient);
    await connected();
    for (let i = 0; i < 5; i++) {
      await after(6_000);
      network.last.end();
      await after(3_000);
      network.last.accept();
    }
    await after(39_000);
    expect(network.sockets.flatMap(pings).length).toBe(1);
    client.close();
  });

  it("sends a ping that is overdue when a frame comes, because timers of hidden pages sleep", async () => {
    const { network, connected, clock, client } = bench(workflowClient);
    await connected();
    // The page sleeps: time goes on, no timer fires.
    clock.time += 50_000;
    network.last.give(token);
    expect(pings(network.last).length).toBe(1);
    pong(network.last);
    network.last.give(token);
    expect(pings(network.last).length).toBe(1);
    // The next is due an interval after the last, not at once.
    await clock.advance(29_999);
    expect(pings(network.last).length).toBe(1);
    await clock.advance(1);
    expect(pings(network.last).length).toBe(2);
    client.close();
  });

  it("does not drop after a sleep before it has read what waits in the socket", async () => {
    const { network, connected, after, clock, client } = bench(workflowClient);
    await connected();
    await after(30_000);
    // It sleeps before the pong is read; on waking the timer comes first.
    clock.time += 60_000;
    await clock.advance(1);
    expect(network.last.closed).toBeUndefined();
    pong(network.last);
    await after(1_000);
    expect(network.last.closed).toBeUndefined();
    client.close();
  });

  it("does not mix up its pongs with those that the application asked for", async () => {
    const { network, connected, after, client } = bench(tasksClient);
    await connected();
    await after(30_000);
    let answers = 0;
    void client.send({ event: "ping" }).then(() => answers++);
    await after(0);
    network.last.give({ event: "pong" });
    await after(0);
    expect(answers).toBe(0);
    network.last.give({ event: "pong" });
    await after(0);
    expect(answers).toBe(1);
    client.close();
  });

  it("drops at the first unanswered ping where pings come faster than they time out", async () => {
    const { network, connected, after, client } = bench(withBeats({ intervalMs: 1_000, timeoutMs: 3_500 }));
    await connected();
    await after(1_000);
    pong(network.last);
    await after(3_500);
    expect(pings(network.last).length).toBe(4);
    expect(network.sockets[0]?.closed).toBeUndefined();
    await after(1_100);
    expect(network.sockets[0]?.closed?.code).toBe(4408);
    client.close();
  });

  it("takes a pong for a later ping as proof for all before it", async () => {
    const { network, connected, after, client } = bench(withBeats({ intervalMs: 1_000, timeoutMs: 3_500 }));
    await connected();
    for (let i = 0; i < 10; i++) {
      await after(3_000);
      pong(network.last);
    }
    expect(network.sockets.length).toBe(1);
    client.close();
  });

  it("adopts the interval that an event says, and neither floods nor stops for an absurd one", async () => {
    const side = withBeats({ intervalMs: { message: "token_usage", field: "/data/input_tokens" } });
    const said = (input_tokens: number) => ({
      event: "token_usage",
      data: { node_id: "a", input_tokens, output_tokens: 0, estimated_cost_usd: 0 },
    });
    const { network, connected, after, client } = bench(side, { timeScale: 0.5 });
    await connected();
    await after(100_000);
    expect(pings(network.last)).toEqual([]);
    network.last.give(said(1_000));
    await after(0);
    expect(pings(network.last).length).toBe(1);
    pong(network.last);
    await after(1_000);
    expect(pings(network.last).length).toBe(2);
    pong(network.last);
    network.last.give(said(1));
    await after(1_000);
    expect(pings(network.last).length).toBeLessThanOrEqual(12);
    for (let i = 0; i < 12; i++) pong(network.last, i);
    network.last.give(said(0));
    const before = pings(network.last).length;
    await after(100_000);
    expect(pings(network.last).length).toBe(before);
    client.close();
  });

  it("says that it cannot where the ping needs more than a name, and stays connected", async () => {
    const { errors, connected, after, client } = bench(withBeats({ ping: "user_input" }));
    await connected();
    await after(30_000);
    expect(errors.map(({ message }) => message)).toEqual([
      "setup: no heartbeat: user_input needs more than a name",
    ]);
    client.close();
  });

  it("does not beat at all under mode: none, or where no heartbeat is declared", async () => {
    const { heartbeat: _, ...without } = workflowClient;
    for (const side of [withBeats({ mode: "none" }), without]) {
      const { network, connected, after, client, clock } = bench(side);
      await connected();
      await after(1_000_000);
      expect(network.last.sent).toEqual([]);
      expect(clock.timers.size).toBe(0);
      client.close();
    }
  });
});

describe("a client that is pinged", () => {
  // The same messages the other way round: an event that asks, a command that answers.
  const side = {
    ...withBeats({ initiator: "server", ping: "execution:paused", pong: "user_input" }),
    commands: [{ name: "user_input", wire: ["user_input"] }],
    correlation: { "execution:paused": "/data/reason", user_input: "/data/text" },
    lifecycles: [],
  };
  const ping = (reason: string) => ({ event: "execution:paused", data: { reason } });

  it("answers with the same token", async () => {
    const { network, connected, client } = bench(side);
    await connected();
    network.last.give(ping("n-1"));
    network.last.give(ping("n-2"));
    expect(network.last.said).toEqual([
      { cmd: "user_input", data: { text: "n-1" } },
      { cmd: "user_input", data: { text: "n-2" } },
    ]);
    client.close();
  });

  it("gives up intervalMs + timeoutMs after the last ping, whatever else comes", async () => {
    const { network, connected, after, client } = bench(side);
    await connected();
    await after(35_000);
    network.last.give(ping("n"));
    await after(39_999);
    network.last.give(token);
    expect(network.last.closed).toBeUndefined();
    await after(300);
    expect(network.sockets[0]?.closed?.code).toBe(4408);
    client.close();
  });
});

describe("a heartbeat of RFC 6455 pings", () => {
  it("is there where the platform can send them, and not in a browser", async () => {
    for (const canPing of [true, false]) {
      const clock = new VirtualClock();
      const network = createNetwork(clock);
      let sent = 0;
      const tap: Tap = () =>
        canPing
          ? (answered) => {
              if (++sent === 1) answered();
            }
          : undefined;
      const side = withBeats({ mode: "frame" });
      const client = createClient(
        side,
        { url: "ws://s/", WebSocket: network.WebSocket, clock, platform: null },
        tap,
      );
      void client.connect();
      await clock.advance(0);
      network.last.accept();
      await clock.advance(60_000);
      expect(sent).toBe(canPing ? 2 : 0);
      expect(network.last.sent).toEqual([]);
      await clock.advance(10_200);
      expect(network.sockets[0]?.closed?.code).toBe(canPing ? 4408 : undefined);
      client.close();
    }
  });
});
