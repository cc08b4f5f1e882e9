/** S-CD-07 and S-CD-08 against small servers; the mutants have more faults. */

import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import type { Outcome } from "../report/report.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";

async function judge(
  id: string,
  onConnection: (socket: WebSocket) => void,
  endpoint: Endpoint = sampleEndpoint,
): Promise<Outcome> {
  const server = await serveSample(onConnection);
  try {
    const report = await checkServer({
      contract: sampleContract(endpoint),
      url: server.url,
      seed: 2,
      runs: 4,
      patienceMs: 700,
      only: [id],
    });
    expect(report.harnessFaults).toEqual([]);
    const [outcome] = report.outcomes;
    if (outcome === undefined) throw new Error(`${id} did not run.`);
    return outcome;
  } finally {
    await server.close();
  }
}

/** Looks at each text before the server that keeps the contract does; true: it takes the text itself. */
function before(look: (text: string, socket: WebSocket) => boolean): (socket: WebSocket) => void {
  return (socket) => {
    const emit = socket.emit.bind(socket);
    socket.emit = (name: string | symbol, ...rest: unknown[]) =>
      name === "message" && look(String(rest[0]), socket) ? true : emit(name, ...rest);
    keepContract()(socket);
  };
}

const { exchanges: _exchanges, heartbeat: _heartbeat, ...unpromising } = sampleEndpoint;
const { reject: _reject, ...protocol } = sampleEndpoint.protocol;
const bare: Endpoint = { ...unpromising, operations: [], lifecycles: [], events: [], protocol };

describe("values at the edges (S-CD-07)", () => {
  it("are taken by a server that holds text as Unicode", async () => {
    const outcome = await judge("S-CD-07", keepContract());
    expect(outcome.verdict, outcome.reason).toBe("pass");
  }, 30_000);

  it("come back whole, or the row fails", async () => {
    const outcome = await judge(
      "S-CD-07",
      mangling((text) => text.replaceAll("\u0000", "")),
    );
    expect(outcome.verdict, outcome.reason).toBe("fail");
    expect(outcome.expected).toMatch(/a NUL character in the exchange "echo" comes back whole/);
  }, 30_000);

  it("are a warning where only the spelling of a number is at issue", async () => {
    const outcome = await judge(
      "S-CD-07",
      before((text, socket) => {
        if (!/:1(?:\.0|e2)[,}]/.test(text)) return false;
        socket.send('{"event":"error","code":"invalid-payload"}');
        return true;
      }),
    );
    expect(outcome.verdict, outcome.reason).toBe("warn");
    expect(outcome.expected).toMatch(/for an integer at \/to of "count" is taken/);
  }, 30_000);

  it("decide nothing without a witness", async () => {
    expect((await judge("S-CD-07", keepContract(), bare)).verdict).toBe("untestable");
  }, 30_000);
});

/** The server that keeps the contract, but for what it makes of text. */
function mangling(change: (text: string) => string): (socket: WebSocket) => void {
  return keepContract({
    alter: (event) => (event["event"] === "said" ? { ...event, text: change(String(event["text"])) } : event),
  });
}

describe("hostile JSON (S-CD-08)", () => {
  it("harms no server that refuses, closes or takes it", async () => {
    expect((await judge("S-CD-08", keepContract())).verdict).toBe("pass");
    const closing = before((text, socket) => {
      if (!text.includes("[[[") && !text.includes("__proto__")) return false;
      socket.terminate();
      return true;
    });
    expect((await judge("S-CD-08", closing)).verdict).toBe("pass");
  }, 60_000);

  it("fails a server that serves nobody any more after it, and says what was sent", async () => {
    let dead = false;
    const outcome = await judge(
      "S-CD-08",
      before((text) => {
        dead ||= text.includes('"__proto__"');
        return dead;
      }),
    );
    expect(outcome.verdict, outcome.reason).toBe("fail");
    expect(outcome.expected).toMatch(/after a command with a member __proto__, on a fresh connection/);
    expect(outcome.mend).toMatch(/prototypes/);
  }, 60_000);

  it("decides nothing without a witness", async () => {
    expect((await judge("S-CD-08", keepContract(), bare)).verdict).toBe("untestable");
  }, 30_000);
});

describe("a document without lifecycles", () => {
  it("accuses no server that refuses for a state, and says what to declare (S-CD-01)", async () => {
    const outcome = await judge(
      "S-CD-01",
      before((text, socket) => {
        if (!text.includes('"cmd":"count"')) return false;
        socket.send('{"event":"error","code":"illegal-state"}');
        return true;
      }),
      { ...sampleEndpoint, lifecycles: [] },
    );
    expect(outcome.verdict, JSON.stringify(outcome, undefined, 1)).toBe("pass");
    expect(outcome.notes?.join()).toMatch(/"count"; declare x-ws-lifecycle/);
  }, 60_000);
});
