import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replayable, replayOutcome } from "./replay.js";
import type { Outcome, Report } from "./report/report.js";
import { sampleOutcome, sampleReport } from "./report/test-report.js";
import { checkServer } from "./server/check-server.js";
import { SnippetError, snippetOf } from "./snippet.js";
import {
  keepContract,
  type SampleFaults,
  type SampleServer,
  sampleContract,
  serveSample,
} from "./test-subject.js";

/** A server that answers every text but the first ones with another text. */
const SHOUTS: SampleFaults = {
  alter: (event) => (event["event"] === "said" ? { ...event, text: `${event["text"]}!` } : event),
};

const options = { contract: sampleContract(), seed: 5, runs: 6 } as const;

async function judge(server: SampleServer, only: readonly string[]): Promise<Report> {
  return checkServer({ ...options, url: server.url, only });
}

const rowOf = (report: Report, id: string): Outcome => {
  const found = report.outcomes.find((outcome) => outcome.id === id);
  if (found === undefined) throw new Error(`No outcome for ${id}.`);
  return found;
};

describe("a replay", () => {
  let broken: SampleServer;
  let mended: SampleServer;
  let report: Report;

  beforeAll(async () => {
    broken = await serveSample(keepContract(SHOUTS));
    mended = await serveSample(keepContract());
    report = await judge(broken, ["S-CD-11", "S-HB-02"]);
  }, 60_000);
  afterAll(async () => {
    await broken.close();
    await mended.close();
  });

  const playedAt = async (server: SampleServer, id: string) => {
    const asked: object[] = [];
    const result = await replayOutcome(rowOf(report, id), report.run.seed, (what) => {
      asked.push(what);
      return checkServer({ ...options, ...what, url: server.url });
    });
    return { asked, result };
  };

  it("finds in the report all that it needs, and nothing but failures to play", () => {
    expect(replayable(report).map(({ id }) => id)).toEqual(["S-CD-11"]);
    expect(rowOf(report, "S-CD-11").replay).toMatchObject({
      seed: 5,
      label: expect.any(String),
      case: expect.any(String),
    });
    expect(report.setup).toMatchObject({ url: broken.url, profile: "ci", runs: 6, timeScale: 1 });
  });

  it("says of a failure that it still fails, in the very case in which it was found", async () => {
    const { asked, result } = await playedAt(broken, "S-CD-11");
    expect(result).toMatchObject({ state: "failed", outcome: { cases: 1 } });
    expect(result.reason).toContain("as in the report");
    expect(result.outcome?.counterexample).toEqual(rowOf(report, "S-CD-11").counterexample);
    expect(asked).toHaveLength(1);
  }, 60_000);

  it("says of a mended failure that it is fixed", async () => {
    expect((await playedAt(mended, "S-CD-11")).result).toMatchObject({ id: "S-CD-11", state: "fixed" });
  }, 60_000);

  it("says of a pass that there is nothing to play", async () => {
    const { asked, result } = await playedAt(broken, "S-HB-02");
    expect(result).toMatchObject({
      state: "fixed",
      reason: expect.stringContaining("it passed in the report"),
    });
    expect(asked).toEqual([]);
  });

  it("names the failures there are for an id that the report does not hold", () => {
    expect(() => replayable(report, "S-XX-99")).toThrow("Those that failed: S-CD-11.");
  });

  it("plays the whole check where its recorded case is none any more", async () => {
    const recorded = {
      ...rowOf(report, "S-CD-11"),
      replay: { seed: 5, label: "round trip", example: 99, command: "" },
    };
    const asked: object[] = [];
    await replayOutcome({ ...recorded }, 5, (what) => {
      asked.push(what);
      const verdict = "replay" in what ? "inconclusive" : "fail";
      return Promise.resolve(sampleReport([sampleOutcome({ id: "S-CD-11", verdict })]));
    });
    expect(asked).toEqual([
      { only: ["S-CD-11"], seed: 5, replay: { "S-CD-11": recorded.replay } },
      { only: ["S-CD-11"], seed: 5 },
    ]);
  });

  it.each([
    [
      "a fault of the kit",
      sampleReport([], { harnessFaults: [{ check: "kit", message: "no disk" }] }),
      "no disk",
    ],
    [
      "a row that says nothing",
      sampleReport([sampleOutcome({ verdict: "untestable", reason: "no witness" })]),
      "no witness",
    ],
  ])("calls %s an error, not a mended fault", async (_, again, words) => {
    const recorded = sampleOutcome({ verdict: "fail" });
    const result = await replayOutcome(recorded, 1, () => Promise.resolve(again));
    expect(result).toMatchObject({ state: "error", reason: expect.stringContaining(words) });
  });

  it("is printed as a script that needs only Node and gets the same answer", async () => {
    const row = rowOf(report, "S-CD-11");
    const script = snippetOf(report, row);
    expect(script.match(/^import .* from "(.*)";$/gm)).toEqual([
      expect.stringContaining("node:crypto"),
      expect.stringContaining("node:net"),
      expect.stringContaining("node:tls"),
    ]);
    const wrong = row.transcript.find(
      ({ direction, text }) => direction === "received" && text.includes('!"}'),
    );
    expect(wrong).toBeDefined();
    expect(await runScript(script)).toContain(`<-- ${wrong?.text}`);
    const elsewhere = await runScript(script, mended.url);
    expect(elsewhere).not.toContain('!"}');
    expect(elsewhere).toContain(`expected: ${row.expected}`);
  }, 60_000);

  it("asks in its script for the secrets that the report leaves out", async () => {
    const bytes = Buffer.from("GET /?token=‹secret:my token› HTTP/1.1\r\n\r\n").toString("hex");
    const entry = {
      atMs: 1,
      connection: 0,
      direction: "sent",
      kind: "handshake",
      text: "GET /",
      bytes,
    } as const;
    const script = snippetOf(sampleReport(), sampleOutcome({ verdict: "fail", transcript: [entry] }));
    expect(script).toContain('Set WIREPROOF_MY_TOKEN: the report leaves out the secret "my token".');
    expect(await runScript(script)).toBe("Set WIREPROOF_MY_TOKEN: the report leaves out these secrets.\n");
  });

  it("is no script where the report has not kept what was sent", () => {
    const entry = { atMs: 1, connection: 0, direction: "sent", kind: "raw", text: "much" } as const;
    const row = sampleOutcome({ verdict: "fail", transcript: [{ ...entry, bytes: "00…00" }] });
    expect(() => snippetOf(report, row)).toThrow(SnippetError);
  });
});

/** Runs a script in a process of its own and gives what it prints. */
async function runScript(script: string, ...args: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-snippet-"));
  const file = join(folder, "case.mjs");
  writeFileSync(file, script);
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  await new Promise((resolve) => child.once("close", resolve));
  rmSync(folder, { recursive: true, force: true });
  return text;
}
