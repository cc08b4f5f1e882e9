import { describe, expect, it } from "vitest";
import type { Reject } from "../../src/wire/protocol.js";
import { is, mockContract, mocksForTests, object } from "./test-mock.js";
import { pause } from "./test-observer.js";

const mocks = mocksForTests();
const STRING = { type: "string" };
const CODES = ["not-json", "invalid-payload", "unknown-message", "missing-discriminator", "illegal-state"];
const REJECT: Reject = {
  message: "error",
  code: "/code",
  payload: CODES.slice(0, -1),
  state: ["illegal-state"],
  spontaneous: false,
};
const event = (name: string, more: Parameters<typeof object>[0] = {}) => object({ event: is(name), ...more });
const command = (name: string, more: Parameters<typeof object>[0] = {}) => object({ cmd: is(name), ...more });
const ERROR = event("error", { code: { enum: CODES } });

describe("lifecycles", () => {
  const job = mockContract({
    commands: { start: command("start", { "id?": STRING }), stop: command("stop", { "id?": STRING }) },
    events: {
      started: event("started", { "id?": STRING }),
      tick: event("tick", { "id?": STRING, last: { type: "boolean" } }),
      stopped: event("stopped"),
      error: ERROR,
    },
    examples: { tick: [{ event: "tick", id: "somebody else's", last: true }] },
    protocol: { reject: REJECT, unknown: { send: "ignore", receive: "error" } },
    lifecycles: [
      {
        transitions: [
          { from: ["idle"], on: ["start"], to: "starting", set: { job: "/id" } },
          { from: ["starting"], on: ["started"], to: "running", bound: { "/id": "job" } },
          { from: ["running"], on: ["stop"], to: "stopping", bound: { "/id": "job" } },
          { from: ["stopping"], on: ["tick"], to: "=", when: { "/last": false }, bound: { "/id": "job" } },
          { from: ["stopping"], on: ["tick"], to: "idle", when: { "/last": true }, bound: { "/id": "job" } },
        ],
        obligations: [
          { in: ["starting"], withinMs: 5000, rearm: false },
          { in: ["stopping"], withinMs: 5000, rearm: false },
        ],
      },
    ],
  });

  it("are walked on until nothing is owed, with the values that they remember", async () => {
    const client = await (await mocks.serve(job)).connect();
    client.send("start", { cmd: "start", id: "my job" });
    await client.next("started");
    client.send("stop", { cmd: "stop", id: "my job" });
    const [first, last] = [await client.next("tick"), await client.next("tick")];
    expect(first.payload).toEqual({ event: "tick", id: "my job", last: false });
    expect(last.payload).toMatchObject({ last: true });
    await client.settled();
    expect(client.problems()).toEqual([]);
    expect([...(client.lifecycle.visited.states.get("session") ?? [])].sort()).toEqual([
      "idle",
      "running",
      "starting",
      "stopping",
    ]);
  });

  it("refuse what is illegal once, with the document's code, and go on as if it had not been", async () => {
    const client = await (await mocks.serve(job)).connect();
    client.send("stop", { cmd: "stop" });
    expect((await client.next("error")).payload).toMatchObject({ code: "illegal-state" });
    client.send("start", { cmd: "start", id: "a" });
    await client.next("started");
    client.send("stop", { cmd: "stop", id: "another" });
    await client.next("error");
    client.sendText("{");
    expect((await client.next("error")).payload).toMatchObject({ code: "not-json" });
    await client.settled();
    expect(client.problems()).toEqual([]);
  });

  it("of an initial state that owes something are walked on from the beginning", async () => {
    const contract = mockContract({
      events: { ready: event("ready"), busy: event("busy") },
      lifecycles: [
        {
          initial: "waking",
          transitions: [
            { from: ["waking"], on: ["busy"], to: "=" },
            { from: ["waking"], on: ["ready"], to: "awake" },
          ],
          obligations: [{ in: ["waking"], withinMs: 5000, rearm: false }],
        },
      ],
    });
    const client = await (await mocks.serve(contract)).connect();
    await client.next("ready");
    expect(client.problems()).toEqual([]);
  });

  it("with a key are kept apart, each answer with its own key", async () => {
    const contract = mockContract({
      commands: { join: command("join", { room: STRING }), leave: command("leave", { room: STRING }) },
      events: {
        joined: event("joined", { room: STRING }),
        left: event("left", { room: STRING }),
        error: ERROR,
      },
      protocol: { reject: REJECT },
      lifecycles: [
        {
          name: "room",
          scope: { key: "/room" },
          initial: "out",
          transitions: [
            { from: ["out"], on: ["join"], to: "joining" },
            { from: ["joining"], on: ["joined"], to: "in" },
            { from: ["in"], on: ["leave"], to: "leaving" },
            { from: ["leaving"], on: ["left"], to: "out" },
          ],
          obligations: [{ in: ["joining", "leaving"], withinMs: 5000, rearm: false }],
        },
      ],
    });
    const client = await (await mocks.serve(contract)).connect();
    const rooms = Array.from({ length: 12 }, (_, index) => `room ${index}`);
    for (const room of rooms) client.send("join", { cmd: "join", room });
    for (const _ of rooms) await client.next("joined");
    client.send("leave", { cmd: "leave", room: "room 3" });
    expect((await client.next("left")).payload).toEqual({ event: "left", room: "room 3" });
    client.send("leave", { cmd: "leave", room: "room 3" });
    await client.next("error");
    await client.settled();
    expect(client.problems()).toEqual([]);
  });

  it("let queued commands wait and answer them in their order", async () => {
    const contract = mockContract({
      commands: { ask: command("ask", { text: STRING }) },
      events: { word: event("word", { text: STRING }), done: event("done") },
      lifecycles: [
        {
          queued: ["ask"],
          transitions: [
            { from: ["idle"], on: ["ask"], to: "answering" },
            { from: ["answering"], on: ["word"], to: "=" },
            { from: ["answering"], on: ["done"], to: "idle" },
          ],
          obligations: [{ in: ["answering"], withinMs: 10_000, rearm: true }],
        },
      ],
      endpoint: {
        exchanges: {
          domain: [],
          list: [
            {
              name: "echo",
              tags: ["echo"],
              ordered: true,
              steps: [{ send: { message: "ask", payload: { cmd: "ask", text: "Say $text." } } }],
              expect: [{ message: "word", field: "/text", equals: "$text", join: true }],
              until: { message: "done" },
            },
          ],
        },
      },
    });
    const client = await (await mocks.serve(contract)).connect();
    const texts = ["one", "two", "three", "four"];
    for (const text of texts) client.send("ask", { cmd: "ask", text: `Say ${text}.` });
    for (const text of texts) {
      expect((await client.next("word")).payload).toEqual({ event: "word", text });
      await client.next("done");
    }
    expect(client.problems()).toEqual([]);
  });

  it("that lead to $closed end in a close with the declared code, by a command or by an event", async () => {
    const contract = mockContract({
      commands: { bye: command("bye"), wait: command("wait") },
      events: { over: event("over") },
      endpoint: { closeCodes: { "4000": { cause: ["done"], retry: false, by: "server" } } },
      lifecycles: [
        {
          transitions: [
            { from: ["idle"], on: ["bye"], to: "$closed" },
            { from: ["idle"], on: ["wait"], to: "ending" },
            { from: ["ending"], on: ["over"], to: "$closed" },
          ],
          obligations: [{ in: ["ending"], withinMs: 5000, rearm: false }],
        },
      ],
    });
    const served = await mocks.serve(contract);
    for (const name of ["bye", "wait"]) {
      const client = await served.connect();
      client.send(name, { cmd: name });
      expect(await client.closed).toBe(4000);
      expect(client.problems()).toEqual([]);
    }
  });
});

