import { once } from "node:events";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeCertificate } from "../../frames/certificate.js";
import type { Launcher } from "../launcher.js";
import { openAttach } from "./attach.js";
import { openSpawn, type SpawnOptions } from "./spawn.js";
import { createPrograms, isAlive, type Listening, launchOptions, listen, until, WS } from "./test-launch.js";

const programs = createPrograms();
let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(async () => {
  await server.stop();
  programs.remove();
});

const launchers: Launcher[] = [];
afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.stop();
});

function spawning(script: string, more: Partial<SpawnOptions> = {}): Launcher {
  const file = programs.write(`client-${launchers.length}-${script.length}.mjs`, script);
  const launcher = openSpawn({ argv: [process.execPath, file], ...more });
  launchers.push(launcher);
  return launcher;
}

const CONNECTS = `import { WebSocket } from ${JSON.stringify(WS)}; new WebSocket(process.argv.at(-1)).on("error", () => {});`;

describe("a client that the kit spawns", () => {
  it("is told where to connect by its last argument, and who it is by its environment", async () => {
    const launcher = spawning(
      `const { WIREPROOF_URL, WIREPROOF_CASE, WIREPROOF_SEED, WIREPROOF_TIME_SCALE, WIREPROOF_ORIGIN } = process.env;
       console.log(JSON.stringify([process.argv.at(-1), WIREPROOF_URL, WIREPROOF_CASE, WIREPROOF_SEED, WIREPROOF_TIME_SCALE, WIREPROOF_ORIGIN]));
       setInterval(() => {}, 1000);`,
    );
    const url = `${server.url}?a=b%20c&d`;
    const client = await launcher.start(
      launchOptions(url, { caseId: "C-1.1", seed: 42, timeScale: 0.05, origin: "https://a.example" }),
    );
    await until(() => (client.process?.output().length ?? 0) > 0);
    expect(JSON.parse(client.process?.output()[0] ?? "")).toEqual([
      url,
      url,
      "C-1.1",
      "42",
      "0.05",
      "https://a.example",
    ]);
    expect(client.gone).toBeUndefined();
  });

  it("gets its arguments as they are: nothing is split, and no shell reads them", async () => {
    const file = programs.write(
      "arguments.mjs",
      "console.log(JSON.stringify(process.argv.slice(2, -1))); setInterval(() => {}, 1000);",
    );
    const odd = ["two words", "$HOME", "; exit 1", "", "'"];
    const launcher = openSpawn({ argv: [process.execPath, file, ...odd] });
    launchers.push(launcher);
    const client = await launcher.start(launchOptions(server.url));
    await until(() => (client.process?.output().length ?? 0) > 0);
    expect(JSON.parse(client.process?.output()[0] ?? "")).toEqual(odd);
  });

  it("trusts the certificate that it is told to, by a file that goes with the launcher", async () => {
    const { cert, key } = makeCertificate({ hosts: ["localhost"] });
    const secure = createServer({ cert, key }, (socket) => socket.on("error", () => undefined));
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    try {
      // The address of a listening TCP server is an AddressInfo.
      const { port } = secure.address() as AddressInfo;
      const launcher = spawning(
        `import { connect } from "node:tls";
         const socket = connect({ host: "127.0.0.1", port: Number(new URL(process.argv.at(-1)).port) }, () => {
           console.log(JSON.stringify([socket.authorized, process.env.SSL_CERT_FILE]));
         }).on("error", ({ code }) => console.log(JSON.stringify([code])));`,
      );
      const said = async (more: { readonly ca?: string }): Promise<unknown[]> => {
        const client = await launcher.start(launchOptions(`wss://127.0.0.1:${port}/`, more));
        await until(() => (client.process?.output().length ?? 0) > 0);
        return JSON.parse(client.process?.output()[0] ?? "");
      };
      expect(await said({})).toEqual(["DEPTH_ZERO_SELF_SIGNED_CERT"]);
      const [authorized, file] = await said({ ca: cert });
      expect(authorized).toBe(true);
      await launcher.stop();
      expect(existsSync(String(file))).toBe(false);
    } finally {
      secure.close();
    }
  });

  it("connects, and is gone with all that it started when its case is over", async () => {
    const before = server.sockets.length;
    const launcher = spawning(
      `${CONNECTS} import { spawn } from "node:child_process"; console.log(spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid);`,
    );
    const client = await launcher.start(launchOptions(server.url));
    await until(() => server.sockets.length > before && (client.process?.output().length ?? 0) > 0);
    const grandchild = Number(client.process?.output()[0]);
    expect(isAlive(grandchild)).toBe(true);
    expect(await client.stop()).toBe(true);
    expect(client.gone).toBeUndefined();
    await until(() => !isAlive(grandchild));
    await client.ended;
  });

  it("is killed where it ignores SIGTERM", async () => {
    const launcher = spawning(
      `process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000);`,
    );
    const client = await launcher.start(launchOptions(server.url));
    await until(() => (client.process?.output().length ?? 0) > 0);
    expect(await client.process?.terminate(200)).toBe(false);
    expect(await client.stop()).toBe(true);
    expect(client.process?.exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("is told to be gone at once when it ends by itself, with what it wrote last", async () => {
    const notes: string[] = [];
    const launcher = spawning(`console.error("no such setting"); process.exit(3);`);
    const client = await launcher.start(launchOptions(server.url, { note: (text) => notes.push(text) }));
    await client.ended;
    expect(client.gone).toBe("exited with 3");
    await until(() => notes.length > 0);
    expect(notes.join()).toMatch(/process exited with 3\. It wrote last:\s+no such setting/);
  });

  it("is told by its signal when one ended it", async () => {
    const client = await spawning(`process.kill(process.pid, "SIGABRT");`).start(launchOptions(server.url));
    await client.ended;
    expect(client.gone).toBe("was killed by SIGABRT");
  });

  it("keeps the last fifty lines of what it wrote", async () => {
    const launcher = spawning(
      `for (let i = 1; i <= 80; i++) console.log("line " + i); setInterval(() => {}, 1000);`,
    );
    const client = await launcher.start(launchOptions(server.url));
    await until(() => client.process?.output().at(-1) === "line 80");
    expect(client.process?.output()).toHaveLength(50);
  });

  it("tells nothing and takes no orders", async () => {
    const client = await spawning(CONNECTS).start(launchOptions(server.url));
    expect(client.reports).toBe(false);
    expect(await client.next(() => true, 60_000)).toBeUndefined();
    expect(() => client.send("say", {})).toThrow(/without a driver/);
    expect(() => client.close()).toThrow(/without a driver/);
  });

  it("waits for a place where as many live as may", async () => {
    const launcher = spawning("setInterval(() => {}, 1000);", { atOnce: 2 });
    const first = await launcher.start(launchOptions(server.url));
    await launcher.start(launchOptions(server.url));
    let third = false;
    const waiting = launcher.start(launchOptions(server.url)).then((client) => {
      third = true;
      return client;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(third).toBe(false);
    await first.stop();
    expect((await waiting).gone).toBeUndefined();
  });

  it("waits no longer than the run lasts", async () => {
    const launcher = spawning("setInterval(() => {}, 1000);", { atOnce: 1 });
    await launcher.start(launchOptions(server.url));
    const run = new AbortController();
    const waiting = launcher.start(launchOptions(server.url, { signal: run.signal }));
    run.abort(new Error("the user went home"));
    await expect(waiting).rejects.toMatchObject({ name: "RunAborted", message: "the user went home" });
  });

  it.each([
    [["/there/is/no/such/program"], /"\/there\/is\/no\/such\/program" could not be started: .*ENOENT/],
    [[], /There is no command to start/],
  ])("is the user's to mend where there is no such program: %j", async (argv, message) => {
    const launcher = openSpawn({ argv });
    await expect(launcher.start(launchOptions(server.url))).rejects.toMatchObject({
      name: "UsageError",
      message: expect.stringMatching(message),
    });
    // Its place is free again.
    await expect(launcher.start(launchOptions(server.url))).rejects.toThrow(message);
  });
});

describe("a client that somebody else starts", () => {
  it("is asked for once, by the URL that all cases share", async () => {
    const told: string[] = [];
    const launcher = openAttach({ tell: (text) => told.push(text) });
    for (let turn = 0; turn < 2; turn += 1) {
      const client = await launcher.start(launchOptions(server.url));
      expect(client).toMatchObject({ reports: false, process: undefined, gone: undefined });
      expect(await client.stop()).toBe(true);
      await client.ended;
    }
    expect(told).toEqual([expect.stringContaining(server.url)]);
  });
});
