/**
 * This file is long because each rule of coming back has its sentence here, played on one clock and one network.
 */

import { describe, expect, it } from "vitest";
import { pipelineClient } from "../../generated/pipeline.js";
import { tasksClient } from "../../generated/tasks.js";
import { workflowClient } from "../../generated/workflow.js";
import type { Reconnect } from "../wire/protocol.js";
import { bench } from "./test-bench.js";
import { type MemorySocket, VirtualClock } from "./test-network.js";

const policy = workflowClient.reconnect as Reconnect;
const withPolicy = (more: Partial<Reconnect>) => ({ ...workflowClient, reconnect: { ...policy, ...more } });
const starts = (sockets: readonly MemorySocket[]): number[] =>
  sockets.map(({ openedAt }, i) => openedAt - (sockets[i - 1]?.openedAt ?? 0)).slice(1);

describe("a server that cannot be reached", () => {
  it.each([
    ["exponential: 3, 6, 12, 24, 48 s", workflowClient, [3_000, 6_000, 12_000, 24_000, 48_000]],
    ["exponential with a cap: 1, 2, 4, 8, 10 s", tasksClient, [1_000, 2_000, 4_000, 8_000, 10_000]],
    ["linear: 3, 6, 9, 12, 15 s", pipelineClient, [3_000, 6_000, 9_000, 12_000, 15_000]],
  ])("is tried again as the contract says, and then no more (%s)", async (_title, side, delays) => {
    const { client, network, after } = bench(side as typeof workflowClient);
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await after(1_000_000);
    expect(starts(network.sockets)).toEqual(delays);
    expect(client.status).toMatchObject({ state: "failed", reason: "Max reconnection attempts reached" });
  });

  it("is tried without end where the contract names none", async () => {
    const { client, network, after } = bench(withPolicy({ maxAttempts: null, maxDelayMs: 1_000 }));
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await after(5_000_500);
    expect(network.sockets.length).toBe(5_001);
    client.close();
  });

  it("has failed when it does not answer within connectTimeoutMs, and the attempt is given up", async () => {
    const { client, network, after } = bench(workflowClient);
    void client.connect();
    await after(9_999);
    expect(network.last.isLive).toBe(true);
    await after(1);
    expect(network.last.isLive).toBe(false);
    expect(client.status).toMatchObject({ state: "reconnecting", attempt: 1, delayMs: 3_000, code: 1006 });
  });

  it("tells each state with attempt, limit, delay and reason", async () => {
    const { client, network, statuses, after } = bench(withPolicy({ maxAttempts: 1 }));
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await after(60_000);
    expect(statuses).toEqual([
      { state: "connecting", attempt: 0, maxAttempts: 1 },
      { state: "reconnecting", attempt: 1, maxAttempts: 1, delayMs: 3_000, code: 1006, reason: "" },
      { state: "reconnecting", attempt: 1, maxAttempts: 1 },
      {
        state: "failed",
        attempt: 1,
        maxAttempts: 1,
        code: 1006,
        reason: "Max reconnection attempts reached",
      },
    ]);
  });
});

describe("the counter of attempts", () => {
  it("is not reset by a connection that ends before resetAfterMs: delays go on growing", async () => {
    const { client, network, after } = bench(workflowClient);
    network.onSocket = (socket) => queueMicrotask(() => socket.accept());
    void client.connect();
    for (const wait of [3_000, 6_000, 12_000, 24_000, 48_000]) {
      await after(4_999);
      expect(client.status.state).toBe("connected");
      network.last.end(1011);
      expect(client.status).toMatchObject({ state: "reconnecting", delayMs: wait });
      await after(wait);
    }
    await after(4_999);
    network.last.end(1011);
    expect(client.status.state).toBe("failed");
  });

  it("is reset after resetAfterMs of a healthy connection", async () => {
    const { client, network, after, connected } = bench(workflowClient);
    await connected();
    network.last.end();
    await after(3_000);
    network.last.accept();
    await after(5_000);
    network.last.end();
    expect(client.status).toMatchObject({ attempt: 1, delayMs: 3_000 });
  });

  it("is reset at open where resetAfterMs is 0", async () => {
    const { client, network, after, connected } = bench(withPolicy({ resetAfterMs: 0 }));
    await connected();
    network.last.end();
    await after(3_000);
    network.last.accept();
    await after(0);
    network.last.end();
    expect(client.status).toMatchObject({ attempt: 1, delayMs: 3_000 });
  });

  it("starts anew when the application connects again after a failure", async () => {
    const { client, network, after } = bench(withPolicy({ maxAttempts: 1 }));
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await after(3_000);
    expect(client.status.state).toBe("failed");
    void client.connect();
    await after(0);
    expect(client.status).toMatchObject({ state: "reconnecting", attempt: 1 });
    client.close();
  });
});

