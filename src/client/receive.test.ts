import { afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { tasksClient } from "../../generated/tasks.js";
import { type Pong, type TokenStream, workflowClient } from "../../generated/workflow.js";
import type { DecodeError } from "../wire/protocol.js";
import { type ClientError, createClient } from "./client.js";
import { bench } from "./test-bench.js";
import { createNetwork, VirtualClock } from "./test-network.js";

const pong = { event: "pong" };
const stray = { type: "pong" };

afterEach(() => vi.restoreAllMocks());

describe("an event", () => {
  it("is delivered to the handlers of its name as what was decoded, unknown fields kept", async () => {
    const { client, network, connected } = bench(workflowClient);
    const seen: TokenStream[] = [];
    client.on("token_stream", (event) => seen.push(event));
    client.on("pong", () => expect.unreachable());
    await connected();
    const event = {
      event: "token_stream",
      data: { node_id: "a", chunk: "\u0000é𝄞", new_field: 1 },
      more: [true],
    };
    network.last.give(` ${JSON.stringify(event)}\n`);
    expect(seen).toEqual([event]);
    client.close();
  });

  it("reaches several handlers, each once, in the order in which they came, and those of any event last", async () => {
    const { client, network, connected } = bench(workflowClient);
    const calls: string[] = [];
    const first = (): void => void calls.push("first");
    client.onAny((_event, name) => calls.push(`any ${name}`));
    client.on("pong", first);
    client.on("pong", () => calls.push("second"));
    client.on("pong", first);
    await connected();
    network.last.give(pong);
    expect(calls).toEqual(["first", "second", "any pong"]);
    client.close();
  });

  it("does not reach a handler that is gone, also when another one has just removed it", async () => {
    const { client, network, connected } = bench(workflowClient);
    const calls: string[] = [];
    const offs = ["a", "b", "c"].map((name) =>
      client.on("pong", () => {
        calls.push(name);
        if (name === "a") offs[1]?.();
      }),
    );
    await connected();
    network.last.give(pong);
    offs[2]?.();
    offs[2]?.();
    network.last.give(pong);
    expect(calls).toEqual(["a", "c", "a"]);
    client.close();
  });

  it("reaches the other handlers when one throws, and what it threw goes to onError", async () => {
    const { client, network, connected, errors } = bench(workflowClient);
    const fault = new Error("oh");
    const calls: string[] = [];
    client.on("pong", () => {
      throw fault;
    });
    client.on("pong", () => calls.push("other"));
    await connected();
    network.last.give(pong);
    expect(calls).toEqual(["other"]);
    expect(errors).toMatchObject([{ name: "ClientError", code: "handler", cause: fault }]);
    client.close();
  });

  it("is typed by its name, and a reply by its command", () => {
    const { client } = bench(workflowClient);
    client.on("node:parallel_start", (event) => expectTypeOf(event.data.branches).toEqualTypeOf<string[]>());
    const send = () => client.send({ cmd: "ping" });
    expectTypeOf<Awaited<ReturnType<typeof send>>>().toEqualTypeOf<Pong>();
    const pause = () => client.send({ cmd: "pause_session" });
    expectTypeOf<Awaited<ReturnType<typeof pause>>>().toEqualTypeOf<undefined>();
    // @ts-expect-error: no such event
    client.on("pongs", () => {});
    // @ts-expect-error: no such command
    void (() => client.send({ cmd: "pings" }));
    // @ts-expect-error: a command lacks what it must have
    void (() => client.send({ cmd: "start_session", data: {} }));
  });
});

describe("a frame that is no event", () => {
  it.each([
    ["broken JSON", "{", "not-json"],
    ["an array", "[]", "not-object"],
    ["no name", "{}", "missing-discriminator"],
    ["the name under another field", JSON.stringify(stray), "wrong-discriminator"],
    ["a missing field", '{"event":"token_stream","data":{"node_id":"a"}}', "invalid-payload"],
  ])(
    "is surfaced with code, place and mend, never delivered, and the connection stays (%s)",
    async (_title, text, code) => {
      const { client, network, connected, events, errors } = bench(workflowClient);
      await connected();
      network.last.give(text);
      network.last.give(pong);
      expect(events).toEqual(["pong"]);
      expect(errors).toMatchObject([{ code, decodeError: { code } }]);
      expect(errors[0]?.message).toContain(errors[0]?.decodeError?.hint);
      expect(client.stats().decodeErrors).toBe(1);
      expect(network.last.closed).toBeUndefined();
      client.close();
    },
  );

  it("by the name of another field is told with both fields", async () => {
    const { client, network, connected, errors } = bench(workflowClient);
    await connected();
    network.last.give(stray);
    expect(errors[0]?.message).toMatch(/names its events with `event`.*`type`/);
    client.close();
  });

  it.each([
    [false, "binary", 1003],
    [true, "binary", 4803],
    [false, "too large", 1009],
    [true, "too large", 4809],
  ])(
    "in a browser (%s): a %s one is answered by close code %i, and there is no way back",
    async (isBrowser, kind, code) => {
      const { client, network, connected, errors, after } = bench(
        { ...workflowClient, maxBytes: 100 },
        { isBrowser },
      );
      const decode = workflowClient.decode;
      void decode;
      await connected();
      if (kind === "binary") network.last.give(new TextEncoder().encode(JSON.stringify(pong)).buffer);
      else
        network.last.give(
          JSON.stringify({ event: "error", data: { error: "x".repeat(1_048_576), code: "c" } }),
        );
      expect(errors.map((error) => error.code)).toEqual([kind === "binary" ? "not-text" : "too-large"]);
      expect(network.last.closed?.code).toBe(code);
      expect(client.status.state).toBe("failed");
      await after(100_000);
      expect(network.sockets.length).toBe(1);
    },
  );

  it("of exactly maxBytes is delivered", async () => {
    const { client, network, connected, events } = bench(workflowClient);
    await connected();
    const text = (padding: number): string =>
      JSON.stringify({ event: "error", data: { error: "x".repeat(padding), code: "c" } });
    network.last.give(text(1_048_576 - text(0).length));
    expect(events).toEqual(["error"]);
    client.close();
  });

  it("goes to the console where nobody listens to onError", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue(undefined);
    const clock = new VirtualClock();
    const { WebSocket, sockets } = createNetwork(clock);
    const client = createClient(workflowClient, { url: "ws://server/", WebSocket, clock, platform: null });
    void client.connect();
    await clock.advance(0);
    sockets[0]?.accept();
    sockets[0]?.give("{");
    expect(printed.mock.calls).toMatchObject([[{ name: "ClientError", code: "not-json" }]]);
    client.close();
  });
});

