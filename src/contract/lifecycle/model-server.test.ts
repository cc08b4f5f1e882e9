import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Lifecycle, Reject } from "../contract.js";
import { inlineEndpoint } from "../inline-endpoint.js";
import { type LifecycleMonitor, openLifecycles } from "../lifecycle.js";
import { type Fault, type ModelOptions, runModel, type TraceEntry } from "./test-model-server.js";

const reject: Reject = {
  message: "error",
  code: "/code",
  payload: ["not-json"],
  state: ["illegal-state"],
  spontaneous: false,
};
const base: Pick<Lifecycle, "scope" | "queued" | "obligations"> = {
  scope: "connection",
  queued: [],
  obligations: [],
};

const ENDING: Lifecycle = {
  ...base,
  name: "ending",
  initial: "off",
  transitions: [
    { from: ["off"], on: ["start"], to: "on" },
    { from: ["on"], on: ["done"], to: "off" },
    { from: ["*"], on: ["bye"], to: "$closed" },
  ],
};

const MODELS: readonly (readonly [string, ModelOptions])[] = [
  [
    "a job that is paused and resumed",
    {
      reject,
      answerMs: 5000,
      terminal: ["done"],
      commands: [
        ["start", {}],
        ["pause", {}],
        ["resume", {}],
        ["input", {}],
        ["ping", {}],
      ],
      lifecycle: {
        ...base,
        name: "job",
        initial: "idle",
        transitions: [
          { from: ["idle"], on: ["start"], to: "starting" },
          { from: ["starting"], on: ["chunk"], to: "running" },
          { from: ["running"], on: ["chunk", "input"], to: "=" },
          { from: ["running"], on: ["pause"], to: "pausing" },
          { from: ["pausing"], on: ["chunk"], to: "=" },
          { from: ["starting", "running", "pausing"], on: ["paused"], to: "paused" },
          { from: ["paused"], on: ["resume"], to: "starting" },
          { from: ["starting", "running", "pausing", "paused"], on: ["done"], to: "idle" },
        ],
        obligations: [{ in: ["starting", "pausing"], withinMs: 10_000, rearm: false }],
      },
    },
  ],
  [
    "answers that queue",
    {
      reject,
      answerMs: 5000,
      terminal: ["done"],
      commands: [["ask", {}]],
      lifecycle: {
        ...base,
        name: "answer",
        initial: "idle",
        queued: ["ask"],
        transitions: [
          { from: ["idle"], on: ["ask"], to: "answering" },
          { from: ["answering"], on: ["chunk"], to: "=" },
          { from: ["answering"], on: ["done"], to: "idle" },
        ],
        obligations: [{ in: ["answering"], withinMs: 10_000, rearm: true }],
      },
    },
  ],
  [
    "commands that are bound to a remembered value, and one that may be refused",
    {
      reject,
      answerMs: 5000,
      terminal: ["done"],
      commands: [
        ["start", { id: "a" }],
        ["start", { id: "b" }],
        ["start", {}],
        ["stop", { id: "a" }],
        ["stop", { id: "b" }],
        ["peek", {}],
      ],
      payloads: { note: [{ id: "a" }, { id: "b" }, {}], done: [{ last: true }, {}] },
      lifecycle: {
        ...base,
        name: "bound",
        initial: "off",
        transitions: [
          { from: ["off"], on: ["start"], to: "on", set: { id: "/id" } },
          { from: ["on"], on: ["note"], to: "=", bound: { "/id": "id" } },
          { from: ["on"], on: ["stop"], to: "stopping", bound: { "/id": "id" } },
          { from: ["stopping"], on: ["note"], to: "=", bound: { "/id": "id" } },
          { from: ["on", "stopping"], on: ["done"], when: { "/last": true }, to: "off" },
          { from: ["on", "stopping"], on: ["done"], to: "failing" },
          { from: ["failing"], on: ["failed"], to: "off" },
          { from: ["on", "off"], on: ["peek"], to: "=", may: true },
        ],
        obligations: [{ in: ["stopping", "failing"], withinMs: 10_000, rearm: false }],
      },
    },
  ],
  [
    "a connection that a command ends",
    {
      reject,
      answerMs: 5000,
      terminal: ["done"],
      commands: [
        ["start", {}],
        ["start", {}],
        ["start", {}],
        ["bye", {}],
      ],
      lifecycle: ENDING,
    },
  ],
];

