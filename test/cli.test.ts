/**
 * This file is long because it walks through the whole command line: every verb, and what it answers to wrong usage.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { ROOT } from "./requirement.js";
import { builtCli, runCli, startServe } from "./served.js";

const folder = mkdtempSync(join(tmpdir(), "wireproof-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  writeFileSync(join(folder, "good.yaml"), document(""));
  writeFileSync(join(folder, "broken.yaml"), document("payload: { type: nonsense }"));
  writeFileSync(join(folder, "not.yaml"), "asyncapi: [\n");
});

/** From the repository, where the command line runs unless a test says otherwise. */
const CONTRACT = "generated/contract.json";

/** One channel of it, for what is refused before anything is connected to. */
const TASKS = ["--document", CONTRACT, "--channel", "tasks"];

/** The files that one call of the command line loads: V8 names them all when it is asked for coverage. */
function loadedBy(args: string[]): string[] {
  const coverage = mkdtempSync(join(folder, "loaded-"));
  runCli(args, { env: { NODE_V8_COVERAGE: coverage } });
  const urls = readdirSync(coverage).flatMap((file) => {
    // Node writes these files: `result` lists scripts by URL.
    const { result } = JSON.parse(readFileSync(join(coverage, file), "utf8")) as {
      result: { url: string }[];
    };
    return result.map(({ url }) => url);
  });
  return urls.filter((url) => url.startsWith("file:")).map((url) => fileURLToPath(url));
}

