import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { is, mockContract, mocksForTests, object, TIME_SCALE } from "./mock/test-mock.js";
import { pause } from "./mock/test-observer.js";
import { startMock } from "./mock.js";

const mocks = mocksForTests();
const TEXT = { type: "string", maxLength: 40 };
const SAY = object({ cmd: is("say"), text: TEXT, "id?": { type: "integer" } });
const SAID = object({ event: is("said"), text: TEXT, "id?": { type: "integer" } });

describe("a mock of any document", () => {
  it("answers a command with the reply of its operation, correlation kept, however many are in flight", async () => {
    const contract = mockContract({
      commands: { say: SAY },
      events: { said: SAID },
      correlation: { say: "/id", said: "/id" },
      endpoint: {
        operations: [
          {
            name: "talk",
            action: "receive",
            messages: ["say"],
            reply: { messages: ["said"], ack: false },
          },
        ],
      },
    });
    const served = await mocks.serve(contract);
    const client = await served.connect();
    for (let id = 1; id <= 20; id++) client.send("say", { cmd: "say", text: "hello", id });
    const answers = [];
    for (let count = 0; count < 20; count++) answers.push(await client.next("said"));
    expect(answers.map(({ payload }) => (payload as { id: number }).id)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(client.problems()).toEqual([]);
  });

  it("takes the document's examples first, one after another, and never an example that breaks its payload", async () => {
    const contract = mockContract({
      events: { said: SAID },
      examples: { said: [{ event: "said", text: "one" }, { event: "said" }, { event: "said", text: "two" }] },
    });
    const client = await (await mocks.serve(contract)).connect();
    const texts = [];
    for (let count = 0; count < 2; count++) texts.push((await client.next("said")).payload);
    expect(texts).toEqual([
      { event: "said", text: "one" },
      { event: "said", text: "two" },
    ]);
  });

  it("sends the declared first event first, and once", async () => {
    const contract = mockContract({
      events: { hello: object({ event: is("hello") }), said: SAID },
      protocol: { first: { message: "hello", withinMs: 5000 } },
    });
    const client = await (await mocks.serve(contract)).connect();
    await client.next("said");
    expect(client.events[0]?.names).toEqual(["hello"]);
    expect(client.events.filter(({ names }) => names.includes("hello"))).toHaveLength(1);
  });

  it("pings at the declared interval and gives up a client that never answers", async () => {
    const contract = mockContract({
      commands: { pong: object({ cmd: is("pong") }) },
      events: { ping: object({ event: is("ping") }) },
      endpoint: {
        heartbeat: {
          mode: "application",
          initiator: "server",
          intervalMs: 1000,
          timeoutMs: 20_000,
          ping: "ping",
          pong: "pong",
        },
        closeCodes: { "4408": { cause: ["heartbeat"], retry: true, by: "server" } },
      },
    });
    const served = await mocks.serve(contract);
    const dutiful = await served.connect();
    const silent = await served.connect();
    for (let count = 0; count < 5; count++) {
      await dutiful.next("ping");
      dutiful.send("pong", { cmd: "pong" });
    }
    expect(await silent.closed).toBe(4408);
    dutiful.send("pong", { cmd: "pong" });
    await dutiful.next("ping");
    expect(dutiful.problems()).toEqual([]);
  });

  it("takes the interval of its pings from the event that says it", async () => {
    const contract = mockContract({
      commands: { pong: object({ cmd: is("pong") }) },
      events: {
        hello: object({ event: is("hello"), every: { const: 400 } }),
        ping: object({ event: is("ping") }),
      },
      protocol: { first: { message: "hello", withinMs: 5000 } },
      endpoint: {
        heartbeat: {
          mode: "application",
          initiator: "server",
          intervalMs: { message: "hello", field: "/every" },
          ping: "ping",
          pong: "pong",
        },
      },
    });
    const client = await (await mocks.serve(contract)).connect();
    await client.next("ping");
    expect(client.problems()).toEqual([]);
  });

  it("hands events of an address to everybody there and to nobody elsewhere, ids unique on each connection", async () => {
    const contract = mockContract({
      commands: { say: SAY },
      events: { said: object({ event: is("said"), id: { type: "integer" } }) },
      examples: { said: [{ event: "said", id: 1 }] },
      endpoint: {
        address: "/rooms/{room}",
        parameters: { room: { examples: ["one"] } },
        invariants: [{ kind: "unique", on: ["said"], field: "/id", level: "MUST" }],
        operations: [
          { name: "talk", action: "receive", messages: ["say"], reply: { messages: ["said"], ack: false } },
        ],
      },
      protocol: { audience: [{ messages: ["said"], to: "address", same: [] }] },
    });
    const here = await mocks.serve(contract);
    const [one, two] = [await here.connect(), await here.connect()];
    const elsewhere = new WebSocket(`${here.server.url}/rooms/two`);
    const strays: string[] = [];
    elsewhere.on("message", (data) => strays.push(data.toString()));
    await new Promise((resolve) => elsewhere.once("open", resolve));
    for (const client of [one, two, one, two]) client.send("say", { cmd: "say", text: "hi" });
    for (const client of [one, two]) {
      for (let count = 0; count < 4; count++) await client.next("said");
      expect(client.problems()).toEqual([]);
    }
    await pause(50);
    elsewhere.terminate();
    expect(strays).toEqual([]);
  });

  it("turns away a handshake whose parameter or query the document does not allow", async () => {
    const contract = mockContract({
      events: { said: SAID },
      endpoint: {
        address: "/{symbol}",
        parameters: { symbol: { enum: ["btc", "eth"] } },
        query: { type: "object", properties: { full: { type: "boolean" } }, required: ["full"] },
      },
    });
    const connect = async (path: string) =>
      (await mocks.serve(contract, { path })).connect().then(
        () => "open",
        (error: Error) => error.message,
      );
    expect(await connect("/btc?full=true")).toBe("open");
    expect(await connect("/btc?full=perhaps")).toBe("HTTP 400");
    expect(await connect("/btc")).toBe("HTTP 400");
    expect(await connect("/doge?full=true")).toBe("HTTP 404");
  });

  it("closes a connection that sends more than a mock holds, where the document sets no limit", async () => {
    const client = await (await mocks.serve(mockContract({ commands: { say: SAY } }))).connect();
    client.sendText(`"${"x".repeat(17 * 1024 * 1024)}"`);
    expect(await client.closed).toBe(1009);
  });

  it("refuses a channel that the document does not have, and names those it has", () => {
    expect(() =>
      startMock({ contract: mockContract({ events: { said: SAID } }), channels: ["outlet"] }),
    ).toThrow(/outlet.*inline/);
  });

  it("repeats what it says under the same seed", async () => {
    const contract = mockContract({ events: { said: SAID } });
    const texts = await Promise.all(
      [9, 9, 10].map(async (seed) => (await (await mocks.serve(contract, { seed })).connect()).next("said")),
    );
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).not.toEqual(texts[0]);
  });

  it("cancels every timer of a connection that leaves in the middle of its answers", async () => {
    const contract = mockContract({
      commands: { say: SAY },
      events: { said: SAID, tick: object({ event: is("tick") }) },
      lifecycles: [
        {
          transitions: [
            { from: ["idle"], on: ["say"], to: "busy" },
            { from: ["busy"], on: ["tick"], to: "=" },
            { from: ["busy"], on: ["said"], to: "idle" },
          ],
          obligations: [{ in: ["busy"], withinMs: 60_000, rearm: false }],
        },
      ],
    });
    const { server, connect } = await mocks.serve(contract, { timeScale: 20 });
    const client = await connect();
    client.send("say", { cmd: "say", text: "hi" });
    await pause(50);
    expect(server.stats().timers).toBeGreaterThan(0);
    client.leave();
    await client.closed;
    await pause(100);
    expect(server.stats()).toMatchObject({ connections: 0, timers: 0 });
    expect(TIME_SCALE).toBeLessThan(1);
  });
});
