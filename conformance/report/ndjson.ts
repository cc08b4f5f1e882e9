/** The report as it comes about: one JSON object a line, for each check that starts and ends, and one for the run. */
import type { Progress } from "../execution.js";
import type { Report } from "./report.js";

/** Writes lines while a run goes on. */
export interface NdjsonStream {
  progress(progress: Progress): void;
  /** Writes what is only known at the end: observations, faults of the kit, the summary. */
  finish(report: Report): void;
}

/** Opens a stream; `write` gets whole lines without their line feed. */
export function createNdjsonStream(write: (line: string) => void): NdjsonStream {
  return {
    progress: (progress) => write(JSON.stringify(lineOf(progress))),
    finish: (report) => {
      for (const line of closingLines(report)) write(JSON.stringify(line));
    },
  };
}

/** A finished report as the lines that a stream of it ends with, its outcomes first. */
export function renderNdjson(report: Report): string {
  const total = report.outcomes.length;
  const outcomes = report.outcomes.map((outcome, index) => ({
    kind: "outcome",
    done: index + 1,
    total,
    outcome,
  }));
  return [...outcomes, ...closingLines(report)].map((line) => `${JSON.stringify(line)}\n`).join("");
}

function lineOf(progress: Progress): object {
  return progress.kind === "finished" ? { ...progress, kind: "outcome" } : progress;
}

function closingLines(report: Report): object[] {
  const { outcomes, observations, harnessFaults, ...rest } = report;
  return [
    ...observations.map((observation) => ({ kind: "observation", observation })),
    ...harnessFaults.map((fault) => ({ kind: "harnessFault", fault })),
    // What a row came to in the end may differ from its own line: a root cause is only known when all is done.
    {
      kind: "summary",
      ...rest,
      verdicts: Object.fromEntries(outcomes.map(({ id, verdict }) => [id, verdict])),
    },
  ];
}
