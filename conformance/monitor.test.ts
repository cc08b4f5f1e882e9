import { describe, expect, it } from "vitest";
import type { Endpoint } from "../src/contract/contract.js";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import { createJudge } from "./judge.js";
import { type ConnectionMonitor, createCaseMonitor } from "./monitor.js";
import { sampleContract, sampleEndpoint } from "./test-subject.js";

const judge = createJudge(sampleContract(), sampleEndpoint);

function watch(endpoint: Endpoint = sampleEndpoint, check = "S-CD-03") {
  return createCaseMonitor({ endpoint, timeScale: 1, check });
}

function send(connection: ConnectionMonitor, name: string, payload: unknown, atMs: number): void {
  connection.sent("command", { names: [name], payload }, atMs);
}

describe("the Monitor of a case", () => {
  it("charges what it finds in legal traffic to the check that owns the rule", () => {
    const monitor = watch();
    const connection = monitor.open(0, "/");
    connection.received(judge.received('{"event":"counted"}'), 5);
    expect(monitor.violations).toMatchObject([{ check: "S-SM-01", connection: 0, atMs: 5 }]);
    expect(monitor.violations[0]?.got).toContain("counted");
    expect(monitor.violations[0]?.mend).toContain("`idle`");
  });

  it("charges a causeless refusal to the row about valid commands", () => {
    const monitor = watch();
    const connection = monitor.open(0, "/");
    send(connection, "say", { cmd: "say", text: "a" }, 1);
    connection.received(judge.received('{"event":"error","code":"invalid-payload"}'), 2);
    expect(monitor.violations).toMatchObject([{ check: "S-CD-01" }]);
  });

  it.each([
    ["a frame that does not decode", (one: ConnectionMonitor) => one.sent("undecodable", undefined, 1)],
    [
      "a command that its state does not allow",
      (one: ConnectionMonitor) => {
        send(one, "count", { cmd: "count", to: 2 }, 0);
        one.received(judge.received('{"event":"number","value":1}'), 0);
        send(one, "count", { cmd: "count", to: 2 }, 1);
      },
    ],
  ])("charges what follows %s to the acting check", (_what, fault) => {
    const monitor = watch();
    const connection = monitor.open(0, "/");
    fault(connection);
    expect(monitor.faultAtMs).toBe(1);
    monitor.advance(60_000);
    expect(monitor.violations.length).toBeGreaterThan(0);
    expect(new Set(monitor.violations.map(({ check }) => check))).toEqual(new Set(["S-CD-03"]));
  });

  it("lets no event carry a value of a command that was to be refused", () => {
    const echoes = { kind: "echoes", on: ["number"], field: "/value", level: "MUST" } as const;
    const endpoint: Endpoint = {
      ...sampleEndpoint,
      invariants: [{ ...echoes, command: ["count"], from: "/to" }],
    };
    const connection = (check: string) => {
      const monitor = watch(endpoint, check);
      const one = monitor.open(0, "/");
      send(one, "count", { cmd: "count", to: 2 }, 0);
      one.received(judge.received('{"event":"number","value":2}'), 0);
      send(one, "count", { cmd: "count", to: 3 }, 1);
      return { monitor, one };
    };
    const kept = connection("S-SM-02");
    kept.one.received(judge.received('{"event":"number","value":2}'), 2);
    expect(kept.monitor.violations).toEqual([]);
    const taken = connection("S-SM-02");
    taken.one.received(judge.received('{"event":"number","value":3}'), 2);
    expect(taken.monitor.violations).toMatchObject([
      { check: "S-SM-02", clause: "PROTOCOL.md#invariants-1" },
    ]);
  });

  it("leaves a close to the check in whose case it came", () => {
    const monitor = watch(sampleEndpoint, "S-FR-16");
    monitor.open(0, "/").closed({ by: "subject", how: "close", code: 1000, atMs: 3 });
    expect(monitor.violations).toMatchObject([{ check: "S-FR-16", got: expect.stringContaining("closed") }]);
  });

  it("judges no lifecycle of a connection once one of its events could not be read", () => {
    const monitor = watch();
    const connection = monitor.open(0, "/");
    connection.received(judge.received('{"type":"number"}'), 1);
    connection.received(judge.received('{"event":"counted"}'), 2);
    connection.closed({ by: "subject", how: "fin", atMs: 3 });
    monitor.advance(60_000);
    expect(connection.blocked).toBe("S-CD-09");
    expect(monitor.violations).toEqual([]);
  });

  it("counts the time of a connection from its own opening", () => {
    const [lifecycle] = sampleEndpoint.lifecycles;
    if (lifecycle === undefined) throw new Error("The sample has a lifecycle.");
    const hasty: Endpoint = {
      ...sampleEndpoint,
      lifecycles: [{ ...lifecycle, initial: "counting" }],
    };
    const monitor = watch(hasty);
    monitor.open(0, "/", 10_000);
    monitor.advance(11_500);
    expect(monitor.violations).toEqual([]);
    monitor.advance(13_000);
    expect(monitor.violations).toHaveLength(1);
  });
});

describe("what another connection of the case may do", () => {
  const shared = inlineEndpoint({
    commands: { open: { type: "object" } },
    events: { moved: { type: "object" }, opened: { type: "object" } },
    lifecycles: [
      {
        name: "room",
        transitions: [
          { from: ["idle"], on: ["open"], to: "opening" },
          { from: ["opening"], on: ["opened"], to: "opened" },
          { from: ["opened"], on: ["$other"], to: "elsewhere" },
          { from: ["elsewhere"], on: ["moved"], to: "opened" },
        ],
      },
    ],
  });
  const keyed: Endpoint = {
    ...shared,
    lifecycles: shared.lifecycles.map((lifecycle) => ({ ...lifecycle, scope: { key: "/room" } })),
  };
  const event = (name: string, payload: unknown) => ({
    result: { ok: true as const, value: payload, messages: [name] },
    names: [name],
    claims: [],
    payload,
  });

  function move(endpoint: Endpoint, targets: readonly string[], rooms: readonly (string | undefined)[]) {
    const monitor = watch(endpoint);
    const connections = targets.map((target, index) => monitor.open(index, target));
    connections.forEach((connection, index) => {
      const payload = rooms[index] === undefined ? {} : { room: rooms[index] };
      send(connection, "open", payload, 1);
      connection.received(event("opened", payload), 2);
    });
    const payload = rooms[0] === undefined ? {} : { room: rooms[0] };
    connections[0]?.received(event("moved", payload), 3);
    return monitor.violations.map(({ connection }) => connection);
  }

  it("is nothing while it is alone", () => {
    expect(move(shared, ["/a"], [undefined])).toEqual([0]);
  });

  it("is allowed at the same address, and not at another one", () => {
    expect(move(shared, ["/a", "/a"], [undefined, undefined])).toEqual([]);
    expect(move(shared, ["/a", "/b"], [undefined, undefined])).toEqual([0]);
  });

  it("is allowed under the same key, and not under another one", () => {
    expect(move(keyed, ["/a", "/b"], ["x", "x"])).toEqual([]);
    expect(move(keyed, ["/a", "/a"], ["x", "y"])).toEqual([0]);
  });
});
