/** The kinds of reports that are files. */
import { renderHtml } from "./html.js";
import { renderJunit } from "./junit.js";
import { renderMarkdown } from "./markdown.js";
import { renderNdjson } from "./ndjson.js";
import type { Report } from "./report.js";

/** Kinds of reports, as they are written on the command line. */
export const REPORT_KINDS = ["json", "junit", "html", "ndjson", "markdown"] as const;

/** One of {@link REPORT_KINDS}. */
export type ReportKind = (typeof REPORT_KINDS)[number];

/** A report as the whole text of a file, which ends with a line feed. */
export function renderReportAs(kind: ReportKind, report: Report): string {
  switch (kind) {
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "junit":
      return renderJunit(report);
    case "html":
      return renderHtml(report);
    case "ndjson":
      return renderNdjson(report);
    case "markdown":
      return renderMarkdown(report);
  }
}
