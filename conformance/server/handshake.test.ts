/** The rows of the opening handshake against servers on `ws` and on bare TCP that break one rule each, or none. */
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from "ws";
import type { Contract } from "../../src/contract/contract.js";
import { acceptFor } from "../frames/handshake.js";
import { PROFILES } from "../profile.js";
import type { Outcome } from "../report/report.js";
import { keepContract, sampleContract, sampleEndpoint } from "../test-subject.js";
import { checkServer } from "./check-server.js";
import { handshakeChecks } from "./handshake.js";
import { unfinishedHandshakes } from "./handshake-unfinished.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  // The address of a listening TCP server is an AddressInfo.
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Serving {
  /** Answers a request itself by giving a status, or changes it before `ws` sees it. */
  readonly request?: (request: IncomingMessage) => number | undefined;
  /** Changes the response that accepts. */
  readonly headers?: (headers: string[], request: IncomingMessage) => void;
  readonly deflate?: PerMessageDeflateOptions;
  readonly keepsHead?: false;
  readonly answersPings?: false;
  readonly connection?: (socket: WebSocket, request: IncomingMessage) => void;
}

/** A `ws` server that keeps the sample contract. */
function serve(how: Serving = {}): Promise<string> {
  const http = createServer((_, response) => response.writeHead(426).end());
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: how.deflate ?? false,
    autoPong: how.answersPings ?? true,
    handleProtocols: (offered) => [...offered].find((one) => one === "sample.v1") ?? false,
  });
  server.on("headers", (headers, request) => how.headers?.(headers, request));
  http.on("upgrade", (request, socket, head) => {
    const status = how.request?.(request);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    server.handleUpgrade(request, socket, how.keepsHead === false ? Buffer.alloc(0) : head, (webSocket) => {
      webSocket.on("error", () => undefined);
      (how.connection ?? keepContract())(webSocket, request);
    });
  });
  return listen(http);
}

async function outcomeOf(url: string, id: string, contract: Contract = sampleContract()): Promise<Outcome> {
  const report = await checkServer({ contract, url, seed: 3, runs: 5, only: [id], checks: handshakeChecks });
  expect(report.harnessFaults).toEqual([]);
  const [outcome] = report.outcomes;
  if (outcome === undefined) throw new Error(`No outcome of ${id}.`);
  return outcome;
}

const told = ({ verdict, reason, expected = "", got = "" }: Outcome): string =>
  `${verdict}: ${reason} | ${expected} | ${got}`;

const IDS = ["S-HS-02", "S-HS-03", "S-HS-04", "S-HS-05", "S-HS-06", "S-HS-07", "S-HS-09", "S-HS-10"];

describe("a correct server", () => {
  it.each(IDS)("passes %s", async (id) => {
    const outcome = await outcomeOf(await serve({ deflate: { threshold: 0 } }), id);
    expect(outcome.verdict, told(outcome)).toBe("pass");
  });

  it("reads and writes compressed messages where it takes the extension", async () => {
    const outcome = await outcomeOf(await serve({ deflate: { threshold: 0 } }), "S-HS-07");
    expect(outcome.reason).toMatch(/permessage-deflate was taken in 5 of them; (\d+) messages .* \1 of them/);
  });

  it.each(IDS)(
    "that answers no ping makes %s untestable, not passed",
    async (id) => {
      const outcome = await outcomeOf(await serve({ answersPings: false }), id);
      expect(outcome.verdict, told(outcome)).toBe("untestable");
      expect(outcome.reason).toContain("no witness");
    },
    30_000,
  );
});

const alter = (change: (request: IncomingMessage) => void): Serving => ({
  request: (request) => {
    change(request);
    return undefined;
  },
});

