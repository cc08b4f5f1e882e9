import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type StartedSubject, type StartSubjectOptions, startSubject } from "./process.js";

const started: StartedSubject[] = [];
afterEach(async () => {
  for (const subject of started.splice(0)) await subject.stop();
});

/** A program that listens at the port in its first argument, after it has done what `before` says. */
const listening = (before = ""): string =>
  `${before};require("node:net").createServer(s => s.on("error", () => {})).listen(Number(process.argv[1]), "127.0.0.1")`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // The address of a listening TCP server is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function start(script: string, options: Partial<StartSubjectOptions> = {}): Promise<StartedSubject> {
  const port = await freePort();
  const subject = await startSubject({
    argv: [process.execPath, "-e", script, String(port)],
    url: `ws://127.0.0.1:${port}`,
    waitMs: 20_000,
    ...options,
  });
  started.push(subject);
  return subject;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("It did not come about.");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a subject that the kit starts", () => {
  it("is waited for until it listens, and told the time scale", async () => {
    const script = listening(`console.error("scale " + process.env.WIREPROOF_TIME_SCALE)`);
    const subject = await start(script, { timeScale: 0.05 });
    await until(() => subject.stderr().length > 0);
    expect(subject.stderr()).toEqual(["scale 0.05"]);
    expect(subject.exit).toBeUndefined();
  });

  it("keeps the last fifty lines of what it writes", async () => {
    const subject = await start(listening(`for (let i = 1; i <= 80; i++) console.error("line " + i)`));
    await until(() => subject.stderr().at(-1) === "line 80");
    expect(subject.stderr()).toHaveLength(50);
    expect(subject.stderr()[0]).toBe("line 31");
  });

  it("ends with everything that it started", async () => {
    const child = `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }); console.log("child " + c.pid)`;
    const subject = await start(listening(child));
    await until(() => subject.output().length > 0);
    const pid = Number(subject.output()[0]?.split(" ")[1]);
    expect(isAlive(pid)).toBe(true);
    await subject.stop();
    await until(() => !isAlive(pid) && !isAlive(subject.pid));
  });

  it("is killed when it does not end on SIGTERM", async () => {
    const subject = await start(listening(`process.on("SIGTERM", () => {})`));
    expect(await subject.terminate(300)).toBe(false);
    await subject.stop();
    expect(subject.exit).toMatchObject({ signal: "SIGKILL" });
  }, 20_000);

  it("tells of a death that nobody asked for, and of no other", async () => {
    const subject = await start(listening(`process.on("SIGUSR2", () => process.exit(7))`));
    const deaths: unknown[] = [];
    subject.onDeath((exit) => deaths.push(exit));
    process.kill(subject.pid, "SIGUSR2");
    await until(() => deaths.length > 0);
    expect(deaths).toEqual([{ code: 7, signal: null }]);
    await subject.restart();
    await subject.stop();
    expect(deaths).toHaveLength(1);
  });

  it("listens again after a restart", async () => {
    const subject = await start(listening());
    const first = subject.pid;
    expect(await subject.terminate(10_000)).toBe(true);
    await subject.restart();
    expect(subject.pid).not.toBe(first);
    expect(subject.exit).toBeUndefined();
  });
});

describe("a subject that does not come up", () => {
  it("is told by what it wrote when it ends before it listens", async () => {
    const script = `console.error("no database"); process.exit(3)`;
    await expect(start(script)).rejects.toThrow(/exited with 3 before it listened.*no database/s);
  });

  it("is told by its name when there is no such program", async () => {
    const argv = ["/there/is/no/such/program"];
    await expect(start("", { argv })).rejects.toThrow(/could not be started: .*ENOENT/);
  });

  it("is told by the URL when it never listens there", async () => {
    await expect(start("setInterval(() => {}, 1000)", { waitMs: 300 })).rejects.toThrow(
      /did not listen at ws:.* within/,
    );
  });

  it("is not started where something listens already", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    // As in freePort.
    const { port } = server.address() as AddressInfo;
    try {
      await expect(start(listening(), { url: `ws://127.0.0.1:${port}` })).rejects.toThrow(
        /listens .* already/,
      );
    } finally {
      server.close();
    }
  });
});

describe("a kit that is ended", () => {
  it("takes the subject with it", async () => {
    const port = await freePort();
    const module = new URL("./process.ts", import.meta.url).href;
    const script = `import { startSubject } from ${JSON.stringify(module)};
      const subject = await startSubject({ argv: [process.execPath, "-e", ${JSON.stringify(listening())}, "${port}"], url: "ws://127.0.0.1:${port}" });
      console.log(subject.pid);
      setInterval(() => {}, 1000);`;
    const kit = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [text] = await once(kit.stdout, "data");
    const pid = Number(String(text));
    expect(isAlive(pid)).toBe(true);
    kit.kill("SIGTERM");
    await once(kit, "exit");
    await until(() => !isAlive(pid));
    const socket = connect(port, "127.0.0.1");
    await once(socket, "error");
  }, 60_000);
});
