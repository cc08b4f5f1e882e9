/** The kit as the server of `socket.io-client`, over each transport, and what it finds out about clients that go wrong. */
import { io, type Socket } from "socket.io-client";
import { describe, expect, it } from "vitest";
import type { Endpoint, Json, JsonSchema } from "../../../src/contract/contract.js";
import { inlineEndpoint } from "../../../src/contract/inline-endpoint.js";
import { HarnessFault } from "../../judge.js";
import { sampleContract } from "../../test-subject.js";
import { clientChecks } from "../catalogue.js";
import { checkClient } from "../check-client.js";
import type { ClientAdapter } from "../launch/adapter.js";
import { charged, playCase, type StartClient } from "../test-case.js";

const object = (properties: Record<string, JsonSchema>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});

/** A question has its acknowledgement, and news come whenever they come. */
const endpoint: Endpoint = (() => {
  const inline = inlineEndpoint({
    receive: "$event",
    send: "$event",
    commands: { ask: object({ text: { type: "string" } }) },
    events: {
      news: object({ text: { type: "string" } }),
      error: object({ code: { type: "string" } }),
      taken: {
        oneOf: [
          { ...object({ ok: { const: true } }), additionalProperties: false },
          object({ ok: { const: false }, code: { type: "string" } }),
        ],
      },
    },
    protocol: {
      transport: "socket.io",
      answerMs: 1000,
      unknown: { send: "ignore", receive: "error" },
      reject: {
        message: "error",
        code: "/code",
        payload: ["unknown-message"],
        state: [],
        spontaneous: false,
      },
    },
    endpoint: {
      address: "/socket.io/",
      heartbeat: { mode: "engine.io", initiator: "server", intervalMs: 800, timeoutMs: 500, life: "pong" },
      reconnect: {
        strategy: "exponential",
        initialDelayMs: 300,
        factor: 2,
        maxDelayMs: 600,
        jitter: 0,
        maxAttempts: null,
        onCleanClose: false,
        resetAfterMs: 0,
        connectTimeoutMs: 2000,
        offline: "queue",
        restore: [],
      },
      operations: [
        { name: "ask", action: "receive", messages: ["ask"], reply: { messages: ["taken"], ack: true } },
      ],
    },
  });
  const events = inline.events.map((one) =>
    one.name === "taken"
      ? {
          ...one,
          acknowledgement: true,
          examples: [{ payload: { ok: true } }, { payload: { ok: false, code: "unknown-message" } }],
        }
      : one,
  );
  return { ...inline, events };
})();

const TRANSPORTS = ["polling, then websocket", "websocket", "polling"];

/** Starts clients of a case; the last one is at hand. */
function clients(transports: readonly string[]): {
  readonly start: StartClient;
  readonly last: () => Socket;
} {
  let socket: Socket | undefined;
  return {
    start({ url }) {
      const own = io(url, { transports: [...transports], forceNew: true, reconnection: false });
      socket = own;
      return () => void own.disconnect();
    },
    last() {
      if (socket === undefined) throw new Error("no client was launched");
      return socket;
    },
  };
}

const next = (socket: Socket, event: string): Promise<unknown[]> =>
  new Promise((resolve) => socket.once(event, (...given: unknown[]) => resolve(given)));

describe.each(TRANSPORTS)("a session over %s", (transports) => {
  const names = transports.split(", then ");

  it("carries events, commands, acknowledgements and pings both ways", async () => {
    const { last, start } = clients(names);
    const { value, violations } = await playCase(
      async (scene) => {
        await scene.launch();
        const heard = next(last(), "news");
        const peer = await scene.connection();
        peer.event("news", { text: "one" });
        const asked = last().timeout(5000).emitWithAck("ask", { text: "why" });
        const command = await peer.next(({ names: [name] }) => name === "ask", 5000);
        peer.ping(new Uint8Array([1, 2]));
        const pong = await peer.pong(new Uint8Array([1, 2]), 5000);
        return { heard: await heard, answer: await asked, payload: command?.payload, pong };
      },
      { endpoint, client: start },
    );
    expect(value).toEqual({
      heard: [{ text: "one" }],
      answer: { ok: true },
      payload: { text: "why" },
      pong: true,
    });
    expect(violations).toEqual([]);
  }, 20_000);

  it("refuses what is unknown, and charges it", async () => {
    const { last, start } = clients(names);
    const { value, violations } = await playCase(
      async (scene) => {
        await scene.launch();
        const peer = await scene.connection();
        const refused = next(last(), "error");
        last().emit("shout", { text: "why" });
        const [told] = await refused;
        expect(peer.end).toBeUndefined();
        return told;
      },
      { endpoint, client: start },
    );
    expect(value).toMatchObject({ code: "unknown-message" });
    expect(charged(violations)).toEqual(["C-CD-01"]);
  }, 20_000);

  it.each([
    ["is reset", "transport"],
    ["is ended by FIN", "transport"],
    ["gets packet 41", "io server disconnect"],
  ])(
    "tells a client that %s so",
    async (how, reason) => {
      const { last, start } = clients(names);
      const { value } = await playCase(
        async (scene) => {
          await scene.launch();
          const peer = await scene.connection();
          const lost = next(last(), "disconnect");
          if (how === "is reset") peer.destroy();
          else if (how === "gets packet 41") peer.close();
          else peer.finish();
          const [told] = await lost;
          return { told, end: (await peer.ended(5000))?.how };
        },
        { endpoint, client: start },
      );
      expect(value.told).toEqual(expect.stringContaining(reason));
      expect(value.end).toBeDefined();
    },
    20_000,
  );

  it("sees a client leave", async () => {
    const { last, start } = clients(names);
    const { value } = await playCase(
      async (scene) => {
        await scene.launch();
        const peer = await scene.connection();
        last().disconnect();
        return peer.ended(5000);
      },
      { endpoint, client: start },
    );
    expect(value).toMatchObject({ by: "subject", how: "close" });
  }, 20_000);

  it.each(["503", "an answer that opens no session"])(
    "answers a request by %s",
    async (how) => {
      const { last, start } = clients(names);
      const { value } = await playCase(
        async (scene) => {
          await scene.launch();
          const failed = next(last(), "connect_error");
          const attempt = await scene.attempt(5000);
          if (how === "503") await attempt?.refuse(503);
          else await attempt?.accept({ acceptKey: "bm8=" });
          return (await failed).length;
        },
        { endpoint, client: start },
      );
      expect(value).toBe(1);
    },
    20_000,
  );
});

