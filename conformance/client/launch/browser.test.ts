import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { requirement } from "../../../test/requirement.js";
import type { LaunchedClient } from "../check.js";
import type { Launcher } from "../launcher.js";
import { type BrowserOptions, openBrowser } from "./browser.js";
import { findChromium, type OpenBrowser, openChromium } from "./chromium.js";
import { type PageServer, startPageServer } from "./page-server.js";
import { createPrograms, HELLO, type Listening, launchOptions, listen, until } from "./test-launch.js";

const LONG_MS = 20_000;
const programs = createPrograms();
afterAll(programs.remove);

describe("what the kit serves to a browser", () => {
  const servers: PageServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  async function serving(page: string, lines: [number, unknown][] = []): Promise<PageServer> {
    const server = await startPageServer({
      page,
      onLine: (frame, line) => lines.push([frame, line]),
      onOpen: () => undefined,
      onClose: () => undefined,
    });
    servers.push(server);
    return server;
  }

  const folder = join(programs.folder, "site");
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(join(folder, "my page.html"), "<p>page");
    writeFileSync(join(folder, "code.js"), "1");
    writeFileSync(join(programs.folder, "secret.txt"), "secret");
    symlinkSync(join(programs.folder, "secret.txt"), join(folder, "link.txt"));
  });

  it("is the page with all that lies beside it", async () => {
    const server = await serving(join(folder, "my page.html"));
    const url = server.pageUrl("ws://127.0.0.1:1/a?b=c&d");
    expect(new URL(url).searchParams.get("url")).toBe("ws://127.0.0.1:1/a?b=c&d");
    const page = await fetch(url);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toBe("<p>page");
    const code = await fetch(new URL("code.js", url));
    expect(code.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  it.each(["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "link.txt", "none.js", "", "%ff"])(
    "is nothing outside of its folder: %s",
    async (path) => {
      const server = await serving(join(folder, "my page.html"));
      const response = await fetch(`${server.url}page/${path}`);
      expect(response.status).toBe(404);
      expect(await response.text()).toBe("");
    },
  );

  it("is nothing for who does not know its path", async () => {
    const server = await serving("http://127.0.0.1:1/app.html");
    const { origin } = new URL(server.url);
    for (const path of ["/", "/up", "/down", `/${"0".repeat(32)}/`]) {
      expect((await fetch(origin + path)).status).toBe(404);
    }
    expect((await fetch(server.url)).status).toBe(200);
  });

  it("takes lines in their order, and nothing that is none", async () => {
    const lines: [number, unknown][] = [];
    const server = await serving("http://127.0.0.1:1/app.html", lines);
    const post = (body: string): Promise<unknown> =>
      fetch(`${server.url}up`, { method: "POST", body }).catch(() => "refused");
    await post('[{"frame":1,"line":{"a":1}},{"frame":2,"line":null},{"line":3},7]');
    await post("garbage");
    await post('{"frame":1}');
    expect(lines).toEqual([
      [1, { a: 1 }],
      [2, null],
    ]);
  });

  it("judges one window: a second one gets nothing", async () => {
    const server = await serving("http://127.0.0.1:1/app.html");
    const first = await fetch(`${server.url}down`);
    expect(first.headers.get("content-type")).toBe("text/event-stream");
    expect(server.isOpen).toBe(true);
    expect((await fetch(`${server.url}down`)).status).toBe(204);
    await first.body?.cancel();
    await until(() => !server.isOpen);
    const again = await fetch(`${server.url}down`);
    expect(again.status).toBe(200);
    await again.body?.cancel();
  });

  it("adds the URL to what the user's own page is asked for", async () => {
    const server = await serving("http://localhost:5173/app.html?mode=test#here");
    expect(server.pageUrl("ws://127.0.0.1:1/")).toBe(
      "http://localhost:5173/app.html?mode=test&url=ws%3A%2F%2F127.0.0.1%3A1%2F#here",
    );
    expect(server.pageUrl(undefined)).toBe("http://localhost:5173/app.html?mode=test#here");
  });

  it("is the user's to mend where there is no such page", async () => {
    await expect(serving(join(folder, "none.html"))).rejects.toMatchObject({ name: "UsageError" });
    await expect(serving(folder)).rejects.toMatchObject({ name: "UsageError" });
  });
});

describe("Chromium is found", () => {
  it("where CHROMIUM says, else on the PATH, else not", () => {
    expect(findChromium({ CHROMIUM: "/opt/mine" })).toBe("/opt/mine");
    programs.write("chromium", "");
    expect(findChromium({ PATH: programs.folder })).toBeUndefined();
    expect(findChromium({ PATH: "" })).toBeUndefined();
  });
});

const chromium = requirement("chromium");

describe.skipIf(!chromium.available)("a page in Chromium", () => {
  let server: Listening;
  beforeAll(async () => {
    server = await listen();
  });
  afterAll(() => server.stop());

  const launchers: Launcher[] = [];
  const browsers: OpenBrowser[] = [];
  afterEach(async () => {
    for (const launcher of launchers.splice(0)) await launcher.stop();
    for (const browser of browsers.splice(0)) await browser.stop();
  });

  let written = 0;

  /** A page that does what `script` says; `say` posts a line to the kit, `on` is called for each of the kit's. */
  async function showing(script: string, more: Partial<BrowserOptions> = {}): Promise<Launcher> {
    written += 1;
    const page = programs.write(
      `page-${written}.html`,
      `<!doctype html><script>
        const say = (line) => parent.postMessage(line, "*");
        const hello = () => say({ type: "hello", protocol: 1, name: "page", version: "1", capabilities: [] });
        const listen = (on) => addEventListener("message", ({ data }) => on(data));
        ${script}
      </script>`,
    );
    const launcher = await openBrowser({
      page,
      hello: HELLO,
      tell: () => undefined,
      program: chromium.location,
      signal: new AbortController().signal,
      ...more,
    });
    launchers.push(launcher);
    return launcher;
  }

  /** What an honest page does about hello and commands that it does not know, and a socket for each client. */
  const HONEST = `(line) => {
    if (line.type === "hello") hello();
    if (line.type === "send") say({ type: "unsupported", id: line.id, of: line.of });
    if (line.type === "open") {
      const socket = new WebSocket(line.url);
      socket.onopen = () => say({ type: "state", id: line.id, state: "connected" });
      socket.onmessage = ({ data }) => say({ type: "event", id: line.id, payload: data });
      socket.onclose = () => say({ type: "state", id: line.id, state: "disconnected" });
      if (line.url !== new URL(location).searchParams.get("url")) throw new Error("the URL is told twice");
    }
  }`;

  const isConnected = async (client: LaunchedClient): Promise<void> => {
    expect(
      await client.next((report) => report.kind === "state" && report.state === "connected", LONG_MS),
    ).toBeDefined();
  };

  it("has a frame for each client, and several at once", async () => {
    const launcher = await showing(`listen(${HONEST})`);
    expect(launcher).toMatchObject({ mode: "browser", reports: true, capabilities: [] });
    const from = server.sockets.length;
    const clients = await Promise.all([1, 2, 3].map(() => launcher.start(launchOptions(server.url))));
    for (const client of clients) await isConnected(client);
    for (const socket of server.sockets.slice(from)) socket.send("to one");
    for (const client of clients) {
      await client.next(({ kind }) => kind === "event", LONG_MS);
      expect(client.told.filter(({ kind }) => kind === "event")).toHaveLength(1);
    }
    // The frame goes with its case, and what it holds with the frame.
    const [first] = clients;
    expect(await first?.stop()).toBe(true);
    await until(() => server.sockets.slice(from).filter(({ readyState }) => readyState !== 1).length === 1);
    expect(launcher.faults).toEqual([]);
  }, 60_000);

  it("may begin to listen long after it has loaded", async () => {
    const launcher = await showing(`setTimeout(() => listen(${HONEST}), 700)`);
    await isConnected(await launcher.start(launchOptions(server.url)));
  }, 60_000);

  it.each([
    [
      "one that says ok to everything",
      `listen((line) => line.type === "hello" ? hello() : say({ type: "reply", id: line.id, of: line.of, ok: true }))`,
      /answered a command that nobody knows with "ok"/,
    ],
    [
      "one that throws before it can answer",
      `throw new Error("out of cheese")`,
      /did not answer the kit's hello.*console:\s+.*out of cheese.*forbids frames/s,
    ],
    ["one that says something else", `say("ready")`, /it is no JSON object\. It said: "ready"/],
  ])(
    "is the user's to mend: %s",
    async (_, script, message) => {
      await expect(showing(script, { waitMs: 3000 })).rejects.toMatchObject({
        name: "UsageError",
        message: expect.stringMatching(message),
      });
    },
    60_000,
  );

  it("is the user's to mend where the browser does not start", async () => {
    await expect(showing("", { program: "/no/such/browser" })).rejects.toMatchObject({
      name: "UsageError",
      message: expect.stringMatching(/\/no\/such\/browser ended\. Set CHROMIUM/),
    });
  });

  it("is opened by whoever is told its URL, and its clients are gone when he closes it", async () => {
    const told: string[] = [];
    const launching = showing(`listen(${HONEST})`, { program: null, tell: (text) => told.push(text) });
    await until(() => told.length > 0);
    const [url = ""] = /http:\S+/.exec(told[0] ?? "") ?? [];
    const open = (): OpenBrowser => {
      const browser = openChromium(chromium.location, url);
      browsers.push(browser);
      return browser;
    };
    const browser = open();
    const launcher = await launching;
    const clients = await Promise.all([1, 2].map(() => launcher.start(launchOptions(server.url))));
    for (const client of clients) await isConnected(client);
    await browser.stop();
    for (const client of clients) {
      await client.ended;
      expect(client).toMatchObject({ gone: "was closed", excuse: expect.stringMatching(/2 clients/) });
    }
    open();
    await isConnected(await launcher.start(launchOptions(server.url)));
  }, 60_000);
});
