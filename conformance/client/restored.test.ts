import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Endpoint, Json, JsonSchema } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import type { ClientAdapter } from "./launch/adapter.js";
import { restored } from "./restored.js";
import { judgePolicy, shortPolicy } from "./test-reconnecting.js";

const named = (field: string, name: string, rest: Record<string, JsonSchema> = {}): JsonSchema => ({
  type: "object",
  properties: { [field]: { const: name }, ...rest },
  required: [field, ...Object.keys(rest)],
});

const room: JsonSchema = { type: "string", maxLength: 64 };
const { reconnect } = shortPolicy;
if (reconnect === undefined) throw new Error("the short policy is gone");

/** Rooms that are joined, and close some day; what is said while offline waits. */
const rooms: Endpoint = inlineEndpoint({
  receive: "/cmd",
  send: "/event",
  commands: { join: named("cmd", "join", { room }), note: named("cmd", "note", { text: room }) },
  events: { joined: named("event", "joined", { room }), closed: named("event", "closed", { room }) },
  protocol: { answerMs: 1000 },
  lifecycles: [
    {
      name: "membership",
      scope: { key: "/room" },
      initial: "outside",
      transitions: [
        { from: ["outside"], on: ["join"], to: "joining" },
        { from: ["joining"], on: ["joined"], to: "inside" },
        { from: ["inside"], on: ["closed"], to: "over" },
      ],
    },
  ],
  endpoint: {
    reconnect: {
      ...reconnect,
      offline: "queue",
      restore: [{ lifecycle: "membership", in: ["joining", "inside"], by: "join" }],
    },
  },
});

/** What a client sends on a new connection: what it had joined, what has closed of it, what waits. */
type Restore = (joined: readonly string[], closed: readonly string[], waiting: readonly string[]) => string[];

const join = (one: string): string => JSON.stringify({ cmd: "join", room: one });

const right: Restore = (joined, closed, waiting) => [
  ...joined.filter((one) => !closed.includes(one)).map(join),
  ...waiting,
];

function member(restore: Restore): ClientAdapter {
  return (scene) => {
    const joined: string[] = [];
    const closed: string[] = [];
    const waiting: string[] = [];
    let socket: WebSocket;
    let timer: ReturnType<typeof scene.clock.setTimeout> | undefined;
    let n = 0;
    let isOver = false;
    function connect(): void {
      // The constructor that `judgePolicy` gives is that of ws.
      socket = new scene.WebSocket(scene.url) as WebSocket;
      socket.on("error", () => undefined);
      socket.on("open", () => {
        for (const text of restore(joined, closed, waiting.splice(0))) socket.send(text);
      });
      socket.on("message", (data) => {
        const event: { readonly event: string; readonly room: string } = JSON.parse(String(data));
        if (event.event === "closed") closed.push(event.room);
        scene.event(event);
      });
      socket.on("close", () => {
        if (isOver) return;
        scene.state("reconnecting");
        timer = scene.clock.setTimeout(connect, 200 * 2 ** n);
        n += 1;
      });
    }
    async function send(payload: Json): Promise<undefined> {
      const { room: one } = payload as { readonly room?: string };
      if (one !== undefined) joined.push(one);
      const text = JSON.stringify(payload);
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
      else waiting.push(text);
    }
    connect();
    const close = (): void => {
      isOver = true;
      scene.clock.clearTimeout(timer);
      socket.terminate();
    };
    return { commands: { join: send, note: send }, close, stop: close };
  };
}

const judge = async (restore: Restore) => {
  const report = await judgePolicy(member(restore), [restored], rooms);
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
};

describe("C-RC-09", () => {
  it("passes a client that joins again the rooms that it was in, before anything else", async () => {
    expect(await judge(right)).toMatchObject({ verdict: "pass" });
  }, 30_000);

  it.each<[string, Restore, RegExp]>([
    ["restores nothing", (_, __, waiting) => [...waiting], /was not restored/],
    [
      "restores all of it twice",
      (...given) => [...right(...given), ...right(given[0], given[1], [])],
      /more than once/,
    ],
    ["restores what has ended", (joined, _, waiting) => right(joined, [], waiting), /had ended/],
    [
      "sends first what waits",
      (joined, closed, waiting) => [...waiting, ...right(joined, closed, [])],
      /came before/,
    ],
    [
      "forgets the last",
      (joined, closed, waiting) => right(joined.slice(0, -1), closed, waiting),
      /was not restored/,
    ],
  ])(
    "fails one that %s",
    async (_, restore, reason) => {
      const outcome = await judge(restore);
      expect(outcome).toMatchObject({ verdict: "fail", reason: expect.stringMatching(reason) });
    },
    60_000,
  );
});
