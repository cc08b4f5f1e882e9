/** S-RR-02 to S-RR-06 against a small server that keeps its contract, and ones that break one rule each. */

import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import type { Outcome } from "../report/report.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";

/** The sample, but its refusals carry the token of what they refuse. */
const withIds: Endpoint = {
  ...sampleEndpoint,
  events: sampleEndpoint.events.map((event) =>
    event.name === "error" ? { ...event, correlation: "/token" } : event,
  ),
};

type Fields = Record<string, unknown>;

function fieldsIn(data: unknown): Fields {
  try {
    const value: unknown = JSON.parse(String(data));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What stands between the server that keeps the contract and its client: both sides may be changed. */
interface Between {
  readonly command?: (frame: Fields, socket: WebSocket) => boolean;
  readonly event?: (event: Fields) => Fields | undefined;
}

function between({ command, event }: Between): (socket: WebSocket) => void {
  return (socket) => {
    const emit = socket.emit.bind(socket);
    socket.emit = (name: string | symbol, ...rest: unknown[]) => {
      if (name === "message" && command?.(fieldsIn(rest[0]), socket) === true) return true;
      return emit(name, ...rest);
    };
    keepContract(event === undefined ? {} : { alter: event })(socket);
  };
}

/** Refuses under the token of the request that it refuses. */
function refusingById(): (socket: WebSocket) => void {
  return (socket) => {
    let token: unknown;
    between({
      command: (frame) => {
        token = frame["token"];
        return false;
      },
      event: (event) => (event["event"] === "error" && token !== undefined ? { ...event, token } : event),
    })(socket);
  };
}

async function judge(
  onConnection: (socket: WebSocket) => void,
  only: readonly string[],
  endpoint: Endpoint = sampleEndpoint,
): Promise<readonly Outcome[]> {
  const server = await serveSample(onConnection);
  try {
    const report = await checkServer({
      contract: sampleContract(endpoint),
      url: server.url,
      seed: 3,
      runs: 5,
      patienceMs: 700,
      only,
    });
    expect(report.harnessFaults).toEqual([]);
    return report.outcomes;
  } finally {
    await server.close();
  }
}

const IDS = ["S-RR-02", "S-RR-03", "S-RR-04", "S-RR-05", "S-RR-06"];

describe("a server that keeps requests apart", () => {
  it("passes each of these rows", async () => {
    const outcomes = await judge(refusingById(), IDS, withIds);
    expect(outcomes.map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`)).toEqual(
      IDS.map((id) => expect.stringMatching(`^${id} pass: `)),
    );
  }, 60_000);

  it("is not asked for an id in its refusals where the document declares none", async () => {
    const [outcome] = await judge(keepContract(), ["S-RR-05"]);
    expect(outcome?.verdict).toBe("not-applicable");
  }, 30_000);
});

describe("a server that mixes requests up", () => {
  const pings = (): { waiting: number } => ({ waiting: 0 });
  let shared: unknown;
  const kept: Fields[] = [];

  it.each<[string, string, () => (socket: WebSocket) => void, readonly string[]]>([
    [
      "S-RR-02",
      "answers the first of several only",
      () => (socket) => {
        const state = pings();
        between({
          command: ({ cmd, token }, own) => {
            if (cmd !== "ping") return false;
            state.waiting += 1;
            if (state.waiting > 1) return true;
            setTimeout(() => {
              state.waiting = 0;
              own.send(JSON.stringify({ event: "pong", ...(token === undefined ? {} : { token }) }));
            }, 20);
            return true;
          },
        })(socket);
      },
      [],
    ],
    [
      "S-RR-03",
      "takes an empty id for none",
      () => between({ event: (event) => (event["token"] === "" ? { event: event["event"] } : event) }),
      [],
    ],
    [
      "S-RR-04",
      "gives a reply the id of another connection",
      () =>
        between({
          event: (event) => {
            if (event["event"] !== "pong") return event;
            const given = shared ?? event["token"];
            shared = event["token"];
            return { ...event, token: given };
          },
        }),
      ["S-RR-03"],
    ],
    ["S-RR-05", "refuses without the id", () => keepContract(), []],
    [
      "S-RR-06",
      "answers on the next connection what a dropped one asked",
      () => (socket) => {
        for (const event of kept.splice(0)) socket.send(JSON.stringify(event));
        between({
          command: ({ cmd, token }, own) => {
            if (cmd !== "ping") return false;
            setTimeout(() => {
              const event = { event: "pong", token };
              if (own.readyState === own.OPEN) own.send(JSON.stringify(event));
              else kept.push(event);
            }, 40);
            return true;
          },
        })(socket);
      },
      [],
    ],
  ])(
    "fails %s when it %s",
    async (id, _, make, needs) => {
      const outcomes = await judge(make(), [id, ...needs], withIds);
      const outcome = outcomes.find((one) => one.id === id);
      expect(outcome?.verdict, JSON.stringify(outcome, undefined, 1)).toBe("fail");
      expect(outcome?.expected).toBeTruthy();
      expect(outcome?.got).toBeTruthy();
      expect(outcome?.mend).toBeTruthy();
    },
    60_000,
  );

  it("passes nothing when it is silent", async () => {
    const outcomes = await judge(() => undefined, IDS, withIds);
    expect(outcomes.filter(({ verdict }) => verdict === "pass")).toEqual([]);
  }, 60_000);
});
