import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { keepContract, type SampleServer, sampleContract, serveSample } from "../conformance/test-subject.js";
import { ROOT } from "./requirement.js";

interface Action {
  readonly inputs: Readonly<Record<string, { description: string; default?: string; required?: boolean }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly shell: string;
      readonly env: Record<string, string>;
      readonly run: string;
    }[];
  };
}

const action: Action = parse(readFileSync(`${ROOT}action.yml`, "utf8"));
const folder = mkdtempSync(join(tmpdir(), "wireproof-action-"));
const contract = join(folder, "contract.json");
let server: SampleServer;

beforeAll(async () => {
  server = await serveSample(keepContract());
  writeFileSync(contract, JSON.stringify(sampleContract()));
  // It stands for npx: notes what it was asked for, and runs this checkout's command line.
  const npx = join(folder, "npx");
  const main = `${ROOT}src/cli/main.ts`;
  writeFileSync(
    npx,
    `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/words'\nshift 2\ncd '${ROOT}' && exec node --import tsx '${main}' "$@"\n`,
  );
  chmodSync(npx, 0o755);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the shell of the step as the runner does, with these inputs. */
async function runStep(inputs: Record<string, string>): Promise<{
  code: unknown;
  summary: string;
  output: string;
  words: string[];
}> {
  const [step] = action.runs.steps;
  const env: Record<string, string> = {};
  for (const [name, expression] of Object.entries(step?.env ?? {})) {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression)?.[1] ?? "";
    env[name] = inputs[input] ?? action.inputs[input]?.default ?? "";
  }
  const summary = join(folder, "summary");
  const output = join(folder, "output");
  for (const file of [summary, output]) writeFileSync(file, "");
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? ""], {
    env: {
      ...process.env,
      ...env,
      PATH: `${folder}${delimiter}${process.env["PATH"]}`,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_OUTPUT: output,
    },
    stdio: "ignore",
    timeout: 60_000,
  });
  const [code] = await once(child, "exit");
  const read = (file: string): string => readFileSync(file, "utf8");
  return {
    code,
    summary: read(summary),
    output: read(output),
    words: read(`${folder}/words`).trim().split("\n"),
  };
}

describe("the GitHub action", () => {
  it("is one step that uses nothing but npx, and has a word for every input", () => {
    expect(action.runs.using).toBe("composite");
    expect(action.runs.steps).toHaveLength(1);
    expect(JSON.stringify(action)).not.toContain('"uses"');
    for (const { description } of Object.values(action.inputs)) expect(description).toMatch(/\.$/);
    const [step] = action.runs.steps;
    // An input inside the script would be a command that anybody may write.
    expect(step?.run).not.toContain("${{");
    for (const name of Object.keys(action.inputs)) {
      expect(JSON.stringify(step)).toContain(`inputs.${name} }}`);
    }
  });

  it("judges the server, writes the summary, and ends with the exit code", async () => {
    const junit = join(folder, "a b.xml");
    const inputs = {
      url: server.url,
      document: contract,
      only: "S-HS-01,S-CD-02",
      report: `junit=${junit}\n`,
      args: "--min-coverage\n0\n--seed\n7",
      version: "1.2.3",
    };
    const { code, output, summary, words } = await runStep(inputs);
    expect(words.slice(0, 5)).toEqual(["--yes", "wireproof@1.2.3", "check", "server", server.url]);
    expect(words).toContain(`junit=${junit}`);
    expect(summary).toContain("S-HS-01");
    expect(readFileSync(junit, "utf8")).toContain("<testsuite");
    expect(output).toBe("exit-code=0\n");
    expect(code).toBe(0);
  }, 60_000);

  it("gives a command as it is, and fails as the run fails", async () => {
    const command = "node\n-e\nconsole.error('never $HOME; listens')";
    const { code, output, summary, words } = await runStep({
      url: "ws://127.0.0.1:9",
      document: contract,
      command,
    });
    expect(words.slice(-4)).toEqual(["--", "node", "-e", "console.error('never $HOME; listens')"]);
    expect(summary).toBe("");
    expect(output).toBe("exit-code=2\n");
    expect(code).toBe(2);
  }, 60_000);
});