describe("replies", () => {
  it("carry the id of what they answer, and none where it had none", async () => {
    const contract = mockContract({
      commands: { ask: command("ask", { "id?": STRING }) },
      events: { told: event("told", { "id?": STRING, text: STRING }) },
      correlation: { ask: "/id", told: "/id" },
      examples: { told: [{ event: "told", id: "of nobody", text: "so it is" }] },
      endpoint: {
        operations: [
          { name: "asking", action: "receive", messages: ["ask"], reply: { messages: ["told"], ack: false } },
        ],
      },
    });
    const client = await (await mocks.serve(contract)).connect();
    client.send("ask", { cmd: "ask", id: "mine" });
    expect((await client.next("told")).payload).toMatchObject({ id: "mine" });
    for (let turn = 0; turn < 4; turn += 1) {
      client.send("ask", { cmd: "ask" });
      expect((await client.next("told")).payload).not.toHaveProperty("id");
    }
    expect(client.problems()).toEqual([]);
  });
});

describe("exchanges", () => {
  const say = (text: string) => ({ send: { message: "say", payload: { cmd: "say", text } } });
  const contract = mockContract({
    commands: { say: command("say", { text: STRING }) },
    events: {
      said: event("said", { text: STRING, last: { type: "boolean" } }),
      asked: event("asked"),
      error: event("error", { code: { enum: [...CODES, "not-found"] } }),
    },
    protocol: { reject: REJECT },
    endpoint: {
      exchanges: {
        domain: [],
        list: [
          {
            name: "dialogue",
            tags: [],
            ordered: true,
            steps: [say("begin"), { await: { message: "asked" } }, say("answer $int")],
            expect: [
              { message: "asked", count: 1, join: false },
              { message: "said", count: 2, join: false },
            ],
            until: { message: "said", when: { "/last": true } },
          },
          {
            name: "unknown",
            tags: [],
            ordered: false,
            steps: [say("nobody")],
            expect: [{ message: "error", when: { "/code": "not-found" }, count: 1, join: false }],
            until: { message: "error", when: { "/code": "not-found" } },
          },
        ],
      },
    },
  });

  it("of several steps give what each step awaits and the rest in the end", async () => {
    const client = await (await mocks.serve(contract)).connect();
    client.send("say", { cmd: "say", text: "begin" });
    await client.next("asked");
    expect(client.events.map(({ names }) => names[0])).toEqual(["asked"]);
    client.send("say", { cmd: "say", text: "answer 7" });
    await client.next("said");
    expect((await client.next("said")).payload).toMatchObject({ last: true });
    await pause(50);
    expect(client.events.filter(({ names }) => names[0] === "said")).toHaveLength(2);
    expect(client.events.filter(({ names }) => names[0] === "asked")).toHaveLength(1);
  });

  it("whose command is to be refused are refused", async () => {
    const client = await (await mocks.serve(contract)).connect();
    client.send("say", { cmd: "say", text: "nobody" });
    expect((await client.next("error")).payload).toEqual({ event: "error", code: "not-found" });
    expect(client.problems()).toEqual([]);
  });
});

