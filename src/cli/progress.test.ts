import { describe, expect, it } from "vitest";
import type { Outcome } from "../../conformance/report/report.js";
import { lineOf, showProgress } from "./progress.js";
import type { Terminal } from "./terminal.js";

function written(live: boolean): { lines: string[]; terminal: Terminal } {
  const lines: string[] = [];
  const write = (kind: string) => (line: string) => void lines.push(`${kind}${line}`);
  const terminal: Terminal = {
    result: write("result: "),
    progress: write(""),
    status: write("live: "),
    colors: false,
    width: undefined,
    live,
  };
  return { lines, terminal };
}

const outcome = (id: string, verdict: Outcome["verdict"]): Outcome => ({
  id,
  title: "",
  sentence: "",
  level: "MUST",
  verdict,
  reason: "it did not",
  clause: "",
  clauseUrl: "",
  cases: 1,
  flaky: false,
  durationMs: 1234,
  transcript: [],
});

/** A run of two checks, the second of which fails. */
function play(live: boolean): string[] {
  const { lines, terminal } = written(live);
  let now = 0;
  const progress = showProgress(terminal, () => now);
  progress.show({ kind: "planned", estimateMs: 12_000, total: 2 });
  progress.show({ kind: "started", id: "S-HS-01", done: 0, total: 2 });
  progress.show({ kind: "started", id: "S-HB-01", done: 0, total: 2 });
  now = 4000;
  progress.show({ kind: "finished", outcome: outcome("S-HS-01", "pass"), done: 1, total: 2 });
  progress.show({ kind: "finished", outcome: outcome("S-HB-01", "fail"), done: 2, total: 2 });
  progress.end();
  return lines;
}

describe("the progress of a run", () => {
  it("is one live line on a terminal, with what runs and how long it takes; failures stay", () => {
    expect(play(true)).toEqual([
      "2 checks, about 12 s",
      "live: [0/2] 1 s of about 12 s · S-HS-01",
      "live: [0/2] 1 s of about 12 s · S-HS-01, S-HB-01",
      "live: [1/2] 4 s of about 12 s · S-HB-01",
      "[2/2] S-HB-01 fail: it did not",
      "live: [2/2] 4 s of about 12 s",
      "live: ",
    ]);
  });

  it("is a plain line a check in a log", () => {
    expect(play(false)).toEqual([
      "2 checks, about 12 s",
      "[1/2] S-HS-01 pass (1.2 s)",
      "[2/2] S-HB-01 fail: it did not",
    ]);
  });

  it("counts what it does not name, and forgets an estimate that was too short", () => {
    const running = ["a", "b", "c", "d", "e", "f"];
    expect(lineOf({ done: 3, total: 9, running, ms: 70_000, estimateMs: 60_000 })).toBe(
      "[3/9] 70 s · a, b, c, d and 2 more",
    );
  });
});
