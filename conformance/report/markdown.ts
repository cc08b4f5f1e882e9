/** The report as GitHub markdown, for the summary of a CI run: counts, what failed in full, and why rows are open. */
import { baselineText, isKnown } from "../baseline.js";
import type { Verdict } from "../check.js";
import { coverage } from "../verdict.js";
import { adviceOf } from "./advice.js";
import { evidenceOf } from "./evidence.js";
import { byFamily } from "./family.js";
import type { Outcome, Report } from "./report.js";
import { drawSequence, PLAIN } from "./sequence.js";
import { judgedText, roleOf, subjectText, timeText } from "./subject.js";
import { cut, printable } from "./width.js";

/** GitHub takes 1 MiB of summary: what fails beyond this is only named (characters). */
const ROOM = 800_000;

/** Columns of the diagrams: a code block scrolls beyond that. */
const WIDTH = 100;

const SYMBOLS: Readonly<Record<Verdict, string>> = {
  pass: "✅",
  fail: "❌",
  warn: "⚠️",
  untestable: "⚪",
  inconclusive: "❔",
  "not-applicable": "➖",
};

const ORDER: readonly Verdict[] = ["pass", "fail", "warn", "untestable", "inconclusive"];

/** Renders a report. */
export function renderMarkdown(report: Report): string {
  const { contract, outcomes, run, subject } = report;
  const { decided, applicable } = coverage(outcomes);
  const advice = adviceOf(report);
  const time = timeText(report);
  const head = [
    `## ${report.exitCode === 0 ? "✅" : report.exitCode === 3 ? "❔" : "❌"} wireproof: ${inline(contract.channel)}`,
    `${inline(report.conclusion)} · ${decided} of ${applicable} applicable MUST checks decided · exit ${report.exitCode}`,
    ...(advice === undefined ? [] : [`**Next:** ${advice}`]),
    `${code(subjectText(subject))} · ${inline(`${contract.title} ${contract.version}`)} · profile ${inline(run.profile)} · seed ${run.seed} · ${run.cases} cases on ${run.connections} connections · ${judgedText(report)} judged · ${(run.durationMs / 1000).toFixed(1)} s${time === undefined ? "" : ` · ${inline(time)}`} · witness: ${inline(run.witness ?? "none declared")}`,
    matrix(outcomes),
  ];
  const failing = outcomes.filter(
    (outcome) => (outcome.verdict === "fail" || outcome.verdict === "warn") && !isKnown(outcome),
  );
  const parts: string[] = [];
  let size = 0;
  for (const outcome of failing) {
    const part = failure(outcome);
    size += part.length;
    parts.push(
      size > ROOM ? `${SYMBOLS[outcome.verdict]} **${outcome.id}** ${inline(outcome.reason)}` : part,
    );
  }
  return `${[
    ...head,
    ...parts,
    baseline(outcomes),
    open(outcomes),
    observations(report),
    faults(report),
    all(outcomes),
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

function matrix(outcomes: readonly Outcome[]): string {
  const head = `| | ${ORDER.map((verdict) => `${SYMBOLS[verdict]} ${verdict}`).join(" | ")} |`;
  const rule = `|---|${ORDER.map(() => "--:").join("|")}|`;
  const row = (name: string, rows: readonly Outcome[]): string => {
    const numbers = ORDER.map((verdict) => rows.filter((one) => one.verdict === verdict).length);
    return `| ${name} | ${numbers.map((number) => (number === 0 ? "" : String(number))).join(" | ")} |`;
  };
  const shown = outcomes.filter(({ verdict }) => verdict !== "not-applicable");
  const families = byFamily(shown).map(({ family, rows }) => row(family.name, rows));
  return [head, rule, ...families, row("**all**", shown)].join("\n");
}

function failure(outcome: Outcome): string {
  const { id, title, verdict, sentence, clause, clauseUrl, level } = outcome;
  const rows: [string, string | undefined][] = [
    ["expected", outcome.expected],
    ["got", outcome.got],
    ["mend", outcome.mend],
    [
      "case",
      outcome.counterexample === undefined ? undefined : cut(JSON.stringify(outcome.counterexample), 600),
    ],
  ];
  const link = /^https?:\/\/[^\s()]+$/.test(clauseUrl) ? `[${inline(clause)}](${clauseUrl})` : inline(clause);
  const parts = [
    `### ${SYMBOLS[verdict]} ${id} ${inline(title)}`,
    `${inline(sentence)} (${link}, ${level})`,
    inline(outcome.reason),
    rows.flatMap(([label, text]) => (text === undefined ? [] : [`- **${label}:** ${code(text)}`])).join("\n"),
    ...(outcome.notes ?? []).map((note) => `- ${inline(note)}`),
  ];
  if (outcome.transcript.length > 0) {
    parts.push(
      `<details><summary>What happened</summary>\n\n${block(drawSequence(evidenceOf(outcome), { width: WIDTH, subject: roleOf(outcome.id) }, PLAIN).join("\n"))}\n\n</details>`,
    );
  }
  if (outcome.replay !== undefined) parts.push(block(outcome.replay.command));
  return parts.filter((part) => part !== "").join("\n\n");
}

