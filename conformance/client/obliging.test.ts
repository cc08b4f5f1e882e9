import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Endpoint, Lifecycle } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import { readContract } from "../../src/document/read-contract.js";
import { checkServer } from "../server/check-server.js";
import { sampleEndpoint } from "../test-subject.js";
import type { AcceptOptions, ClientCase, Peer } from "./check.js";
import { type PlayOptions, playCase } from "./test-case.js";
import { type FrameClient, frameClients } from "./test-client.js";

/** Plays a case with one connected client of the kit's own frames. */
async function serve<T>(
  endpoint: Endpoint,
  script: (client: FrameClient, peer: Peer, scene: ClientCase) => Promise<T>,
  { accept, ...options }: PlayOptions & { readonly accept?: AcceptOptions } = {},
): Promise<T> {
  const clients = frameClients();
  const { value } = await playCase(
    async (scene) => {
      await scene.launch();
      const peer = await scene.connection(accept);
      await clients.last().socket.handshake;
      return script(clients.last(), peer, scene);
    },
    { timeScale: 0.05, ...options, endpoint, client: clients.start },
  );
  return value;
}

async function heard({ texts }: FrameClient, count: number, scene: ClientCase): Promise<readonly unknown[]> {
  while (texts.length < count) await scene.wait(2);
  return texts.slice(0, count).map((text): unknown => JSON.parse(text));
}

const is = (field: string, name: string, rest: Record<string, object> = {}) => ({
  type: "object",
  properties: { [field]: { const: name }, ...rest },
  required: [field, ...Object.keys(rest)],
});

/** A small endpoint with one lifecycle; its refusals have codes. */
function endpointWith(lifecycle: Partial<Lifecycle>, more: Partial<Endpoint> = {}): Endpoint {
  return inlineEndpoint({
    receive: "/cmd",
    send: "/event",
    commands: { go: is("cmd", "go"), bye: is("cmd", "bye"), pong: is("cmd", "pong") },
    events: {
      hello: is("event", "hello", { every: { type: "integer", minimum: 1, maximum: 50_000 } }),
      done: is("event", "done"),
      ping: is("event", "ping"),
      error: is("event", "error", { code: { type: "string" } }),
    },
    protocol: {
      reject: {
        message: "error",
        code: "/code",
        payload: ["not-json"],
        state: ["illegal-state"],
        spontaneous: false,
      },
      first: { message: "hello", withinMs: 1000 },
    },
    lifecycles: [
      {
        name: "one",
        scope: "connection",
        initial: "idle",
        queued: [],
        transitions: [],
        obligations: [],
        ...lifecycle,
      },
    ],
    endpoint: more,
  });
}

const RUNNING: Partial<Lifecycle> = {
  transitions: [
    { from: ["idle"], on: ["go"], to: "busy" },
    { from: ["busy"], on: ["done"], to: "idle" },
    { from: ["*"], on: ["bye"], to: "$closed" },
  ],
  obligations: [{ in: ["busy"], withinMs: 5000, rearm: false }],
};

