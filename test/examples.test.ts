/**
 * The examples as a stranger would run them: servers that share nothing with this package pass, and so do echo servers of
 * libraries that are known to keep RFC 6455, but for what `examples/echo/baseline.json` says of them and why.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Baseline } from "../conformance/baseline.js";
import { checkServer } from "../conformance/index.js";
import { loadContract } from "../src/document/load.js";
import { type RequirementName, ROOT, requirement } from "./requirement.js";

/** Durations of the document are multiplied by it on both sides. */
const TIME_SCALE = 0.1;
const built = mkdtempSync(join(tmpdir(), "wireproof-examples-"));
afterAll(() => rmSync(built, { recursive: true, force: true }));

interface Example {
  readonly folder: string;
  /** What it needs beside Node. */
  readonly needs?: RequirementName;
  readonly channel: string;
  /** The command that starts it, but for the port. */
  readonly command: () => readonly string[];
}

const node = (folder: string) => (): string[] => [process.execPath, join(ROOT, folder, "server.js")];
const python = (folder: string) => (): string[] => ["python3", join(ROOT, folder, "server.py")];
const go = (folder: string) => (): string[] => {
  const program = join(built, folder.replaceAll("/", "-"));
  if (!existsSync(program)) {
    const { status, stderr } = spawnSync("go", ["build", "-o", program, "."], {
      cwd: join(ROOT, folder),
      encoding: "utf8",
      timeout: 300_000,
    });
    if (status !== 0) throw new Error(`go build in ${folder}: ${stderr}`);
  }
  return [program];
};

const SERVERS: readonly Example[] = [
  {
    folder: "examples/servers/workflow-node",
    channel: "workflow",
    command: node("examples/servers/workflow-node"),
  },
  {
    folder: "examples/servers/answer-python",
    needs: "python",
    channel: "answer",
    command: python("examples/servers/answer-python"),
  },
  {
    folder: "examples/servers/tasks-go",
    needs: "go",
    channel: "tasks",
    command: go("examples/servers/tasks-go"),
  },
];

const ECHOES: readonly Example[] = [
  { folder: "examples/echo/node-ws", channel: "echo", command: node("examples/echo/node-ws") },
  {
    folder: "examples/echo/python-websockets",
    needs: "python",
    channel: "echo",
    command: python("examples/echo/python-websockets"),
  },
  {
    folder: "examples/echo/python-aiohttp",
    needs: "aiohttp",
    channel: "echo",
    command: python("examples/echo/python-aiohttp"),
  },
  {
    folder: "examples/echo/go-gorilla",
    needs: "go",
    channel: "echo",
    command: go("examples/echo/go-gorilla"),
  },
  { folder: "examples/echo/go-coder", needs: "go", channel: "echo", command: go("examples/echo/go-coder") },
];

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      if (address === null || typeof address === "string") reject(new Error("a TCP server has a port"));
      else probe.close(() => resolve(address.port));
    });
  });
}

function isMissing({ needs }: Example): boolean {
  return needs !== undefined && !requirement(needs).available;
}

describe("servers that share nothing with this package", () => {
  for (const example of SERVERS) {
    it.skipIf(isMissing(example))(`${example.folder} conforms`, { timeout: 300_000 }, async () => {
      const port = await freePort();
      const report = await checkServer({
        contract: await loadContract(join(ROOT, "asyncapi.yaml")),
        channel: example.channel,
        url: `ws://127.0.0.1:${port}`,
        command: [...example.command(), String(port)],
        timeScale: TIME_SCALE,
        seed: 1,
        runs: 10,
      });
      // What their libraries do otherwise where RFC 6455 only advises is a warning: docs/servers.md has it.
      const broken = report.outcomes.filter(({ verdict }) => verdict === "fail");
      expect(broken.map(({ id, got }) => `${id}: ${got}`)).toEqual([]);
      expect({ exit: report.exitCode, why: report.conclusion }).toMatchObject({ exit: 0 });
    });
  }
});

describe("echo servers of libraries that pass Autobahn", () => {
  for (const example of ECHOES) {
    const library = basename(example.folder);
    const missing = isMissing(example);
    it.skipIf(missing)(`${library} keeps RFC 6455, but for its baseline`, { timeout: 300_000 }, async () => {
      const port = await freePort();
      const report = await checkServer({
        contract: await loadContract(join(ROOT, "examples/echo/asyncapi.yaml")),
        url: `ws://127.0.0.1:${port}/`,
        command: [...example.command(), String(port)],
        only: ["S-HS", "S-FR"],
        baseline: baselineOf(example.folder),
        strict: true,
        seed: 1,
        runs: 10,
      });
      const broken = report.outcomes.filter(
        ({ verdict, baseline }) => (verdict === "fail" || verdict === "warn") && baseline?.state !== "known",
      );
      expect(broken.map(({ id, got }) => `${id}: ${got}`)).toEqual([]);
      expect({ exit: report.exitCode, why: report.conclusion }).toMatchObject({ exit: 0 });
    });
  }
});

/** What a library is known to do otherwise, and why. */
function baselineOf(folder: string): Baseline {
  const file = join(ROOT, folder, "baseline.json");
  // `schemas/baseline.json` describes the file, and the kit refuses ids that are none.
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Baseline) : [];
}