function baseline(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap((outcome) =>
    outcome.baseline === undefined
      ? []
      : [`- **${outcome.id}** ${inline(outcome.title)}: ${inline(baselineText(outcome.baseline))}`],
  );
  return rows.length === 0 ? "" : ["### Baseline", "", ...rows].join("\n");
}

function open(outcomes: readonly Outcome[]): string {
  const rows = outcomes.filter(({ verdict }) => verdict === "untestable" || verdict === "inconclusive");
  if (rows.length === 0) return "";
  return [
    "### Not decided",
    [
      "| check | | reason |",
      "|---|---|---|",
      ...rows.map(
        ({ id, title, verdict, reason }) => `| ${id} ${cell(title)} | ${verdict} | ${cell(reason)} |`,
      ),
    ].join("\n"),
  ].join("\n\n");
}

function observations(report: Report): string {
  if (report.observations.length === 0) return "";
  const lines = report.observations.map(
    ({ check, count, expected, got }) =>
      `- ${check} (${count}×): expected ${code(expected)}; got ${code(got)}`,
  );
  return ["### Also seen, although no check of this run owns the rule", lines.join("\n")].join("\n\n");
}

function faults(report: Report): string {
  if (report.harnessFaults.length === 0) return "";
  const lines = report.harnessFaults.map(({ check, message }) => `- ${inline(check)}: ${code(message)}`);
  return ["### The kit itself failed, and accuses nobody", lines.join("\n")].join("\n\n");
}

function all(outcomes: readonly Outcome[]): string {
  const rows = outcomes.filter(({ verdict }) => verdict !== "not-applicable");
  const lines = rows.map(
    ({ id, title, level, verdict, cases, durationMs }) =>
      `| ${SYMBOLS[verdict]} | ${id} | ${cell(title)} | ${level} | ${cases === 0 ? "" : cases} | ${durationMs} |`,
  );
  return [
    `<details><summary>All ${rows.length} checks</summary>`,
    ["| | check | requirement | level | cases | ms |", "|---|---|---|---|--:|--:|", ...lines].join("\n"),
    "</details>",
  ].join("\n\n");
}

/** Text that is no markdown, whatever the subject has put in it. */
function inline(text: string): string {
  return printable(text)
    .replaceAll("\n", " ")
    .replace(/[\\`*_{}[\]<>|#~]/g, (sign) => `\\${sign}`);
}

function cell(text: string): string {
  return inline(cut(text, 400));
}

/** A code span around any text: its fence is longer than any run of backticks inside. */
function code(text: string): string {
  const flat = printable(cut(text, 2000)).replaceAll("\n", " ");
  const fence = "`".repeat(longestRun(flat) + 1);
  const space = flat.startsWith("`") || flat.endsWith("`") || flat.trim() === "" ? " " : "";
  return fence + space + flat + space + fence;
}

function block(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