function watch(
  { lifecycle, reject: rule, answerMs, commands }: ModelOptions,
  trace: readonly TraceEntry[],
): LifecycleMonitor {
  const names = [...new Set(lifecycle.transitions.flatMap(({ on }) => on))];
  const sent = new Set(commands.map(([name]) => name));
  const endpoint = inlineEndpoint({
    commands: Object.fromEntries([...sent].map((name) => [name, true])),
    events: Object.fromEntries(
      [...names.filter((name) => !sent.has(name)), "error"].map((name) => [name, true]),
    ),
    lifecycles: [lifecycle],
    protocol: { reject: rule, answerMs },
  });
  const monitor = openLifecycles(endpoint, { timeScale: 1 });
  for (const { atMs, kind, name, payload } of trace) {
    if (kind === "sent") monitor.sent({ kind: "command", names: [name], payload }, atMs);
    else if (kind === "undecodable") monitor.sent({ kind: "undecodable" }, atMs);
    else if (kind === "received") monitor.received({ names: [name], payload }, atMs);
    else monitor.closed({ by: "server" }, atMs);
  }
  monitor.advance(60_000);
  return monitor;
}

/** mulberry32: the same walk for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

const told = (trace: readonly TraceEntry[], monitor: LifecycleMonitor) =>
  `${trace.map(({ atMs, kind, name, payload }) => `${atMs} ${kind} ${name} ${JSON.stringify(payload)}`).join("\n")}\n${JSON.stringify(monitor.violations, null, 1)}`;

describe("The interpreter accuses no correct server", () => {
  it.each(MODELS)("%s, over 2 500 walks", (_, options) => {
    let widest = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { trace } = runModel(options, chance(seed));
        const monitor = watch(options, trace);
        expect(monitor.violations, told(trace, monitor)).toEqual([]);
        expect(monitor.overflow).toBe(false);
        widest = Math.max(widest, ...monitor.configurations().map((view) => view.configurations.length));
      }),
      { numRuns: 2500, endOnFailure: true },
    );
    expect(widest).toBeLessThan(256);
  });
});

/**
 * The least share of the walks with a fault in which it shows. The rest of them look like the traffic of some correct
 * server: where a question waits, an event after the last one of an answer is the first of the next; where the same
 * commands are sent again and again, one that got no answer may have been taken.
 */
const FAULTS: readonly (readonly [Fault, number, readonly number[]])[] = [
  ["event after the terminal one", 0.5, [0, 1, 2]],
  ["terminal event twice", 0.7, [0, 2]],
  ["terminal event twice", 0.5, [1]],
  ["event missing", 0.7, [0, 1, 2]],
  ["refusal swallowed", 0.6, [0]],
  ["refusal swallowed", 0.15, [2]],
  ["refusal twice", 0.6, [0, 1, 2]],
  ["legal command refused as illegal", 0.4, [0, 1]],
  ["legal command refused as illegal", 0.15, [2]],
  ["refused command taken", 0.3, [0, 2]],
  ["broken frame ignored", 0.95, [0, 1, 2]],
  ["close for no reason", 0.95, [0, 1, 2]],
  ["close missing", 0.95, [3]],
];

describe("The interpreter finds a fault", () => {
  const cases = FAULTS.flatMap(([fault, share, models]) =>
    models.flatMap((index) => {
      const model = MODELS[index];
      return model === undefined ? [] : [[fault, model[0], share, model[1]] as const];
    }),
  );
  it.each(cases)("%s: %s", (fault, _, share, options) => {
    let planted = 0;
    let found = 0;
    for (let seed = 1; seed <= 600; seed++) {
      const { trace, faulty } = runModel({ ...options, fault }, chance(seed));
      if (!faulty) continue;
      planted++;
      if (watch(options, trace).violations.length > 0) found++;
    }
    expect(planted).toBeGreaterThan(20);
    expect(found / planted, `${found} of ${planted}`).toBeGreaterThanOrEqual(share);
  });
});
