/** A report with something of everything, for tests of what is rendered from it. */
import type { Outcome, Report } from "./report.js";
import { summarise } from "./report.js";

/** A row that passed, unless something else is given. */
export const sampleOutcome = (given: Partial<Outcome> = {}): Outcome => ({
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

/** A row that failed, with control characters and markup of a hostile server in it. */
export const failedOutcome = sampleOutcome({
  id: "S-CD-09",
  title: "every event names itself by the declared field",
  verdict: "fail",
  reason: "an event has no `event`",
  expected: '`event`: one of "said", "pong"',
  got: `wrong-discriminator <script>alert(1)</script> ]]> ${"x".repeat(300)}`,
  mend: "Rename the field `type` to `event`.",
  counterexample: { text: "a\u001b[31mb\u0000 | `tick`" },
  replay: {
    seed: 7,
    label: "events",
    example: 2,
    command: "wireproof check server ws://127.0.0.1:8080 --only S-CD-09 --seed 7",
  },
  notes: ["silence was watched for 300 ms"],
  transcript: [
    { atMs: 100, connection: 0, direction: "sent", kind: "handshake", text: "GET /ws" },
    { atMs: 100.5, connection: 0, direction: "received", kind: "handshake", text: "HTTP/1.1 101" },
    {
      atMs: 101.5,
      connection: 0,
      direction: "sent",
      kind: "text",
      text: '{"cmd":"say"}',
      bytes: "818d010203047a2060696522392622716272207f",
      frames: [
        { fin: true, rsv: 4, opcode: 1, length: 13, lengthBits: 7, mask: "01020304" },
        { fin: true, rsv: 0, opcode: 11, length: 0, lengthBits: 16 },
      ],
    },
    {
      atMs: 1904,
      connection: 0,
      direction: "received",
      kind: "text",
      text: `{"type":"said","text":"${"long ".repeat(60)}"}\u0007`,
      fault: "S-CD-09: wrong-discriminator",
    },
    { atMs: 1905, connection: 1, direction: "received", kind: "ping", text: "" },
    { atMs: 1906, connection: 1, direction: "received", kind: "ping", text: "" },
    { atMs: 1907, connection: 1, direction: "received", kind: "close", text: "1000" },
  ],
});

/** Rows of every verdict. */
export const sampleOutcomes: readonly Outcome[] = [
  sampleOutcome({ notes: ["6 lengths were tried"] }),
  failedOutcome,
  sampleOutcome({
    id: "S-FR-16",
    verdict: "warn",
    level: "SHOULD",
    title: "the closing handshake is completed",
    reason: "the server left TCP open",
    expected: "the server closes TCP first",
    got: "nothing in 1000 ms",
  }),
  sampleOutcome({
    id: "S-CD-11",
    verdict: "untestable",
    title: "text comes back unharmed",
    reason: "blocked by S-CD-09",
  }),
  sampleOutcome({ id: "S-HB-03", verdict: "inconclusive", title: "silence ends", reason: "needs 75 s" }),
  sampleOutcome({ id: "S-HB-02", verdict: "not-applicable", reason: "no heartbeat is declared" }),
];

/** A report over these rows. */
export function sampleReport(
  outcomes: readonly Outcome[] = sampleOutcomes,
  given: Partial<Report> = {},
): Report {
  return {
    wireproof: "0.1.0",
    requirementSet: "1",
    subject: { role: "server", url: "ws://127.0.0.1:8080" },
    contract: { title: "Sample", version: "1.0.0", sha256: "0".repeat(64), channel: "sample" },
    run: {
      profile: "ci",
      seed: 7,
      runs: 25,
      time: "option",
      timeScale: 0.1,
      durationMs: 8123,
      finishedAt: "2026-01-01T00:00:00.000Z",
      cases: 12,
      connections: 14,
      messages: 99,
      witness: 'the exchange "echo"',
      worstLagMs: 3,
    },
    setup: { url: "ws://127.0.0.1:8080", channel: "sample", profile: "ci", runs: 25, timeScale: 0.1 },
    outcomes,
    observations: [],
    harnessFaults: [],
    summary: summarise(outcomes),
    exitCode: 1,
    conclusion: "1 of 2 checks failed",
    ...given,
  };
}
