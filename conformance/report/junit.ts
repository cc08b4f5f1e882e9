/** The report as JUnit XML, which every CI system reads: a suite for each family, a case for each check. */
import { baselineText, isKnown, isOutdated } from "../baseline.js";
import { adviceOf } from "./advice.js";
import { evidenceOf } from "./evidence.js";
import { byFamily } from "./family.js";
import type { Outcome, Report } from "./report.js";
import { drawSequence, PLAIN } from "./sequence.js";
import { roleOf, subjectText } from "./subject.js";

/** Columns of the diagrams in the output of a case. */
const WIDTH = 110;

/** Renders a report. Rows that do not apply are left out: a skipped case is one that somebody could make run. */
export function renderJunit(report: Report): string {
  const shown = report.outcomes.filter(({ verdict }) => verdict !== "not-applicable");
  const suites = byFamily(shown);
  const faults = report.harnessFaults.length;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open("testsuites", {
      name: `wireproof ${report.contract.channel}`,
      ...counts(shown, faults),
      time: seconds(report.run.durationMs),
    }),
    ...suites.flatMap(({ family, rows }) => suite(report, family.name, rows)),
    ...(faults === 0 ? [] : faultSuite(report)),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function suite(report: Report, name: string, rows: readonly Outcome[]): string[] {
  const { channel } = report.contract;
  const ms = rows.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return [
    open("testsuite", {
      name: `${channel}: ${name}`,
      ...counts(rows, 0),
      time: seconds(ms),
      timestamp: report.run.finishedAt.replace(/\.\d+Z$|Z$/, ""),
      hostname: hostOf(report),
    }),
    "<properties>",
    ...Object.entries({
      [report.subject.role === "server" ? "url" : "client"]: subjectText(report.subject),
      seed: String(report.run.seed),
      profile: report.run.profile,
      document: `${report.contract.title} ${report.contract.version} (sha256 ${report.contract.sha256})`,
      conclusion: report.conclusion,
      ...(adviceOf(report) === undefined ? {} : { next: adviceOf(report) ?? "" }),
    }).map(([key, value]) => `<property name="${escapeXml(key)}" value="${escapeXml(value)}"/>`),
    "</properties>",
    ...rows.flatMap((row) => testcase(channel, name, row)),
    "</testsuite>",
  ];
}

function testcase(channel: string, family: string, outcome: Outcome): string[] {
  const { id, title, verdict, reason, durationMs } = outcome;
  const attributes = {
    name: `${id} ${title}`,
    classname: `wireproof.${channel}.${family.replaceAll(" ", "-")}`,
    time: seconds(durationMs),
  };
  const body: string[] = [];
  const { baseline } = outcome;
  if (baseline !== undefined && isKnown(outcome)) {
    body.push(`<skipped message="${escapeXml(`${baselineText(baseline)}: ${reason}`)}"/>`);
  } else if (baseline !== undefined && isOutdated(outcome)) {
    body.push(`<failure message="${escapeXml(baselineText(baseline))}" type="baseline"/>`);
  } else if (verdict === "fail") {
    body.push(
      `<failure message="${escapeXml(reason)}" type="${escapeXml(outcome.clause)}">${escapeXml(details(outcome))}</failure>`,
    );
  } else if (verdict === "untestable" || verdict === "inconclusive") {
    body.push(`<skipped message="${escapeXml(`${verdict}: ${reason}`)}"/>`);
  }
  const output = outputOf(outcome);
  if (output !== "") body.push(`<system-out>${escapeXml(output)}</system-out>`);
  if (body.length === 0) return [`${open("testcase", attributes).slice(0, -1)}/>`];
  return [open("testcase", attributes), ...body, "</testcase>"];
}

function details(outcome: Outcome): string {
  const { sentence, clause, level, expected, got, mend, counterexample, replay } = outcome;
  const lines = [`${sentence} (${clause}, ${level})`];
  if (expected !== undefined) lines.push(`expected: ${expected}`);
  if (got !== undefined) lines.push(`got: ${got}`);
  if (mend !== undefined) lines.push(`mend: ${mend}`);
  if (counterexample !== undefined) lines.push(`case: ${JSON.stringify(counterexample)}`);
  if (replay !== undefined) lines.push(`replay: ${replay.command}`);
  return lines.join("\n");
}

function outputOf(outcome: Outcome): string {
  const { verdict, transcript, notes = [] } = outcome;
  const lines: string[] = [];
  // JUnit knows no warning: a rule that SHOULD hold and does not is told in the output of a case that passes.
  if (verdict === "warn") lines.push(`warning: ${outcome.reason}`, details(outcome));
  for (const note of notes) lines.push(`note: ${note}`);
  if (transcript.length > 0)
    lines.push(...drawSequence(evidenceOf(outcome), { width: WIDTH, subject: roleOf(outcome.id) }, PLAIN));
  return lines.join("\n");
}

function faultSuite(report: Report): string[] {
  const faults = report.harnessFaults;
  const tests = String(faults.length);
  return [
    open("testsuite", {
      name: `${report.contract.channel}: the kit itself`,
      tests,
      failures: "0",
      errors: tests,
      skipped: "0",
      time: "0.000",
      timestamp: report.run.finishedAt.replace(/\.\d+Z$|Z$/, ""),
      hostname: hostOf(report),
    }),
    ...faults.flatMap(({ check, message }) => [
      open("testcase", { name: check, classname: `wireproof.${report.contract.channel}.kit`, time: "0.000" }),
      `<error message="${escapeXml(message)}" type="harness fault"/>`,
      "</testcase>",
    ]),
    "</testsuite>",
  ];
}

function counts(rows: readonly Outcome[], errors: number): Record<string, string> {
  const failed = rows.filter((row) => isOutdated(row) || (row.verdict === "fail" && !isKnown(row))).length;
  const skipped = rows.filter(
    (row) =>
      !isOutdated(row) && (row.verdict === "untestable" || row.verdict === "inconclusive" || isKnown(row)),
  ).length;
  return {
    tests: String(rows.length + errors),
    failures: String(failed),
    errors: String(errors),
    skipped: String(skipped),
  };
}

function open(name: string, attributes: Readonly<Record<string, string>>): string {
  const text = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  return `<${name}${text.join("")}>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function hostOf({ subject }: Report): string {
  const where = subjectText(subject);
  return subject.role === "server" && URL.canParse(where) ? new URL(where).host : where;
}

/** XML 1.0 has no way to write most control characters: they are shown as escapes, like lone surrogates. */
export function escapeXml(text: string): string {
  return text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      (sign) => {
        return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
      },
    )
    .replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? "&quot;");
}
