/**
 * checkServer against small servers: one that keeps its contract, those with one fault, and those that prove nothing.
 *
 * This file is long because each of those servers is short, and a table of them is read at one go.
 */
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { createAjv } from "../../src/contract/validate.js";
import { acceptFor } from "../frames/handshake.js";
import type { Outcome, Report } from "../report/report.js";
import { renderReport } from "../report/text.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../test-subject.js";
import { type CheckServerOptions, checkServer } from "./check-server.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const schema: unknown = JSON.parse(
  readFileSync(new URL("../../schemas/report.json", import.meta.url), "utf8"),
);
const fitsSchema = createAjv().compile(schema as object);

async function judge(url: string, options: Partial<CheckServerOptions> = {}): Promise<Report> {
  const report = await checkServer({
    url,
    contract: sampleContract(),
    seed: 1,
    runs: 3,
    maxMs: 20_000,
    ...options,
  });
  expect(fitsSchema(JSON.parse(JSON.stringify(report))), JSON.stringify(fitsSchema.errors)).toBe(true);
  expect(report.harnessFaults).toEqual([]);
  return report;
}

async function serve(onConnection: (socket: WebSocket) => void): Promise<string> {
  const server = await serveSample(onConnection);
  cleanups.push(() => server.close());
  return server.url;
}

async function serveTcp(
  onData: (socket: Socket, data: Buffer) => void,
): Promise<{ url: string; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    socket.on("data", (data) => onData(socket, data));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const verdicts = (report: Report): Record<string, string> =>
  Object.fromEntries(report.outcomes.map(({ id, verdict }) => [id, verdict]));
const outcome = (report: Report, id: string): Outcome => {
  const found = report.outcomes.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no outcome for ${id}`);
  return found;
};

/** Rows that a server can keep without a word of the contract: the transport's, and those about any event at all. */
const WITHOUT_A_WORD = /^S-(?:HS|FR)-|^S-(?:CD-02|CD-09|SE-04)$/;

describe("a server that keeps the contract", () => {
  it("passes every row that applies", async () => {
    const report = await judge(await serve(keepContract()), { maxMs: 150_000 });
    const green = ["pass", "not-applicable"];
    // `ws` takes HTTP/1.0, which is worth a warning; a silent handshake is waited for in the nightly profile alone.
    const known = ["S-HS-10", "S-HS-11"];
    const others = report.outcomes.filter(
      ({ id, verdict }) => !green.includes(verdict) && !known.includes(id),
    );
    expect(others.map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`)).toEqual([]);
    expect(report.exitCode).toBe(0);
    expect(report.run.witness).toBe('the exchange "echo"');
  }, 160_000);

  it("conforms as well when nothing but the handshake is asked about: a witness is asked for all the same", async () => {
    const report = await judge(await serve(keepContract()), { only: ["S-HS-01"] });
    expect(report).toMatchObject({ exitCode: 0, outcomes: [{ id: "S-HS-01", verdict: "pass" }] });
  });

  it("is judged by the same cases under the same seed", async () => {
    const url = await serve(keepContract());
    const only = ["S-FR-04", "S-FR-1*", "S-CD-05"];
    const [one, two] = [await judge(url, { only }), await judge(url, { only })];
    const shape = (report: Report) =>
      report.outcomes.map(({ id, verdict, cases }) => ({ id, verdict, cases }));
    expect(shape(one)).toEqual(shape(two));
  }, 60_000);
});

describe("a server that says `type` instead of `event`", () => {
  it("fails the field rule, with the frame and the mend, and nothing else is blamed", async () => {
    const report = await judge(await serve(keepContract({ field: "type" })));
    const failed = outcome(report, "S-CD-09");
    expect(failed).toMatchObject({ verdict: "fail", got: expect.stringContaining('"type"') });
    expect(failed.mend).toContain("Rename the field");
    expect(failed.transcript.some(({ fault }) => fault?.startsWith("S-CD-09"))).toBe(true);
    expect(report.outcomes.filter(({ verdict }) => verdict === "fail").map(({ id }) => id)).toEqual([
      "S-CD-09",
    ]);
    expect(outcome(report, "S-RR-01").reason).toBe("blocked by S-CD-09");
    expect(report.exitCode).toBe(1);
    expect(renderReport(report, { width: 80 })).toContain("Rename the field");
  });
});

