import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { REPORT_KINDS as RENDERED } from "../../conformance/report/render.js";
import { openReports } from "./report-files.js";
import { REPORT_KINDS, reportTarget } from "./report-kinds.js";

const folder = mkdtempSync(join(tmpdir(), "wireproof-reports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the reports of a run", () => {
  it("are of every kind that can be rendered", () => {
    expect([...REPORT_KINDS].sort()).toEqual([...RENDERED].sort());
  });

  it("are named by kind and file", () => {
    expect(reportTarget("json=a=b.json", reportTarget("html=x.html"))).toEqual([
      { kind: "html", file: "x.html" },
      { kind: "json", file: "a=b.json" },
    ]);
    for (const text of ["json", "xml=a", "json=", "=a"]) {
      expect(() => reportTarget(text), text).toThrow("Kinds: json, junit, html, ndjson, markdown.");
    }
  });

  it("need a file each, in a folder that can be made", async () => {
    const file = join(folder, "one.json");
    await expect(
      openReports([
        { kind: "json", file },
        { kind: "html", file },
      ]),
    ).rejects.toThrow("two reports are to be written");
    await expect(openReports([{ kind: "json", file: folder }])).rejects.toThrow(
      "is a folder; name a file in it",
    );
  });

  it("as lines are written while the run goes on", async () => {
    const file = join(folder, "new", "lines.ndjson");
    const reports = await openReports([{ kind: "ndjson", file }]);
    reports.progress({ kind: "started", id: "S-HS-01", done: 0, total: 1 });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ kind: "started", id: "S-HS-01" });
  });
});
