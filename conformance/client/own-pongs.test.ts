import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import type { ClientAdapter } from "./launch/adapter.js";
import { ownPongs } from "./own-pongs.js";
import { judgePolicy } from "./test-reconnecting.js";

const token = { type: "string", maxLength: 64 };

/** The server asks whether the client is alive, and wants its own token back. */
const asked: Endpoint = (() => {
  const endpoint = inlineEndpoint({
    receive: "/cmd",
    send: "/event",
    commands: {
      alive: {
        type: "object",
        properties: { cmd: { const: "alive" }, token },
        required: ["cmd", "token"],
        additionalProperties: false,
      },
    },
    events: {
      probe: {
        type: "object",
        properties: { event: { const: "probe" }, token },
        required: ["event", "token"],
      },
      news: { type: "object", properties: { event: { const: "news" } }, required: ["event"] },
    },
    protocol: { answerMs: 500 },
    endpoint: {
      heartbeat: {
        mode: "application",
        initiator: "server",
        intervalMs: 30_000,
        timeoutMs: 1000,
        ping: "probe",
        pong: "alive",
      },
    },
  });
  return {
    ...endpoint,
    commands: endpoint.commands.map((one) => ({ ...one, correlation: "/token" })),
    events: endpoint.events.map((one) => (one.name === "probe" ? { ...one, correlation: "/token" } : one)),
  };
})();

const framed: Endpoint = {
  ...asked,
  heartbeat: { mode: "frame", initiator: "server", intervalMs: 30_000, timeoutMs: 1000 },
};

/** A client that answers a probe by what this gives; `ws` answers ping frames by itself. */
function answering(pongs: (token: string) => readonly string[], autoPong = true): ClientAdapter {
  return (scene) => {
    // The constructor that `judgePolicy` gives is that of ws.
    const Socket = scene.WebSocket as unknown as new (url: string, options: object) => WebSocket;
    const socket = new Socket(scene.url, { autoPong });
    socket.on("error", () => undefined);
    socket.on("message", (data) => {
      const event: { readonly event: string; readonly token?: string } = JSON.parse(String(data));
      for (const one of event.event === "probe" ? pongs(event.token ?? "") : [])
        socket.send(JSON.stringify({ cmd: "alive", token: one }));
    });
    // One that answers only the pings of the witness, which carry twelve bytes.
    socket.on("ping", (payload: Buffer) => {
      if (!autoPong && payload.length === 12) socket.pong(payload);
    });
    return { commands: {}, close: () => socket.close() };
  };
}

const judge = async (client: ClientAdapter, endpoint = asked) => {
  const report = await judgePolicy(client, [ownPongs], endpoint);
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
};

describe("C-HB-02", () => {
  it("passes a client that gives each ping its own token back, also among other events", async () => {
    const outcome = await judge(answering((given) => [given]));
    expect(outcome?.reason).toBe(
      "each of 5 pings had its own pong, one after another, between events, at once",
    );
  }, 30_000);

  it("passes a client whose library answers ping frames", async () => {
    expect(
      await judge(
        answering(() => []),
        framed,
      ),
    ).toMatchObject({ verdict: "pass" });
  }, 30_000);

  it.each<[string, Endpoint, ClientAdapter, RegExp]>([
    ["answers with a token of its own", asked, answering(() => ["mine"]), /had no pong/],
    ["answers twice", asked, answering((given) => [given, given]), /more pongs/],
    ["leaves ping frames alone", framed, answering(() => [], false), /had no pong/],
  ])(
    "fails one that %s",
    async (_, endpoint, client, reason) => {
      const outcome = await judge(client, endpoint);
      expect(outcome).toMatchObject({ verdict: "fail", reason: expect.stringMatching(reason) });
    },
    60_000,
  );
});
