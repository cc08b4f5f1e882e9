/** What the reader of a report does next: one sentence, said where he looks last. */
import type { Report } from "./report.js";

/** How the reason of a row begins that had nothing to rest on. */
const NO_WITNESS = /^no witness: /;

/** So many rows without a witness have one cause. */
const MANY = 3;

/** The next step, or undefined where there is none to take. */
export function adviceOf(report: Report): string | undefined {
  const { exitCode, harnessFaults, outcomes, run, subject } = report;
  if (harnessFaults.length > 0) {
    return `The kit failed, not the ${subject.role}: report the lines above, then run again with the same seed.`;
  }
  const causes = blockingCauses(report);
  if (causes.length > 0) {
    const rows = causes.reduce((sum, { rows }) => sum + rows, 0);
    const names = causes.map(({ id }) => id).join(", ");
    return `Fix ${names} first, then run again: ${count(rows, "row waits", "rows wait")} for it.`;
  }
  if (exitCode === 1) {
    const failed = outcomes.some(
      ({ verdict, baseline }) => verdict === "fail" && baseline?.state !== "known",
    );
    const outdated = outcomes.some(
      ({ baseline }) => baseline?.state === "stale" || baseline?.state === "expired",
    );
    if (!failed && outdated)
      return "Take out of the baseline what it says of checks that pass, or whose day is over.";
    return "Mend what failed; `wireproof replay` with the JSON report of this run then says what is fixed.";
  }
  if (exitCode !== 3) return undefined;
  if (run.witness === undefined) {
    return "Name something that a correct server must answer: add `x-ws-exchanges` with one exchange tagged `witness` to the document, a reply to an operation, or a heartbeat; then run again.";
  }
  const waiting = outcomes.filter(
    ({ verdict, reason }) => verdict === "untestable" && NO_WITNESS.test(reason),
  );
  const [first] = waiting;
  if (first !== undefined && waiting.length >= MANY) {
    const what = first.reason.replace(NO_WITNESS, "");
    return `Mend this first: ${what}. Or correct what the document promises. ${count(waiting.length, "row waits", "rows wait")} for it.`;
  }
  if (subject.role === "client") return clientAdvice(report);
  if (!outcomes.some(({ verdict }) => verdict === "pass")) {
    return `Nothing was proved: the server never gave its witness (${run.witness}). See that the URL, --channel and the credentials (--header, --query, --config) are those of this server, then run again.`;
  }
  const open = openRows(report);
  return `Give the ${count(open, "open row", "open rows")} what their reasons ask for (--config, --time-scale, --profile nightly), or accept less with --min-coverage.`;
}

function clientAdvice(report: Report): string {
  if (!report.outcomes.some(({ verdict }) => verdict === "pass")) {
    return "Nothing was proved: see that the client connects to the URL that it is given (its last argument, WIREPROOF_URL, or what the driver is told to open) and stays, then run again.";
  }
  const open = openRows(report);
  return `Give the ${count(open, "open row", "open rows")} what their reasons ask for (--driver, --time, --profile nightly), or accept less with --min-coverage.`;
}

function openRows({ outcomes }: Report): number {
  return outcomes.filter(({ verdict }) => verdict === "untestable" || verdict === "inconclusive").length;
}

/** The rows that others wait for, as their reasons name them, most waited for first. */
export function blockingCauses(report: Report): readonly { readonly id: string; readonly rows: number }[] {
  const rows = new Map<string, number>();
  for (const { reason, verdict } of report.outcomes) {
    const cause =
      verdict === "untestable" ? /^blocked by ([SC]-[A-Z]{2}-\d{2})/.exec(reason)?.[1] : undefined;
    if (cause !== undefined) rows.set(cause, (rows.get(cause) ?? 0) + 1);
  }
  return [...rows].map(([id, waiting]) => ({ id, rows: waiting })).sort((a, b) => b.rows - a.rows);
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