describe("a server with one fault", () => {
  it.each<[string, string, (socket: WebSocket) => void]>([
    [
      "S-CD-02",
      "sends a number as a string",
      keepContract({
        alter: (event) => ("value" in event ? { ...event, value: String(event["value"]) } : event),
      }),
    ],
    [
      "S-HB-02",
      "answers a ping without its token",
      keepContract({ alter: (event) => (event["event"] === "pong" ? { event: "pong" } : event) }),
    ],
    [
      "S-SM-01",
      "never comes to an end of counting",
      keepContract({ alter: (event) => (event["event"] === "counted" ? undefined : event) }),
    ],
  ])("fails %s when it %s", async (id, _, onConnection) => {
    const report = await judge(await serve(onConnection), {
      patienceMs: 400,
      only: ["S-HS-01", "S-FR-11", id],
    });
    expect(verdicts(report)[id]).toBe("fail");
    expect(report.exitCode).toBe(1);
    expect(outcome(report, id).replay?.command).toMatch(new RegExp(`--only ${id}(,\\S+)? --seed 1`));
  });

  it("fails S-FR-11 when its pongs are empty", async () => {
    const { url } = await serveTcp((socket, data) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(data.toString("latin1"))?.[1];
      if (key !== undefined) socket.write(accept(key));
      else if ((data[0] ?? 0) === 0x89) socket.write(Buffer.from("8a00", "hex"));
    });
    const report = await judge(url, { only: ["S-FR-11"], patienceMs: 300 });
    expect(outcome(report, "S-FR-11")).toMatchObject({ verdict: "fail", got: "a pong with other bytes (0)" });
  });

  it("fails S-FR-01 when it cuts long messages", async () => {
    const report = await judge(
      await serve((socket) => {
        const keep = keepContract();
        keep(socket);
        const [listener] = socket.listeners("message");
        socket.removeAllListeners("message");
        socket.on("message", (data, isBinary) => {
          // A listener of `message` takes these two: keepContract has just put it there.
          if (String(data).length < 65_536)
            (listener as (data: unknown, isBinary: boolean) => void)(data, isBinary);
        });
      }),
      { only: ["S-FR-01"], patienceMs: 300 },
    );
    const failed = outcome(report, "S-FR-01");
    expect(failed).toMatchObject({
      verdict: "fail",
      counterexample: "a command in a frame of 65536 bytes (1.1.7)",
    });
  });

  it("fails S-FR-16 when it never answers a Close, and is warned when it keeps TCP open", async () => {
    const answer = (body: string) => (socket: Socket, data: Buffer) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(data.toString("latin1"))?.[1];
      if (key !== undefined) socket.write(accept(key));
      else if ((data[0] ?? 0) === 0x88) socket.write(Buffer.from(body, "hex"));
      else if ((data[0] ?? 0) === 0x89) socket.write(pongFor(data));
    };
    // Without an exchange a pong is the witness: this server knows nothing else.
    const { exchanges: _, heartbeat: __, operations: ___, lifecycles: ____, ...bare } = sampleEndpoint;
    const contract = sampleContract({ ...bare, operations: [], lifecycles: [] });
    // One Close alone: this server cannot read what stands around it.
    const options = { only: ["autobahn:7.3.3"], patienceMs: 300, contract };
    const [silent, open] = [await serveTcp(answer("")), await serveTcp(answer("880203e8"))];
    expect(verdicts(await judge(silent.url, options))).toEqual({ "S-FR-16": "fail" });
    expect(verdicts(await judge(open.url, options))).toEqual({ "S-FR-16": "warn" });
  });
});

