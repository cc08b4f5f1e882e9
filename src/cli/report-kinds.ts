/** `--report kind=file`: which kinds there are. Loads nothing but the option parser, as help needs it. */
import { InvalidArgumentError } from "commander";
import type { ReportKind } from "../../conformance/report/render.js";

/** Kinds of reports, as they are written on the command line. */
export const REPORT_KINDS = [
  "json",
  "junit",
  "html",
  "ndjson",
  "markdown",
] as const satisfies readonly ReportKind[];

/** A report to write, from `kind=file`. */
export interface ReportTarget {
  readonly kind: ReportKind;
  readonly file: string;
}

/** `kind=file`; the option may be given again. */
export function reportTarget(text: string, previous: readonly ReportTarget[] = []): readonly ReportTarget[] {
  const at = text.indexOf("=");
  const named = text.slice(0, Math.max(at, 0));
  const kind = REPORT_KINDS.find((one) => one === named);
  const file = text.slice(at + 1);
  if (kind === undefined || file === "") {
    throw new InvalidArgumentError(
      `It is a kind and a file, as json=report.json. Kinds: ${REPORT_KINDS.join(", ")}.`,
    );
  }
  return [...previous, { kind, file }];
}
