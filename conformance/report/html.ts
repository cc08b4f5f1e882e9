/** The report as one HTML file that needs nothing else: no script, no font, no image, no network. */
import type { Json } from "../../src/contract/contract.js";
import { baselineText, isKnown } from "../baseline.js";
import type { Verdict } from "../check.js";
import { coverage } from "../verdict.js";
import { adviceOf } from "./advice.js";
import { drawDiagram } from "./diagram.js";
import { escapeHtml, proseHtml } from "./escape-html.js";
import { evidenceOf } from "./evidence.js";
import { byFamily, familyOf } from "./family.js";
import { STYLE } from "./html-style.js";
import type { Outcome, Report } from "./report.js";
import { judgedText, roleOf, subjectText, timeText } from "./subject.js";
import { entryList } from "./transcript-list.js";
import { cut } from "./width.js";

/** Widths of the two drawings of a diagram: for a page, and for a phone (pixels). */
const DRAWN = { wide: 1024, narrow: 352 } as const;

/** How much of a counterexample is shown (characters). */
const SHOWN_CASE = 4000;

const SYMBOLS: Readonly<Record<Verdict, string>> = {
  pass: "✓",
  fail: "✗",
  warn: "▲",
  untestable: "○",
  inconclusive: "?",
  "not-applicable": "·",
};

const ORDER: readonly Verdict[] = ["fail", "warn", "pass", "untestable", "inconclusive", "not-applicable"];

