/** The rows about frames: what they play, that correct servers pass them, and that nothing passes without evidence. */
import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { acceptFor } from "../../frames/handshake.js";
import type { Outcome, Report } from "../../report/report.js";
import { requirements } from "../../requirements.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "../../test-subject.js";
import { checkServer } from "../check-server.js";
import { frameCases, frameChecks } from "../frames.js";
import { byNumber } from "./row.js";
import { isUtf8, utf8Sequences } from "./utf8-sequences.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** How many cases the groups 1 to 7 and 10 of the Autobahn test suite have. */
const GROUPS: Readonly<Record<string, number>> = {
  ...{ "1.1": 8, "1.2": 8, "2": 11, "3": 7, "4.1": 5, "4.2": 5, "5": 20 },
  ...{ "6.1": 3, "6.2": 4, "6.3": 2, "6.4": 4, "6.5": 5, "6.6": 11, "6.7": 4, "6.8": 2, "6.9": 4, "6.10": 3 },
  ...{ "6.11": 5, "6.12": 8, "6.13": 5, "6.14": 10, "6.15": 1, "6.16": 3, "6.17": 5, "6.18": 5, "6.19": 5 },
  ...{ "6.20": 7, "6.21": 8, "6.22": 34, "6.23": 7 },
  ...{ "7.1": 6, "7.3": 6, "7.5": 1, "7.7": 13, "7.9": 9, "7.13": 2, "10.1": 1 },
};
const EVERY_NUMBER = Object.entries(GROUPS)
  .flatMap(([group, count]) => Array.from({ length: count }, (_, index) => `${group}.${index + 1}`))
  .sort(byNumber);

