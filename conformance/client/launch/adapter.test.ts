import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { ClientReport } from "../check.js";
import type { Launcher } from "../launcher.js";
import { type AdapterOptions, type ClientAdapter, openAdapter } from "./adapter.js";
import { type Listening, launchOptions, listen } from "./test-launch.js";

const LONG_MS = 20_000;

let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(() => server.stop());

const launchers: Launcher[] = [];
afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.stop();
});

function adapting(adapter: ClientAdapter, more: Partial<AdapterOptions> = {}): Launcher {
  const launcher = openAdapter({ adapter, WebSocket, ...more });
  launchers.push(launcher);
  return launcher;
}

/** A client that comes back three seconds after a drop. */
const comingBack: ClientAdapter = (scene) => {
  let timer: ReturnType<typeof scene.clock.setTimeout> | undefined;
  let closed = false;
  let socket: WebSocket;
  const connect = (): void => {
    scene.state("connecting");
    // The constructor that this file gives.
    socket = new scene.WebSocket(scene.url) as WebSocket;
    socket.on("open", () => scene.state("connected"));
    socket.on("message", (data) => scene.event(JSON.parse(String(data))));
    socket.on("error", () => undefined);
    socket.on("close", (code) => {
      if (closed) scene.state("disconnected", { code });
      else {
        scene.state("reconnecting", { attempt: 1, code });
        timer = scene.clock.setTimeout(connect, 3000);
      }
    });
  };
  connect();
  return {
    commands: {
      say: async (payload) => {
        socket.send(JSON.stringify(payload));
        return payload === null ? undefined : { said: payload };
      },
      fail: async () => {
        throw Object.assign(new Error("not today"), { code: "EBUSY" });
      },
    },
    close() {
      closed = true;
      scene.clock.clearTimeout(timer);
      socket.close(1000);
    },
  };
};

const isState =
  (state: string) =>
  (report: ClientReport): boolean =>
    report.kind === "state" && report.state === state;

describe("a client in this process", () => {
  it("is steered by calls, and tells what a driver would", async () => {
    const launcher = adapting(comingBack, { replies: true });
    expect(launcher).toMatchObject({ mode: "adapter", reports: true, capabilities: ["replies"] });
    const client = await launcher.start(launchOptions(server.url));
    expect(await client.next(isState("connected"), LONG_MS)).toBeDefined();
    server.sockets.at(-1)?.send('{"event":"said"}');
    expect(await client.next(({ kind }) => kind === "event", LONG_MS)).toMatchObject({
      payload: { event: "said" },
    });
    const asked = [
      client.send("say", "hello"),
      client.send("say", null),
      client.send("fail", {}),
      client.send("dance", {}),
    ];
    await client.next((report) => report.kind === "reply" && report.of === asked[2], LONG_MS);
    expect(client.told.filter(({ kind }) => kind === "reply" || kind === "unsupported")).toEqual(
      expect.arrayContaining([
        { kind: "reply", atMs: expect.any(Number), of: asked[0], ok: true, payload: { said: "hello" } },
        { kind: "reply", atMs: expect.any(Number), of: asked[1], ok: true },
        {
          kind: "reply",
          atMs: expect.any(Number),
          of: asked[2],
          ok: false,
          code: "EBUSY",
          message: "not today",
        },
        { kind: "unsupported", atMs: expect.any(Number), of: asked[3] },
      ]),
    );
    client.close();
    expect(await client.next(isState("disconnected"), LONG_MS)).toMatchObject({ code: 1000 });
    expect(await client.stop()).toBe(true);
  });

  it("knows no command by what every object has", async () => {
    const client = await adapting(comingBack).start(launchOptions(server.url));
    const of = client.send("constructor", {});
    expect(await client.next(({ kind }) => kind === "unsupported", LONG_MS)).toMatchObject({ of });
  });

  it("waits by the clock that it is given: in its own time it comes back no sooner", async () => {
    const launcher = adapting(
      (scene) => {
        const { now } = scene.clock;
        let left = 0;
        return comingBack({
          ...scene,
          state(state, more) {
            if (state === "reconnecting") left = now();
            if (state === "connecting" && left > 0) scene.event(now() - left);
            scene.state(state, more);
          },
        });
      },
      { speed: 30 },
    );
    const client = await launcher.start(launchOptions(server.url));
    await client.next(isState("connected"), LONG_MS);
    server.sockets.at(-1)?.terminate();
    const came = await client.next(({ kind }) => kind === "event", LONG_MS);
    expect(came?.kind === "event" ? Number(came.payload) : 0).toBeGreaterThanOrEqual(3000);
    await client.next(isState("connected"), LONG_MS, client.told.length - 1);
  });

  it("draws by the seed", async () => {
    const draws: number[][] = [];
    const launcher = adapting((scene) => {
      draws.push([scene.random(), scene.random()]);
      return { commands: {}, close: () => undefined };
    });
    for (const seed of [1, 1, 2]) await launcher.start(launchOptions(server.url, { seed }));
    expect(draws[0]).toEqual(draws[1]);
    expect(draws[0]).not.toEqual(draws[2]);
    for (const draw of draws.flat()) expect(draw >= 0 && draw < 1).toBe(true);
  });

  it("has no timer left when its case is over", async () => {
    let fired = 0;
    const client = await adapting((scene) => {
      scene.clock.setTimeout(() => {
        fired += 1;
      }, 20);
      return { commands: {}, close: () => undefined };
    }).start(launchOptions(server.url));
    await client.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(fired).toBe(0);
  });

  it("that will not end is said to live on", async () => {
    const client = await adapting(() => ({
      commands: {},
      close: () => undefined,
      stop: () => new Promise<void>(() => undefined),
    })).start(launchOptions(server.url));
    expect(await client.stop()).toBe(false);
  });

  it("tells what it told, not what it made of it afterwards", async () => {
    const client = await adapting((scene) => {
      const payload: { n: number } = { n: 1 };
      scene.event(payload);
      payload.n = 2;
      return { commands: {}, close: () => undefined };
    }).start(launchOptions(server.url));
    expect(client.told[0]).toMatchObject({ payload: { n: 1 } });
  });

  it("is the user's to mend when the adapter fails, or when there is no WebSocket for it", async () => {
    const failing = adapting(() => {
      throw new Error("no configuration");
    });
    await expect(failing.start(launchOptions(server.url))).rejects.toMatchObject({
      name: "UsageError",
      message: "The adapter failed: no configuration.",
    });
    const platform = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
    Reflect.deleteProperty(globalThis, "WebSocket");
    try {
      expect(() => openAdapter({ adapter: comingBack })).toThrow(/no WebSocket of its own.*from "ws"/);
    } finally {
      if (platform !== undefined) Object.defineProperty(globalThis, "WebSocket", platform);
    }
  });
});