describe("a session", () => {
  it("has no frames of its own", async () => {
    const { start } = clients(["websocket"]);
    const play = playCase(
      async (scene) => {
        await scene.launch();
        const peer = await scene.connection();
        peer.frame({ opcode: 1 });
      },
      { endpoint, client: start },
    );
    await expect(play).rejects.toThrow(HarnessFault);
  }, 20_000);
});

/** What a program on `socket.io-client` does otherwise than it should. */
interface Faults {
  readonly again?: (socket: Socket) => void;
  readonly command?: string;
  /** Done at connect. */
  readonly atOpen?: (socket: Socket) => void;
}

/** A program on `socket.io-client`, in real time. */
function program({ again, atOpen, command = "ask" }: Faults = {}): ClientAdapter {
  return (scene) => {
    const socket = io(scene.url, {
      forceNew: true,
      reconnection: again === undefined,
      reconnectionDelay: 300,
      reconnectionDelayMax: 600,
      randomizationFactor: 0,
      timeout: 2000,
    });
    socket.on("connect", () => {
      scene.state("connected");
      atOpen?.(socket);
    });
    socket.on("disconnect", () => {
      scene.state("reconnecting");
      again?.(socket);
    });
    socket.on("connect_error", () => again?.(socket));
    socket.onAny((name: string, payload: Json) => {
      if (name === "news" || name === "error") scene.event(payload, name);
      else scene.error("unknown-message");
    });
    return {
      commands: {
        async ask(payload) {
          socket.emit(command, payload);
          return undefined;
        },
      },
      close: () => void socket.disconnect(),
    };
  };
}

async function judge(adapter: ClientAdapter, ids: readonly string[]) {
  const checks = clientChecks.filter(({ id }) => ids.includes(id));
  const contract = sampleContract(endpoint);
  // No socket of the kit's: `socket.io-client` brings its own.
  class WebSocket {}
  const report = await checkClient({ contract, adapter, WebSocket, checks, time: "real", seed: 1, runs: 2 });
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes;
}

describe("clients of Socket.IO", () => {
  it("pass where they are right, and are not judged by what their library does", async () => {
    const ids = ["C-HS-01", "C-HS-02", "C-FR-05", "C-CD-02", "C-CD-03", "C-HB-02", "C-HB-03", "C-HB-07"];
    const more = ["C-RC-01", "C-RC-02", "C-RC-05", "C-RC-10", "C-RC-11", "C-CD-01"];
    const outcomes = await judge(program(), [...ids, ...more]);
    const verdicts = outcomes.map(({ id, verdict, reason }) =>
      verdict === "pass" ? verdict : [id, verdict, reason],
    );
    const none =
      "the document does not declare a plain WebSocket (under Socket.IO its library makes handshakes and frames)";
    expect(verdicts.filter((one) => one !== "pass")).toEqual([
      ["C-HS-02", "not-applicable", none],
      ["C-FR-05", "not-applicable", none],
    ]);
  }, 90_000);

  it.each<[string, string, Faults]>([
    ["C-RC-01", "comes back at once", { again: (socket) => void socket.connect() }],
    ["C-CD-01", "says another name", { command: "asked" }],
    [
      "C-HB-03",
      "does not mind that the server is silent",
      // The library ends a session whose pings stay away: a clock that stands still never lets it.
      { atOpen: (socket) => Object.assign(socket.io.engine, { _onClose: () => undefined }) },
    ],
  ])(
    "%s: one that %s is found out",
    async (id, _, faults) => {
      const [outcome] = await judge(program(faults), [id]);
      expect(outcome).toMatchObject({ id, verdict: "fail" });
    },
    60_000,
  );
});
