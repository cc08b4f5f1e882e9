import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Outcome } from "../report/report.js";
import { checkClient } from "./check-client.js";
import { createPrograms, WS } from "./launch/test-launch.js";

const programs = createPrograms();
afterAll(() => programs.remove());

const DRIVER = readFileSync(new URL("../../examples/drivers/node-ws/driver.js", import.meta.url), "utf8")
  .replace('from "ws"', `from ${JSON.stringify(WS)}`)
  .replace("new WebSocket(url)", "new WebSocket(url, { maxPayload: 1_048_576 })");

const contract = JSON.parse(readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8"));

/** Judges a driver by some rows. */
async function judge(text: string, only: readonly string[]): Promise<readonly Outcome[]> {
  const name = `driver-${Math.random().toString(36).slice(2)}.mjs`;
  const report = await checkClient({
    contract,
    channel: "workflow",
    mode: "driver",
    command: [process.execPath, programs.write(name, text)],
    seed: 1,
    runs: 3,
    time: "real",
    only,
  });
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes;
}

const ROWS = ["C-HS-05", "C-FR-04", "C-FR-08", "C-FR-09"];

describe("a client that reports", () => {
  it("passes the rows about pieces, ends and sizes", async () => {
    const outcomes = await judge(DRIVER, ROWS);
    expect(outcomes.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(outcomes).toHaveLength(ROWS.length);
  }, 60_000);

  it.each<[string, string, string, string]>([
    [
      "C-HS-05",
      "loses what comes with the response",
      'socket.on("message"',
      'socket.on("open", () => setTimeout(() => socket.on("message", (data) => say({ type: "event", id, payload: JSON.parse(String(data)) })), 50)); socket.on("nothing"',
    ],
    [
      "C-FR-04",
      "delivers long events twice",
      'socket.on("message", (data) => {',
      'socket.on("message", (data) => { if (data.length > 1000) say({ type: "event", id, payload: JSON.parse(String(data)) });',
    ],
    ["C-FR-08", "tells every end as clean", "(code, reason)", "(_, reason, code = 1000)"],
    ["C-FR-09", "has no limit", "{ maxPayload: 1_048_576 }", "{}"],
    [
      "C-FR-09",
      "dies of a message over it",
      'socket.on("message"',
      'socket.on("error", ({ code }) => { if (String(code).startsWith("WS_ERR_UNSUPPORTED")) process.exit(3); }); socket.on("message"',
    ],
  ])(
    "%s: fails where it %s",
    async (id, _, right, wrong) => {
      expect(DRIVER).toContain(right);
      const [outcome] = await judge(DRIVER.replace(right, wrong), [id]);
      expect(outcome).toMatchObject({ id, verdict: "fail" });
    },
    60_000,
  );
});
