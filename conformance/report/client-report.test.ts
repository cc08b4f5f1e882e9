import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileSchema } from "../../src/contract/validate.js";
import { adviceOf } from "./advice.js";
import { renderReportAs } from "./render.js";
import { type Report, type ReportedSubject, summarise } from "./report.js";
import { sampleOutcome, sampleReport } from "./test-report.js";
import { renderReport } from "./text.js";

const schema = JSON.parse(readFileSync(new URL("../../schemas/report.json", import.meta.url), "utf8"));

const outcomes = [
  sampleOutcome({ id: "C-HS-01", title: "the upgrade request is right, its key fresh" }),
  sampleOutcome({
    id: "C-FR-01",
    verdict: "fail",
    title: "the client's own frames are well-formed",
    reason: "a frame is not masked",
    transcript: [
      { atMs: 0, connection: 0, direction: "received", kind: "handshake", text: "GET / HTTP/1.1" },
      { atMs: 2, connection: 0, direction: "sent", kind: "ping", text: "", bytes: "8900" },
      { atMs: 3, connection: 0, direction: "received", kind: "pong", text: "", bytes: "8a00" },
    ],
  }),
  sampleOutcome({ id: "C-CD-02", verdict: "untestable", reason: "no driver", unobserved: true }),
];

function clientReport(subject: ReportedSubject, more: Partial<Report> = {}): Report {
  const { run, ...rest } = sampleReport(outcomes);
  return {
    ...rest,
    subject,
    run: { ...run, time: "faketime", timeScale: 0.1, timeNote: "it came back 300 ms after a drop" },
    setup: { mode: "spawn", channel: "sample", command: ["node", "a.js"], time: "auto" },
    summary: summarise(outcomes),
    ...more,
  };
}

const spawned = clientReport({ role: "client", mode: "spawn", command: ["node", "a.js"] });

describe("the report of a client", () => {
  it("is what its schema says", () => {
    const { definitions, ...top } = schema;
    const issue = compileSchema(top, definitions, "the report schema")(JSON.parse(JSON.stringify(spawned)));
    expect(issue).toBeUndefined();
  });

  it.each<[ReportedSubject, string]>([
    [{ role: "client", mode: "spawn", command: ["node", "a.js"] }, "node a.js"],
    [{ role: "client", mode: "driver", command: ["./driver"] }, "./driver (a driver)"],
    [{ role: "client", mode: "browser", page: "page.html" }, "page.html in a browser"],
    [{ role: "client", mode: "attach", url: "ws://127.0.0.1:9" }, "whoever connects to ws://127.0.0.1:9"],
    [{ role: "client", mode: "adapter" }, "a client in this process"],
  ])("names %j in every form that has a heading", (subject, words) => {
    const report = clientReport(subject);
    for (const text of [
      renderReport(report),
      renderReportAs("html", report),
      renderReportAs("junit", report),
    ]) {
      expect(text).toContain(words);
    }
    expect(renderReportAs("markdown", report)).toContain(words);
  });

  it("says by what means time was shortened, why, how late the kit was, and what was judged", () => {
    const text = renderReport(spawned).replaceAll(/\s+/g, " ");
    expect(text).toContain(
      "99 commands judged · 8.1 s · time × 0.1 by libfaketime (it came back 300 ms after a drop), the kit at most 3 ms late",
    );
  });

  it("leaves out of the coverage what its launch mode does not show", () => {
    expect(renderReport(spawned)).toContain("2 of 2 applicable MUST checks decided");
  });

  it("draws the client where a server would stand, and knows who has to mask", () => {
    expect(renderReport(spawned)).toContain("kit ──▶ client, kit ◀── client");
    const html = renderReportAs("html", spawned);
    expect(html).toContain(">client</text>");
    expect(html).toContain("◀ client");
    // The pong of the client is unmasked, which is wrong; the ping of the kit is, which is right.
    expect(html.match(/MASK 0 ⚠/g)).toHaveLength(1);
    expect(html.match(/MASK 0</g)).toHaveLength(1);
  });

  it("says what to do next where nothing was proved", () => {
    const nothing = [sampleOutcome({ id: "C-RC-01", verdict: "inconclusive", reason: "no connection" })];
    const report = { ...spawned, outcomes: nothing, exitCode: 3 } as const;
    expect(adviceOf(report)).toMatch(/see that the client connects to the URL that it is given/);
  });
});
