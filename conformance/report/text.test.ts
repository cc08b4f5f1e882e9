import { describe, expect, it } from "vitest";
import type { Outcome, Report } from "./report.js";
import { sampleReport as report } from "./test-report.js";
import { renderReport } from "./text.js";
import { cutMiddle, visibleWidth, wrap } from "./width.js";

const outcome = (given: Partial<Outcome>): Outcome => ({
  id: "S-FR-01",
  title: "messages of every length form",
  sentence: "A command padded with white space has the same effect as without.",
  level: "MUST",
  verdict: "pass",
  reason: "all is well",
  clause: "RFC 6455 5.2",
  clauseUrl: "https://www.rfc-editor.org/rfc/rfc6455#section-5.2",
  cases: 6,
  flaky: false,
  durationMs: 12,
  transcript: [],
  ...given,
});

const failed = outcome({
  id: "S-CD-09",
  verdict: "fail",
  expected: '`event`: one of "said", "pong"',
  got: `wrong-discriminator ${"x".repeat(300)}`,
  mend: "Rename the field.",
  counterexample: { text: "a\u001b[31mb" },
  replay: { seed: 7, command: "wireproof check server ws://127.0.0.1:8080 --only S-CD-09 --seed 7" },
  transcript: [
    { atMs: 100, connection: 0, direction: "sent", kind: "handshake", text: "GET /ws" },
    { atMs: 101.5, connection: 0, direction: "sent", kind: "text", text: '{"cmd":"say"}' },
    {
      atMs: 104,
      connection: 0,
      direction: "received",
      kind: "text",
      text: `{"type":"said","text":"${"long ".repeat(60)}"}\u0007`,
      fault: "S-CD-09: wrong-discriminator",
    },
    { atMs: 105, connection: 1, direction: "received", kind: "close", text: "1000" },
  ],
});

describe("a report on a terminal", () => {
  const hidden = outcome({ id: "S-HB-02", verdict: "not-applicable" });
  const open = outcome({ id: "S-CD-11", verdict: "untestable", reason: "blocked by S-CD-09" });

  it.each([80, 120])("keeps to %i columns, but for the command that is there to be copied", (width) => {
    const lines = renderReport(report([outcome({}), failed, open]), { width }).split("\n");
    const wide = lines.filter((line) => visibleWidth(line) > width && !line.includes("wireproof check"));
    expect(wide).toEqual([]);
  });

  it("says of a failure what is required, what came, how to mend it and how to see it again", () => {
    const text = renderReport(report([failed]), { width: 100 });
    for (const part of [
      failed.sentence,
      "RFC 6455 5.2 (MUST)",
      "Rename the field.",
      "--only S-CD-09 --seed 7",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/0\.0\s+#0\s+──▶ \[handshake\] GET \/ws/);
    expect(text).toMatch(/4\.0\s+#0\s+◀── \{"type":"said".*…/);
    expect(text).toContain("▲ S-CD-09: wrong-discriminator");
  });

  it("says why a row decided nothing, and keeps what does not apply for the curious", () => {
    const text = renderReport(report([open, hidden]), { width: 100 });
    expect(text).toContain("blocked by S-CD-09");
    expect(text).not.toContain("S-HB-02");
    expect(renderReport(report([open, hidden]), { verbose: true })).toContain("S-HB-02");
  });

  it("lets no control character of the server reach the terminal", () => {
    const plain = renderReport(report([failed]), { width: 100 });
    expect(plain).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it("is coloured only when asked", () => {
    expect(renderReport(report([failed]), { colors: true })).toContain("\u001b[31m");
    expect(renderReport(report([failed]))).not.toContain("\u001b");
  });

  it("ends with what to do next, also when nothing was proved", () => {
    const last = (given: Report): string | undefined =>
      renderReport(given, { width: 140 }).split("\n").at(-1);
    expect(last(report([failed, open]))).toBe("Fix S-CD-09 first, then run again: 1 row waits for it.");
    const nothing = report([outcome({ verdict: "untestable" })], { exitCode: 3 });
    expect(last(nothing)).toContain("then run again.");
  });

  it("tells the notes of every row to the curious", () => {
    const noted = report([outcome({ notes: ["silence was watched for 300 ms"] })]);
    expect(renderReport(noted)).not.toContain("silence was watched");
    expect(renderReport(noted, { verbose: true })).toContain("note: silence was watched for 300 ms");
  });

  it("admits a fault of its own", () => {
    const given = { harnessFaults: [{ check: "S-FR-01", message: "no such file" }], exitCode: 2 } as const;
    expect(renderReport(report([outcome({})], given))).toContain("The kit itself failed");
  });
});

describe("text in columns", () => {
  it("breaks at spaces, and long words anywhere", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
  });

  it("keeps both ends of what it cuts", () => {
    expect(cutMiddle("abcdefghijklmnop", 8)).toBe("abcde…op");
  });
});
