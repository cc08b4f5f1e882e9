import { describe, expect, it } from "vitest";
import { type TasksEvent, tasksClient } from "../../generated/tasks.js";
import { bench } from "./test-bench.js";
import type { MemorySocket } from "./test-network.js";

const subscribe = (session_id: string) => ({ event: "subscribe", session_id }) as const;
type Status = "created" | "running" | "paused" | "completed" | "failed";
const subscribed = (session_id: string, status: Status = "created"): TasksEvent => ({
  event: "subscribed",
  session_id,
  data: { status, completed_tasks: 0, total_tasks: 1 },
});
const update = (session_id: string, status: Status): TasksEvent => ({
  event: "session.update",
  session_id,
  data: { status, completed_tasks: 0, total_tasks: 1 },
});

const subscriber = () => {
  const it = bench(tasksClient);
  return {
    ...it,
    async join(...ids: string[]) {
      for (const id of ids) {
        const joined = it.client.send(subscribe(id));
        it.network.last.give(subscribed(id));
        await joined;
      }
    },
    async drop(delay = 1_000): Promise<MemorySocket> {
      it.network.last.end();
      await it.after(delay);
      it.network.last.accept();
      await it.after(0);
      return it.network.last;
    },
  };
};

describe("after a reconnect", () => {
  it("subscriptions are sent again, once each, in their order, before anything else", async () => {
    const { client, connected, join, drop, network, after } = subscriber();
    await connected();
    await join("a", "b", "c");
    client.onStatus(({ state }) => {
      if (state === "connected") void client.send({ event: "ping" }).catch(() => {});
    });
    const socket = await drop();
    expect(socket.said).toEqual([subscribe("a"), subscribe("b"), subscribe("c"), { event: "ping" }]);
    for (const id of ["a", "b", "c"]) socket.give(subscribed(id));
    await after(5_000);
    const again = await drop();
    expect(again.said.slice(0, 3)).toEqual([subscribe("a"), subscribe("b"), subscribe("c")]);
    expect(network.mostLive).toBe(1);
    client.close();
    await after(0);
  });

  it("only living ones are: not those that ended, were left, are being left, or were never granted", async () => {
    const { client, connected, join, drop, network, after } = subscriber();
    await connected();
    await join("lives", "ended", "left", "leaving");
    void client.send({ event: "start", session_id: "ended" });
    network.last.give(update("ended", "running"));
    network.last.give(update("ended", "completed"));
    const left = client.send({ event: "unsubscribe", session_id: "left" });
    network.last.give({ event: "unsubscribed", session_id: "left" });
    await left;
    client.send({ event: "unsubscribe", session_id: "leaving" }).catch(() => {});
    client.send(subscribe("refused")).catch(() => {});
    network.last.give({ event: "error", session_id: "refused", data: { message: "no", code: "not-found" } });
    client.send(subscribe("asked")).catch(() => {});
    const socket = await drop();
    expect(socket.said).toEqual([subscribe("lives")]);
    client.close();
    await after(0);
  });

  it("one whose session rests or is asked to is living", async () => {
    const { client, connected, join, drop, network, after } = subscriber();
    await connected();
    await join("a");
    await client.send({ event: "start", session_id: "a" });
    network.last.give(update("a", "running"));
    await client.send({ event: "pause", session_id: "a" });
    expect((await drop()).said).toEqual([subscribe("a")]);
    client.close();
    await after(0);
  });

  it("one that was not answered before the next drop is sent again", async () => {
    const { client, connected, join, drop, after } = subscriber();
    await connected();
    await join("a");
    await drop(1_000);
    await drop(2_000);
    const socket = await drop(4_000);
    expect(socket.said).toEqual([subscribe("a")]);
    client.close();
    await after(0);
  });

  it("one is kept when attempts fail in between", async () => {
    const { client, connected, join, network, after } = subscriber();
    await connected();
    await join("a");
    network.last.end();
    await after(1_000);
    network.last.end();
    await after(2_000);
    network.last.accept();
    await after(0);
    expect(network.last.said).toEqual([subscribe("a")]);
    client.close();
    await after(0);
  });

  it("one that the server now refuses is told, and not sent any more", async () => {
    const { client, connected, join, drop, after, errors } = subscriber();
    await connected();
    await join("a");
    const socket = await drop();
    socket.give({ event: "error", session_id: "a", data: { message: "gone", code: "not-found" } });
    await after(0);
    expect(errors).toMatchObject([{ code: "refused" }]);
    const next = await drop(2_000);
    expect(next.said).toEqual([]);
    client.close();
  });

  it("nothing is sent again when the application has closed the client in between", async () => {
    const { client, connected, join, network, after } = subscriber();
    await connected();
    await join("a");
    client.close();
    void client.connect();
    await after(0);
    network.last.accept();
    await after(0);
    expect(network.last.sent).toEqual([]);
    client.close();
  });

  it("the hook for credentials goes before them", async () => {
    const it = bench(tasksClient, { onReady: async ({ send }) => void (await send({ event: "ping" })) });
    it.network.onSend = (text, socket) => {
      const { event, session_id } = JSON.parse(text);
      socket.give(event === "ping" ? { event: "pong" } : subscribed(session_id));
    };
    await it.connected();
    await it.client.send(subscribe("a"));
    it.network.last.end();
    await it.after(1_000);
    it.network.last.accept();
    await it.after(0);
    expect(it.network.last.said).toEqual([{ event: "ping" }, subscribe("a")]);
    it.client.close();
  });
});

describe("what a client remembers", () => {
  it("is bounded, however many instances a server makes", async () => {
    const { client, connected, join, drop, network, after } = subscriber();
    await connected();
    await join("mine");
    for (let i = 0; i < 6_000; i++) {
      network.last.give({
        event: "task.update",
        session_id: `s${i}`,
        data: { task_id: "t", status: "running" },
      });
    }
    expect((await drop()).said).toEqual([subscribe("mine")]);
    client.close();
    await after(0);
  });
});
