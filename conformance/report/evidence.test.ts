import { describe, expect, it } from "vitest";
import type { TranscriptEntry } from "../transcript.js";
import { evidenceOf } from "./evidence.js";
import { sampleOutcome } from "./test-report.js";

let clock = 0;
const entry = (
  direction: TranscriptEntry["direction"],
  kind: TranscriptEntry["kind"],
  text: string,
): TranscriptEntry => {
  clock += 1;
  return { atMs: clock, connection: 0, direction, kind, text };
};
const failed = (transcript: readonly TranscriptEntry[], got = "nothing") =>
  sampleOutcome({ verdict: "fail", reason: "no pong", got, transcript });
const goodbye = [
  entry("sent", "close", "1000"),
  entry("received", "close", "1000"),
  entry("received", "tcp", "FIN"),
];

describe("the evidence of a failure", () => {
  it("is marked where the kit gave up: after all that happened, before it says goodbye", () => {
    const evidence = evidenceOf(failed([entry("sent", "ping", "a"), ...goodbye]));
    expect(evidence.map(({ kind }) => kind)).toEqual(["ping", "note", "close", "close", "tcp"]);
    expect(evidence[1]).toMatchObject({ fault: "S-FR-01: nothing", atMs: goodbye[0]?.atMs });
  });

  it("holds an end that the server has made", () => {
    const end = [
      entry("received", "close", "1000"),
      entry("sent", "close", "1000"),
      entry("received", "tcp", "FIN"),
    ];
    const evidence = evidenceOf(failed([entry("sent", "text", "{}"), ...end]));
    expect(evidence.map(({ kind }) => kind)).toEqual(["text", "close", "note", "close", "tcp"]);
  });

  it("is the goodbye itself where a rule is broken in it", () => {
    const told = [
      entry("sent", "text", "{}"),
      entry("sent", "close", "1000"),
      entry("received", "close", "1000 see /var/log/server.log"),
    ];
    const evidence = evidenceOf(failed(told, "the path of a file: see /var/log/server.log"));
    expect(evidence).toHaveLength(3);
    expect(evidence[2]?.fault).toContain("S-FR-01: the path of a file");
  });

  it("stays as it is where an entry is marked, and where nothing failed", () => {
    const marked = failed([{ ...entry("received", "text", "{}"), fault: "S-CD-09: x" }, ...goodbye]);
    expect(evidenceOf(marked)).toBe(marked.transcript);
    const passed = sampleOutcome({ transcript: goodbye });
    expect(evidenceOf(passed)).toBe(passed.transcript);
  });
});
