/** S-HB-01 and S-HB-03 to S-HB-05 against small servers, with each who pings and each way of pinging. */
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint, Heartbeat } from "../../src/contract/contract.js";
import { startFrameProxy } from "../mutants/frame-proxy.js";
import type { Outcome } from "../report/report.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";

const IDS = ["S-HB-01", "S-HB-03", "S-HB-04", "S-HB-05"];

/** Unscaled, so that nothing but the declared figures counts: small enough for a test, large beside a busy machine. */
const PINGED: Heartbeat = {
  mode: "application",
  initiator: "client",
  intervalMs: 1000,
  timeoutMs: 1000,
  ping: "ping",
  pong: "pong",
  patience: { ms: 2400, graceMs: 900, life: "ping", close: 4408, level: "MUST" },
};

const PINGS: Heartbeat = {
  mode: "frame",
  initiator: "server",
  intervalMs: 1200,
  timeoutMs: 2000,
  life: "pong",
};

/** Runs the rows against a server, twice at most: a machine that is too late is no verdict of the check. */
async function judge(
  heartbeat: Heartbeat,
  onConnection: (socket: WebSocket) => void,
  only = IDS,
  distanceMs = 0,
): Promise<ReadonlyMap<string, Outcome>> {
  const endpoint: Endpoint = { ...sampleEndpoint, heartbeat };
  const server = await serveSample(onConnection);
  const road = await startFrameProxy(Number(new URL(server.url).port), () => ({ lateMs: distanceMs }));
  try {
    const report = await checkServer({
      contract: sampleContract(endpoint),
      url: distanceMs === 0 ? server.url : `ws://127.0.0.1:${road.port}`,
      seed: 3,
      runs: 2,
      only,
    });
    expect(report.harnessFaults).toEqual([]);
    return new Map(report.outcomes.map((one) => [one.id, one]));
  } finally {
    await road.close();
    await server.close();
  }
}

/** Closes with 4408 after so long without what `counts`. */
function closing(afterMs: number, counts: (what: "ping" | "command" | "frame") => boolean) {
  return (socket: WebSocket): void => {
    const give = (): void => socket.close(4408, "no sign of life");
    let timer = setTimeout(give, afterMs);
    const life = (what: "ping" | "command" | "frame") => (): void => {
      if (!counts(what)) return;
      clearTimeout(timer);
      timer = setTimeout(give, afterMs);
    };
    socket.on("message", (data) => life(String(data).includes('"ping"') ? "ping" : "command")());
    socket.on("ping", life("frame"));
    socket.once("close", () => clearTimeout(timer));
    keepContract()(socket);
  };
}

/** Pings by frames and closes when no pong comes; `forgives` ends that. */
function pinging(everyMs: number, timeoutMs: number, forgives = false) {
  return (socket: WebSocket): void => {
    let timeout: NodeJS.Timeout | undefined;
    const interval = setInterval(() => {
      socket.ping();
      if (!forgives) timeout ??= setTimeout(() => socket.terminate(), timeoutMs);
    }, everyMs);
    socket.on("pong", () => {
      clearTimeout(timeout);
      timeout = undefined;
    });
    socket.once("close", () => {
      clearInterval(interval);
      clearTimeout(timeout);
    });
    keepContract()(socket);
  };
}

/** On a machine that is too slow for the scale a row may stay open, and never be turned round. */
const expectVerdict = (outcome: Outcome | undefined, verdict: Outcome["verdict"]): void => {
  if (outcome?.verdict === "inconclusive" && /scale too small|flaky/.test(outcome.reason)) return;
  expect(outcome?.verdict, `${outcome?.reason}; got ${outcome?.got}`).toBe(verdict);
};

describe("a server that waits for the client's beats", () => {
  it("passes when it closes the silent in time, and only them", async () => {
    const found = await judge(
      PINGED,
      closing(2600, (what) => what === "ping"),
    );
    for (const id of ["S-HB-03", "S-HB-04", "S-HB-05"]) expectVerdict(found.get(id), "pass");
    expect(found.get("S-HB-01")?.verdict).toBe("not-applicable");
  }, 60_000);

  it.concurrent.each<[string, string, (socket: WebSocket) => void, RegExp]>([
    ["S-HB-03", "never closes", keepContract(), /still open/],
    ["S-HB-03", "closes too soon", closing(1200, (what) => what === "ping"), /with 4408/],
    ["S-HB-04", "cuts off live clients", closing(1200, (what) => what === "ping"), /with 4408/],
    ["S-HB-05", "takes any frame for life", closing(2600, () => true), /still open/],
  ])(
    "fails %s when it %s",
    async (id, _, onConnection, got) => {
      const found = (await judge(PINGED, onConnection, [id])).get(id);
      expectVerdict(found, "fail");
      if (found?.verdict === "fail") expect(found.got).toMatch(got);
    },
    90_000,
  );

  it("is untestable when it gives no witness", async () => {
    const found = await judge(PINGED, () => undefined, ["S-HB-03", "S-HB-04"]);
    for (const outcome of found.values()) expect(outcome.verdict).not.toBe("pass");
    expect(found.get("S-HB-03")).toMatchObject({ verdict: "untestable" });
  }, 60_000);
});

describe("a server that pings by frames", () => {
  it("passes when it pings in time and closes those that do not answer", async () => {
    const found = await judge(PINGS, pinging(1200, 2050));
    for (const id of IDS) expectVerdict(found.get(id), "pass");
  }, 60_000);

  it("passes at a distance that eats up what is left of its time, and is not judged beyond", async () => {
    const timely = await judge(PINGS, pinging(1200, 2050), ["S-HB-04"], 500);
    expectVerdict(timely.get("S-HB-04"), "pass");
    const far = await judge(PINGS, pinging(1200, 2050), ["S-HB-04"], 1100);
    expect(far.get("S-HB-04")).toMatchObject({ verdict: "inconclusive" });
    expect(far.get("S-HB-04")?.reason).toMatch(/the server is 1\d\d\d ms away, and the bound is 2000 ms/);
  }, 60_000);

  it.concurrent.each<[string, string, (socket: WebSocket) => void]>([
    ["S-HB-01", "pings half as often", pinging(2400, 2050)],
    ["S-HB-03", "forgives", pinging(1200, 2050, true)],
    ["S-HB-04", "waits half as long", pinging(1200, 1000)],
  ])(
    "fails %s when it %s",
    async (id, _, onConnection) => {
      expectVerdict((await judge(PINGS, onConnection, [id])).get(id), "fail");
    },
    90_000,
  );
});
