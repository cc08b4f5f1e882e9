import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningMutant } from "../../conformance/mutants/mutant.js";
import { serverMutants } from "../../conformance/mutants/server-mutants.js";
import { renderReportAs } from "../../conformance/report/render.js";
import type { Report } from "../../conformance/report/report.js";
import { sampleOutcome, sampleReport } from "../../conformance/report/test-report.js";
import { checkServer } from "../../conformance/server/check-server.js";
import { startServer } from "../../reference-server/server.js";
import { readContract } from "../document/read-contract.js";
import { type ReplayVerbOptions, replay } from "./replay.js";

const document = "generated/contract.json";
const contract = readContract(readFileSync(document, "utf8"), document);
const folder = mkdtempSync(join(tmpdir(), "wireproof-replay-"));
const path = join(folder, "report.json");

/** Runs the verb and gives what it says. */
async function run(
  options: Partial<ReplayVerbOptions>,
): Promise<{ code: number; said: string; told: string }> {
  const said: string[] = [];
  const told: string[] = [];
  const code = await replay(
    { report: path, ...options },
    {
      result: (line) => said.push(line),
      progress: (line) => told.push(line),
      status: () => undefined,
      live: false,
      colors: false,
      width: 120,
    },
  );
  return { code, said: said.join("\n"), told: told.join("\n") };
}

const written = (report: Report, name: string): string => {
  const file = join(folder, name);
  writeFileSync(file, renderReportAs("json", report));
  return file;
};

describe("wireproof replay", () => {
  let mutant: RunningMutant;
  let report: Report;

  beforeAll(async () => {
    const found = serverMutants.find(({ name }) => name === "ping-payload-not-echoed");
    if (found === undefined) throw new Error("There is no such mutant.");
    mutant = await found.start({ timeScale: 0.05, seed: 3 });
    report = await checkServer({
      contract,
      channel: found.channel,
      url: mutant.url,
      timeScale: 0.05,
      seed: 3,
      runs: 4,
      only: ["S-FR-11", "S-HB-02"],
      setup: { document },
    });
    writeFileSync(path, renderReportAs("json", report));
  }, 60_000);
  afterAll(async () => {
    await mutant.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("ends with 1 while something still fails, and tells it in full to the curious", async () => {
    const { code, said } = await run({ verbose: true });
    expect(code).toBe(1);
    expect(said).toMatch(/✗ S-FR-11 {2}failed/);
    expect(said).toContain("0 of 1 fixed, 1 still failing");
    expect(said).toContain("mend");
  }, 60_000);

  it("ends with 0 when all is mended, and says what has changed", async () => {
    const server = await startServer({ port: 0, channels: ["workflow"], timeScale: 0.05, seed: 3 });
    const changed = { ...report, contract: { ...report.contract, sha256: "f".repeat(64) } };
    const url = `ws://127.0.0.1:${server.port}`;
    const { code, said, told } = await run({ report: written(changed, "changed.json"), url });
    await server.close();
    expect(code).toBe(0);
    expect(said).toMatch(/✓ S-FR-11 {2}fixed/);
    expect(told).toContain("the document has changed since the report (sha256 ffffffffffff… →");
    expect(told).toContain(`the server is asked at ${url}`);
  }, 60_000);

  it("says of a pass that there is nothing to replay", async () => {
    expect(await run({ check: "s-hb-02" })).toMatchObject({
      code: 0,
      said: "S-HB-02 passed in this report: there is nothing to replay",
    });
  });

  it("ends with 2 where nothing answers", async () => {
    await expect(run({ url: "ws://127.0.0.1:1" })).rejects.toThrow("Nothing answers at ws://127.0.0.1:1");
  }, 60_000);

  it("prints one case as a script", async () => {
    const { code, said } = await run({ check: "S-FR-11", snippet: true, url: "ws://127.0.0.1:9" });
    expect(code).toBe(0);
    expect(said).toContain("#!/usr/bin/env node");
    expect(said).toContain('process.argv[2] ?? "ws://127.0.0.1:9"');
  });

  it.each<[string, Partial<ReplayVerbOptions> | (() => Partial<ReplayVerbOptions>), string]>([
    ["a file that is not there", { report: "no-such-file.json" }, "there is no file no-such-file.json"],
    ["a file that is no report", { report: "package.json" }, "package.json is no report of this version"],
    ["a check that it does not hold", { check: "S-XX-01" }, "Those that failed: S-FR-11"],
    [
      "a script of several failures",
      () => {
        const failed = ["S-FR-01", "S-FR-02"].map((id) => sampleOutcome({ id, verdict: "fail" }));
        return { report: written(sampleReport(failed), "two.json"), snippet: true };
      },
      "say which one to print: S-FR-01, S-FR-02",
    ],
    [
      "a secret that the report leaves out",
      () => {
        const setup = { url: mutant.url, header: { Authorization: "‹secret:Authorization›" } };
        return { report: written({ ...report, setup }, "secret.json") };
      },
      "give it again with --header 'Authorization: …', or with --config",
    ],
    [
      "a URL that held a secret",
      () => {
        const setup = { url: "ws://127.0.0.1:9/?token=‹secret:token›" };
        return { report: written({ ...report, setup }, "url.json") };
      },
      "give it again with --url",
    ],
  ])("says what to do about %s", async (_, options, words) => {
    await expect(run(typeof options === "function" ? options() : options)).rejects.toThrow(words);
  });
});
