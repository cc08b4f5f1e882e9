/** The state checks against a small server that keeps its contract, and ones that break a rule or give no evidence. */

import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import type { Outcome } from "../report/report.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";

/** What became of the checks named, against a server and a contract. */
async function judge(
  onConnection: (socket: WebSocket) => void,
  only: readonly string[],
  endpoint: Endpoint = sampleEndpoint,
  runs = 4,
): Promise<(id: string) => Outcome> {
  const server = await serveSample(onConnection);
  try {
    const contract = sampleContract(endpoint);
    const report = await checkServer({ contract, url: server.url, seed: 3, runs, only });
    expect(report.harnessFaults).toEqual([]);
    return (id) => {
      const found = report.outcomes.find((one) => one.id === id);
      if (found === undefined) throw new Error(`No outcome for ${id}.`);
      return found;
    };
  } finally {
    await server.close();
  }
}

/** The sample, with more in its protocol. */
const declaring = (protocol: Partial<Endpoint["protocol"]>, more: Partial<Endpoint> = {}): Endpoint => ({
  ...sampleEndpoint,
  ...more,
  protocol: { ...sampleEndpoint.protocol, ...protocol },
});

const greeted = declaring({ first: { message: "pong", withinMs: 500 } });

describe("the state checks", () => {
  it("pass a server that keeps the contract", async () => {
    const ids = ["S-SM-01", "S-SM-03", "S-SM-05", "S-SM-07", "S-SM-08"];
    const outcomeOf = await judge(keepContract(), ids);
    for (const id of ids) expect(`${id} ${outcomeOf(id).verdict}`, outcomeOf(id).reason).toBe(`${id} pass`);
  }, 60_000);

  it("fail a server that forgets to end what a connection asks for the second time, however long it took before", async () => {
    let connections = 0;
    const outcomeOf = await judge(
      (socket) => {
        let ended = 0;
        connections += 1;
        // Each connection has another pace: a walk that chose anew would choose otherwise.
        const skipped = connections % 4;
        keepContract({
          alter: (event) => {
            if (event.event === "number" && Number(event.value) % 4 === skipped) return undefined;
            if (event.event === "counted") ended += 1;
            return event.event === "counted" && ended === 2 ? undefined : event;
          },
        })(socket);
      },
      ["S-SM-01"],
      sampleEndpoint,
      30,
    );
    expect(outcomeOf("S-SM-01").verdict, outcomeOf("S-SM-01").reason).toBe("fail");
    expect(outcomeOf("S-SM-01").reason).toContain("counting");
  }, 60_000);

  it("pass nothing for want of evidence", async () => {
    const ids = ["S-SM-03", "S-SM-05", "S-SM-06", "S-SM-07", "S-SM-08"];
    const endpoint = declaring(
      {},
      { invariants: [{ kind: "unique", on: ["number"], field: "/value", level: "MUST" }] },
    );
    const outcomeOf = await judge(() => undefined, ids, endpoint);
    for (const id of ids) {
      expect(["untestable", "inconclusive"], `${id}: ${outcomeOf(id).reason}`).toContain(
        outcomeOf(id).verdict,
      );
    }
  }, 60_000);

  it("leave alone what the document does not declare", async () => {
    const outcomeOf = await judge(
      keepContract(),
      ["S-SM-03", "S-SM-04", "S-SM-05", "S-SM-06", "S-SM-08", "S-RB-03"],
      declaring({}, { lifecycles: [] }),
    );
    for (const id of ["S-SM-03", "S-SM-04", "S-SM-05", "S-SM-06", "S-SM-08", "S-RB-03"]) {
      expect(`${id} ${outcomeOf(id).verdict}`).toBe(`${id} not-applicable`);
    }
  }, 60_000);

  it("name a transition that no walk could take", async () => {
    const [counting] = sampleEndpoint.lifecycles;
    if (counting === undefined) throw new Error("The sample has a lifecycle.");
    const stuck = {
      ...counting,
      transitions: [
        ...counting.transitions,
        { from: ["counting"], on: ["said"], to: "stuck" },
        { from: ["stuck"], on: ["ping"], to: "idle" },
      ],
    };
    // The sample answers `say` with `said`: leave it out, and nothing leads to where a ping would be a way out.
    const endpoint = declaring({}, { lifecycles: [stuck], exchanges: { domain: [], list: [] } });
    const outcomeOf = await judge(keepContract(), ["S-SM-08"], endpoint);
    const { verdict, reason } = outcomeOf("S-SM-08");
    expect(verdict).toBe("inconclusive");
    expect(reason).toContain('"ping" in `stuck` to `idle`');
  }, 60_000);

  it("want the first event first, once and in time", async () => {
    const greet = (before: readonly string[]) => (socket: WebSocket) => {
      for (const event of before) socket.send(JSON.stringify({ event }));
      keepContract()(socket);
    };
    const verdictOf = async (before: readonly string[]): Promise<string> =>
      (await judge(greet(before), ["S-SM-04"], greeted))("S-SM-04").verdict;
    expect(await verdictOf(["counted", "pong"])).toBe("fail");
    expect(await verdictOf(["pong", "pong"])).toBe("fail");
    expect(await verdictOf([])).toBe("fail");
  }, 60_000);

  it("want what is repeated refused", async () => {
    const patient = (socket: WebSocket): void => {
      const emit = socket.emit.bind(socket);
      let counting = false;
      socket.emit = (name: string | symbol, ...rest: unknown[]) => {
        const text = String(rest[0]);
        if (name === "message" && text.includes('"count"')) {
          // What a server does that lets a second wish fall while it is busy with the first.
          if (counting) return true;
          counting = true;
        }
        return emit(name, ...rest);
      };
      keepContract({
        alter(event) {
          if (event["event"] === "counted") counting = false;
          return event;
        },
      })(socket);
    };
    const outcome = (await judge(patient, ["S-SM-03"]))("S-SM-03");
    expect(outcome.verdict, outcome.reason).toBe("fail");
    expect(outcome.mend).toBeTruthy();
  }, 60_000);
});
