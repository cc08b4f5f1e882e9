/** A report as text for a person: one table, then each failure with its evidence, then the conclusion. */
import { createColors } from "picocolors";
import type { Verdict } from "../check.js";
import type { TranscriptEntry } from "../transcript.js";
import type { Outcome, Report } from "./report.js";

export interface TextOptions {
  readonly colors: boolean;
  /** Evidence also for checks that did not fail. */
  readonly verbose: boolean;
}

type Colors = ReturnType<typeof createColors>;

/** The most lines of a transcript, and characters of one frame, that a person reads. */
const MAX_ENTRIES = 40;
const MAX_TEXT = 400;

/** The text of a report, without a line feed at its end. */
export function renderReport(report: Report, options: TextOptions): string {
  const colors = createColors(options.colors);
  const failing = report.outcomes.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  const shown = options.verbose ? report.outcomes : failing;
  return [
    heading(report, colors),
    "",
    ...table(report.outcomes, colors),
    "",
    ...shown.flatMap((outcome) => [...evidence(outcome, colors), ""]),
    ...report.observations.flatMap(({ check, count, expected, got, during }) => [
      `Seen besides, ${count === 1 ? "once" : `${count} times`}, a violation of ${check}, which is not checked here (${oneLine(during)}):`,
      ...labelled({ expected, got }),
      "",
    ]),
    ...report.harnessFaults.map(({ check, message }) => `Fault of the kit in ${check}: ${oneLine(message)}`),
    conclusion(report, colors),
  ].join("\n");
}

function heading(report: Report, colors: Colors): string {
  const { contract, subject, run } = report;
  const scale = run.timeScale === 1 ? "" : `, time × ${run.timeScale}`;
  const how = `seed ${run.seed}, ${run.runs} runs${scale}`;
  return `${colors.bold(contract.channel)}  ${subject.url}\n${contract.title} ${contract.version}; ${how}`;
}

function table(outcomes: readonly Outcome[], colors: Colors): string[] {
  const width = (of: (outcome: Outcome) => string): number =>
    Math.max(...outcomes.map((one) => of(one).length), 0);
  const ids = width(({ id }) => id);
  const levels = width(({ level }) => level);
  const verdicts = width(({ verdict }) => verdict);
  const cases = width((one) => String(one.cases));
  return outcomes.map((one) => {
    const settled = one.verdict === "pass" || one.verdict === "fail" || one.verdict === "warn";
    const what = settled ? one.title : `${one.title}: ${oneLine(one.reason)}`;
    const verdict = paint(one.verdict, one.verdict.padEnd(verdicts), colors);
    const count = `${String(one.cases).padStart(cases)} ${one.cases === 1 ? "case " : "cases"}`;
    return `  ${one.id.padEnd(ids)}  ${one.level.padEnd(levels)}  ${verdict}  ${count}  ${what}`;
  });
}

function evidence(outcome: Outcome, colors: Colors): string[] {
  const { id, level, verdict, sentence, clause, clauseUrl, reason, expected, got, mend } = outcome;
  const { counterexample, replay, transcript, flaky, notes = [] } = outcome;
  const url = clause === clauseUrl ? "" : `, ${clauseUrl}`;
  return [
    `${paint(verdict, verdict.toUpperCase(), colors)} ${colors.bold(id)} (${level}) ${sentence} [${clause}${url}]`,
    ...labelled({
      reason,
      expected,
      got,
      mend,
      frame: counterexample === undefined ? undefined : JSON.stringify(counterexample),
      flaky: flaky ? "it did not fail each time that it was tried" : undefined,
      notes: notes.length === 0 ? undefined : notes.join("; "),
      replay: replay?.command,
    }),
    ...sequence(transcript),
  ];
}

/** What crossed the wire, as a sequence diagram with times: the kit on the left, the server on the right. */
function sequence(transcript: readonly TranscriptEntry[]): string[] {
  if (transcript.length === 0) return [];
  const left = Math.max(0, transcript.length - MAX_ENTRIES);
  const several = new Set(transcript.map(({ connection }) => connection)).size > 1;
  const rows = transcript.slice(left).map((entry) => {
    const time = `${Math.round(entry.atMs)} ms`.padStart(9);
    const who = several ? ` #${entry.connection}` : "";
    const arrow = { sent: "kit ──▶ server", received: "kit ◀── server", note: "      ·       " }[
      entry.direction
    ];
    const kind = entry.kind === "text" || entry.kind === "note" ? "" : `[${entry.kind}] `;
    const fault = entry.fault === undefined ? "" : `\n${" ".repeat(14)}^ ${oneLine(entry.fault)}`;
    return `  ${time}${who}  ${arrow}  ${kind}${oneLine(entry.text)}${fault}`;
  });
  return [...(left > 0 ? [`  … ${left} earlier lines are in the report`] : []), ...rows];
}

function conclusion(report: Report, colors: Colors): string {
  const counts = Object.entries(report.summary)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`);
  const color = report.exitCode === 0 ? colors.green : colors.red;
  return `${color(`${report.contract.channel}: ${report.conclusion}`)} (${counts.join(", ")}; exit ${report.exitCode})`;
}

/** Labels aligned before their texts; what is undefined is left out. */
function labelled(texts: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(texts).flatMap(([label, text]) =>
    text === undefined ? [] : [`  ${label.padEnd(8)}  ${oneLine(text)}`],
  );
}

/** A text of the subject in one line: shortened, and without characters that a terminal obeys. */
function oneLine(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  return short.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => {
    if (c === "\n") return "\\n";
    if (c === "\t") return "\\t";
    return `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}

function paint(verdict: Verdict, text: string, colors: Colors): string {
  switch (verdict) {
    case "pass":
      return colors.green(text);
    case "fail":
      return colors.red(colors.bold(text));
    case "warn":
    case "inconclusive":
    case "untestable":
      return colors.yellow(text);
    case "not-applicable":
      return colors.dim(text);
  }
}