describe("the cases of the rows about frames", () => {
  it("are at least 250, each of them another one", () => {
    const names = Object.entries(frameCases).flatMap(([row, cases]) =>
      cases.map(({ name }) => `${row}: ${name}`),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(250);
  });

  it("play every case of the groups 1 to 7 and 10 of the Autobahn test suite, each once", () => {
    const played = frameChecks.flatMap(({ autobahn = [] }) => autobahn);
    expect([...played].sort(byNumber)).toEqual(EVERY_NUMBER);
  });

  it("are those that their requirements name", () => {
    for (const { id, autobahn: played = [] } of frameChecks) {
      const named = requirements.find((one) => one.id === id)?.autobahn ?? [];
      const covers = (pattern: string, number: string): boolean =>
        pattern.endsWith(".*") ? number.startsWith(pattern.slice(0, -1)) : pattern === number;
      expect(
        played.filter((number) => !named.some((pattern) => covers(pattern, number))),
        id,
      ).toEqual([]);
      expect(
        named.filter((pattern) => !played.some((number) => covers(pattern, number))),
        id,
      ).toEqual([]);
    }
  });

  it("belong to checks that exist, and every check has some or judges what the others saw", () => {
    for (const { id, passive } of frameChecks) {
      expect((frameCases[id]?.length ?? 0) > 0, id).toBe(passive !== true);
    }
    expect(frameChecks.map(({ id }) => id).sort()).toEqual(
      Array.from({ length: 20 }, (_, index) => `S-FR-${String(index + 1).padStart(2, "0")}`),
    );
  });
});

describe("the byte sequences", () => {
  it.each([
    ["6.5.5", true, "cebae1bdb9cf83cebcceb5"],
    ["6.6.5", true, "cebae1bdb9"],
    ["6.8.2", false, "fc8480808080"],
    ["6.11.5", false, "f4908080"],
    ["6.12.7", false, "80bf80bf80bf"],
    ["6.13.5", false, "fc20"],
    ["6.20.2", false, "edadbf"],
    ["6.21.8", false, "edafbfedbfbf"],
    ["6.22.34", true, "f48fbfbf"],
  ])("of case %s are well-formed: %s", (number, valid, hex) => {
    const found = utf8Sequences.find(({ autobahn }) => autobahn === number);
    expect(Buffer.from(found?.bytes ?? []).toString("hex")).toBe(hex);
    expect(found?.valid).toBe(valid);
    expect(isUtf8(Buffer.from(hex, "hex"))).toBe(valid);
  });
});

async function judge(url: string, options: Partial<Parameters<typeof checkServer>[0]> = {}): Promise<Report> {
  const report = await checkServer({
    url,
    contract: sampleContract(),
    seed: 1,
    runs: 3,
    timeScale: 0.05,
    only: ["S-FR"],
    ...options,
  });
  expect(report.harnessFaults).toEqual([]);
  return report;
}

async function serve(onConnection: (socket: WebSocket) => void): Promise<string> {
  const server = await serveSample(onConnection);
  cleanups.push(() => server.close());
  return server.url;
}

function outcome(report: Report, id: string): Outcome {
  const found = report.outcomes.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no outcome for ${id}`);
  return found;
}

/** The sample contract on channels where binary is spoken as well: then a binary frame is no fault. */
const story = (report: Report): string =>
  report.outcomes.map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`).join("\n");

describe("a correct server", () => {
  it("passes every row, and the numbers that were played stand in its outcomes", async () => {
    const report = await judge(await serve(keepContract()));
    const wrong = report.outcomes.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable");
    expect(wrong, story(report)).toEqual([]);
    const numbers = report.outcomes.flatMap(({ autobahn = [] }) => autobahn);
    // The sample declares no `frames: text`: the binary cases do not apply. Its limit leaves 256 KiB out.
    const expected = EVERY_NUMBER.filter((number) => !number.startsWith("1.2.") && number !== "7.1.6");
    expect([...numbers].sort(byNumber)).toEqual(expected);
  }, 60_000);

  it("is judged by one case alone where its number is selected", async () => {
    const url = await serve(keepContract());
    const one = await judge(url, { only: ["autobahn:6.12.3"] });
    expect(one.outcomes.map(({ id, cases, autobahn }) => ({ id, cases, autobahn }))).toEqual([
      { id: "S-FR-14", cases: 1, autobahn: ["6.12.3"] },
    ]);
    const mixed = await judge(url, { only: ["autobahn:2.*", "S-FR-07"] });
    const played = Object.fromEntries(mixed.outcomes.map(({ id, autobahn }) => [id, autobahn]));
    expect(played).toEqual({
      // Selected by its id: all of it.
      "S-FR-07": ["2.5", "5.1", "5.2", "7.3.6"],
      "S-FR-10": ["2.6", "2.11"],
      "S-FR-11": ["2.1", "2.2", "2.3", "2.4"],
      "S-FR-12": ["2.7", "2.8", "2.9", "2.10"],
    });
    expect(outcome(mixed, "S-FR-07").cases).toBe(frameCases["S-FR-07"]?.length);
  }, 60_000);
});

/** A server on bare TCP that answers the handshake and then does as it is told. */
async function serveTcp(onFrame: (socket: Socket, data: Buffer) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(data.toString("latin1"))?.[1];
      if (key === undefined) onFrame(socket, data);
      else
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`,
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `ws://127.0.0.1:${address.port}`;
}

describe("a server that gives no evidence", () => {
  it("passes no row that needs some, although it never accepts anything wrong", async () => {
    const report = await judge(await serveTcp(() => undefined), { patienceMs: 100, maxMs: 60_000 });
    const passed = report.outcomes.filter(({ verdict }) => verdict === "pass").map(({ id }) => id);
    expect(passed, story(report)).toEqual([]);
  }, 90_000);
});

describe("a connection that is failed", () => {
  /** Pongs each ping, and ends the connection as it is told at any other frame; the kit masks with any key. */
  const ending = (end: (socket: Socket) => void) => (socket: Socket, data: Buffer) => {
    const [first = 0, second = 0] = data;
    const length = second & 0x7f;
    if (first !== 0x89 || data.length < 6 + length) {
      end(socket);
      return;
    }
    const key = data.subarray(2, 6);
    const payload = data.subarray(6, 6 + length).map((byte, index) => byte ^ (key[index & 3] ?? 0));
    socket.write(Buffer.concat([Buffer.from([0x8a, length]), payload]));
  };
  const closing = (payload: number[]) => (socket: Socket) => {
    if (socket.writable) socket.end(Buffer.from([0x88, payload.length, ...payload]));
  };

  it.each<[string, "pass" | "warn", (socket: Socket) => void]>([
    ["by Close 1002", "pass", closing([0x03, 0xea])],
    ["by a Close frame without a code", "pass", closing([])],
    ["by FIN", "pass", (socket) => void socket.end()],
    ["by RST", "pass", (socket) => void socket.resetAndDestroy()],
    ["by another code, which no document forbids", "warn", closing([0x03, 0xe8])],
  ])(
    "%s is a %s",
    async (_, verdict, end) => {
      const url = await serveTcp(ending(end));
      const report = await judge(url, { only: ["S-FR-06"] });
      expect(outcome(report, "S-FR-06").verdict, story(report)).toBe(verdict);
    },
    60_000,
  );

  it("by another code than the document fixes is a failure", async () => {
    const url = await serveTcp(ending(closing([0x03, 0xe8])));
    const codes = { "1002": { cause: ["frame"], retry: false, by: "both" } } as const;
    const contract = sampleContract({ ...sampleEndpoint, closeCodes: codes });
    const report = await judge(url, { only: ["S-FR-06"], contract });
    expect(outcome(report, "S-FR-06")).toMatchObject({ verdict: "fail", got: "a Close frame with 1000" });
  }, 60_000);
});
