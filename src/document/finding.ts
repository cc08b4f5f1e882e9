/** What lint says: where something stands in a document, what is wrong with it, and how to mend it. */

/** How much a finding weighs: only an `error` makes lint fail and keeps a document from being used. */
export type Severity = "error" | "warning" | "info";

/** A place in a text file; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that lint has to say. */
export interface Finding extends Position {
  /** Name of the rule; for the official parser's diagnostics its own code. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it. */
  readonly mend: string;
  /** Path of the file, relative to the working directory. */
  readonly file: string;
  /** JSON pointer (RFC 6901) to the place in that file. */
  readonly pointer?: string;
  /** What shows it, in lines of text: a trace as a sequence diagram. */
  readonly detail?: string;
}

/** A document that cannot be used; `diagnostics` says all that is wrong with it. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";

  constructor(readonly diagnostics: readonly Finding[]) {
    const errors = diagnostics.filter((finding) => finding.severity === "error");
    const [first] = errors;
    const more = errors.length > 1 ? `\n… and ${errors.length - 1} more; \`wireproof lint\` shows all.` : "";
    super(first === undefined ? "The document cannot be used." : `${formatFinding(first)}${more}`);
  }
}

/** One finding as text: `file:line:column severity rule`, the message, what shows it, and the mend. */
export function formatFinding(finding: Finding): string {
  const { file, line, column, severity, rule, message, mend, detail } = finding;
  const shown = detail === undefined ? "" : `\n${detail.replace(/^/gm, "    ")}`;
  return `${file}:${line}:${column} ${severity} ${rule}: ${message}${shown}\n  ${mend}`;
}

/** Findings in reading order, without repetitions: the official parser says some things once for each reference. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const key = [finding.file, finding.line, finding.rule, finding.message].join("\0");
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()].sort(
    (a, b) =>
      compareText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.rule, b.rule) ||
      compareText(a.message, b.message),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** True when one of the findings is an error. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}
