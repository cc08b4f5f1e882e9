/** The forms in which `lint` prints its findings: for people, for programs, for code scanning, for GitHub's log. */
import { type Finding, formatFinding, hasErrors, type Severity } from "../document/finding.js";
import type { LintRule } from "../document/lint/rule.js";
import { wireproofVersion } from "./version.js";
import { workflowCommand } from "./workflow-command.js";

/** Values of `--format`. */
export const LINT_FORMATS = ["text", "json", "sarif", "github"] as const;
export type LintFormat = (typeof LINT_FORMATS)[number];

/** What was linted, and what is to be said about it. */
export interface LintOutcome {
  /** Path of the document, as it was named. */
  readonly document: string;
  readonly findings: readonly Finding[];
  /** The rules of our own: SARIF describes each. */
  readonly rules: readonly Pick<LintRule, "name" | "says">[];
}

/** The whole output in one form, without a newline at its end. */
export function printLint(format: LintFormat, outcome: LintOutcome): string {
  const { document, findings } = outcome;
  switch (format) {
    case "json":
      return JSON.stringify({ document, ok: !hasErrors(findings), findings }, null, 2);
    case "sarif":
      return JSON.stringify(sarifLog(outcome), null, 2);
    case "github":
      return [...findings.map(annotation), `${document}: ${summary(findings)}`].join("\n");
    case "text":
      return [...findings.map(formatFinding), `${document}: ${summary(findings)}`].join("\n");
  }
}

function summary(findings: readonly Finding[]): string {
  const counts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    if (count === 0) return [];
    return [
      severity === "info" ? `${count} for information` : `${count} ${severity}${count === 1 ? "" : "s"}`,
    ];
  });
  return counts.length === 0 ? "nothing to object" : counts.join(", ");
}

/** What is said beside the message, as one text. */
function explanation({ detail, mend }: Finding): string {
  return detail === undefined ? mend : `${detail}\n${mend}`;
}

const COMMANDS = { error: "error", warning: "warning", info: "notice" } as const;

function annotation(finding: Finding): string {
  const { file, line, column, rule, severity, message } = finding;
  const place = { file, line, col: column, title: rule };
  return workflowCommand(COMMANDS[severity], place, `${message}\n${explanation(finding)}`);
}

const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** A log in the Static Analysis Results Interchange Format, 2.1.0 (OASIS): what code scanning services take. */
function sarifLog({ findings, rules }: LintOutcome): object {
  const described = new Map(rules.map(({ name, says }) => [name, says]));
  // A rule of the official parser is known by its code alone.
  const ids = [...new Set(findings.map(({ rule }) => rule))];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "wireproof",
            semanticVersion: wireproofVersion(),
            rules: ids.map((id) => {
              const says = described.get(id);
              return says === undefined ? { id } : { id, shortDescription: { text: says } };
            }),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: ids.indexOf(finding.rule),
          level: LEVELS[finding.severity],
          message: { text: `${finding.message}\n${explanation(finding)}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: finding.file.split("/").map(encodeURIComponent).join("/") },
                region: { startLine: finding.line, startColumn: finding.column },
              },
              ...(finding.pointer === undefined
                ? {}
                : { logicalLocations: [{ fullyQualifiedName: finding.pointer }] }),
            },
          ],
        })),
      },
    ],
  };
}
