import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import type { SubjectConfig } from "./check.js";
import { KNOWN_GOOD, settingsOf, withKnownGood } from "./config.js";
import { NO_CONFIG } from "./credentials.js";
import { createJudge } from "./judge.js";
import { ordinaryPayload } from "./payloads.js";
import { checkServer } from "./server/check-server.js";
import { keepContract, sampleContract, sampleEndpoint } from "./test-subject.js";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server that lets in whom `admits` knows, and wants `password` as the first message if there is one. */
async function guarded(
  admits: (request: IncomingMessage) => boolean,
  password?: string,
): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    verifyClient: ({ req }: { req: IncomingMessage }) => {
      requests.push(req);
      return admits(req);
    },
  });
  await once(server, "listening");
  server.on("connection", (socket: WebSocket) => {
    socket.on("error", () => undefined);
    if (password === undefined) return keepContract()(socket);
    socket.once("message", (data) => {
      if (String(data) !== password) return socket.close(4401);
      keepContract()(socket);
    });
  });
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  );
  // The address of a listening TCP server is an AddressInfo.
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const run = { contract: sampleContract(), seed: 1, runs: 2, maxMs: 20_000, minCoverage: 0 };
const verdicts = (report: Awaited<ReturnType<typeof checkServer>>) =>
  Object.fromEntries(report.outcomes.map(({ id, verdict }) => [id, verdict]));

describe("a server that lets only known people in", () => {
  const only = ["S-HS-01", "S-CD-01"];

  it("is judged with the headers, the query and the first messages of the configuration", async () => {
    const admits = (request: IncomingMessage): boolean =>
      request.headers.authorization === "Bearer secret-of-alice" &&
      request.url?.includes("tenant=acme") === true;
    const { url } = await guarded(admits, '{"hello":"alice"}');
    const settings = settingsOf({
      query: { tenant: "acme" },
      first: [{ hello: "alice" }],
      identities: [{ name: "alice", headers: { Authorization: "Bearer secret-of-alice" } }],
    });
    const report = await checkServer({ ...run, ...settings, url, only });
    expect(verdicts(report)).toEqual({ "S-HS-01": "pass", "S-CD-01": "pass" });
    expect(verdicts(await checkServer({ ...run, url, only }))).toMatchObject({ "S-HS-01": "fail" });
  });

  it("is asked with fresh credentials for each connection", async () => {
    const given = new Set<string>();
    const admits = ({ headers }: IncomingMessage): boolean => given.delete(headers.authorization ?? "");
    const { url, requests } = await guarded(admits);
    let count = 0;
    const authorize = async () => {
      count += 1;
      given.add(`Bearer ${count}`);
      return { headers: { Authorization: `Bearer ${count}` } };
    };
    const report = await checkServer({ ...run, url, only, authorize });
    expect(verdicts(report)).toEqual({ "S-HS-01": "pass", "S-CD-01": "pass" });
    expect(count).toBe(requests.length);
  });

  it("is told the origin, and a header once whatever its case", async () => {
    const { url, requests } = await guarded(() => true);
    const headers = { "user-agent": "me", ORIGIN: "https://ignored" };
    await checkServer({ ...run, url, only: ["S-HS-01"], headers, origin: "https://app.example" });
    for (const { rawHeaders } of requests) {
      const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      expect(names.filter((name) => name === "user-agent" || name === "origin")).toHaveLength(2);
      expect(rawHeaders).toContain("me");
      expect(rawHeaders).toContain("https://app.example");
    }
  });
});

describe("known-good payloads and values", () => {
  const judge = (config: Partial<SubjectConfig>) => {
    const whole = { ...NO_CONFIG, ...config };
    return createJudge(sampleContract(), withKnownGood(sampleContract(), sampleEndpoint, whole));
  };

  it("are used before exchanges, examples and generated ones", () => {
    const filling = { text: "generated", uuid: "u", int: 1 };
    const payload = { cmd: "say", text: "mine" };
    expect(ordinaryPayload(judge({ payloads: { say: [payload] } }), "say", filling, 1)).toEqual(payload);
    expect(ordinaryPayload(judge({}), "say", filling, 1)).toEqual({ cmd: "say", text: "generated" });
  });

  it("of a field make a payload for each value, of the commands that have the field", () => {
    const { endpoint } = judge({ domain: { "/to": [3, 200, 5] } });
    const examples = (name: string) => endpoint.commands.find((one) => one.name === name)?.examples;
    expect(examples("count")).toEqual([
      { name: KNOWN_GOOD, payload: { cmd: "count", to: 3 } },
      { name: KNOWN_GOOD, payload: { cmd: "count", to: 5 } },
    ]);
    expect(examples("ping")).toEqual([]);
  });

  it("that the document does not accept are the user's mistake", () => {
    expect(() => judge({ payloads: { shout: [{}] } })).toThrow(
      'payloads for "shout", and the channel has no such command. It has: say, ping, count.',
    );
    expect(() => judge({ payloads: { count: [{ cmd: "count", to: 1000 }] } })).toThrow(
      /payload 1 of "count" is not what the document asks for: at \/to .*100/,
    );
  });

  it("may be for a channel without any commands", () => {
    const silent = inlineEndpoint({});
    expect(
      withKnownGood(sampleContract(silent), silent, { ...NO_CONFIG, domain: { "/a": [1] } }).commands,
    ).toEqual([]);
  });
});
