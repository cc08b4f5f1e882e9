import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Lifecycle } from "../../src/contract/contract.js";
import type { Outcome } from "../report/report.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";
import { couldBeSame } from "./equal-states.js";

async function judge(
  onConnection: (socket: WebSocket) => void,
  contract = sampleContract(),
): Promise<Outcome> {
  const server = await serveSample(onConnection);
  try {
    const report = await checkServer({ contract, url: server.url, seed: 5, runs: 6, only: ["S-CD-06"] });
    expect(report.harnessFaults).toEqual([]);
    const [outcome] = report.outcomes;
    if (outcome === undefined) throw new Error("S-CD-06 did not run.");
    return outcome;
  } finally {
    await server.close();
  }
}

/** Reads each text in its own way before the server that keeps the contract gets it. */
function reading(read: (text: string) => string): (socket: WebSocket) => void {
  return (socket) => {
    const emit = socket.emit.bind(socket);
    socket.emit = (name: string | symbol, ...rest: unknown[]) =>
      name === "message" ? emit(name, Buffer.from(read(String(rest[0]))), false) : emit(name, ...rest);
    keepContract()(socket);
  };
}

describe("another spelling of the same command (S-CD-06)", () => {
  it("leads to the same on a server that parses JSON, and the row says what was compared", async () => {
    const outcome = await judge(keepContract());
    expect(outcome.verdict, outcome.reason).toBe("pass");
    expect(outcome.notes?.join()).toMatch(/compared: acceptance, .*values that come back/);
  }, 30_000);

  it.each<[string, (text: string) => string, RegExp]>([
    ["wants the name first", (text) => (/^\s*\{\s*"cmd"/.test(text) ? text : "{}"), /refus/],
    ["does not read escapes", (text) => text.replace(/\\u00(?=[4-7])/g, "\\\\u00"), /./],
    [
      "stumbles over white space",
      (text) => (/^\s|[{:,]\s/.test(text.replace(/"[^"]*"/g, "")) ? "{" : text),
      /refus/,
    ],
  ])(
    "fails on a server that %s",
    async (_, read, got) => {
      const outcome = await judge(reading(read));
      expect(outcome.verdict, outcome.reason).toBe("fail");
      expect(outcome.expected).toMatch(/as when it is sent as usual/);
      expect(outcome.got).toMatch(got);
      expect(outcome.mend).toMatch(/JSON parser/);
    },
    60_000,
  );

  it("is not passed by a server that says nothing", async () => {
    expect((await judge(() => undefined)).verdict).not.toBe("pass");
  }, 60_000);

  it("is untestable where the document promises nothing at all", async () => {
    const silent = { ...sampleEndpoint, events: [], operations: [], lifecycles: [] };
    const { heartbeat: _heartbeat, exchanges: _exchanges, ...bare } = silent;
    const { reject: _reject, ...protocol } = bare.protocol;
    expect((await judge(keepContract(), sampleContract({ ...bare, protocol }))).verdict).toBe("untestable");
  }, 30_000);
});

describe("two connections that did the same", () => {
  const task: Lifecycle = {
    name: "task",
    scope: "connection",
    initial: "idle",
    queued: [],
    transitions: [
      { from: ["idle"], on: ["count"], to: "working" },
      { from: ["working"], on: ["counted"], to: "done" },
      { from: ["working"], on: ["error"], to: "failed" },
    ],
    obligations: [],
  };
  const endpoint = { ...sampleEndpoint, lifecycles: [task] };
  const at = (...states: string[]): ReadonlyMap<string, readonly string[]> => new Map([["task", states]]);

  it.each([
    ["the same state", "working", "working"],
    ["one further on", "working", "done"],
    ["two ends of the same work", "done", "failed"],
  ])("may be in %s", (_, one, other) => {
    expect(couldBeSame(endpoint, at(one), at(other))).toBeUndefined();
    expect(couldBeSame(endpoint, at(other), at(one))).toBeUndefined();
  });

  it("cannot be where only a command leads from one state to the other", () => {
    expect(couldBeSame(endpoint, at("working"), at("idle"))?.got).toBe("it is in `idle`");
  });
});
