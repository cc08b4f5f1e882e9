import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { compileSchema } from "../../src/contract/validate.js";
import type { Report } from "../report/report.js";
import { renderReport } from "../report/text.js";
import { sampleContract } from "../test-subject.js";
import { type CheckClientOptions, checkClient } from "./check-client.js";
import { createPrograms, WS } from "./launch/test-launch.js";
import { type ClientFaults, CONSTANT_KEY, clientProgram, reconnectingEndpoint } from "./test-programs.js";

const programs = createPrograms();
afterAll(() => programs.remove());

const schema = JSON.parse(readFileSync(new URL("../../schemas/report.json", import.meta.url), "utf8"));

/** Judges a program; in real time no row waits longer than a test may. */
async function judge(text: string, more: Partial<CheckClientOptions> = {}): Promise<Report> {
  const name = `client-${Math.random().toString(36).slice(2)}.mjs`;
  return checkClient({
    contract: sampleContract(reconnectingEndpoint),
    command: [process.execPath, programs.write(name, text)],
    seed: 1,
    runs: 2,
    time: "option",
    timeScale: 0.05,
    ...more,
  });
}

const verdictOf = (report: Report, id: string): string | undefined =>
  report.outcomes.find((outcome) => outcome.id === id)?.verdict;

describe("a client that keeps the contract", () => {
  it("passes rows of every kind, and the report says how it was judged", async () => {
    const only = ["C-HS-01", "C-FR-01", "C-CD-01", "C-CD-06", "C-HB-01", "C-RC-01"];
    const report = await judge(clientProgram(), { only });
    expect(report.outcomes.map(({ id }) => id)).toEqual(only);
    expect(report.outcomes.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(report).toMatchObject({
      exitCode: 0,
      harnessFaults: [],
      subject: { role: "client", mode: "spawn" },
      run: { time: "option", timeScale: 0.05 },
      setup: { mode: "spawn", time: "option", timeScale: 0.05 },
    });
    const { definitions, ...top } = schema;
    expect(compileSchema(top, definitions, "the report schema")(report)).toBeUndefined();
    const text = renderReport(report).replace(/\s+/g, " ");
    expect(text).toContain("time × 0.05 by WIREPROOF_TIME_SCALE");
    expect(text).toMatch(/the kit at most \d+ ms late/);
    expect(text).toContain("the client conforms as far as it was tested");
  }, 60_000);
});

describe("a client that keeps no contract passes nothing and never exits 0", () => {
  it.each<[string, string, RegExp]>([
    ["never connects", "setInterval(() => undefined, 1000);", /no connection/],
    ["exits at once", 'console.error("no such thing"); process.exit(3);', /exited with 3.*no such thing/s],
    [
      "says no HTTP",
      `import { connect } from "node:net";
       const url = new URL(process.argv.at(-1));
       connect(Number(url.port), url.hostname).end("hello\\n");`,
      /without an HTTP request/,
    ],
  ])("when it %s", async (_, text, got) => {
    const report = await judge(text, { waitMs: 1500, time: "real", timeScale: 1 });
    expect(report.outcomes.filter(({ verdict }) => verdict === "pass")).toEqual([]);
    expect(verdictOf(report, "C-HS-01")).toBe("fail");
    expect(report.outcomes[0]?.got).toMatch(got);
    expect(report.outcomes.filter(({ verdict }) => verdict === "fail")).toHaveLength(1);
    expect(report.exitCode).toBe(1);
    expect(report.harnessFaults).toEqual([]);
  });

  it("when it connects and exits", async () => {
    const report = await judge(clientProgram({ atOpen: "process.exit(0);" }), {
      waitMs: 1500,
      time: "real",
      timeScale: 1,
    });
    expect(report.outcomes.filter(({ verdict }) => verdict === "pass")).toEqual([]);
    expect(report.harnessFaults).toEqual([]);
    expect([1, 3]).toContain(report.exitCode);
  });

  it.each(["C-FR-01", "C-CD-01", "C-RC-01", "C-HS-01"])(
    "when it never connects and only %s is asked",
    async (id) => {
      const text = "setInterval(() => undefined, 1000);";
      const report = await judge(text, { waitMs: 500, time: "real", timeScale: 1, only: [id] });
      expect(verdictOf(report, id)).not.toBe("pass");
      expect([1, 3]).toContain(report.exitCode);
    },
  );
});

describe("one thing that is wrong fails the row that owns it", () => {
  // The heartbeat gives the passive rows something to judge.
  it.each<[string, string, ClientFaults]>([
    ["C-RC-01", "comes back at once", { delay: "0" }],
    ["C-RC-01", "never comes back", { delay: "Number.NaN" }],
    ["C-HB-01", "pings three times as fast", { interval: "10000" }],
    ["C-HB-01", "pings once and then never", { interval: "1e8", atOpen: 'socket.send(\'{"cmd":"ping"}\');' }],
    ["C-FR-01", "has one mask key", { options: "{ generateMask: (mask) => mask.fill(7) }" }],
    ["C-CD-01", "sends what its schema refuses", { ping: '{ cmd: "ping", token: 1 }' }],
    ["C-CD-06", "names its commands by another field", { ping: '{ type: "ping" }' }],
  ])(
    "%s: one that %s",
    async (id, _, faults) => {
      const beside = id === "C-RC-01" || id === "C-HB-01" ? [] : ["C-HB-01"];
      const report = await judge(clientProgram(faults), { only: [id, ...beside] });
      expect(verdictOf(report, id)).toBe("fail");
      expect(report.exitCode).toBe(1);
      expect(report.harnessFaults).toEqual([]);
      const failed = report.outcomes.find((outcome) => outcome.id === id);
      expect(failed?.replay?.command).toContain(
        `wireproof check client --time option --time-scale 0.05 --only ${id}`,
      );
    },
    60_000,
  );

  it("C-RC-01: one that dies of a drop, and the report says so", async () => {
    const report = await judge(clientProgram({ delay: "process.exit(9)" }), { only: ["C-RC-01"] });
    expect(report.outcomes[0]).toMatchObject({
      verdict: "fail",
      got: expect.stringContaining("exited with 9"),
    });
  }, 60_000);

  it("C-HS-01: one whose key is always the same", async () => {
    const report = await judge(CONSTANT_KEY, { only: ["C-HS-01"] });
    expect(report.outcomes[0]).toMatchObject({ verdict: "fail", reason: /same Sec-WebSocket-Key/ });
  }, 60_000);
});

describe("a client with a driver", () => {
  const driver = fileURLToPath(new URL("../../examples/drivers/node-ws/driver.js", import.meta.url));
  const contract = JSON.parse(
    readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8"),
  );

  it("is asked for commands, and proves that it hands events on", async () => {
    const report = await checkClient({
      contract,
      channel: "workflow",
      mode: "driver",
      command: [process.execPath, driver],
      time: "real",
      seed: 1,
      only: ["C-HS-01", "C-FR-01", "C-CD-01", "C-CD-06"],
    });
    expect(report.outcomes.map(({ verdict }) => verdict)).toEqual(["pass", "pass", "pass", "pass"]);
    expect(report.subject).toMatchObject({ role: "client", mode: "driver" });
    expect(report.run.witness).toContain("an event that is delivered");
    expect(report.run.messages).toBeGreaterThan(0);
    expect(report.exitCode).toBe(0);
  }, 60_000);

  it("that tells of no event proves nothing, whatever passes on the wire", async () => {
    const mute = readFileSync(driver, "utf8")
      .replace('say({ type: "event", id, payload: JSON.parse(String(data)) });', "JSON.parse(String(data));")
      .replace('from "ws"', `from ${JSON.stringify(WS)}`);
    const report = await checkClient({
      contract,
      channel: "workflow",
      mode: "driver",
      command: [process.execPath, programs.write("mute.mjs", mute)],
      time: "real",
      seed: 1,
      only: ["C-HS-01", "C-FR-01"],
    });
    expect(report.exitCode).toBe(3);
    expect(report.conclusion).toContain("the client never gave a witness");
  }, 60_000);
});

describe("a client that somebody else starts", () => {
  it("is told of one URL, where it is judged as long as it comes back", async () => {
    const program = programs.write("attached.mjs", clientProgram());
    const started: ChildProcess[] = [];
    const urls: string[] = [];
    const report = await checkClient({
      contract: sampleContract(reconnectingEndpoint),
      mode: "attach",
      seed: 1,
      only: ["C-HS-01"],
      tell(text) {
        const url = /ws:\/\/\S+/.exec(text)?.[0] ?? "";
        urls.push(url);
        started.push(spawn(process.execPath, [program, url], { stdio: "ignore" }));
      },
    });
    for (const child of started) child.kill();
    expect(urls).toHaveLength(1);
    expect(report.subject).toEqual({ role: "client", mode: "attach", url: urls[0] });
    expect(verdictOf(report, "C-HS-01")).toBe("pass");
    expect(report.run.time).toBe("real");
    expect(report.exitCode).toBe(0);
  }, 60_000);
});

describe("a baseline of a client", () => {
  it("lets a known failure through, and no entry that is stale", async () => {
    const known = await judge(clientProgram({ delay: "0" }), {
      only: ["C-RC-01"],
      baseline: [{ check: "C-RC-01", reason: "it has no delay yet" }],
    });
    expect(known.outcomes[0]).toMatchObject({ verdict: "fail", baseline: { state: "known" } });
    expect(known.exitCode).toBe(0);
    const stale = await judge(clientProgram(), {
      only: ["C-RC-01"],
      baseline: [{ check: "C-RC-01", reason: "it has no delay yet" }],
    });
    expect(stale.conclusion).toContain("C-RC-01 passes");
    expect(stale.exitCode).toBe(1);
  }, 60_000);
});

describe("how a client is launched", () => {
  const contract = sampleContract(reconnectingEndpoint);

  it.each<[Partial<CheckClientOptions>, RegExp]>([
    [{ mode: "spawn" }, /There is no client to start/],
    [{ mode: "driver" }, /There is no driver to start/],
    [{ mode: "attach", command: ["node", "a.js"] }, /With --attach the kit starts no command/],
    [{ mode: "browser", page: "a.html", command: ["node"] }, /With --browser the kit starts no command/],
    [{ command: ["node"], page: "a.html" }, /cannot go together/],
    [{ mode: "attach", time: "faketime" }, /libfaketime works on a process/],
    [{ mode: "attach", time: "option" }, /cannot tell the client of a time scale/],
    [{ command: ["node"], time: "real", timeScale: 0.5 }, /leaves time as it is/],
    [{ command: ["node"], port: 9000 }, /where clients are waited for that somebody else starts/],
    [{ command: ["/nowhere/client"] }, /"\/nowhere\/client" could not be started/],
    [{ command: ["node"], only: ["S-FR-01"] }, /about servers, and here a client is judged/],
  ])("%j is a mistake of the user", async (options, said) => {
    await expect(checkClient({ contract, ...options })).rejects.toThrow(said);
  });
});