describe("the kit as a server, by itself", () => {
  it("says the declared first event, once", async () => {
    await serve(endpointWith({}), async (client, _, scene) => {
      expect(await heard(client, 1, scene)).toEqual([{ event: "hello", every: expect.any(Number) }]);
      await scene.wait(50);
      expect(client.texts).toHaveLength(1);
    });
  });

  it("answers pings with their token, at once", async () => {
    await serve(sampleEndpoint, async (client, peer, scene) => {
      client.text('{"cmd":"ping","token":"t"}');
      client.text('{"cmd":"ping"}');
      expect(await heard(client, 2, scene)).toEqual([{ event: "pong", token: "t" }, { event: "pong" }]);
      expect(peer.beats.map(({ payload }) => payload)).toEqual([
        { cmd: "ping", token: "t" },
        { cmd: "ping" },
      ]);
    });
  });

  it("replies, echoes what an exchange says is echoed, and plays an exchange to its end", async () => {
    await serve(sampleEndpoint, async (client, _, scene) => {
      client.text('{"cmd":"say","text":"ä <b>"}');
      expect(await heard(client, 1, scene)).toEqual([{ event: "said", text: "ä <b>" }]);
      client.text('{"cmd":"count","to":20}');
      const events = (await heard(client, 22, scene)).slice(1) as { event: string }[];
      expect(events.map(({ event }) => event)).toEqual([...Array(20).fill("number"), "counted"]);
    });
  });

  it.each([
    ["what it cannot read", "{", "not-json"],
    ["another field's name", '{"event":"say"}', "wrong-discriminator"],
    ["an unknown name", '{"cmd":"shout"}', "unknown-message"],
    ["a wrong payload", '{"cmd":"say","text":1}', "invalid-payload"],
  ])("refuses %s", async (_, text, code) => {
    await serve(sampleEndpoint, async (client, __, scene) => {
      client.text(text);
      expect(await heard(client, 1, scene)).toEqual([{ event: "error", code }]);
    });
  });

  it("refuses what the lifecycle forbids, and goes on as if it had not been", async () => {
    await serve(endpointWith(RUNNING), async (client, _, scene) => {
      for (let count = 0; count < 2; count += 1) client.text('{"cmd":"go"}');
      const [, ...rest] = await heard(client, 3, scene);
      expect(rest).toEqual([{ event: "error", code: "illegal-state" }, { event: "done" }]);
    });
  });

  it("lets a queued command wait its turn", async () => {
    await serve(endpointWith({ ...RUNNING, queued: ["go"] }), async (client, _, scene) => {
      for (let count = 0; count < 3; count += 1) client.text('{"cmd":"go"}');
      const [, ...rest] = await heard(client, 4, scene);
      expect(rest).toEqual([{ event: "done" }, { event: "done" }, { event: "done" }]);
    });
  });

  it("closes where the lifecycle has it closed, with the code for `done`", async () => {
    const closeCodes = { "4000": { cause: ["done"], retry: false, by: "server" as const } };
    await serve(endpointWith(RUNNING, { closeCodes }), async (client, peer, scene) => {
      client.text('{"cmd":"bye"}');
      while (!client.frames.some(({ opcode }) => opcode === 8)) await scene.wait(2);
      client.send({ opcode: 8 });
      expect(await peer.ended(2000)).toMatchObject({ by: "kit", how: "close" });
      const close = client.frames.find(({ opcode }) => opcode === 8);
      expect(Buffer.from(close?.payload.subarray(0, 2) ?? []).readUInt16BE()).toBe(4000);
    });
  });

  it("closes for a binary frame where text is declared", async () => {
    const endpoint = { ...sampleEndpoint, protocol: { ...sampleEndpoint.protocol, framesDeclared: true } };
    await serve(endpoint, async (client, _, scene) => {
      client.send({ opcode: 2, payload: Buffer.from("{}") });
      while (!client.frames.some(({ opcode }) => opcode === 8)) await scene.wait(2);
    });
  });

  it("beats where the server is the one who does, as often as its own event says", async () => {
    const heartbeat = {
      mode: "application" as const,
      initiator: "server" as const,
      intervalMs: { message: "hello", field: "/every" },
      timeoutMs: 1000,
      ping: "ping",
      pong: "pong",
    };
    await serve(
      endpointWith({}, { heartbeat }),
      async (client, _, scene) => {
        const [hello, ...beats] = await heard(client, 4, scene);
        expect(hello).toEqual({ event: "hello", every: 30 });
        expect(beats).toEqual([{ event: "ping" }, { event: "ping" }, { event: "ping" }]);
      },
      { advertisedMs: 30 },
    );
  });

  it("does none of it where it is told not to, and begins when it is told to", async () => {
    await serve(
      sampleEndpoint,
      async (client, peer, scene) => {
        client.text('{"cmd":"ping"}');
        client.text('{"cmd":"say","text":"a"}');
        client.text("{");
        await peer.next(({ text }) => text === "{", 2000);
        await scene.wait(50);
        expect(client.texts).toEqual([]);
        peer.oblige({ heartbeat: true });
        client.text('{"cmd":"ping","token":"now"}');
        expect(await heard(client, 1, scene)).toEqual([{ event: "pong", token: "now" }]);
      },
      { accept: { obliging: false } },
    );
  });

  it("refuses a command for a script, which is then taken back on both sides", async () => {
    await serve(
      endpointWith(RUNNING),
      async (client, peer, scene) => {
        client.text('{"cmd":"go"}');
        const command = await peer.next(() => true, 2000);
        if (command === undefined) throw new Error("no command");
        peer.refuse(command, "overloaded");
        expect(await heard(client, 1, scene)).toEqual([{ event: "error", code: "overloaded" }]);
        client.text('{"cmd":"go"}');
        await peer.next(() => true, 2000);
        peer.event("done", { event: "done" });
      },
      { accept: { obliging: false } },
    );
  });

  it("makes payloads for scripts, with values in their places", async () => {
    await serve(endpointWith({}), async (_, peer) => {
      expect(peer.compose("hello", new Map([["/every", 7]]))).toEqual({ event: "hello", every: 7 });
      expect(peer.compose("hello", new Map([["/every", "x"]]))).toBeUndefined();
    });
  });
});

describe("the kit as a server, judged by the kit as a client", () => {
  const contract = readContract(readFileSync("generated/contract.json", "utf8"), "generated/contract.json");
  const endpoints = contract.endpoints.filter(({ protocol }) => protocol.transport === "websocket");

  /** Runs checks of servers against the kit, which accepts whatever comes. */
  function judged(endpoint: Endpoint, only: readonly string[], runs: number) {
    return playCase(
      async (scene) => {
        let isOver = false;
        const accepting = (async () => {
          while (!isOver) void (await scene.attempt(100))?.accept();
        })();
        const report = await checkServer({
          contract,
          channel: endpoint.name,
          url: new URL(scene.url).origin.replace("http", "ws"),
          timeScale: 0.05,
          seed: 5,
          runs,
          only,
        });
        isOver = true;
        await accepting;
        return report.outcomes;
      },
      { contract, endpoint, timeScale: 0.05 },
    );
  }

  const RIGHT = [
    "S-HS-01",
    "S-FR-11",
    "S-FR-16",
    "S-CD-02",
    "S-CD-04",
    "S-CD-11",
    "S-RR-01",
    "S-SM-04",
    "S-HB-02",
  ];

  it.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
    "keeps the channel %s",
    async (_, endpoint) => {
      const { value } = await judged(endpoint, RIGHT, 3);
      const wrong = value.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable");
      expect(wrong.map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`)).toEqual([]);
      expect(value.filter(({ verdict }) => verdict === "pass").length).toBeGreaterThan(5);
    },
    60_000,
  );

  /** Checks that send nothing but what is right. */
  const LEGAL = ["S-SM-01", "S-SM-04", "S-HB-02"];

  it.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
    "accuses no client that keeps the channel %s",
    async (_, endpoint) => {
      const { violations } = await judged(endpoint, LEGAL, 4);
      // The kit as a client draws its keys by a seed, so that a case that is played again draws the same.
      expect(violations.filter(({ check }) => !["C-HS-01", "C-FR-01"].includes(check))).toEqual([]);
    },
    60_000,
  );
});
