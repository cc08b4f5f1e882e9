import { describe, expect, it } from "vitest";
import { answerClient } from "../../generated/answer.js";
import { tasksClient } from "../../generated/tasks.js";
import { workflowClient } from "../../generated/workflow.js";
import type { Reconnect } from "../wire/protocol.js";
import { bench } from "./test-bench.js";

const start = (workflow_id = "echo") => ({ cmd: "start_session", data: { workflow_id } }) as const;
const ping = (token: string) => ({ cmd: "ping", data: { token } }) as const;
const subscribe = (session_id: string) => ({ event: "subscribe", session_id }) as const;
const snapshot = { status: "created", completed_tasks: 0, total_tasks: 0 };

/** What became of a promise, so far. */
function watch<T>(promise: Promise<T>): {
  value?: T;
  error?: { code?: string; event?: unknown; name: string };
} {
  const outcome: ReturnType<typeof watch<T>> = {};
  promise.then(
    (value) => Object.assign(outcome, { value }),
    (error) => Object.assign(outcome, { error }),
  );
  return outcome;
}

describe("a command", () => {
  it("without a reply is over when it is handed to the socket", async () => {
    const { client, network, connected } = bench(workflowClient);
    await connected();
    expect(await client.send(start())).toBeUndefined();
    expect(network.last.said).toEqual([start()]);
    client.close();
  });

  it("that the contract does not allow is not sent, and the caller learns where the fault is", async () => {
    const { client, network, connected } = bench(workflowClient);
    await connected();
    const bad = { cmd: "start_session", data: { workflow_id: "" } } as const;
    await expect(client.send(bad)).rejects.toMatchObject({ name: "EncodeError", path: "/data/workflow_id" });
    expect(network.last.sent).toEqual([]);
    client.close();
  });

  it("that its own lifecycle forbids is not sent", async () => {
    const { client, network, connected } = bench(workflowClient);
    await connected();
    await expect(client.send({ cmd: "pause_session" })).rejects.toMatchObject({ code: "illegal-state" });
    await client.send(start());
    await expect(client.send(start())).rejects.toMatchObject({ code: "illegal-state" });
    expect(network.last.sent.length).toBe(1);
    client.close();
  });

  it("that has to wait for its turn at the server is sent at once", async () => {
    const { client, network, connected } = bench(answerClient);
    await connected();
    for (const query of ["one", "two", "three"]) await client.send({ query });
    expect(network.last.said).toEqual([{ query: "one" }, { query: "two" }, { query: "three" }]);
    client.close();
  });

  it("is refused by the client when the server does not read", async () => {
    const { client, network, connected } = bench(workflowClient);
    await connected();
    network.last.bufferedAmount = 5_000_000;
    await expect(client.send(start())).rejects.toMatchObject({ code: "queue-full" });
    client.close();
  });
});

describe("without a connection", () => {
  it.each([
    ["before connect", 0],
    ["while connecting", 1],
    ["between two attempts", 2],
    ["when the socket is closing", 3],
    ["after close", 4],
  ])("a command is rejected with `offline` under the policy reject (%s)", async (_title, step) => {
    const { client, network, after } = bench(workflowClient);
    if (step > 0) void client.connect();
    await after(0);
    if (step > 1) network.last.accept();
    if (step === 2) network.last.end();
    if (step === 3) network.last.readyState = 2;
    if (step === 4) client.close();
    await expect(client.send(start())).rejects.toMatchObject({ name: "ClientError", code: "offline" });
    expect(network.sockets.flatMap(({ sent }) => sent)).toEqual([]);
    client.close();
  });

  it("commands wait under the policy queue and are sent once, in order, when it is there", async () => {
    const side = {
      ...answerClient,
      reconnect: { ...(workflowClient.reconnect as Reconnect), offline: "queue" as const },
    };
    const { client, network, after } = bench(side);
    void client.connect();
    const outcomes = ["one", "two"].map((query) => watch(client.send({ query })));
    await after(0);
    network.last.end();
    outcomes.push(watch(client.send({ query: "three" })));
    await after(0);
    expect(client.stats().queue).toEqual({
      messages: 3,
      bytes: '{"query":"onetwothree"}{"query":""}{"query":""}'.length,
    });
    await after(3_000);
    network.last.accept();
    await after(0);
    expect(network.last.said).toEqual([{ query: "one" }, { query: "two" }, { query: "three" }]);
    expect(outcomes).toEqual([{ value: undefined }, { value: undefined }, { value: undefined }]);
    network.last.end();
    await after(6_000);
    network.last.accept();
    await after(0);
    expect(network.last.sent).toEqual([]);
    client.close();
  });

  it("a command that waited is answered like any other", async () => {
    const { client, network, after } = bench(workflowClient, { offline: "queue" });
    void client.connect();
    const outcome = watch(client.send(ping("t")));
    await after(0);
    network.last.accept();
    await after(0);
    network.last.give({ event: "pong", data: { token: "t" } });
    await after(0);
    expect(outcome.value).toEqual({ event: "pong", data: { token: "t" } });
    client.close();
  });

  it.each([
    ["messages", { messages: 2 }],
    ["bytes", { bytes: 2 * '{"cmd":"ping","data":{"token":"n"}}'.length }],
  ])("the queue is bounded in %s, and who finds it full is told", async (_title, queue) => {
    const { client, after } = bench(workflowClient, { offline: "queue", queue });
    void client.connect();
    const outcomes = ["1", "2", "3"].map((token) => watch(client.send(ping(token))));
    await after(0);
    expect(outcomes.map(({ error }) => error?.code)).toEqual([undefined, undefined, "queue-full"]);
    client.close();
    await after(0);
  });

  it("a command that waits for too long is rejected, and never sent", async () => {
    const { client, network, after } = bench(workflowClient, { offline: "queue", queue: { maxAgeMs: 500 } });
    void client.connect();
    const outcome = watch(client.send(start()));
    await after(500);
    expect(outcome.error?.code).toBe("expired");
    network.last.accept();
    await after(0);
    expect(network.last.sent).toEqual([]);
    client.close();
  });

  it.each([
    ["the client is closed", false],
    ["it gives up", true],
  ])("all that waits is rejected when %s", async (_title, fails) => {
    const { client, network, clock, after } = bench(workflowClient, {
      offline: "queue",
      reconnect: { maxAttempts: 0 },
    });
    void client.connect();
    const outcome = watch(client.send(start()));
    await after(0);
    if (fails) network.last.end();
    else client.close();
    await after(0);
    expect(outcome.error?.code).toBe("closed");
    expect(clock.timers.size).toBe(0);
    expect(client.stats().queue).toEqual({ messages: 0, bytes: 0 });
    // From now on nothing would ever send it.
    await expect(client.send(start())).rejects.toMatchObject({ code: "offline" });
  });

  it("a command that is illegal when its turn comes is rejected, and the others are sent", async () => {
    const { client, network, after } = bench(workflowClient, { offline: "queue" });
    void client.connect();
    const outcomes = [start(), start(), ping("t")].map((command) => watch(client.send(command)));
    await after(0);
    network.last.accept();
    await after(0);
    expect(outcomes[1]?.error?.code).toBe("illegal-state");
    expect(network.last.said).toEqual([start(), ping("t")]);
    client.close();
    await after(0);
  });
});