describe("a server that proves nothing", () => {
  const raw = (after: (socket: Socket) => void) => async (): Promise<string> =>
    (
      await serveTcp((socket, data) => {
        const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(data.toString("latin1"))?.[1];
        if (key === undefined) return;
        socket.write(accept(key));
        after(socket);
      })
    ).url;

  it.each<[string, () => Promise<string>]>([
    ["answers nothing", () => serve(() => undefined)],
    ["closes at once", () => serve((socket) => socket.close(1000))],
    ["resets at once", raw((socket) => socket.resetAndDestroy())],
    [
      "echoes",
      () => serve((socket) => socket.on("message", (data, binary) => socket.send(data, { binary }))),
    ],
    [
      "answers everything with an error",
      () => serve((socket) => socket.on("message", () => socket.send('{"event":"error","code":"internal"}'))),
    ],
    [
      "answers everything with the same event",
      () => serve((socket) => socket.on("message", () => socket.send('{"event":"said","text":"yes"}'))),
    ],
    [
      "refuses everything",
      () =>
        serve((socket) =>
          socket.on("message", () => socket.send('{"event":"error","code":"invalid-payload"}')),
        ),
    ],
    ["accepts and is dead", raw(() => undefined)],
    ["sends garbage bytes", raw((socket) => socket.write(Buffer.from("ff".repeat(4096), "hex")))],
    [
      "sends frames without end",
      raw((socket) => {
        const frames = Buffer.from("810d7b226576656e74223a22227d20".slice(0, 30).repeat(500), "hex");
        const pour = (): void => {
          while (!socket.destroyed && socket.write(frames));
          if (!socket.destroyed) socket.once("drain", pour);
        };
        pour();
      }),
    ],
    ["sends half a frame and stops", raw((socket) => socket.write(Buffer.from("817e", "hex")))],
  ])("passes no row that needs a witness, and never exits 0, when it %s", async (_, start) => {
    const report = await judge(await start(), { patienceMs: 300, maxMs: 4000 });
    const passed = report.outcomes.filter(({ verdict }) => verdict === "pass").map(({ id }) => id);
    expect(passed.filter((id) => !WITHOUT_A_WORD.test(id))).toEqual([]);
    expect(report.exitCode).not.toBe(0);
    expect(report.exitCode).not.toBe(2);
  });

  it.each<[string, (socket: Socket) => void]>([
    ["says nothing on TCP", () => undefined],
    ["ends TCP at once", (socket) => socket.end()],
    ["speaks HTTP only", (socket) => socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")],
    ["sends heads without end", (socket) => socket.write(`HTTP/1.1 101 x\r\n${"a: b\r\n".repeat(30_000)}`)],
  ])("fails the handshake, which blocks all else, when it %s", async (_, act) => {
    const { url } = await serveTcp((socket) => act(socket));
    const report = await judge(url);
    expect(verdicts(report)["S-HS-01"]).toBe("fail");
    expect(
      report.outcomes
        .filter(({ id, verdict }) => id !== "S-HS-01" && verdict !== "not-applicable")
        .every(({ reason }) => reason === "blocked by S-HS-01"),
    ).toBe(true);
    expect(report.exitCode).toBe(1);
  });
});

describe("a server that dies", () => {
  it("is reported once, at once, with what was being done", async () => {
    const server = await serveSample((socket) => {
      const keep = keepContract();
      keep(socket);
      socket.on("message", (data) => {
        // The first broken text kills it.
        if (!String(data).trimStart().startsWith("{")) void server.close();
      });
    });
    const report = await judge(server.url, { only: ["S-HS-01", "S-CD-04", "S-FR-01"], patienceMs: 500 });
    const failed = report.outcomes.filter(({ verdict }) => verdict === "fail");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toContain("stopped accepting connections");
    expect(report.exitCode).toBe(1);
  });
});

describe("a mistake of the user", () => {
  it("is a server that is not there", async () => {
    await expect(judge("ws://127.0.0.1:1")).rejects.toThrow("Start the server");
    await expect(judge("ws://127.0.0.1:1", { only: ["S-FR-01"] })).rejects.toThrow("Start the server");
  });

  it("is a channel that there is not", async () => {
    await expect(judge("ws://127.0.0.1:1", { channel: "nowhere" })).rejects.toThrow(
      'has no channel "nowhere"',
    );
  });
});

describe("a run", () => {
  it("ends when its time is over, and what was not decided is no success", async () => {
    const started = Date.now();
    const report = await judge(await serve(keepContract()), { runs: 500, maxMs: 1500 });
    expect(Date.now() - started).toBeLessThan(8000);
    expect(
      report.outcomes.some(
        ({ verdict, reason }) => verdict === "inconclusive" && reason.includes("time ran out"),
      ),
    ).toBe(true);
    expect(report.exitCode).not.toBe(0);
  });

  it("keeps what it has decided when it is stopped, and is no success", async () => {
    const controller = new AbortController();
    const report = await judge(await serve(keepContract()), {
      runs: 500,
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.kind === "finished" && progress.outcome.id === "S-HS-01") controller.abort();
      },
    });
    expect(verdicts(report)["S-HS-01"]).toBe("pass");
    expect(outcome(report, "S-CD-01")).toMatchObject({
      verdict: "inconclusive",
      reason: expect.stringContaining("the run was stopped"),
    });
    expect(report.exitCode).toBe(3);
    expect(report.conclusion).toMatch(/the run was stopped: \d+ of \d+ checks were not decided/);
  });

  it("says of what cannot be decided in its time how long it needs, and waits for nothing", async () => {
    const patient = sampleContract({
      ...sampleEndpoint,
      heartbeat: {
        mode: "application",
        initiator: "client",
        intervalMs: 30_000,
        timeoutMs: 1000,
        ping: "ping",
        pong: "pong",
        patience: { ms: 75_000, graceMs: 10_000, life: "any", close: 4408, level: "SHOULD" },
      },
    });
    const report = await judge(await serve(keepContract()), {
      contract: patient,
      only: ["S-HS-01", "S-HB-03"],
    });
    expect(outcome(report, "S-HB-03")).toMatchObject({
      verdict: "inconclusive",
      reason: expect.stringMatching(/^needs 85 s, and the profile ci waits at most 45 s/),
    });
  });

  it("does not make a silent server wait for each row, and says once what is missing", async () => {
    const report = await judge(await serve(() => undefined), { patienceMs: 1500, maxMs: 60_000 });
    const started = report.outcomes.filter(({ cases }) => cases > 0).map(({ id }) => id);
    expect(started.length).toBeLessThan(15);
    const reasons = report.outcomes
      .filter(({ verdict }) => verdict === "untestable")
      .map(({ reason }) => reason);
    expect(reasons.some((reason) => /^blocked by S-(RR-01|HB-02)$/.test(reason))).toBe(true);
    expect(report.outcomes.filter(({ verdict }) => verdict === "fail").length).toBeLessThan(4);
    expect(report.exitCode).not.toBe(0);
  }, 60_000);

  it("tells what it does", async () => {
    const seen: string[] = [];
    await judge(await serve(keepContract()), {
      only: ["S-HS-01", "S-FR-16"],
      onProgress: (progress) =>
        seen.push(
          progress.kind === "planned"
            ? `plan of ${progress.total}, ${progress.estimateMs > 0}`
            : progress.kind === "started"
              ? `start ${progress.id}`
              : `end ${progress.outcome.id} ${progress.done}/${progress.total}`,
        ),
    });
    expect(seen).toEqual([
      "plan of 2, true",
      "start S-HS-01",
      "end S-HS-01 1/2",
      "start S-FR-16",
      "end S-FR-16 2/2",
    ]);
  });
});

function accept(key: string): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`;
}

/** The pong for one masked ping of at most 125 bytes that fills the chunk. */
function pongFor(ping: Buffer): Buffer {
  const length = (ping[1] ?? 0) & 0x7f;
  const key = ping.subarray(2, 6);
  const payload = ping.subarray(6, 6 + length).map((byte, index) => byte ^ (key[index & 3] ?? 0));
  return Buffer.concat([Buffer.from([0x8a, length]), payload]);
}
