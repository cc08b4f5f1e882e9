import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import ajvFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../test/requirement.js";
import type { Finding } from "../document/finding.js";
import { LINT_RULES } from "../document/lint/rules.js";
import { type LintOutcome, printLint } from "./lint-forms.js";

const ERROR: Finding = {
  rule: "invalid-example",
  severity: "error",
  message: "Example 1 of `a` breaks its payload: 100 % wrong.",
  mend: "Change the example.",
  file: "docs/my, own: document.yaml",
  line: 12,
  column: 5,
  pointer: "/channels/c",
};
const FINDINGS: readonly Finding[] = [
  ERROR,
  { ...ERROR, rule: "crossing", severity: "warning", detail: "a ──▶ b\nb ◀── a" },
  { ...ERROR, rule: "asyncapi-latest-version", severity: "info" },
];
const outcome = (findings: readonly Finding[]): LintOutcome => ({
  document: "a.yaml",
  findings,
  rules: LINT_RULES,
});

describe("text", () => {
  it("says place, rule, what is wrong, what shows it, and the mend, and counts", () => {
    expect(printLint("text", outcome(FINDINGS)).split("\n")).toEqual([
      "docs/my, own: document.yaml:12:5 error invalid-example: Example 1 of `a` breaks its payload: 100 % wrong.",
      "  Change the example.",
      "docs/my, own: document.yaml:12:5 warning crossing: Example 1 of `a` breaks its payload: 100 % wrong.",
      "    a ──▶ b",
      "    b ◀── a",
      "  Change the example.",
      "docs/my, own: document.yaml:12:5 info asyncapi-latest-version: Example 1 of `a` breaks its payload: 100 % wrong.",
      "  Change the example.",
      "a.yaml: 1 error, 1 warning, 1 for information",
    ]);
    expect(printLint("text", outcome([]))).toBe("a.yaml: nothing to object");
  });
});

describe("json", () => {
  it("holds the findings as they are, and whether the document passes", () => {
    expect(JSON.parse(printLint("json", outcome(FINDINGS)))).toEqual({
      document: "a.yaml",
      ok: false,
      findings: FINDINGS,
    });
    expect(JSON.parse(printLint("json", outcome(FINDINGS.slice(1)))).ok).toBe(true);
  });
});

describe("github", () => {
  it("prints a workflow command for each finding, with all that would end one escaped", () => {
    const [first, second, third, last] = printLint("github", outcome(FINDINGS)).split("\n");
    expect(first).toBe(
      "::error file=docs/my%2C own%3A document.yaml,line=12,col=5,title=invalid-example::" +
        "Example 1 of `a` breaks its payload: 100 %25 wrong.%0AChange the example.",
    );
    expect(second).toMatch(/^::warning .*%0Aa ──▶ b%0Ab ◀── a%0AChange the example\.$/);
    expect(third).toMatch(/^::notice /);
    expect(last).toBe("a.yaml: 1 error, 1 warning, 1 for information");
  });
});

describe("sarif", () => {
  // Ajv reads draft-07; this schema is of draft-04, and uses nothing that the two understand differently.
  const { $schema, id, ...schema } = JSON.parse(
    readFileSync(join(ROOT, "test/schemas/sarif-2.1.0.json"), "utf8"),
  );
  // One of its patterns is none under the flag `u`.
  const ajv = new Ajv({ strict: false, unicodeRegExp: false });
  ajvFormats.default(ajv);
  const validate = ajv.compile(schema);
  const log = (findings: readonly Finding[]) => JSON.parse(printLint("sarif", outcome(findings)));

  it("is what the official schema asks for", () => {
    expect($schema).toContain("draft-04");
    expect(id).toContain("sarif-2.1.0");
    for (const findings of [[], FINDINGS]) {
      expect([validate(log(findings)), validate.errors]).toEqual([true, null]);
    }
    const broken = log(FINDINGS);
    broken.runs[0].results[0].level = "info";
    expect(validate(broken)).toBe(false);
  });

  it("describes each rule once, and points each result at its rule and place", () => {
    const [run] = log([...FINDINGS, ERROR]).runs;
    const { rules } = run.tool.driver;
    expect(rules.map((rule: { id: string }) => rule.id)).toEqual(FINDINGS.map(({ rule }) => rule));
    expect(rules[0].shortDescription.text).toMatch(/^An example is valid/);
    expect(run.results.map((result: { level: string }) => result.level)).toEqual([
      "error",
      "warning",
      "note",
      "error",
    ]);
    for (const { ruleId, ruleIndex, locations } of run.results) {
      expect(rules[ruleIndex].id).toBe(ruleId);
      expect(locations[0].physicalLocation).toEqual({
        artifactLocation: { uri: "docs/my%2C%20own%3A%20document.yaml" },
        region: { startLine: 12, startColumn: 5 },
      });
    }
  });
});
