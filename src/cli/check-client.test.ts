import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type CheckClientVerbOptions, clientOptions, clientReplayCommand } from "./check-client.js";

const folder = mkdtempSync(join(tmpdir(), "wireproof-check-client-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the replay command of a client", () => {
  it.each<[string, CheckClientVerbOptions, string]>([
    [
      "names how it was launched and all that decided what was judged",
      {
        document: "my documents/chat.yaml",
        channel: "chat",
        driver: true,
        time: "option",
        timeScale: 0.05,
        query: { token: "a b" },
        param: { room: ["a", "b"] },
        runs: 4,
        only: ["C-CD"],
        command: ["python3", "driver.py"],
      },
      "wireproof check client --document 'my documents/chat.yaml' --channel chat --driver --query 'token=a b'" +
        " --param room=a,b --only C-CD-02 --seed 7 --runs 4 --time option --time-scale 0.05 -- python3 driver.py",
    ],
    [
      "waits again where it waited",
      { attach: true, port: 9000, patience: 200 },
      "wireproof check client --attach --port 9000 --only C-CD-02 --seed 7 --patience 200",
    ],
    [
      "opens the same page",
      { browser: "page.html" },
      "wireproof check client --browser page.html --only C-CD-02 --seed 7",
    ],
  ])("%s", (_, options, command) => {
    expect(clientReplayCommand(options, "C-CD-02", 7)).toBe(command);
  });
});

describe("the options of check client", () => {
  it.each<[CheckClientVerbOptions, object]>([
    [{ command: ["node", "client.js"] }, { mode: "spawn", command: ["node", "client.js"] }],
    [{ driver: true, command: ["./driver"] }, { mode: "driver" }],
    [
      { attach: true, port: 9000, wait: 2 },
      { mode: "attach", port: 9000, waitMs: 2000 },
    ],
    [{ browser: "page.html" }, { mode: "browser", page: "page.html" }],
    [
      { command: ["a"], minCoverage: 50, maxTime: 3, workers: 4 },
      { minCoverage: 0.5, maxMs: 3000, maxCases: 4 },
    ],
  ])("%j are %j", (options, wanted) => {
    expect(clientOptions(options, {})).toMatchObject(wanted);
  });

  it("are over those of the file, which gives its secrets to be masked", () => {
    const config = join(folder, "config.yaml");
    writeFileSync(config, "query: { token: of-the-file, lang: en }\nparameters: { room: a }\n");
    expect(clientOptions({ command: ["a"], config, query: { token: "typed" } }, {})).toMatchObject({
      query: { token: "typed", lang: "en" },
      parameters: { room: ["a"] },
    });
  });
});
