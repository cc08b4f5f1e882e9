/** The reports that a run writes: which kinds to which files, proved writable before the run. */
import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Progress } from "../../conformance/execution.js";
import type { Report } from "../../conformance/report/report.js";
import { UsageError } from "./failure.js";
import { mustBeWritable } from "./folder.js";
import type { ReportTarget } from "./report-kinds.js";

/** The files of one run. */
export interface ReportFiles {
  /** Streams what happens to the files that are written while the run goes on. */
  progress(progress: Progress): void;
  /** Writes the files; returns the names of those written. */
  finish(report: Report): readonly string[];
}

/** Opens the files. Throws {@link UsageError} for one that cannot be written, before any work was done for it. */
export async function openReports(targets: readonly ReportTarget[]): Promise<ReportFiles> {
  const seen = new Set<string>();
  for (const { file } of targets) {
    const path = resolve(file);
    if (seen.has(path)) throw new UsageError(`two reports are to be written to ${file}; give each its own`);
    seen.add(path);
    mustBeWritable(file);
  }
  if (targets.length === 0) return { progress: () => undefined, finish: () => [] };
  const { renderReportAs } = await import("../../conformance/report/render.js");
  const { createNdjsonStream } = await import("../../conformance/report/ndjson.js");
  const streams = targets.flatMap(({ kind, file }) => {
    if (kind !== "ndjson") return [];
    writeFileSync(file, "");
    return [createNdjsonStream((line) => appendFileSync(file, `${line.trimEnd()}\n`))];
  });
  return {
    progress(progress) {
      for (const stream of streams) stream.progress(progress);
    },
    finish(report) {
      for (const stream of streams) stream.finish(report);
      for (const { kind, file } of targets) {
        if (kind !== "ndjson") writeFileSync(file, renderReportAs(kind, report));
      }
      return targets.map(({ file }) => file);
    },
  };
}