/** Renders a report. */
export function renderHtml(report: Report): string {
  const { contract, outcomes } = report;
  const failures = outcomes.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  const failing = failures.filter((outcome) => !isKnown(outcome));
  const known = failures.filter(isKnown);
  const title = `${contract.channel}: ${report.exitCode === 0 ? "conforms" : report.conclusion}`;
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(`${title} – wireproof`)}</title>`,
    `<style>${STYLE}</style>\n</head>\n<body>`,
    '<a class="skip" href="#findings">To the findings</a>',
    heading(report),
    "<main>",
    matrix(report),
    '<div id="findings">',
    failing.length === 0 ? "" : `<h2>What to mend <small>${failing.length}</small></h2>`,
    ...failing.map((outcome) => finding(outcome)),
    known.length === 0 ? "" : `<h2>Known failures <small>${known.length}</small></h2>`,
    ...known.map((outcome) => finding(outcome)),
    outdated(outcomes),
    "</div>",
    openRows(outcomes),
    observations(report),
    faults(report),
    folded("Passed", outcomes, "pass"),
    folded("Not applicable", outcomes, "not-applicable"),
    "</main>",
    footer(report),
    "</body>\n</html>\n",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function toneOf(report: Report): Verdict {
  if (report.exitCode === 0) return report.summary.warn > 0 ? "warn" : "pass";
  return report.exitCode === 3 ? "inconclusive" : "fail";
}

function heading(report: Report): string {
  const { contract, run, subject } = report;
  const { decided, applicable } = coverage(report.outcomes);
  const advice = adviceOf(report);
  const time = timeText(report);
  const words = {
    0: "Conforms",
    1: "Does not conform",
    2: "The kit failed",
    3: "Too little was tested",
  }[report.exitCode];
  const facts: readonly (readonly [string, string, string?])[] = [
    ["Contract", `${contract.title} ${contract.version}`],
    ["Channel", contract.channel],
    ["Profile", run.profile],
    ["Seed", String(run.seed)],
    ["Tried", `${run.cases} cases on ${run.connections} connections`],
    ["Judged", judgedText(report)],
    ["Took", `${(run.durationMs / 1000).toFixed(1)} s${time === undefined ? "" : `, ${time}`}`],
    ["Decided", `${decided} of ${applicable} applicable MUST checks`],
    ["Witness", run.witness ?? "none declared", "wide"],
  ];
  return [
    `<header class="t-${toneOf(report)}"><div>`,
    `<p class="kicker">wireproof ${escapeHtml(report.wireproof)} judged the ${subject.role}${subject.role === "server" ? " at" : ""}</p>`,
    `<h1>${escapeHtml(subjectText(subject))}</h1>`,
    `<div class="banner"><strong>${words}</strong><span>${escapeHtml(report.conclusion)} · exit ${report.exitCode}</span>`,
    advice === undefined ? "" : `<p class="next"><b>Next:</b> ${proseHtml(advice)}</p>`,
    "</div>",
    `<dl class="facts">${facts
      .map(
        ([name, value, wide]) =>
          `<div${wide === undefined ? "" : ` class="${wide}"`}><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`,
      )
      .join("")}</dl>`,
    "</div></header>",
  ].join("\n");
}

function matrix(report: Report): string {
  const counts = ORDER.filter((verdict) => report.summary[verdict] > 0).map(
    (verdict) =>
      `<li class="t-${verdict}">${SYMBOLS[verdict]} <b>${report.summary[verdict]}</b> ${verdict.replace("-", " ")}</li>`,
  );
  const families = byFamily(report.outcomes).map(
    ({ family, rows }) =>
      `<div class="family"><span>${escapeHtml(family.name)}</span><ul class="tiles">${rows.map(tile).join("")}</ul></div>`,
  );
  return [
    `<h2>All checks <small>${report.outcomes.length}</small></h2>`,
    `<ul class="counts">${counts.join("")}</ul>`,
    `<div class="card matrix">${families.join("\n")}</div>`,
  ].join("\n");
}

function tile(outcome: Outcome): string {
  const { id, title, verdict } = outcome;
  const name = escapeHtml(`${id} ${title}: ${verdict}`);
  const [, family = "", number = ""] = id.split("-");
  return `<li><a class="tile t-${verdict}" href="#${id}" title="${name}" aria-label="${name}"><span aria-hidden="true">${SYMBOLS[verdict]} ${family}-${number}</span></a></li>`;
}

function finding(outcome: Outcome): string {
  const { id, title, verdict, sentence, clause, clauseUrl, level, reason } = outcome;
  const { counterexample, mend, notes = [] } = outcome;
  const head =
    `<h3><span>${id}</span><span>${escapeHtml(title)}</span>` +
    `<span class="badge">${SYMBOLS[verdict]} ${verdict}</span>` +
    `<span class="badge t-not-applicable">${escapeHtml(familyOf(id).name)}</span></h3>`;
  const parts = [
    head,
    `<p class="rule">${proseHtml(sentence)} (${link(clause, clauseUrl)}, ${level})</p>`,
    saidBelow(outcome) ? "" : `<p>${proseHtml(reason)}</p>`,
    outcome.baseline === undefined ? "" : `<p>${escapeHtml(baselineText(outcome.baseline))}</p>`,
    pair(outcome),
    mend === undefined ? "" : `<div class="mend"><b>Mend</b>${proseHtml(mend)}</div>`,
    counterexample === undefined || counterexample === null ? "" : caseOf(counterexample),
    diagram(outcome),
    outcome.replay === undefined
      ? ""
      : `<div class="plain"><h4>See it again</h4><code class="copy" tabindex="0">${escapeHtml(outcome.replay.command)}</code></div>`,
    notes.length === 0
      ? ""
      : `<ul class="notes">${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>`,
    outcome.transcript.length === 0
      ? ""
      : `<details class="more"><summary>Every frame and its bytes</summary>${entryList(outcome.transcript, roleOf(outcome.id))}</details>`,
  ];
  return `<article class="card finding t-${verdict}" id="${id}"><div>${parts.filter((part) => part !== "").join("\n")}</div></article>`;
}

/** Entries of the baseline that must be corrected. */
function outdated(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ baseline, id, title }) =>
    baseline?.state === "stale" || baseline?.state === "expired"
      ? [`<li><b>${id}</b> ${escapeHtml(`${title}: ${baselineText(baseline)}`)}</li>`]
      : [],
  );
  if (rows.length === 0) return "";
  return `<h2>Baseline out of date <small>${rows.length}</small></h2><ul class="notes">${rows.join("")}</ul>`;
}

/** Where expected and got say it all, the reason would say it again. */
function saidBelow({ expected, got, reason }: Outcome): boolean {
  if (got === undefined) return false;
  return (
    got.startsWith(reason.replace(/…$/, "")) || (reason.startsWith(got) && reason.includes(expected ?? got))
  );
}

function pair({ expected, got }: Outcome): string {
  const box = (tone: Verdict, name: string, words: string | undefined): string =>
    words === undefined
      ? ""
      : `<div class="t-${tone}"><h4>${name}</h4><pre>${escapeHtml(cut(words, SHOWN_CASE))}</pre></div>`;
  const boxes = box("pass", "Expected", expected) + box("fail", "Got", got);
  return boxes === "" ? "" : `<div class="pair">${boxes}</div>`;
}

function caseOf(counterexample: Json): string {
  const words = typeof counterexample === "string" ? counterexample : JSON.stringify(counterexample, null, 2);
  const shown = `<pre class="mono">${escapeHtml(cut(words, SHOWN_CASE))}</pre>`;
  if (words.split("\n").length <= 6) return `<div class="plain"><h4>Smallest case found</h4>${shown}</div>`;
  return `<details class="plain"><summary>Smallest case found</summary>${shown}</details>`;
}

function diagram(outcome: Outcome): string {
  const { id } = outcome;
  const transcript = evidenceOf(outcome);
  if (transcript.length === 0) return "";
  const several = new Set(transcript.map(({ connection }) => connection)).size > 1;
  const title = `What happened in the failing case of ${id}: ${transcript.length} entries between the kit and the ${roleOf(id)}.`;
  const draw = (narrow: boolean): string =>
    drawDiagram(transcript, {
      width: narrow ? DRAWN.narrow : DRAWN.wide,
      id: `${id}-${narrow ? "narrow" : "wide"}`,
      title,
      narrow,
      subject: roleOf(id),
    });
  return [
    `<figure><figcaption>What happened, in milliseconds${several ? "; one lane of the kit for each connection" : ""}</figcaption>`,
    `<div class="wide-only">${draw(false)}</div><div class="narrow">${draw(true)}</div></figure>`,
  ].join("\n");
}

function openRows(outcomes: readonly Outcome[]): string {
  const rows = outcomes.filter(({ verdict }) => verdict === "untestable" || verdict === "inconclusive");
  if (rows.length === 0) return "";
  const lines = rows.map(
    ({ id, title, verdict, reason }) =>
      `<tr id="${id}"><td><span class="badge t-${verdict}">${SYMBOLS[verdict]} ${verdict}</span></td><td><b>${id}</b> ${escapeHtml(title)}<br><span class="soft">${proseHtml(reason)}</span></td></tr>`,
  );
  return `<h2>Not decided <small>${rows.length}</small></h2>\n<div class="card fold"><table class="rows"><tbody>${lines.join("")}</tbody></table></div>`;
}

function observations(report: Report): string {
  if (report.observations.length === 0) return "";
  const lines = report.observations.map(
    ({ check, count, expected, got, during }) =>
      `<tr><td><b>${escapeHtml(check)}</b> ${count}×</td><td>expected ${escapeHtml(expected)}; got ${escapeHtml(got)}<br><span class="soft">${escapeHtml(during)}</span></td></tr>`,
  );
  return `<h2>Also seen <small>although no check of this run owns the rule</small></h2>\n<div class="card fold"><table class="rows"><tbody>${lines.join("")}</tbody></table></div>`;
}

function faults(report: Report): string {
  if (report.harnessFaults.length === 0) return "";
  const lines = report.harnessFaults.map(
    ({ check, message }) =>
      `<tr><td><b>${escapeHtml(check)}</b></td><td><code>${escapeHtml(message)}</code></td></tr>`,
  );
  return `<h2>The kit itself failed <small>and accuses nobody</small></h2>\n<div class="card fold"><table class="rows"><tbody>${lines.join("")}</tbody></table></div>`;
}

function folded(name: string, outcomes: readonly Outcome[], verdict: Verdict): string {
  const rows = outcomes.filter((outcome) => outcome.verdict === verdict);
  if (rows.length === 0) return "";
  const lines = rows.map((outcome) => {
    const { id, title, reason, cases, notes = [], clause, clauseUrl, durationMs } = outcome;
    const tried = cases === 0 ? "" : ` · ${cases === 1 ? "1 case" : `${cases} cases`}, ${durationMs} ms`;
    const noted = notes.map((note) => `<br><span class="soft">${proseHtml(note)}</span>`).join("");
    return `<tr id="${id}"><td><b>${id}</b></td><td>${escapeHtml(title)}<br><span class="soft">${proseHtml(reason)} · ${link(clause, clauseUrl)}${tried}</span>${noted}</td></tr>`;
  });
  return `<details class="card fold"><summary>${SYMBOLS[verdict]} ${name} (${rows.length})</summary><table class="rows"><tbody>${lines.join("")}</tbody></table></details>`;
}

function link(words: string, url: string): string {
  const shown = escapeHtml(words);
  return /^https?:\/\//.test(url) ? `<a href="${escapeHtml(url)}" rel="noreferrer">${shown}</a>` : shown;
}

function footer(report: Report): string {
  const { contract, run } = report;
  return `<footer>wireproof ${escapeHtml(report.wireproof)} · requirement set ${escapeHtml(report.requirementSet)} · document sha256 <code>${escapeHtml(contract.sha256)}</code> · ended ${escapeHtml(run.finishedAt)} · the kit's own loop was late by at most ${run.worstLagMs} ms</footer>`;
}