describe("refusals", () => {
  it("use the document's own codes where it does not know ours", async () => {
    const contract = mockContract({
      commands: { say: command("say") },
      events: { error: event("error", { code: { enum: ["BAD", "CONFLICT"] } }) },
      protocol: { reject: { ...REJECT, payload: ["BAD"], state: ["CONFLICT"] } },
      lifecycles: [{ transitions: [{ from: ["ready"], on: ["say"], to: "=" }] }],
    });
    const client = await (await mocks.serve(contract)).connect();
    client.sendText('{"cmd":"shout"}');
    expect((await client.next("error")).payload).toMatchObject({ code: "BAD" });
    client.send("say", { cmd: "say" });
    expect((await client.next("error")).payload).toMatchObject({ code: "CONFLICT" });
  });

  it("say for people what was wrong, where the event has a field for a text", async () => {
    const contract = mockContract({
      commands: { say: command("say", { text: STRING }) },
      events: { error: event("error", { code: { enum: CODES }, reason: STRING }) },
      protocol: { reject: REJECT },
    });
    const client = await (await mocks.serve(contract)).connect();
    client.sendText('{"cmd":"say","text":5}');
    expect((await client.next("error")).payload).toMatchObject({
      code: "invalid-payload",
      reason: expect.stringMatching(/string at \/text, got 5/),
    });
  });

  it("are noted where the document has no event for them, and the connection stays open", async () => {
    const contract = mockContract({ commands: { say: command("say") }, events: { tick: event("tick") } });
    const { notes, connect } = await mocks.serve(contract);
    const client = await connect();
    client.sendText("nonsense");
    await pause(50);
    expect(notes).toEqual([expect.stringContaining("not-json")]);
    await client.next("tick");
  });

  it("are not sent for an unknown command that the document lets pass", async () => {
    const contract = mockContract({
      commands: { say: command("say") },
      events: { error: ERROR },
      protocol: { reject: REJECT, unknown: { send: "ignore", receive: "ignore" } },
    });
    const client = await (await mocks.serve(contract)).connect();
    client.sendText('{"cmd":"shout"}');
    client.sendText("{");
    await client.next("error");
    await pause(50);
    expect(client.events).toHaveLength(1);
  });
});
