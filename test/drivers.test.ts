/** The drivers that are shipped as templates, each as it is, with the library that it drives. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ClientReport, LaunchedClient } from "../conformance/client/check.js";
import { openBrowser } from "../conformance/client/launch/browser.js";
import { openDriver } from "../conformance/client/launch/driver.js";
import {
  HELLO,
  type Listening,
  launchOptions,
  listen,
  until,
} from "../conformance/client/launch/test-launch.js";
import type { Launcher } from "../conformance/client/launcher.js";
import { type RequirementName, ROOT, requirement } from "./requirement.js";

/** A template is read before it is used. */
const LINES_OF_CODE = 60;

/** How long a driver and what it drives may take for anything. */
const LONG_MS = 20_000;

const built = mkdtempSync(join(tmpdir(), "wireproof-drivers-"));
let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(async () => {
  await server.stop();
  rmSync(built, { recursive: true, force: true });
});

interface Driver {
  readonly file: string;
  readonly needs?: RequirementName;
  readonly open: (file: string) => Promise<Launcher>;
}

const signal = new AbortController().signal;
const started = (argv: readonly string[]): Promise<Launcher> => openDriver({ argv, hello: HELLO, signal });

const DRIVERS: readonly Driver[] = [
  { file: "node-ws/driver.js", open: (file) => started([process.execPath, file]) },
  { file: "python-websockets/driver.py", needs: "python", open: (file) => started(["python3", file]) },
  {
    file: "go-coder/main.go",
    needs: "go",
    open(file) {
      const program = join(built, "go-coder");
      const cwd = join(file, "..");
      const { status, stderr } = spawnSync("go", ["build", "-o", program, "."], { cwd, encoding: "utf8" });
      if (status !== 0) throw new Error(`go build in ${cwd}: ${stderr}`);
      return started([program]);
    },
  },
  {
    file: "browser/page.html",
    needs: "chromium",
    open: (page) =>
      openBrowser({
        page,
        hello: HELLO,
        signal,
        tell: () => undefined,
        program: requirement("chromium").location,
      }),
  },
];

const pathOf = (file: string): string => join(ROOT, "examples/drivers", file);

/** Lines that say something: no comment, no import. */
function linesOfCode(text: string): number {
  const code = text
    .replace(/import \([^)]*\)/, "")
    .replace(/"""[\s\S]*?"""/, "")
    .replace(/<!--[\s\S]*?-->/, "");
  return code
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s*(\/\/|#|import |from |package )/.test(line)).length;
}

describe.each(DRIVERS)("$file", ({ file, needs, open }) => {
  it(`has fewer than ${LINES_OF_CODE} lines of code`, () => {
    expect(linesOfCode(readFileSync(pathOf(file), "utf8"))).toBeLessThan(LINES_OF_CODE);
  });

  describe.skipIf(needs !== undefined && !requirement(needs).available)("drives its client:", () => {
    let launcher: Launcher;
    beforeAll(async () => {
      launcher = await open(pathOf(file));
    }, 180_000);
    afterAll(() => launcher.stop());
    afterEach(() => {
      expect(launcher.faults).toEqual([]);
    });

    const isState =
      (state: string) =>
      (report: ClientReport): boolean =>
        report.kind === "state" && report.state === state;

    async function connected(): Promise<LaunchedClient & { stop(): Promise<boolean> }> {
      const client = await launcher.start(launchOptions(server.url));
      expect(await client.next(isState("connected"), LONG_MS)).toBeDefined();
      return client;
    }

    it("delivers events as they are, and says what is no JSON", async () => {
      const client = await connected();
      const payload = { event: "said", text: "a\nb\u2028c\u2029d\u0085e😀\u0000", n: [1, null, true, 1.5] };
      server.sockets.at(-1)?.send(JSON.stringify(payload));
      expect(await client.next(({ kind }) => kind === "event", LONG_MS)).toMatchObject({ payload });
      server.sockets.at(-1)?.send('{"event":');
      expect(await client.next(({ kind }) => kind === "error", LONG_MS)).toMatchObject({ code: "not-json" });
      await client.stop();
    });

    it("sends what it is asked to, and does not know what nobody knows", async () => {
      const client = await connected();
      const payload = { cmd: "say", text: "a\nb\u2028c😀\u0000" };
      const of = client.send("say", payload);
      expect(await client.next(({ kind }) => kind === "reply", LONG_MS)).toMatchObject({ of, ok: true });
      await until(() => server.received.length > 0);
      expect(JSON.parse(server.received.at(-1) ?? "")).toEqual(payload);
      const unknown = client.send("dance", {});
      expect(await client.next(({ kind }) => kind === "unsupported", LONG_MS)).toMatchObject({ of: unknown });
      await client.stop();
    });

    it("tells by which code a connection ended, and sends nothing afterwards", async () => {
      const client = await connected();
      server.sockets.at(-1)?.close(4001, "enough");
      expect(await client.next(isState("disconnected"), LONG_MS)).toMatchObject({ code: 4001 });
      const of = client.send("say", { cmd: "say", text: "late" });
      expect(await client.next(({ kind }) => kind === "reply", LONG_MS)).toMatchObject({ of, ok: false });
      await client.stop();
    });

    it("tells 1006 where no Close came, and where nobody listens", async () => {
      const client = await connected();
      server.sockets.at(-1)?.terminate();
      expect(await client.next(isState("disconnected"), LONG_MS)).toMatchObject({ code: 1006 });
      await client.stop();
      const alone = await launcher.start(launchOptions("ws://127.0.0.1:1/"));
      expect(await alone.next(isState("disconnected"), LONG_MS)).toMatchObject({ code: 1006 });
      await alone.stop();
    });

    it("closes on purpose with 1000", async () => {
      const client = await connected();
      const socket = server.sockets.at(-1);
      const closed = new Promise((resolve) => socket?.once("close", resolve));
      client.close();
      expect(await client.next(isState("disconnected"), LONG_MS)).toBeDefined();
      expect(await closed).toBe(1000);
      await client.stop();
    });
  });
});