describe("a server that breaks one rule", () => {
  it.each<[string, string, "fail" | "warn", Serving, RegExp]>([
    [
      "S-HS-02",
      "needs no key",
      "fail",
      alter((request) => {
        request.headers["sec-websocket-key"] ??= "dGhlIHNhbXBsZSBub25jZQ==";
      }),
      /no Sec-WebSocket-Key: the upgrade was accepted/,
    ],
    [
      "S-HS-02",
      "answers a missing key by 500",
      "warn",
      { request: ({ headers }) => (headers["sec-websocket-key"] === undefined ? 500 : undefined) },
      /a status that names another reason/,
    ],
    [
      "S-HS-03",
      "answers 426 and no version",
      "fail",
      { request: ({ headers }) => (headers["sec-websocket-version"] === "13" ? undefined : 426) },
      /does not say which version/,
    ],
    ["S-HS-04", "upgrades a POST", "fail", alter((request) => (request.method = "GET")), /a POST/],
    [
      "S-HS-05",
      "knows headers in one spelling only",
      "fail",
      { request: ({ rawHeaders }) => (rawHeaders.includes("Sec-WebSocket-Key") ? undefined : 400) },
      /HTTP\/1\.1 400/,
    ],
    [
      "S-HS-06",
      "selects what nobody offered",
      "fail",
      { headers: (headers) => headers.push("Sec-WebSocket-Protocol: surprise") },
      /surprise/,
    ],
    [
      "S-HS-07",
      "answers an extension that nobody offered",
      "fail",
      { headers: (headers) => headers.push("Sec-WebSocket-Extensions: x-surprise") },
      /x-surprise/,
    ],
    [
      "S-HS-07",
      "takes compression and does not know it",
      "fail",
      {
        headers: (headers, request) => {
          if (request.headers["sec-websocket-extensions"] !== "permessage-deflate") return;
          headers.push("Sec-WebSocket-Extensions: permessage-deflate");
        },
      },
      /a compressed message had not its effect/,
    ],
    [
      "S-HS-07",
      "promises to forget its window, and keeps it",
      "fail",
      {
        deflate: { threshold: 0, serverNoContextTakeover: false },
        headers: (headers) => {
          const at = headers.findIndex((line) =>
            /^sec-websocket-extensions: permessage-deflate$/i.test(line),
          );
          if (at >= 0) headers[at] += "; server_no_context_takeover";
        },
      },
      /cannot be read.*does not inflate/,
    ],
    ["S-HS-09", "loses frames behind the request", "warn", { keepsHead: false }, /were lost/],
  ])(
    "fails %s: it %s",
    async (id, _, verdict, how, words) => {
      const outcome = await outcomeOf(await serve(how), id);
      expect(outcome.verdict, told(outcome)).toBe(verdict);
      expect(told(outcome)).toMatch(words);
    },
    30_000,
  );

  it("fails S-HS-09: it reads the request at one go", async () => {
    const url = new URL(await serve());
    const front = createTcpServer((client) => {
      client.once("data", (head) => {
        if (!head.includes("\r\n\r\n")) {
          client.end("HTTP/1.1 400 Bad Request\r\n\r\n");
          return;
        }
        const key = /sec-websocket-key: *(\S+)/i.exec(head.toString("latin1"))?.[1] ?? "";
        client.write(
          `HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`,
        );
        // A pong for each ping of the kit: masked, of at most 125 bytes.
        client.on("data", (frame) => {
          if (frame[0] !== 0x89) return;
          const length = (frame[1] ?? 0) & 0x7f;
          const payload = Buffer.from(frame.subarray(6, 6 + length)).map(
            (byte, index) => byte ^ (frame[2 + (index % 4)] ?? 0),
          );
          client.write(Buffer.concat([Buffer.from([0x8a, length]), payload]));
        });
      });
    });
    expect(url.protocol).toBe("ws:");
    const outcome = await outcomeOf(await listen(front), "S-HS-09");
    expect(outcome.verdict, told(outcome)).toBe("fail");
    expect(outcome.got).toContain("400");
  });
});

const required = sampleContract({
  ...sampleEndpoint,
  protocol: { ...sampleEndpoint.protocol, subprotocols: ["sample.v1"], subprotocolRequired: true },
});

describe("a required subprotocol", () => {
  it("is asked of every handshake", async () => {
    const url = await serve({
      request: ({ headers }) =>
        headers["sec-websocket-protocol"]?.includes("sample.v1") === true ? undefined : 400,
    });
    const outcome = await outcomeOf(url, "S-HS-06", required);
    expect(outcome.verdict, told(outcome)).toBe("pass");
  });

  it("is missed where the server does without", async () => {
    const outcome = await outcomeOf(await serve(), "S-HS-06", required);
    expect(told(outcome)).toMatch(/^fail: .*the document requires a subprotocol/);
  });
});

const valued = sampleContract({
  ...sampleEndpoint,
  query: {
    type: "object",
    properties: { mode: { enum: ["a", "b"], default: "a" }, size: { type: "integer", maximum: 9 } },
  },
  closeCodes: {
    "4400": { cause: ["bad-parameter"], retry: false, by: "server" },
  },
});

describe("values of the handshake", () => {
  const isBad = (request: IncomingMessage): boolean => {
    const query = new URL(request.url ?? "/", "http://x").searchParams;
    const size = query.get("size");
    return (
      !["a", "b"].includes(query.get("mode") ?? "a") ||
      !(size === null || (/^-?\d+$/.test(size) && Number(size) <= 9))
    );
  };

  it.each<[string, Serving, "pass" | "fail", RegExp]>([
    ["refuses bad ones", { request: (request) => (isBad(request) ? 400 : undefined) }, "pass", /refused/],
    [
      "closes with the declared code",
      { connection: (socket, request) => (isBad(request) ? socket.close(4400) : keepContract()(socket)) },
      "pass",
      /refused/,
    ],
    [
      "closes with 1000",
      { connection: (socket, request) => (isBad(request) ? socket.close(1000) : keepContract()(socket)) },
      "fail",
      /close with 4400.*1000/,
    ],
    ["takes them", {}, "fail", /101, and the connection is still open/],
  ])(
    "a server that %s",
    async (_, how, verdict, words) => {
      const outcome = await outcomeOf(await serve(how), "S-HS-08", valued);
      expect(told(outcome)).toMatch(words);
      expect(outcome.verdict, told(outcome)).toBe(verdict);
    },
    30_000,
  );
});

describe("an unfinished request", () => {
  it("may be refused or dropped in time; one that is kept is a warning", async () => {
    const judge = async (url: string): Promise<Outcome> => {
      const report = await checkServer({
        contract: sampleContract(),
        url,
        seed: 1,
        profile: "nightly",
        checks: [unfinishedHandshakes(1500)],
      });
      const [outcome] = report.outcomes;
      if (outcome === undefined) throw new Error("No outcome.");
      return outcome;
    };
    const kept = await judge(await serve());
    expect(told(kept)).toMatch(/^warn: half a request, then silence: the connection is still open/);
    const hasty = createServer({
      headersTimeout: 300,
      requestTimeout: 300,
      connectionsCheckingInterval: 100,
    });
    const server = new WebSocketServer({ server: hasty });
    server.on("connection", (socket) => socket.on("error", () => undefined));
    const dropped = await judge(await listen(hasty));
    expect(dropped.verdict, told(dropped)).toBe("pass");
    expect(PROFILES.nightly.waitBudgetMs).toBeGreaterThan(120_000);
  }, 40_000);
});
