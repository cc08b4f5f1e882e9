import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import type { ClientAdapter } from "./launch/adapter.js";
import { judgePolicy } from "./test-reconnecting.js";
import { toldInterval } from "./told-interval.js";

const named = (field: string, name: string) => ({
  type: "object",
  properties: { [field]: { const: name } },
  required: [field],
});

/** The first event says how often the heart is to beat. */
const told: Endpoint = inlineEndpoint({
  receive: "/cmd",
  send: "/event",
  commands: { ping: named("cmd", "ping") },
  events: {
    hello: {
      type: "object",
      properties: { event: { const: "hello" }, every: { type: "number", minimum: -1, maximum: 100_000 } },
      required: ["event", "every"],
    },
    pong: named("event", "pong"),
  },
  protocol: { answerMs: 500, first: { message: "hello", withinMs: 1000 } },
  endpoint: {
    heartbeat: {
      mode: "application",
      initiator: "client",
      intervalMs: { message: "hello", field: "/every" },
      timeoutMs: 5000,
      ping: "ping",
      pong: "pong",
    },
  },
});

/** Here the server pings, and the client gives it up. */
const heard: Endpoint = {
  ...told,
  heartbeat: {
    mode: "frame",
    initiator: "server",
    intervalMs: { message: "hello", field: "/every" },
    timeoutMs: 500,
  },
};

/** A client that beats as often as this makes of what it is told. */
function beating(every: (told: number) => number): ClientAdapter {
  return (scene) => {
    // The constructor that `judgePolicy` gives is that of ws.
    const socket = new scene.WebSocket(scene.url) as WebSocket;
    let beat: NodeJS.Timeout | undefined;
    socket.on("error", () => undefined);
    socket.on("close", () => clearInterval(beat));
    socket.on("message", (data) => {
      const event: { readonly event: string; readonly every?: number } = JSON.parse(String(data));
      if (event.event !== "hello") return;
      clearInterval(beat);
      beat = setInterval(() => socket.send('{"cmd":"ping"}'), every(event.every ?? 0));
    });
    return { commands: {}, close: () => socket.close() };
  };
}

/** A client that gives a server up so long after its last ping. */
function listening(patience: (told: number) => number): ClientAdapter {
  return (scene) => {
    const socket = new scene.WebSocket(scene.url) as WebSocket;
    let bound = Number.POSITIVE_INFINITY;
    let end: NodeJS.Timeout | undefined;
    const alive = (): void => {
      clearTimeout(end);
      if (Number.isFinite(bound)) end = setTimeout(() => socket.terminate(), bound);
    };
    socket.on("error", () => undefined);
    socket.on("close", () => clearTimeout(end));
    socket.on("ping", alive);
    socket.on("message", (data) => {
      bound = patience((JSON.parse(String(data)) as { readonly every: number }).every);
      alive();
    });
    return { commands: {}, close: () => socket.close() };
  };
}

const judge = async (client: ClientAdapter, endpoint: Endpoint) => {
  const report = await judgePolicy(client, [toldInterval], endpoint);
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
};

const sane = (ms: number): number => (ms >= 100 && ms < 2 ** 31 ? ms : 30_000);

describe("C-HB-07", () => {
  it("passes a client that beats as often as it is told, and not at what cannot be meant", async () => {
    expect(await judge(beating(sane), told)).toMatchObject({ verdict: "pass" });
  }, 30_000);

  it("passes a client that waits for the server as long as it was told", async () => {
    expect(
      await judge(
        listening((ms) => Math.max(0, ms) + 500),
        heard,
      ),
    ).toMatchObject({ verdict: "pass" });
  }, 30_000);

  it.each<[string, Endpoint, ClientAdapter, RegExp]>([
    ["has an interval of its own", told, beating(() => 120), /too soon/],
    ["beats without any pause for 0", told, beating((ms) => ms), /flood/],
    ["waits for the server as long as it thinks right", heard, listening(() => 800), /give|take/],
    ["never gives a server up", heard, listening(() => Number.POSITIVE_INFINITY), /does not take on/],
  ])(
    "fails one that %s",
    async (_, endpoint, client, reason) => {
      const outcome = await judge(client, endpoint);
      expect(outcome).toMatchObject({ verdict: "fail", reason: expect.stringMatching(reason) });
    },
    60_000,
  );
});
