/** The report for a terminal: one table, then every failure in full. */
import { createColors } from "picocolors";
import { baselineText, isKnown } from "../baseline.js";
import type { Verdict } from "../check.js";
import { coverage } from "../verdict.js";
import { adviceOf } from "./advice.js";
import { evidenceOf } from "./evidence.js";
import type { Outcome, Report } from "./report.js";
import { drawSequence } from "./sequence.js";
import { judgedText, roleOf, subjectText, timeText } from "./subject.js";
import { cut, pad, wrap } from "./width.js";

/** How to render. */
export interface TextOptions {
  /** Columns of the terminal; default 100, never under 60. */
  readonly width?: number;
  /** Default: no colours. */
  readonly colors?: boolean;
  /** Lists rows that do not apply as well, and what is worth knowing of every row. */
  readonly verbose?: boolean;
}

const SYMBOLS: Readonly<Record<Verdict, string>> = {
  pass: "✓",
  fail: "✗",
  warn: "▲",
  untestable: "○",
  inconclusive: "?",
  "not-applicable": "·",
};

type Paint = (text: string) => string;
type Colors = ReturnType<typeof createColors>;

/** Widths of the columns that do not grow. */
const ID = 9;
const LEVEL = 8;
const CASES = 6;
const MS = 8;

/** Renders a report, without a line feed at its end. */
export function renderReport(report: Report, options: TextOptions = {}): string {
  const width = Math.max(60, Math.min(options.width ?? 100, 140));
  const colors = createColors(options.colors ?? false);
  const shown = report.outcomes.filter(
    ({ verdict }) => options.verbose === true || verdict !== "not-applicable",
  );
  // A known failure has its line in the table: what is told in full is to be mended.
  const failures = shown.filter(
    (outcome) =>
      (outcome.verdict === "fail" || outcome.verdict === "warn") &&
      (options.verbose === true || !isKnown(outcome)),
  );
  const parts = [
    heading(report, colors, width),
    table(shown, colors, width, options.verbose ?? false),
    ...failures.map((outcome) => failure(outcome, colors, width)),
    observations(report, colors, width),
    faults(report, colors, width),
    conclusion(report, colors, width),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** One failure in full, as it stands in a report, without a line feed at its end. */
export function renderFailure(outcome: Outcome, options: Omit<TextOptions, "verbose"> = {}): string {
  const width = Math.max(60, Math.min(options.width ?? 100, 140));
  return failure(outcome, createColors(options.colors ?? false), width);
}

function paintOf(colors: Colors, verdict: Verdict): Paint {
  switch (verdict) {
    case "pass":
      return colors.green;
    case "fail":
      return colors.red;
    case "warn":
    case "inconclusive":
      return colors.yellow;
    case "untestable":
      return colors.magenta;
    case "not-applicable":
      return colors.dim;
  }
}

function heading(report: Report, colors: Colors, width: number): string {
  const { contract, run, subject } = report;
  const time = timeText(report);
  const facts = `${contract.title} ${contract.version} · seed ${run.seed} · ${run.cases} cases on ${run.connections} connections · ${judgedText(report)} judged · ${seconds(run.durationMs)}${time === undefined ? "" : ` · ${time}`}`;
  const witness = `witness: ${run.witness ?? "none declared"}`;
  const details = [...wrap(facts, width), ...wrap(witness, width)].map((line) => colors.dim(line));
  return [`${colors.bold(contract.channel)}  ${subjectText(subject)}`, ...details].join("\n");
}

/** id, level, verdict, requirement (with the reason where it does not speak for itself), cases, time. */
function table(outcomes: readonly Outcome[], colors: Colors, width: number, verbose: boolean): string {
  const verdictWidth = Math.max(7, ...outcomes.map(({ verdict }) => verdict.length + 2)) + 2;
  const room = Math.max(20, width - ID - LEVEL - verdictWidth - CASES - MS);
  const rule = colors.dim("─".repeat(width));
  const head = colors.dim(
    pad("id", ID) +
      pad("level", LEVEL) +
      pad("verdict", verdictWidth) +
      pad("requirement", room) +
      pad("cases", CASES, "right") +
      pad("ms", MS, "right"),
  );
  const rows = outcomes.map((outcome) => {
    const { id, level, verdict, title, cases, durationMs } = outcome;
    const [first = "", ...more] = wrap(title, room - 1);
    const line =
      colors.bold(pad(id, ID)) +
      colors.dim(pad(level, LEVEL)) +
      paintOf(colors, verdict)(pad(`${SYMBOLS[verdict]} ${verdict}`, verdictWidth)) +
      pad(first, room) +
      colors.dim(pad(cases === 0 ? "–" : String(cases), CASES, "right")) +
      colors.dim(pad(String(durationMs), MS, "right"));
    const indent = " ".repeat(ID + LEVEL + verdictWidth);
    const below = (text: string): string[] => wrap(text, width - indent.length).map(colors.dim);
    const failing = verdict === "fail" || verdict === "warn";
    const reason = failing || (verdict === "pass" && !verbose) ? [] : below(outcome.reason);
    // A failure tells its notes itself.
    const notes = verbose && !failing ? (outcome.notes ?? []).flatMap((note) => below(`note: ${note}`)) : [];
    const known = outcome.baseline === undefined ? [] : below(baselineText(outcome.baseline));
    return [line, ...[...more, ...reason, ...known, ...notes].map((text) => indent + text)].join("\n");
  });
  return [rule, head, rule, ...rows, rule].join("\n");
}

function failure(outcome: Outcome, colors: Colors, width: number): string {
  const paint = paintOf(colors, outcome.verdict);
  const lines = [paint(colors.bold(`${SYMBOLS[outcome.verdict]} ${outcome.id}  ${outcome.title}`))];
  const say = (label: string, text: string | undefined, tint: Paint = (plain) => plain): void => {
    if (text === undefined || text === "") return;
    for (const [index, line] of wrap(text, width - 12).entries()) {
      lines.push(`  ${colors.dim(pad(index === 0 ? label : "", 10))}${tint(line)}`);
    }
  };
  const { expected, got, counterexample } = outcome;
  say("rule", outcome.sentence);
  say("clause", `${outcome.clause} (${outcome.level})`);
  say("reason", outcome.reason);
  say("expected", expected, colors.green);
  say("got", got, colors.red);
  say("mend", outcome.mend);
  if (counterexample !== undefined && counterexample !== null) {
    const text = typeof counterexample === "string" ? counterexample : JSON.stringify(counterexample);
    say("case", cut(text, 8 * (width - 12)));
  }
  for (const note of outcome.notes ?? []) say("note", note);
  if (outcome.transcript.length > 0) {
    lines.push(
      "",
      ...drawSequence(evidenceOf(outcome), { width: width - 2, subject: roleOf(outcome.id) }, colors).map(
        (line) => `  ${line}`,
      ),
      "",
    );
  }
  if (outcome.replay !== undefined) {
    // A command is never broken: it is there to be copied.
    lines.push(`  ${colors.dim(pad("replay", 10))}${colors.cyan(outcome.replay.command)}`);
  }
  return lines.join("\n");
}

function observations(report: Report, colors: Colors, width: number): string {
  if (report.observations.length === 0) return "";
  const lines = report.observations.flatMap(({ check, count, expected, got, during }) =>
    wrap(`${check} (${count}×, ${during}): expected ${expected}; got ${got}`, width - 2),
  );
  const head = colors.yellow("Also seen, although no check of this run owns the rule:");
  return [head, ...lines.map((line) => `  ${line}`)].join("\n");
}

function faults(report: Report, colors: Colors, width: number): string {
  if (report.harnessFaults.length === 0) return "";
  const lines = report.harnessFaults.flatMap(({ check, message }) => wrap(`${check}: ${message}`, width - 2));
  const head = colors.red("The kit itself failed, and accuses nobody. Please report these lines:");
  return [head, ...lines.map((line) => `  ${line}`)].join("\n");
}

function conclusion(report: Report, colors: Colors, width: number): string {
  const order: readonly Verdict[] = ["pass", "fail", "warn", "untestable", "inconclusive", "not-applicable"];
  const counts = order
    .filter((verdict) => report.summary[verdict] > 0)
    .map((verdict) => paintOf(colors, verdict)(`${SYMBOLS[verdict]} ${report.summary[verdict]} ${verdict}`));
  const { decided, applicable } = coverage(report.outcomes);
  const paint = report.exitCode === 0 ? colors.green : report.exitCode === 3 ? colors.yellow : colors.red;
  const closing = `${report.contract.channel}: ${report.conclusion} · ${decided} of ${applicable} applicable MUST checks decided · exit ${report.exitCode}`;
  const advice = adviceOf(report);
  return [
    counts.join("   "),
    ...wrap(closing, width).map((line) => paint(line)),
    ...(advice === undefined ? [] : wrap(advice, width).map((line) => colors.bold(line))),
  ].join("\n");
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
