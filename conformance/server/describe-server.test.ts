import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { TestFunctions } from "../describe.js";
import { keepContract, sampleContract, serveSample } from "../test-subject.js";
import { describeServer } from "./describe-server.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Told {
  readonly title: string;
  readonly status: "passed" | "failed" | "skipped" | "pending";
  readonly failureMessages: readonly string[];
}

/** What vitest itself makes of a suite that holds `describeServer(options, …)`. */
async function runNested(options: string): Promise<{ tests: readonly Told[]; code: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-suite-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = (relative: string): string =>
    JSON.stringify(fileURLToPath(new URL(relative, import.meta.url)));
  writeFileSync(
    join(folder, "server.test.ts"),
    `import { describeServer } from ${path("./describe-server.ts")};
     import { sampleContract } from ${path("../test-subject.ts")};
     describeServer({ contract: sampleContract(), seed: 1, runs: 2, minCoverage: 0, ...${options} }, { beforeAll, describe, it });`,
  );
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
  const out = join(folder, "result.json");
  const args = ["run", "--root", folder, "--globals", "--reporter=json", `--outputFile=${out}`];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: folder,
    stdio: "ignore",
    // The outer run's own variables would make it believe that it is a worker of that one.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"))),
    timeout: 60_000,
  });
  const [code] = await once(child, "exit");
  const result: { testResults: { assertionResults: Told[] }[] } = JSON.parse(readFileSync(out, "utf8"));
  return { tests: result.testResults.flatMap(({ assertionResults }) => assertionResults), code };
}

describe("the checks in a suite of vitest", () => {
  it("are a test each: green, red with the text of the failure, or skipped", async () => {
    // It says `type` where the contract says `event`.
    const server = await serveSample(keepContract({ field: "type" }));
    cleanups.push(() => server.close());
    const only = '["S-HS-01", "S-CD-09", "S-SE-01"]';
    const { tests, code } = await runNested(`{ url: ${JSON.stringify(server.url)}, only: ${only} }`);
    const of = (id: string) => tests.find(({ title }) => title.startsWith(id));
    expect(of("S-HS-01")).toMatchObject({ title: "S-HS-01 a valid upgrade is accepted", status: "passed" });
    expect(of("S-CD-09")?.status).toBe("failed");
    const [message = ""] = of("S-CD-09")?.failureMessages ?? [];
    expect(message).toMatch(/expected/);
    expect(message).toMatch(/mend/);
    expect(message).toMatch(/wireproof check server .* --only S-CD-09/);
    expect(message).not.toMatch(/\n\s+at .*\.ts:\d+/);
    expect(code).toBe(1);
  }, 60_000);

  it("pass on a server that conforms, and what does not apply is skipped", async () => {
    const server = await serveSample(keepContract());
    cleanups.push(() => server.close());
    const only = '["S-HS-01", "S-CD-02", "S-SM-04"]';
    const { tests, code } = await runNested(`{ url: ${JSON.stringify(server.url)}, only: ${only} }`);
    expect(Object.fromEntries(tests.map(({ title, status }) => [title.slice(0, 7), status]))).toEqual({
      "S-HS-01": "passed",
      "S-CD-02": "passed",
      "S-SM-04": expect.stringMatching(/skipped|pending/),
      "enough ": "passed",
    });
    expect(code).toBe(0);
  }, 60_000);
});

describe("the registration", () => {
  it("refuses selectors that match nothing, before any test", () => {
    const functions = { beforeAll: () => undefined, describe: () => undefined, it: () => undefined };
    const options = { contract: sampleContract(), url: "ws://127.0.0.1:1", only: ["S-XX"] };
    expect(() => describeServer(options, functions)).toThrow("matches no check");
  });

  it("takes the functions of vitest as they are", () => {
    expectTypeOf({ beforeAll, describe, it }).toExtend<TestFunctions>();
  });

  it("has a title, and a test for each check and one for the run", () => {
    const titles: string[] = [];
    describeServer(
      { contract: sampleContract(), url: "ws://h", only: ["S-HS-01"], title: "my server" },
      {
        beforeAll: () => undefined,
        describe: (title, body) => {
          titles.push(title);
          body();
        },
        it: (title) => titles.push(title),
      },
    );
    expect(titles).toEqual(["my server", "S-HS-01 a valid upgrade is accepted", "enough was tested"]);
  });
});
