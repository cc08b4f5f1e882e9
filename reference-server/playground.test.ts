import { request } from "node:http";
import { describe, expect, it } from "vitest";
import type { PlaygroundFiles } from "./playground.js";
import type { RunningServer } from "./running-server.js";
import { connect, expectAlive, type Peer, serveForEachTest } from "./test-peer.js";

const serve = serveForEachTest();

const FILES: PlaygroundFiles = {
  async read(path) {
    if (path === "index.html") return { type: "text/html; charset=utf-8", text: "<b>%TOKEN%</b>" };
    return path === "main.js" ? { type: "text/javascript; charset=utf-8", text: "1" } : undefined;
  },
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks the server, with any header: fetch sets `Host` by itself. */
function ask(
  server: RunningServer,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on("error", reject);
    sent.end(body === undefined ? "" : JSON.stringify(body));
  });
}

/** Loads the page; gives its token. */
async function load(server: RunningServer): Promise<string> {
  const [, token = ""] = /<b>(.*)<\/b>/.exec((await ask(server, "/")).body) ?? [];
  return token;
}

const breakBy = (server: RunningServer, token: string, body: unknown): Promise<Answer> =>
  ask(server, "/playground/break", { method: "POST", headers: { "X-Wireproof-Page": token }, body });

const join = (server: RunningServer, token: string, path = "/ws"): Promise<Peer> =>
  connect(`${server.url}${path}${path.includes("?") ? "&" : "?"}wireproof-page=${token}`);