describe("help and version", () => {
  it.each([[["--help"]], [["--version"]], [["check", "server", "--help"]]])(
    "%j load the command line and nothing that it does not need",
    (args) => {
      // What is loaded decides the start, and does not depend on who else uses the machine; `npm run check` prints ms.
      const loaded = loadedBy(args);
      expect(loaded.length).toBeGreaterThan(1);
      expect(
        loaded.filter((file) => !/\/dist\/|\/node_modules\/(commander|picocolors)\//.test(file)),
      ).toEqual([]);
      expect(loaded.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(250_000);
    },
  );

  it("name every verb, with examples", () => {
    const { code, stdout, stderr } = runCli(["--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const verb of ["lint", "generate", "serve", "check", "list"])
      expect(stdout).toContain(`\n  ${verb}`);
    expect(stdout).toContain("$ wireproof check server");
  });

  it.each([["lint"], ["generate"], ["serve"], ["diff"], ["check"], ["check", "server"], ["list"]])(
    "of %s %s have examples",
    (...verb) => {
      const { code, stdout } = runCli([...verb.filter((word) => word !== undefined), "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples:\n {2}\$ wireproof /);
    },
  );

  it("of a part of a verb is that part's", () => {
    const { code, stdout } = runCli(["help", "check", "server"]);
    expect(stdout).toContain("Usage: wireproof check server [options] <url> [-- command args...]");
    expect(stdout).toBe(runCli(["check", "server", "--help"]).stdout);
    expect(code).toBe(0);
  });

  it("the version is that of the package", () => {
    expect(runCli(["--version"]).stdout.trim()).toBe(
      JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")).version,
    );
  });
});

describe("wrong usage exits 2, with nothing on stdout, and says what was meant", () => {
  it.each([
    [["lnit"], /unknown command 'lnit'\n\(Did you mean lint\?\)/],
    [["serve", "--prot", "1"], /unknown option '--prot'\n\(Did you mean --port\?\)/],
    [["check", "srever", "ws://x"], /unknown command 'srever'/],
    [["check", "server"], /missing required argument 'url'/],
    [["check", "server", "127.0.0.1:8080"], /Did you mean ws:\/\/127\.0\.0\.1:8080\?/],
    [["check", "server", "ftp://x"], /begins with ws:\/\//],
    [["check", "server", "ws://x", "--report", "xml=a"], /Kinds: json/],
    [["check", "server", "ws://x", "--runs", "0"], /whole number from 1/],
    [["check", "server", "ws://x", "--time-scale", "0"], /decimal above 0/],
    [
      ["check", "server", "ws://x", "--channel", "wrkflow", "--document", CONTRACT],
      /no channel wrkflow \(Did you mean workflow\?\)/,
    ],
    [["check", "server", "ws://x", "--document", CONTRACT], /--channel/],
    [
      ["check", "server", "ws://x", "--channel", "tasks", "--document", CONTRACT, "--only", "S-XX-01"],
      /S-XX-01/,
    ],
    [["serve", "--port", "70000"], /whole number from 0 to 65535/],
    [["serve", "--log", "xml"], /Allowed choices are pretty, json/],
    [["serve", CONTRACT, "--channel", "wrkflow"], /Did you mean workflow\?/],
    [["serve", CONTRACT, "--as", "client"], /a compiled contract already knows its side/],
    [["generate", "--codec", "quick"], /Allowed choices are small, fast, auto/],
    [["generate", "nowhere.yaml"], /there is no file nowhere\.yaml/],
    [["lint", CONTRACT], /is a compiled contract/],
    [["lint", "a.yaml", "b.yaml"], /too many arguments/],
    [["diff", CONTRACT], /missing required argument 'new'/],
    [["diff", CONTRACT, "nowhere.yaml"], /there is no file nowhere\.yaml/],
    [["diff", CONTRACT, CONTRACT, "--format", "sarif"], /Allowed choices are text, json, markdown, github/],
    [["lint", "--format", "xml"], /Allowed choices are text, json, sarif, github/],
    [["lint", "./schemas/../schemas"], /^error: \.\/schemas\/\.\.\/schemas is a folder/],
    [["help", "chek"], /there is no verb "chek" \(Did you mean check\?\)/],
    [["check", "client", ...TASKS], /Write its command after `--`: -- node client\.js; or .* --attach/],
    [["check", "client", ...TASKS, "--driver"], /Write its command after `--`: --driver -- node driver\.js/],
    [["check", "client", ...TASKS, "node", "client.js"], /stands after --, as: -- node client\.js/],
    [["check", "client", ...TASKS, "--attach", "--", "node"], /With --attach the kit starts no command/],
    [
      ["check", "client", ...TASKS, "--attach", "--driver"],
      /'--driver' cannot be used with option '--attach'/,
    ],
    [["check", "client", ...TASKS, "--browser", "a.html", "--", "node"], /With --browser the kit starts no/],
    [
      ["check", "client", ...TASKS, "--time", "soon", "--", "node"],
      /choices are auto, option, faketime, real/,
    ],
    [["check", "client", ...TASKS, "--time", "faketime", "--attach"], /libfaketime works on a process that/],
    [["check", "client", ...TASKS, "--time", "option", "--attach"], /cannot tell the client of a time scale/],
    [
      ["check", "client", ...TASKS, "--time", "real", "--time-scale", "0.1", "--", "node"],
      /--time real leaves time as it is/,
    ],
    [["check", "client", ...TASKS, "--header", "A: b", "--", "node"], /unknown option '--header'/],
    [["check", "client", ...TASKS, "--only", "S-FR-01", "--", "node"], /`wireproof check server` does that/],
    [["check", "server", "ws://x", ...TASKS, "--only", "C-FR-01"], /`wireproof check client` does that/],
    [["check", "client", ...TASKS, "--", "/nowhere/client"], /"\/nowhere\/client" could not be started/],
    [["check", "client", "--document", CONTRACT, "--", "node"], /--channel/],
    [["check", "server", "ws://x", "--header", "Authorization"], /'Authorization: Bearer abc'/],
    [["check", "server", "ws://x", "--auth-command", "./token.sh"], /JSON array of words/],
    [["check", "server", "ws://x", "--profile", "fast"], /Allowed choices are smoke, ci, nightly, safe/],
    [
      ["check", "server", "ws://x", "node", "server.js"],
      /a command to start stands after --, as: -- node server\.js/,
    ],
    [["check", "server", "ws://x", ...TASKS, "--config", "nowhere.yaml"], /there is no file nowhere\.yaml/],
    [
      ["check", "server", "ws://x", ...TASKS, "--cert", "package.json"],
      /--cert: package\.json is no PEM file/,
    ],
    [
      ["check", "server", "ws://x", ...TASKS, "--report", "json=schemas"],
      /schemas is a folder; name a file in it/,
    ],
    [
      ["check", "server", "ws://x", ...TASKS, "--", "/nowhere/server"],
      /"\/nowhere\/server" could not be started/,
    ],
    [["list", "--coverage", "--document", CONTRACT, "--channel", "task"], /Did you mean tasks\?/],
  ])("%j", (args, said) => {
    const { code, stdout, stderr } = runCli(args);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("no verb at all prints the help", () => {
    const { code, stderr } = runCli([]);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: wireproof");
  });

  it("a port that is in use is said so", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const { code, stderr } = runCli(["serve", CONTRACT, "--port", port]);
    taken.close();
    expect(stderr).toMatch(/port is in use; choose another with --port/);
    expect(code).toBe(2);
  });
});

describe("lint", () => {
  it("exits 0 for a document without errors, in any form of output", () => {
    const text = runCli(["lint", join(folder, "good.yaml")]);
    expect(text.stdout).toMatch(/good\.yaml: /);
    expect(text.code).toBe(0);
    const json = JSON.parse(runCli(["lint", join(folder, "good.yaml"), "--format", "json"]).stdout);
    expect(json.ok).toBe(true);
  });

  it.each(["broken.yaml", "not.yaml"])("exits 1 for %s and names file, line and rule", (name) => {
    const { code, stdout } = runCli(["lint", join(folder, name)]);
    expect(stdout).toMatch(new RegExp(`${name}:\\d+:\\d+ error \\S+: `));
    expect(code).toBe(1);
  });

  it("says the same for code scanning and for GitHub's log, with the same exit code", () => {
    const sarif = runCli(["lint", join(folder, "broken.yaml"), "--format", "sarif"]);
    expect(JSON.parse(sarif.stdout).runs[0].results[0]).toMatchObject({ level: "error" });
    const github = runCli(["lint", join(folder, "broken.yaml"), "--format", "github"]);
    expect(github.stdout).toMatch(/^::error file=[^,]*broken\.yaml,line=\d+,/m);
    expect([sarif.code, github.code]).toEqual([1, 1]);
  });

  it("takes ./asyncapi.yaml when there is one, else the bundled document", () => {
    expect(runCli(["lint"], { cwd: folder }).stdout).toMatch(/node_modules|asyncapi\.yaml: /);
    const own = join(folder, "own");
    mkdirSync(own);
    writeFileSync(join(own, "asyncapi.yaml"), document(""));
    expect(runCli(["lint"], { cwd: own }).stdout).toMatch(/^asyncapi\.yaml: /m);
  });
});

describe("generate", () => {
  it("writes, then finds its files fresh, then finds what was changed, missing or left over", () => {
    const out = join(folder, "out");
    const source = join(folder, "good.yaml");
    expect(runCli(["generate", source, "--out", out]).code).toBe(0);
    expect(runCli(["generate", source, "--out", out, "--check"]).code).toBe(0);

    const target = join(out, "things.ts");
    const text = readFileSync(target, "utf8");
    writeFileSync(target, `${text}\n`);
    writeFileSync(join(out, "old.ts"), text);
    writeFileSync(join(out, "mine.ts"), "export const mine = 1;\n");
    rmSync(join(out, "contract.json"));
    const { code, stdout } = runCli(["generate", source, "--out", out, "--check"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^changed: .*things\.ts$/m);
    expect(stdout).toMatch(/^missing: .*contract\.json$/m);
    expect(stdout).toMatch(/^superfluous: .*old\.ts$/m);
    expect(stdout).not.toContain("mine.ts");

    expect(runCli(["generate", source, "--out", out]).code).toBe(0);
    expect(runCli(["generate", source, "--out", out, "--check"]).code).toBe(0);
    expect(readFileSync(join(out, "mine.ts"), "utf8")).toContain("mine");
  });

  it.runIf(process.platform === "linux")("ends where the system takes no folder, and says so", () => {
    const { code, stderr } = runCli(["generate", join(folder, "good.yaml"), "--out", "/proc/x"]);
    expect(stderr).toMatch(/^error: the folder \/proc\/x cannot be made/);
    expect(code).toBe(2);
  });

  it("refuses a faulty document with its place, and exits 2", () => {
    const { code, stderr } = runCli(["generate", join(folder, "broken.yaml"), "--out", join(folder, "none")]);
    expect(stderr).toMatch(/broken\.yaml:\d+:\d+ error /);
    expect(code).toBe(2);
  });
});

describe("serve", () => {
  it("prints the URL of every channel, and SIGTERM ends connections with 1012 and the process with 0 within 5 s", async () => {
    const served = await startServe([CONTRACT]);
    const [url = ""] = Object.values(served.urls);
    expect(Object.keys(served.urls).length).toBeGreaterThanOrEqual(5);
    const socket = new WebSocket(url);
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    const start = performance.now();
    expect(await served.stop()).toBe(0);
    expect(await closed).toBe(1012);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("mocks a document that is not its own", async () => {
    const served = await startServe([join(folder, "good.yaml")]);
    expect(Object.keys(served.urls)).toEqual(["things"]);
    const socket = new WebSocket(served.urls["things"] ?? "");
    await new Promise((resolve) => socket.once("open", resolve));
    socket.close();
    expect(await served.stop()).toBe(0);
  });

  it("serves one channel alone with --channel", async () => {
    const served = await startServe([CONTRACT, "--channel", "tasks"]);
    expect(Object.keys(served.urls)).toEqual(["tasks"]);
    expect(await served.stop()).toBe(0);
  });
});

describe("check server", () => {
  it("exits 0 on a server that conforms and writes the report", async () => {
    const served = await startServe([CONTRACT, "--channel", "tasks", "--time-scale", "0.2"]);
    const file = join(folder, "report.json");
    const args = [
      "check",
      "server",
      served.urls["tasks"] ?? "",
      "--document",
      CONTRACT,
      "--channel",
      "tasks",
    ];
    const { code, stdout } = runCli([
      ...args,
      "--time-scale",
      "0.2",
      "--only",
      "S-HS-01,S-FR-0,S-FR-1,S-CD-02,S-CD-03,S-SM-01",
      "--runs",
      "5",
      "--seed",
      "7",
      "--report",
      `json=${file}`,
    ]);
    await served.stop();
    expect(stdout).toMatch(/S-HS-01/);
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(file, "utf8"));
    expect(report).toMatchObject({ exitCode: 0, run: { seed: 7 }, contract: { channel: "tasks" } });
    expect(report.outcomes.length).toBeGreaterThan(10);
  }, 120_000);

  it("starts the server, obeys its baseline, streams its report, and ends what it started", () => {
    const serve = [builtCli(), "serve", CONTRACT, "--channel", "tasks", "--port", "18461", "--log", "none"];
    const baseline = join(folder, "baseline.yaml");
    writeFileSync(baseline, "- { check: S-HS-01, reason: an upgrade that was mended since }\n");
    const stream = join(folder, "stream.ndjson");
    const args = ["check", "server", "ws://127.0.0.1:18461", ...TASKS, "--only", "S-HS-01,S-CD-02"];
    const more = ["--min-coverage", "0", "--baseline", baseline, "--report", `ndjson=${stream}`];
    const { code, stdout } = runCli([...args, ...more, "--", process.execPath, ...serve]);
    expect(stdout).toMatch(/the baseline is out of date: S-HS-01 passes/);
    expect(code).toBe(1);
    const lines = readFileSync(stream, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual(
      expect.arrayContaining(["outcome", "summary"]),
    );
    expect(runCli([...args, "--wait", "0.1"]).stderr).toMatch(/Nothing answers at ws:\/\/127\.0\.0\.1:18461/);
  }, 60_000);

  it("prints what was reached when it is interrupted, and does not exit 0", async () => {
    const served = await startServe([CONTRACT, "--channel", "tasks"]);
    const args = ["check", "server", served.urls["tasks"] ?? "", ...TASKS, "--profile", "nightly"];
    const child = spawn(process.execPath, [builtCli(), ...args], { cwd: ROOT, stdio: "pipe" });
    let stdout = "";
    child.stdout.on("data", (chunk) => {
      stdout += String(chunk);
    });
    // The first verdict: from now on there is something to print.
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk) => {
        if (/S-HS-01 pass/.test(String(chunk))) resolve();
      });
    });
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    await served.stop();
    expect(stdout).toMatch(/S-HS-01\s+MUST\s+✓ pass/);
    expect(stdout).toMatch(/the run was stopped/);
    expect([1, 3]).toContain(code);
  }, 60_000);

  it("does not exit 0 where nothing listens, and says so", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    const port = typeof address === "object" ? address?.port : 0;
    await new Promise((resolve) => closed.close(resolve));
    const args = ["check", "server", `ws://127.0.0.1:${port}`, "--document", CONTRACT, "--channel", "tasks"];
    const { code, stdout, stderr } = runCli([...args, "--time-scale", "0.2", "--runs", "2"]);
    expect([1, 2, 3]).toContain(code);
    expect(stdout + stderr).toMatch(/refused|ECONNREFUSED|nothing listens|cannot be reached/i);
  }, 120_000);
});

describe("list", () => {
  it("--coverage says of a channel what is tested, and what is not and why", () => {
    const { code, stdout } = runCli(["list", "--coverage", ...TASKS]);
    for (const title of ["Clause × check", "Operation × keyword", "States", "Close codes"])
      expect(stdout).toContain(`\n${title}\n`);
    expect(stdout).toMatch(/1011 +internal +untested: a client cannot make a correct server fail/);
    expect(code).toBe(0);
    const [tasks] = JSON.parse(runCli(["list", "--coverage", "--json", ...TASKS]).stdout);
    expect(tasks).toMatchObject({ endpoint: "tasks", states: expect.any(Array) });
  });

  it("names every requirement with its level and sentence", () => {
    const { code, stdout } = runCli(["list"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/S-HS-01\s+MUST/);
  });

  it("as JSON is a list that a program can read", () => {
    const list = JSON.parse(runCli(["list", "--json"]).stdout);
    expect(list[0]).toMatchObject({
      id: expect.stringMatching(/^[SC]-/),
      level: expect.stringMatching(/^(MUST|SHOULD)$/),
    });
  });
});

function document(payload: string): string {
  return `asyncapi: 3.1.0
info: { title: Things, version: 1.0.0, description: A document that is not ours. }
servers:
  here: { host: 127.0.0.1:9000, protocol: ws }
channels:
  things:
    address: /things
    messages:
      seen:
        summary: A thing was seen.
        ${payload || "payload: { type: object, required: [kind], properties: { kind: { const: seen } } }"}
operations:
  tell:
    action: send
    channel: { $ref: '#/channels/things' }
    messages: [{ $ref: '#/channels/things/messages/seen' }]
`;
}