describe("a client in this process that throws where nobody catches it", () => {
  const adapterModule = new URL("./adapter.ts", import.meta.url).href;
  const supportModule = new URL("./test-launch.ts", import.meta.url).href;

  /** Runs a script with an adapter in a process of its own: the test runner listens for exceptions itself. */
  async function run(script: string): Promise<{ readonly code: number; readonly output: string }> {
    const text = `import { openAdapter } from ${JSON.stringify(adapterModule)};
      import { launchOptions } from ${JSON.stringify(supportModule)};
      const nothing = { commands: {}, close() {} };
      const start = (adapter) => openAdapter({ adapter, WebSocket: class {} }).start(launchOptions("ws://127.0.0.1:1/"));
      ${script}`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", text], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (piece) => {
      output += piece;
    });
    child.stderr.on("data", (piece) => {
      output += piece;
    });
    const [code] = await once(child, "exit");
    return { code, output };
  }

  it("is gone, and the others live on", async () => {
    const { code, output } = await run(`
      const [timer, promise, well] = await Promise.all([
        start(({ clock }) => (clock.setTimeout(() => { throw new TypeError("broken JSON"); }, 5), nothing)),
        start(() => (Promise.resolve().then(() => { throw new Error("rejected"); }), nothing)),
        start(() => nothing),
      ]);
      await Promise.all([timer.ended, promise.ended]);
      console.log(timer.gone, "|", promise.gone, "|", well.gone);
      process.exit(0);`);
    expect(output).toBe("threw TypeError: broken JSON | threw Error: rejected | undefined\n");
    expect(code).toBe(0);
  }, 60_000);

  it("is not blamed for what others throw: that ends the process as ever", async () => {
    const { code, output } = await run(`
      await start(() => nothing);
      setTimeout(() => { throw new Error("the kit's own"); }, 5);
      setInterval(() => {}, 1000);`);
    expect(code).not.toBe(0);
    expect(output).toContain("the kit's own");
  }, 60_000);
});