describe("jitter", () => {
  const delaysOf = async (more: Partial<Reconnect>, random: number): Promise<number[]> => {
    const { client, network, after } = bench(withPolicy({ maxAttempts: 3, ...more }), {
      random: () => random,
    });
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await after(1_000_000);
    return starts(network.sockets);
  };

  it.each([
    ["full: anything up to the delay", { jitter: "full" as const }, 0.25, [750, 1_500, 3_000]],
    ["±j of the delay", { jitter: 0.5 }, 0, [1_500, 3_000, 6_000]],
    ["±j of the delay, on the other side", { jitter: 0.5 }, 1, [4_500, 9_000, 18_000]],
    ["before the cap, which cuts it", { jitter: 0.5, maxDelayMs: 4_000 }, 1, [4_000, 4_000, 4_000]],
    ["full, after the cap", { jitter: "full" as const, maxDelayMs: 4_000 }, 0.5, [1_500, 2_000, 2_000]],
  ])("is applied as declared (%s)", async (_title, more, random, delays) => {
    expect(await delaysOf(more, random)).toEqual(delays);
  });
});

describe("a close", () => {
  it.each(Object.entries(workflowClient.closeCodes))(
    "with a code of the table is tried again exactly if the table says so (%s)",
    async (code, row) => {
      const { client, network, connected } = bench(workflowClient);
      await connected();
      network.last.end(Number(code), "because");
      const stopped = row.cause?.includes("done") ? "disconnected" : "failed";
      expect(client.status).toMatchObject({
        state: row.retry ? "reconnecting" : stopped,
        code: Number(code),
        reason: "because",
      });
      client.close();
    },
  );

  it.each([
    ["1006, which is unclean, is", 1006, false, "reconnecting"],
    ["1005, which is clean, is not", 1005, false, "disconnected"],
    ["1005 under onCleanClose is", 1005, true, "reconnecting"],
    ["a private code is not", 4_999, false, "disconnected"],
    ["a private code under onCleanClose is", 4_999, true, "reconnecting"],
  ])(
    "that the table does not name is tried again if it was unclean, or under onCleanClose: %s",
    async (_t, code, onCleanClose, state) => {
      const { client, network, connected } = bench(withPolicy({ onCleanClose }));
      await connected();
      network.last.end(code);
      expect(client.status.state).toBe(state);
      client.close();
    },
  );

  it("of a handshake is unclean, whatever its code says", async () => {
    const { client, network, after } = bench(workflowClient);
    void client.connect();
    await after(0);
    network.last.end(4_401);
    expect(client.status.state).toBe("reconnecting");
    client.close();
  });

  it("can be judged by the application instead of the table", async () => {
    const seen: unknown[] = [];
    const { client, network, connected } = bench(workflowClient, {
      shouldRetry(end) {
        seen.push(end);
        return end.code === 1000;
      },
    });
    await connected();
    network.last.end(1000, "why not");
    expect(client.status.state).toBe("reconnecting");
    expect(seen).toEqual([{ code: 1000, reason: "why not", failedToOpen: false }]);
    client.close();
  });

  it("is left to the table where the application throws, and that is told", async () => {
    const shouldRetry = () => {
      throw new Error("oh");
    };
    const { client, network, connected, errors } = bench(workflowClient, { shouldRetry });
    await connected();
    network.last.end(1006);
    expect(client.status.state).toBe("reconnecting");
    expect(errors.map(({ code }) => code)).toEqual(["handler"]);
    client.close();
  });

  it("is never tried again where reconnecting is turned off", async () => {
    const { client, network, connected, clock } = bench(workflowClient, { reconnect: false });
    await connected();
    network.last.end(1006, "gone");
    expect(client.status).toMatchObject({ state: "failed", code: 1006, reason: "gone" });
    expect(clock.timers.size).toBe(0);
  });
});