describe("the page of a server", () => {
  it("is there only where somebody gave its files, and the list of endpoints is elsewhere", async () => {
    expect((await ask(await serve(), "/")).body).toContain("wireproof reference server");
    const server = await serve({ playground: FILES });
    expect((await ask(server, "/")).body).toMatch(/^<b>[\w-]{24}<\/b>$/);
    expect((await ask(server, "/playground/main.js")).body).toBe("1");
    expect((await ask(server, "/playground/other.js")).status).toBe(404);
  });

  it("may load and reach nothing but its server", async () => {
    const server = await serve({ playground: FILES });
    const { headers } = await ask(server, "/");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port} `);
    expect(policy).not.toContain("unsafe");
    expect(headers["cache-control"]).toBe("no-store");
  });

  it("has another token each time it is loaded", async () => {
    const server = await serve({ playground: FILES });
    expect(await load(server)).not.toBe(await load(server));
  });

  it.each([
    "evil.example",
    "evil.example:80",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "a@127.0.0.1",
  ])(
    "is not shown under the foreign name %s, which another site may have given to this address",
    async (host) => {
      const server = await serve({ playground: FILES });
      const token = await load(server);
      expect((await ask(server, "/", { headers: { Host: host } })).body).not.toContain("<b>");
      const headers = { Host: host, "X-Wireproof-Page": token };
      const asked = await ask(server, "/playground/break", {
        method: "POST",
        headers,
        body: { fault: "drop" },
      });
      expect(asked.status).not.toBe(200);
    },
  );

  it.each(["localhost:1234", "127.0.0.1", "[::1]:80", "192.168.0.7:8080"])("is shown as %s", async (host) => {
    const server = await serve({ playground: FILES });
    expect((await ask(server, "/", { headers: { Host: host } })).body).toContain("<b>");
  });
});

describe("a page breaks", () => {
  it("only its own connections", async () => {
    const server = await serve({ playground: FILES });
    const [mine, other] = [await load(server), await load(server)];
    const peers = [await join(server, mine), await join(server, other), await connect(`${server.url}/ws`)];
    expect(await breakBy(server, mine, { fault: "close", code: 4429 })).toMatchObject({
      status: 200,
      body: '{"connections":1}',
    });
    expect((await peers[0]?.closed)?.code).toBe(4429);
    for (const peer of peers.slice(1)) await expectAlive(peer);
    expect((await breakBy(server, mine, { fault: "drop" })).body).toBe('{"connections":0}');
  });

  it("nothing without its token, and nothing that is no fault", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    const peer = await join(server, token);
    for (const wrong of ["", "guess"]) {
      expect((await breakBy(server, wrong, { fault: "drop" })).status).toBe(403);
    }
    for (const body of [
      undefined,
      null,
      {},
      { fault: "explode" },
      { fault: "slow", ms: -1 },
      { fault: "garbage" },
      ...[999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, "1000"].map((code) => ({ fault: "close", code })),
    ]) {
      expect((await breakBy(server, token, body)).status).toBe(400);
    }
    expect((await ask(server, "/playground/break")).status).toBe(404);
    await expectAlive(peer);
  });

  it("a connection off without a Close", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    const peer = await join(server, token);
    await breakBy(server, token, { fault: "drop" });
    expect((await peer.closed).code).toBe(1006);
  });

  it("the silence: nothing comes and nothing is heard, until it is mended", async () => {
    const server = await serve({ playground: FILES, timeScale: 1 });
    const token = await load(server);
    const peer = await join(server, token);
    await breakBy(server, token, { fault: "silence" });
    peer.send({ cmd: "ping" });
    expect(await peer.during(200)).toEqual([]);
    await breakBy(server, token, { fault: "none" });
    await expectAlive(peer);
    expect(peer.received).toHaveLength(1);
  });

  it("what comes with a frame of its own", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    const peer = await join(server, token);
    await breakBy(server, token, { fault: "garbage", frame: '{"type":"pong"}' });
    expect(await peer.next({ type: "pong" })).toEqual({ type: "pong" });
    await expectAlive(peer);
  });

  it("the pace: frames wait, keep their order, and all are there before a Close", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    const peer = await join(server, token);
    await breakBy(server, token, { fault: "slow", ms: 30_000 });
    const tokens = ["a", "b", "c"];
    for (const token_ of tokens) peer.send({ cmd: "ping", data: { token: token_ } });
    expect(await peer.during(200)).toEqual([]);
    await breakBy(server, token, { fault: "close", code: 1012 });
    await peer.closed;
    expect(peer.received.map(({ data }) => data)).toEqual(tokens.map((token_) => ({ token: token_ })));
  });

  it("the pace, and frames come one after another", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    const peer = await join(server, token);
    await breakBy(server, token, { fault: "slow", ms: 5 });
    const tokens = Array.from({ length: 20 }, (_, index) => `t${index}`);
    for (const token_ of tokens) peer.send({ cmd: "ping", data: { token: token_ } });
    await peer.until({ event: "pong", data: { token: "t19" } });
    expect(peer.received.map(({ data }) => data)).toEqual(tokens.map((token_) => ({ token: token_ })));
  });

  it("the way in: its handshakes are refused and no others, as long as it wants", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    await breakBy(server, token, { away: true });
    await expect(join(server, token)).rejects.toThrow("HTTP 503");
    (await connect(`${server.url}/ws`)).socket.close();
    await breakBy(server, token, { away: false });
    await expectAlive(await join(server, token));
  });

  it("a slow connection that wants too much: it is closed as any slow consumer is", async () => {
    const server = await serve({ playground: FILES, timeScale: 1 });
    const token = await load(server);
    const peer = await join(server, token);
    await breakBy(server, token, { fault: "slow", ms: 60_000 });
    peer.send({ cmd: "start_session", data: { workflow_id: "flood" } });
    expect((await peer.closed).code).toBe(4429);
  });
});

describe("the token of a page", () => {
  it("never reaches the endpoint, whose query is the document's", async () => {
    const server = await serve({ playground: FILES, channels: ["pipeline"] });
    const path = new URL(server.endpoints.find(({ name }) => name === "pipeline")?.url ?? "").pathname;
    for (const token of [await load(server), "of-a-server-before-its-restart"]) {
      const peer = await join(server, token, `${path}?session_type=group`);
      expect(await peer.next({ type: "connected" })).toMatchObject({ session_type: "group" });
    }
  });

  it("goes before a list of origins, which another site's script cannot pass", async () => {
    const server = await serve({ playground: FILES, origins: ["https://app.example"] });
    const token = await load(server);
    const headers = { Origin: `http://127.0.0.1:${server.port}` };
    await expect(connect(`${server.url}/ws`, { headers })).rejects.toThrow("HTTP 403");
    const peer = await connect(`${server.url}/ws?wireproof-page=${token}`, { headers });
    await expectAlive(peer);
  });

  it("is no credential: the server's own token is still asked for", async () => {
    const server = await serve({ playground: FILES, token: "s3cret" });
    await expect(join(server, await load(server))).rejects.toThrow("HTTP 401");
  });

  it("is forgotten when many pages were loaded since", async () => {
    const server = await serve({ playground: FILES });
    const token = await load(server);
    for (let page = 0; page < 64; page++) await load(server);
    expect((await breakBy(server, token, { fault: "none" })).status).toBe(403);
  });
});
