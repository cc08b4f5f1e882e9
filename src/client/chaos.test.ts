import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type PipelineCommand,
  type PipelineEvent,
  type PipelineMessages,
  pipelineClient,
} from "../../generated/pipeline.js";
import { tasksClient } from "../../generated/tasks.js";
import {
  type WorkflowCommand,
  type WorkflowEvent,
  type WorkflowMessages,
  workflowClient,
} from "../../generated/workflow.js";
import { noiseText } from "../arbitrary/noise-text.js";
import { validPayload } from "../arbitrary/valid-payload.js";
import type { Contract } from "../contract/contract.js";
import { createOracle } from "../contract/validate.js";
import type { Clock } from "../wire/clock.js";
import type { ClientRules, ClientSide, Heartbeat, MessagesByName, Reconnect } from "../wire/protocol.js";
import { createClient } from "./client.js";
import type { SocketConstructor } from "./options.js";
import { faultScript, type Make, type Pool, play } from "./test-chaos.js";

const contract = JSON.parse(
  readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8"),
) as Contract;

/** Frames of an endpoint, judged by the oracle alone: the client's own codec has no say in what is valid. */
function poolOf(name: string, side: ClientRules, commands: readonly unknown[]): Pool {
  const endpoint = contract.endpoints.find((one) => one.name === name);
  if (endpoint === undefined) throw new Error(`no endpoint ${name}`);
  const oracle = createOracle(contract, endpoint, "event");
  const named = (name: string): fc.Arbitrary<string> => {
    const message = endpoint.events.find((event) => event.name === name);
    return validPayload(message?.payload ?? true, contract.definitions).map((value) => JSON.stringify(value));
  };
  const special = [side.heartbeat?.pong, side.first?.message];
  const texts = fc.oneof(
    ...endpoint.events.filter(({ name }) => !special.includes(name)).map(({ name }) => named(name)),
  );
  const valid = fc
    .sample(texts, { numRuns: 60, seed: 1 })
    .filter((text) => oracle.judge(text).ok && text.length < 2_000);
  const bad = fc
    .sample(noiseText(texts), { numRuns: 200, seed: 1 })
    .map(({ text }) => text)
    .filter((text) => {
      const judged = oracle.judge(text);
      return !judged.ok && judged.error.code !== "too-large" && text.length < 2_000;
    });
  const [first] = side.first ? fc.sample(named(side.first.message), { numRuns: 1, seed: 1 }) : [];
  const [bare = ""] = fc.sample(named(side.heartbeat?.pong ?? ""), { numRuns: 1, seed: 1 });
  const pong = (token: string | undefined): string => {
    const value = JSON.parse(bare);
    const correlated = side.correlation[side.heartbeat?.pong ?? ""] !== undefined;
    if (!correlated) return bare;
    value.data = token === undefined ? {} : { token };
    return JSON.stringify(value);
  };
  return { valid, bad, first, pong, commands };
}

const workflowPool = poolOf("workflow", workflowClient, [
  { cmd: "start_session", data: { workflow_id: "echo" } },
  { cmd: "pause_session" },
  { cmd: "nonsense" },
]);
const tasksPool = poolOf("tasks", tasksClient, [
  { event: "subscribe", session_id: "a" },
  { event: "subscribe", session_id: "b" },
  { event: "unsubscribe", session_id: "a" },
]);
const pipelinePool = poolOf("pipeline", pipelineClient, [
  { type: "message", message: [{ type: "AtAll" }] },
  { type: "disconnect" },
]);

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));

const jitters = fc.constantFrom<Reconnect["jitter"]>(0, 0.5, "full");

/** The property, for one endpoint: whatever happens to it, the client does what the contract says. */
function property<In, Out, Names extends MessagesByName>(
  side: ClientSide<In, Out, Names>,
  pool: Pool,
  make?: Make<In, Out, Names>,
) {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  return fc.asyncProperty(faultScript(30), jitters, random, async (script, jitter, chance) => {
    const declared = { ...side, reconnect: { ...(side.reconnect as Reconnect), jitter } };
    const violations = await play(declared, pool, script, chance, make);
    if (violations.length > 0) throw new Error(violations.join("\n"));
  });
}

describe("a client among faults", () => {
  it.each([
    ["workflow", 5_000, property(workflowClient, workflowPool)],
    ["tasks", 3_000, property(tasksClient, tasksPool)],
    ["pipeline", 2_000, property(pipelineClient, pipelinePool)],
  ])(
    "keeps the contract under any script: one socket, no timer left, nothing invalid delivered, counter and delays exact (%s)",
    async (_name, numRuns, holds) => {
      await fc.assert(holds as fc.IAsyncProperty<unknown[]>, { numRuns, seed: 20_260_101 });
      expect(unhandled).toEqual([]);
    },
    120_000,
  );
});

