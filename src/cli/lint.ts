/** `wireproof lint`: what is wrong with a document, where, and what to do about it. */
import type { Finding } from "../document/finding.js";
import { formatFinding, hasErrors } from "../document/finding.js";
import { lintDocument } from "../document/lint.js";
import { chooseDocument, type Perspective } from "./document.js";
import { EXIT } from "./failure.js";
import type { Terminal } from "./terminal.js";

export interface LintOptions {
  readonly document?: string;
  readonly as?: Perspective;
  readonly format: "text" | "json";
}

/** Exit code 0: no errors (warnings are allowed); 1: errors. */
export async function lint(options: LintOptions, terminal: Terminal): Promise<number> {
  const path = chooseDocument(options.document);
  const { findings } = await lintDocument(path, options.as === undefined ? {} : { perspective: options.as });
  const failed = hasErrors(findings);
  if (options.format === "json") {
    terminal.result(JSON.stringify({ document: path, ok: !failed, findings }, null, 2));
  } else {
    for (const finding of findings) terminal.result(formatFinding(finding));
    terminal.result(`${path}: ${summary(findings)}`);
  }
  return failed ? EXIT.findings : EXIT.ok;
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