describe("a request", () => {
  it("gets the reply that carries its id, in whatever order replies come", async () => {
    const { client, network, connected, after } = bench(workflowClient);
    await connected();
    const outcomes = ["a", "b", "c"].map((token) => watch(client.send(ping(token))));
    for (const token of ["c", "a", "b"]) network.last.give({ event: "pong", data: { token } });
    await after(0);
    expect(outcomes.map(({ value }) => value?.data?.token)).toEqual(["a", "b", "c"]);
    client.close();
  });

  it("gets the next reply of its kind where there are no ids", async () => {
    const { client, network, connected, after } = bench(tasksClient);
    await connected();
    const outcomes = [watch(client.send({ event: "ping" })), watch(client.send({ event: "ping" }))];
    network.last.give({ event: "pong" });
    await after(0);
    expect(outcomes.map((outcome) => "value" in outcome)).toEqual([true, false]);
    client.close();
    await after(0);
  });

  it("ignores a duplicate reply, one with an unknown id, and one that comes too late; handlers get them all", async () => {
    const { client, network, connected, after, events } = bench(workflowClient);
    await connected();
    const outcomes = [watch(client.send(ping("a")))];
    network.last.give({ event: "pong", data: { token: "z" } });
    await after(5_000);
    outcomes.push(watch(client.send(ping("b"))));
    network.last.give({ event: "pong", data: { token: "a" } });
    await after(0);
    expect(outcomes.map(({ error, value }) => error?.code ?? value)).toEqual(["timeout", undefined]);
    network.last.give({ event: "pong", data: { token: "b" } });
    network.last.give({ event: "pong", data: { token: "b" } });
    await after(0);
    expect(outcomes[1]?.value?.data?.token).toBe("b");
    expect(events.length).toBe(4);
    client.close();
  });

  it("ends after answerMs, not before", async () => {
    const { client, connected, after } = bench(workflowClient);
    await connected();
    const outcome = watch(client.send(ping("a")));
    await after(4_999);
    expect(outcome).toEqual({});
    await after(1);
    expect(outcome.error).toMatchObject({ name: "ClientError", code: "timeout" });
    expect(client.stats().requests).toBe(0);
    client.close();
  });

  it("that is refused is rejected with the refusal, and no other one is", async () => {
    const { client, network, connected, after } = bench(tasksClient);
    await connected();
    const outcomes = ["a", "b"].map((id) => watch(client.send(subscribe(id))));
    const refusal = { event: "error", session_id: "b", data: { message: "no", code: "not-found" } };
    network.last.give(refusal);
    network.last.give({ event: "subscribed", session_id: "a", data: snapshot });
    await after(0);
    expect(outcomes[0]?.value).toMatchObject({ event: "subscribed", session_id: "a" });
    expect(outcomes[1]?.error).toMatchObject({
      name: "ClientError",
      code: "refused",
      refusal: "not-found",
      event: refusal,
    });
    client.close();
  });

  it("without an id in the refusal: the oldest is meant", async () => {
    const { client, network, connected, after } = bench(workflowClient);
    await connected();
    const outcomes = ["a", "b"].map((token) => watch(client.send(ping(token))));
    network.last.give({ event: "error", data: { error: "too fast", code: "rate-limited" } });
    network.last.give({ event: "pong", data: { token: "b" } });
    await after(0);
    expect(outcomes.map(({ error, value }) => error?.code ?? value?.data?.token)).toEqual(["refused", "b"]);
    client.close();
  });

  it.each([
    ["the connection is lost", "connection-lost"],
    ["the client is closed", "closed"],
  ])("in flight is rejected when %s, and is not sent again", async (_title, code) => {
    const { client, network, connected, after } = bench(workflowClient);
    await connected();
    const outcomes = ["a", "b"].map((token) => watch(client.send(ping(token))));
    if (code === "closed") client.close();
    else network.last.end();
    await after(3_000);
    expect(outcomes.map(({ error }) => error?.code)).toEqual([code, code]);
    network.last.accept();
    await after(10_000);
    expect(network.sockets.slice(1).flatMap(({ sent }) => sent)).toEqual([]);
    client.close();
  });
});
