/** `wireproof lint`: what is wrong with a document, where, and what to do about it. */
import { hasErrors } from "../document/finding.js";
import { lintDocument } from "../document/lint.js";
import { chooseDocument, type Perspective } from "./document.js";
import { EXIT } from "./failure.js";
import { type LintFormat, printLint } from "./lint-forms.js";
import type { Terminal } from "./terminal.js";

export interface LintOptions {
  readonly document?: string;
  readonly as?: Perspective;
  readonly format: LintFormat;
}

/** Exit code 0: no errors (warnings are allowed); 1: errors. */
export async function lint(options: LintOptions, terminal: Terminal): Promise<number> {
  const document = chooseDocument(options.document);
  const { findings } = await lintDocument(
    document,
    options.as === undefined ? {} : { perspective: options.as },
  );
  // The rules are loaded for their descriptions alone where the findings come from the cache.
  const rules = options.format === "sarif" ? (await import("../document/lint/rules.js")).LINT_RULES : [];
  terminal.result(printLint(options.format, { document, findings, rules }));
  return hasErrors(findings) ? EXIT.findings : EXIT.ok;
}