describe("the property finds", () => {
  type MakeWorkflow = Make<WorkflowEvent, WorkflowCommand, WorkflowMessages>;
  const { reconnect, heartbeat, closeCodes } = workflowClient;
  /** The client of a contract that differs in one thing from the one that it is judged by. */
  const under =
    (change: (side: typeof workflowClient) => Partial<typeof workflowClient>): MakeWorkflow =>
    (side, options) =>
      createClient({ ...side, ...change(side) }, options);
  const policy = (more: Partial<Reconnect>): MakeWorkflow =>
    under((side) => ({ reconnect: { ...(side.reconnect as Reconnect), ...more } }));
  const beats = (more: Partial<Heartbeat>): MakeWorkflow =>
    under(() => ({ heartbeat: { ...(heartbeat as Heartbeat), ...more } }));
  const retried = (code: string, retry: boolean): MakeWorkflow =>
    under(() => ({ closeCodes: { ...closeCodes, [code]: { cause: ["internal"], by: "server", retry } } }));

  const faults: readonly [what: string, how: RegExp, make: MakeWorkflow][] = [
    ["a counter that is reset at open", /contract says/, policy({ resetAfterMs: 0 })],
    ["a counter that is never reset", /contract says/, policy({ resetAfterMs: 1e9 })],
    ["linear for exponential", /contract says/, policy({ strategy: "linear" })],
    ["no cap", /contract says/, policy({ maxDelayMs: 1e9 })],
    ["an immediate first attempt", /waits 0 ms/, policy({ initialDelayMs: 0 })],
    [
      "one attempt too few",
      /contract says again/,
      policy({ maxAttempts: (reconnect?.maxAttempts ?? 0) - 1 }),
    ],
    ["no end of attempts", /contract says no more/, policy({ maxAttempts: null })],
    ["full jitter where there is none, or less", /contract says/, policy({ jitter: "full" })],
    ["a return after a clean close", /contract says no more/, policy({ onCleanClose: true })],
    ["a return after 4401", /contract says no more/, retried("4401", true)],
    ["no return after 1012", /contract says again/, retried("1012", false)],
    ["an attempt without an end", /not given up/, policy({ connectTimeoutMs: 1e9 })],
    ["no ping", /ping that is due/, beats({ mode: "none" })],
    ["a ping every 3 s", /a ping after 3000 ms/, beats({ intervalMs: 3_000 })],
    ["a missing pong that nobody minds", /silent server/, beats({ timeoutMs: 1e9 })],
    ["other events taken for a pong", /silent server/, beats({ life: "any" })],
    [
      "a second socket",
      /2 sockets at once/,
      (side, options) => {
        const Socket = options.WebSocket as SocketConstructor;
        const Twice = class extends Socket {
          constructor(...given: ConstructorParameters<SocketConstructor>) {
            super(...given);
            new Socket(...given);
          }
        };
        return createClient(side, { ...options, WebSocket: Twice });
      },
    ],
    [
      "a timer that outlives the client",
      /a (timer|socket) after close/,
      (side, options) => {
        const clock = options.clock as Clock;
        const after: Clock["after"] = (ms, action) => {
          clock.after(ms, action);
          return () => {};
        };
        return createClient(side, { ...options, clock: { ...clock, after } });
      },
    ],
    [
      "an invalid event that is delivered",
      /delivered/,
      under(() => ({
        decode(frame) {
          try {
            const value = JSON.parse(String(frame));
            if (typeof value.event === "string") return { ok: true, value, name: value.event };
          } catch {
            // Not even JSON: the codec says so.
          }
          return workflowClient.decode(frame);
        },
      })),
    ],
    [
      "a command that is lost in silence",
      /never told/,
      (side, options) => ({ ...createClient(side, options), send: () => new Promise(() => {}) }),
    ],
  ];

  it.each(faults)("%s", async (_what, how, make) => {
    const found = await fc.check(property(workflowClient, workflowPool, make), {
      numRuns: 2_000,
      seed: 20_260_101,
      endOnFailure: true,
    });
    expect(String(found.errorInstance)).toMatch(how);
  });

  it("a first event that is awaited although it came", async () => {
    const { first } = pipelineClient;
    const make: Make<PipelineEvent, PipelineCommand, PipelineMessages> = (side, options) =>
      createClient({ ...side, first: first ? { ...first, message: "broadcast" } : null }, options);
    const found = await fc.check(property(pipelineClient, pipelinePool, make), {
      numRuns: 2_000,
      seed: 20_260_101,
      endOnFailure: true,
    });
    expect(String(found.errorInstance)).toContain("for no reason that a rule knows");
  });

  it("a rejection that nobody handles", async () => {
    const make: MakeWorkflow = (side, options) => {
      const client = createClient(side, options);
      return {
        ...client,
        connect() {
          const connected = client.connect();
          void connected.then(() => {});
          return connected;
        },
      };
    };
    await fc.check(property(workflowClient, workflowPool, make), { numRuns: 20, seed: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled.splice(0).length).toBeGreaterThan(0);
  });
});