describe("an event that the contract does not know", () => {
  it("goes to onUnknown, and the connection stays", async () => {
    const { client, network, connected, events, errors } = bench(workflowClient);
    const seen: [DecodeError, string | Uint8Array][] = [];
    client.onUnknown((...args) => seen.push(args));
    await connected();
    network.last.give('{"event":"novelty"}');
    network.last.give('{"event":"novelty"}');
    network.last.give(pong);
    expect(seen.map(([{ code }, frame]) => [code, frame])).toEqual(
      Array(2).fill(["unknown-message", '{"event":"novelty"}']),
    );
    expect([events, errors]).toEqual([["pong"], []]);
    expect(client.stats()).toMatchObject({ unknown: { '"novelty"': 2 }, decodeErrors: 0 });
    client.close();
  });

  it("goes to onError where nobody listens to onUnknown", async () => {
    const { client, network, connected, errors } = bench(workflowClient);
    await connected();
    network.last.give('{"event":"novelty"}');
    expect(errors.map(({ code }) => code)).toEqual(["unknown-message"]);
    client.close();
  });

  it("is counted by name, for a bounded number of names", async () => {
    const { client, network, connected } = bench(workflowClient);
    client.onUnknown(() => {});
    await connected();
    for (let i = 0; i < 1_000; i++) network.last.give(`{"event":"novelty ${i}"}`);
    expect(Object.keys(client.stats().unknown).length).toBe(100);
    client.close();
  });
});

describe("an event that is illegal in the state", () => {
  it("is delivered, for its content is valid, and told to onError", async () => {
    const { client, network, connected, events, errors } = bench(workflowClient);
    await connected();
    const event = { event: "execution:completed" };
    network.last.give(event);
    expect(events).toEqual(["execution:completed"]);
    expect(errors).toMatchObject([{ code: "illegal-state", event }]);
    client.close();
  });

  it("is one that comes twice where the contract wants it once", async () => {
    const { client, network, connected, errors } = bench(workflowClient);
    await connected();
    await client.send({ cmd: "start_session", data: { workflow_id: "echo" } });
    network.last.give({ event: "token_stream", data: { node_id: "a", chunk: "b" } });
    network.last.give({ event: "execution:completed" });
    expect(errors).toEqual([]);
    network.last.give({ event: "execution:completed" });
    expect(errors.map(({ code }: ClientError) => code)).toEqual(["illegal-state"]);
    client.close();
  });

  it("is none that passed a command of ours on the wire", async () => {
    const { client, network, connected, errors } = bench(workflowClient);
    await connected();
    await client.send({ cmd: "start_session", data: { workflow_id: "echo" } });
    network.last.give({ event: "token_stream", data: { node_id: "a", chunk: "b" } });
    await client.send({ cmd: "pause_session" });
    network.last.give({ event: "token_stream", data: { node_id: "a", chunk: "c" } });
    network.last.give({ event: "execution:completed" });
    network.last.give({ event: "error", data: { error: "no session", code: "illegal-state" } });
    expect(errors).toEqual([]);
    // The pause was refused, so nothing is under way: a new session may start.
    await client.send({ cmd: "start_session", data: { workflow_id: "echo" } });
    client.close();
  });

  it("is none that another connection explains", async () => {
    const { client, network, connected, errors } = bench(tasksClient);
    await connected();
    const subscribed = client.send({ event: "subscribe", session_id: "s" });
    const data = { status: "created", completed_tasks: 0, total_tasks: 1 };
    network.last.give({ event: "subscribed", session_id: "s", data });
    await subscribed;
    network.last.give({ event: "session.update", session_id: "s", data: { ...data, status: "running" } });
    expect(errors).toEqual([]);
    network.last.give({ event: "session.update", session_id: "s", data: { ...data, status: "created" } });
    expect(errors.map(({ code }) => code)).toEqual(["illegal-state"]);
    client.close();
  });
});

describe("the figures", () => {
  it("count frames and bytes each way", async () => {
    const { client, network, connected } = bench(workflowClient);
    await connected();
    await client.send({ cmd: "start_session", data: { workflow_id: "é" } });
    network.last.give('{"event":"pong"}');
    network.last.give("é");
    expect(client.stats()).toMatchObject({
      sockets: 1,
      attempts: 0,
      sent: { frames: 1, bytes: '{"cmd":"start_session","data":{"workflow_id":"e"}}'.length + 1 },
      received: { frames: 2, bytes: 18 },
    });
    client.close();
  });
});
