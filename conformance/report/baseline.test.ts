import { describe, expect, it } from "vitest";
import type { BaselineNote } from "../baseline.js";
import type { Verdict } from "../check.js";
import { REPORT_KINDS, renderReportAs } from "./render.js";
import { type Report, summarise } from "./report.js";
import { renderReport } from "./text.js";

const REASON = "the library takes it";

/** A report of one failing check, and one of which the baseline says something. */
function reportOf(verdict: Verdict, state: BaselineNote["state"]): Report {
  const common = {
    sentence: "A rule.",
    level: "MUST",
    clause: "RFC 6455 5.2",
    clauseUrl: "https://www.rfc-editor.org/rfc/rfc6455#section-5.2",
    cases: 1,
    flaky: false,
    durationMs: 1,
    transcript: [],
  } as const;
  const outcomes = [
    { ...common, id: "S-FR-03", title: "the new one", verdict: "fail", reason: "news" } as const,
    {
      ...common,
      id: "S-FR-02",
      title: "the old one",
      verdict,
      reason: "as ever",
      baseline: { state, reason: REASON, issue: "https://issues/1", expires: "2030-01-01" },
    } as const,
  ];
  return {
    wireproof: "0.1.0",
    requirementSet: "1",
    subject: { role: "server", url: "ws://127.0.0.1:1" },
    contract: { title: "T", version: "1", sha256: "0".repeat(64), channel: "c" },
    run: {
      profile: "ci",
      seed: 1,
      runs: 1,
      time: "real",
      timeScale: 1,
      durationMs: 1,
      finishedAt: "2026-01-01T00:00:00.000Z",
      cases: 2,
      connections: 2,
      messages: 1,
      worstLagMs: 1,
    },
    outcomes,
    observations: [],
    harnessFaults: [],
    summary: summarise(outcomes),
    exitCode: 1,
    conclusion: "1 of 2 checks failed",
  };
}

describe("what the baseline says", () => {
  it.each(REPORT_KINDS)("stands in a %s report", (kind) => {
    expect(renderReportAs(kind, reportOf("fail", "known"))).toContain(REASON);
  });

  it("keeps a known failure in the table, and out of what is to be mended", () => {
    const report = reportOf("fail", "known");
    const text = renderReport(report);
    expect(text).toContain(`known: ${REASON} (https://issues/1), until 2030-01-01`);
    expect(text).toContain("✗ S-FR-03  the new one");
    expect(text).not.toContain("✗ S-FR-02  the old one");
    expect(renderReport(report, { verbose: true })).toContain("✗ S-FR-02  the old one");
    const markdown = renderReportAs("markdown", report);
    expect(markdown).toMatch(/### Baseline\n\n- \*\*S-FR-02\*\*/);
    expect(markdown).not.toContain("### ❌ S-FR-02");
    expect(renderReportAs("html", report)).toContain("<h2>Known failures <small>1</small></h2>");
    const junit = renderReportAs("junit", report);
    expect(junit).toMatch(/<skipped message="known: /);
    expect(junit).toMatch(/<testsuites [^>]*failures="1"[^>]*skipped="1"/);
  });

  it.each<[Verdict, BaselineNote["state"], RegExp]>([
    ["pass", "stale", /in the baseline, but it passes: take its entry out/],
    ["fail", "expired", /in the baseline until 2030-01-01: mend it, or set another day/],
  ])("fails what is out of date: %s, %s", (verdict, state, said) => {
    const report = reportOf(verdict, state);
    expect(renderReport(report).replaceAll(/\s+/g, " ")).toMatch(said);
    for (const kind of ["html", "markdown", "junit"] as const) {
      expect(renderReportAs(kind, report), kind).toMatch(said);
    }
    expect(renderReportAs("junit", report)).toMatch(/<testsuites [^>]*failures="2"/);
  });
});
