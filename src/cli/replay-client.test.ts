import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkClient } from "../../conformance/client/check-client.js";
import { createPrograms } from "../../conformance/client/launch/test-launch.js";
import { clientProgram } from "../../conformance/client/test-programs.js";
import { renderReportAs } from "../../conformance/report/render.js";
import type { Report } from "../../conformance/report/report.js";
import { readContract } from "../document/read-contract.js";
import { type ReplayVerbOptions, replay } from "./replay.js";

const document = "generated/contract.json";
const contract = readContract(readFileSync(document, "utf8"), document);
const programs = createPrograms();
const path = join(programs.folder, "report.json");
// The policy of the channel is that of the program: 3, 6, 12, 24 and 48 s.
const channel = "workflow";

async function run(options: Partial<ReplayVerbOptions>): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  const code = await replay(
    { report: path, ...options },
    {
      result: (line) => said.push(line),
      progress: () => undefined,
      status: () => undefined,
      live: false,
      colors: false,
      width: 120,
    },
  );
  return { code, said: said.join("\n") };
}

describe("wireproof replay of a client", () => {
  let report: Report;
  let program: string;

  beforeAll(async () => {
    program = programs.write("client.mjs", clientProgram({ delay: "0" }));
    report = await checkClient({
      contract,
      channel,
      command: [process.execPath, program],
      time: "option",
      timeScale: 0.05,
      seed: 3,
      only: ["C-RC-01"],
      setup: { document },
    });
    writeFileSync(path, renderReportAs("json", report));
  }, 60_000);
  afterAll(() => programs.remove());

  it("launches it again and finds what still fails, in the case in which it was found", async () => {
    expect(report.outcomes[0]?.replay).toMatchObject({ label: "reset", example: 0 });
    const { code, said } = await run({});
    expect(said).toMatch(/✗ C-RC-01 {2}failed .*as in the report: the client came back too soon/);
    expect(code).toBe(1);
  }, 60_000);

  it("finds it fixed once it is mended", async () => {
    writeFileSync(program, clientProgram());
    const { code, said } = await run({ check: "C-RC-01" });
    expect(said).toContain("1 of 1 fixed");
    expect(code).toBe(0);
  }, 60_000);

  it.each<[Partial<ReplayVerbOptions>, RegExp]>([
    [{ url: "ws://127.0.0.1:1" }, /connects to the kit: leave out --url/],
    [{ header: { A: "b" } }, /leave out --url and --header/],
    [{ snippet: true }, /a case of a client needs that client/],
  ])("%j makes no sense", async (options, said) => {
    await expect(run(options)).rejects.toThrow(said);
  });

  it("says where a client that lives in a program is judged again", async () => {
    const inProcess = { ...report, setup: { ...report.setup, mode: "adapter" } } as const;
    const file = programs.write("adapter.json", renderReportAs("json", inProcess));
    await expect(run({ report: file })).rejects.toThrow(/judge it again there, by checkClient/);
  });

  it("asks for what a report leaves out", async () => {
    const secret = {
      ...report,
      setup: { ...report.setup, command: ["node", "a.js", "--token=‹secret:token›"] },
    };
    const file = programs.write("secret.json", renderReportAs("json", secret));
    await expect(run({ report: file })).rejects.toThrow(/run `wireproof check client` again instead/);
  });
});
