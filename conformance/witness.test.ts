import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../src/contract/contract.js";
import { inCase } from "./case.js";
import { createJudge } from "./judge.js";
import { createRun } from "./run.js";
import { createSubject } from "./server/subject.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "./test-subject.js";
import { monotonic, watchLag } from "./time.js";
import { chooseWitness, type Witness, type WitnessResult } from "./witness.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The sample with less and less to offer. */
const { exchanges: _exchanges, ...withReplies } = sampleEndpoint;
const withHeartbeat: Endpoint = { ...withReplies, operations: [] };
const { heartbeat: _heartbeat, ...withObligation } = withHeartbeat;
const withFirst: Endpoint = {
  ...withObligation,
  lifecycles: [],
  protocol: { ...withObligation.protocol, first: { message: "said", withinMs: 500 } },
};
const withEvents: Endpoint = { ...withFirst, protocol: sampleEndpoint.protocol };

const choose = (endpoint: Endpoint): Witness | undefined =>
  chooseWitness(createJudge(sampleContract(endpoint), endpoint), { timeScale: 1, answerMs: 500 });

async function give(endpoint: Endpoint, onConnection = keepContract()): Promise<WitnessResult | undefined> {
  const server = await serveSample(onConnection);
  cleanups.push(() => server.close());
  const lag = watchLag();
  cleanups.push(() => lag.stop());
  const run = createRun({
    judge: createJudge(sampleContract(endpoint), endpoint),
    subject: createSubject({ url: server.url, endpoint }),
    seed: 1,
    runs: 1,
    timeScale: 1,
    patienceMs: 300,
    userAgent: "wireproof/test",
    clock: monotonic,
    lag,
    signal: new AbortController().signal,
    newUuid: randomUUID,
  });
  return inCase(run, "S-FR-01", "witness", async (scene) => run.witness?.give(await scene.connect(), scene));
}

describe("the witness", () => {
  it.each<[string, Endpoint, Partial<Witness>]>([
    ["an exchange tagged so", sampleEndpoint, { kind: "exchange", what: 'the exchange "echo"', owed: true }],
    ["else a reply", withReplies, { kind: "reply", what: 'the reply to "say" ("said")' }],
    ["else the heartbeat", withHeartbeat, { kind: "heartbeat", hasCommand: true }],
    ["else an event that a state owes", withObligation, { kind: "obligation" }],
    ["else the first event", withFirst, { kind: "first", owed: true, hasCommand: false }],
    ["else what answers a command, which nobody owes", withEvents, { kind: "answer", owed: false }],
    ["else any event", { ...withEvents, commands: [] }, { kind: "event", owed: false, hasCommand: false }],
  ])("is %s", (_, endpoint, expected) => {
    expect(choose(endpoint)).toMatchObject(expected);
  });

  it("does not exist where the server never says anything", () => {
    expect(choose({ ...withEvents, events: [] })).toBeUndefined();
  });

  it.each<[string, Endpoint]>([
    ["exchange", sampleEndpoint],
    ["reply", withReplies],
    ["heartbeat", withHeartbeat],
    ["obligation", withObligation],
  ])("(%s) is given by a server that keeps the contract, and by none that is silent", async (_, endpoint) => {
    expect(await give(endpoint)).toMatchObject({ ok: true });
    expect(await give(endpoint, () => undefined)).toMatchObject({
      ok: false,
      got: expect.stringMatching(/^no (answer|event within)/),
    });
  });

  it("(first event) is given by a server that speaks first", async () => {
    expect(await give(withFirst, (socket) => socket.send('{"event":"said","text":"hello"}'))).toMatchObject({
      ok: true,
    });
    expect(await give(withFirst, keepContract())).toMatchObject({ ok: false });
  });

  it("(answer) is given by whatever answers a command, and says by which", async () => {
    const witness = choose(withEvents);
    expect(witness?.what).toBe("an event that answers some command");
    expect(await give(withEvents)).toMatchObject({ ok: true });
    expect(await give(withEvents, () => undefined)).toMatchObject({
      ok: false,
      got: expect.stringMatching(/^no (answer|event within)/),
    });
  });

  it("(answer) is given by a refusal where no command is answered", async () => {
    const refusing = (socket: WebSocket): void => {
      socket.on("message", (data) => {
        if (String(data) === "{") socket.send('{"event":"error","code":"not-json"}');
      });
    };
    expect(await give(withEvents, refusing)).toMatchObject({ ok: true });
  });

  it("is not given by a reply with another token", async () => {
    const other = keepContract({
      alter: (event) => (event["event"] === "pong" ? { event: "pong", token: "x" } : event),
    });
    expect(await give(withHeartbeat, other)).toMatchObject({ ok: false });
  });
});
