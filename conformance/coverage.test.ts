import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Contract } from "../src/contract/contract.js";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import { coverageOf, type DocumentCoverage } from "./coverage.js";
import { requirements } from "./requirements.js";
import { sampleContract, sampleEndpoint } from "./test-subject.js";

/** As if every check of the catalogue were built. */
const every = requirements;
const coverage = (endpoint = sampleEndpoint, checks = every): DocumentCoverage =>
  coverageOf(sampleContract(endpoint), endpoint, checks);

describe("the coverage of a document", () => {
  it("names each check under its clause, with the reason of those that do not apply", () => {
    const rows = coverage().clauses.flatMap(({ checks }) => checks);
    expect(rows).toHaveLength(requirements.filter(({ role }) => role === "server").length);
    const of = (id: string) => rows.find((row) => row.id === id);
    expect(of("S-FR-03")).toEqual({ id: "S-FR-03", title: expect.any(String) });
    expect(of("S-SE-01")?.untested).toBe("the document does not declare x-ws-protocol.origins");
    expect(of("S-RC-02")?.untested).toBe("reserved: no document can declare it yet");
  });

  it("says of a check that is not built that it is not", () => {
    const rows = coverage(
      sampleEndpoint,
      requirements.filter(({ id }) => id !== "S-FR-03"),
    ).clauses.flatMap(({ checks }) => checks);
    expect(rows.find(({ id }) => id === "S-FR-03")?.untested).toBe("it has no check yet");
  });

  it("holds each keyword of a message against the check that breaks it", () => {
    const [say, said, ...others] = coverage().operations;
    expect(say).toMatchObject({
      operation: "say",
      message: "say",
      direction: "command",
      by: ["S-CD-01", "S-RR-01"],
    });
    expect(say?.keywords).toContainEqual({ keyword: "maxLength", places: 1, by: ["S-CD-03"] });
    expect(said).toMatchObject({ operation: "say", message: "said", direction: "event" });
    expect(said?.keywords).toContainEqual({ keyword: "required", places: 1, by: ["S-CD-02", "S-RR-01"] });
    expect(others.map(({ message }) => message)).toEqual(["ping", "pong"]);
  });

  it("says of a keyword that nothing breaks alone that only valid payloads are tried", () => {
    const endpoint = inlineEndpoint({
      receive: "/cmd",
      commands: { go: { type: "object", properties: { cmd: { const: "go" } }, not: { required: ["x"] } } },
      endpoint: { operations: [{ name: "go", action: "receive", messages: ["go"] }] },
    });
    const [go] = coverage(endpoint).operations;
    expect(go?.keywords.find(({ keyword }) => keyword === "not")).toEqual({
      keyword: "not",
      places: 1,
      by: ["S-CD-01"],
      untested: expect.stringContaining("no single change"),
    });
    // Without `reject` nobody knows what a refusal looks like.
    expect(go?.keywords.find(({ keyword }) => keyword === "type")?.untested).toMatch(/S-CD-03: .*reject/);
  });

  it("says of a state that only the server can choose that no run asks for it", () => {
    expect(coverage().states).toEqual([
      { lifecycle: "counting", state: "idle", by: ["S-SM-01", "S-SM-02", "S-SM-08"] },
      { lifecycle: "counting", state: "counting", by: ["S-SM-01", "S-SM-02", "S-SM-08"] },
    ]);
  });

  it("says of a close code who provokes it, or why nobody does", () => {
    const codes = {
      "1009": { cause: ["too-large"], retry: false, by: "both" },
      "1011": { cause: ["internal"], retry: true, by: "server" },
      "4809": { cause: ["too-large"], retry: false, by: "client" },
    } as const;
    expect(coverage({ ...sampleEndpoint, closeCodes: codes }).closeCodes).toMatchObject([
      { code: "1009", by: ["S-FR-20"] },
      { code: "1011", by: [], untested: "a client cannot make a correct server fail" },
      { code: "4809", by: [], untested: expect.stringContaining("client's to be checked") },
    ]);
  });

  it("has a word for everything in our own document", () => {
    const contract: Contract = JSON.parse(
      readFileSync(new URL("../generated/contract.json", import.meta.url), "utf8"),
    );
    for (const endpoint of contract.endpoints) {
      const { closeCodes, operations, states } = coverageOf(contract, endpoint, every);
      expect(operations.length).toBeGreaterThan(0);
      for (const row of [
        ...operations,
        ...operations.flatMap((one) => one.keywords),
        ...states,
        ...closeCodes,
      ]) {
        expect(row.by.length > 0 || (row.untested ?? "").length > 5, JSON.stringify(row)).toBe(true);
      }
    }
  });
});