describe("closing on purpose", () => {
  it.each([
    ["while the URL is made", 0, false],
    ["while connecting", 1, false],
    ["while connected", 2, false],
    ["while waiting for an attempt", 2, true],
  ])("cancels every timer and every attempt (%s)", async (_title, step, isDropped) => {
    const { client, network, clock, after } = bench(workflowClient);
    const connected = client.connect();
    if (step > 0) await after(0);
    if (step > 1) network.last.accept();
    if (isDropped) network.last.end();
    const made = network.sockets.length;
    client.close();
    expect(client.status).toMatchObject({ state: "disconnected", code: 1000 });
    expect(clock.timers.size).toBe(0);
    await after(1_000_000);
    expect(network.sockets.length).toBe(made);
    expect(network.sockets.every((socket) => !socket.isLive)).toBe(true);
    if (step < 2) await expect(connected).rejects.toThrow(/^closed: disconnected/);
  });

  it("sends the code and the reason that it is given, and hears nothing more", async () => {
    const { client, network, connected, events } = bench(workflowClient);
    await connected();
    const socket = network.last;
    client.close(4_000, "bye");
    expect(socket.closed).toEqual({ code: 4_000, reason: "bye" });
    socket.give({ event: "pong" });
    socket.end(1006);
    expect(events).toEqual([]);
    expect(client.status).toMatchObject({ state: "disconnected", code: 4_000, reason: "bye" });
  });

  it("can be done by a signal, also before it connects", async () => {
    const stop = new AbortController();
    const { client, clock, connected } = bench(workflowClient, { signal: stop.signal });
    await connected();
    stop.abort();
    expect(client.status.state).toBe("disconnected");
    expect(clock.timers.size).toBe(0);
    await expect(client.connect()).rejects.toThrow(/^closed/);
    expect(client.status.state).toBe("disconnected");
  });

  it("can be done from a handler of the very status that it ends", async () => {
    for (const state of ["connecting", "connected", "reconnecting"]) {
      const { client, network, clock, after } = bench(workflowClient);
      client.onStatus((status) => {
        if (status.state === state) client.close();
      });
      network.onSocket = (socket) => queueMicrotask(() => socket.accept());
      void client.connect();
      await after(0);
      network.sockets.at(-1)?.end();
      await after(100_000);
      expect(client.status.state).toBe("disconnected");
      expect(clock.timers.size).toBe(0);
    }
  });
});

describe("time", () => {
  it("can be scaled: every duration of the contract is multiplied", async () => {
    const { client, network, after } = bench(workflowClient, { timeScale: 0.01 });
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await after(10_000);
    expect(starts(network.sockets)).toEqual([30, 60, 120, 240, 480]);
    expect(client.status.state).toBe("failed");
  });

  it("of a delay that grows for ever stays a number that a timer can take", async () => {
    const clock = new VirtualClock();
    const side = withPolicy({ maxAttempts: null, jitter: 1, maxDelayMs: 1_000 });
    const { client, network } = bench(side, { clock, random: () => 0.1 });
    network.onSocket = (socket) => queueMicrotask(() => socket.end());
    void client.connect();
    await clock.advance(2_000_000);
    expect(network.sockets.length).toBeGreaterThan(2_000);
    client.close();
  });
});
