/** The kill matrix as text: mutant × owner, what else alarmed, and what became of the correct servers and clients. */

import type { RoleName } from "../role.js";
import type { SelftestSummary } from "./selftest.js";
import type { Finding, MutantResult, PeerResult, TrialResult } from "./trial.js";

/** A whole selftest. */
export interface SelftestReport {
  readonly seed: number;
  readonly timeScale: number;
  readonly drawn: number | "all";
  readonly durationMs: number;
  readonly summary: SelftestSummary;
  readonly results: readonly TrialResult[];
}

/** The report as lines of text: one matrix for each role that was tried. */
export function renderMatrix(report: SelftestReport): readonly string[] {
  const roles = (["server", "client"] as const).filter((role) =>
    report.results.some((one) => one.role === role),
  );
  return [...roles.flatMap((role) => renderRole(report, role)), ...conclusion(report)];
}

function renderRole({ drawn, results }: SelftestReport, role: RoleName): string[] {
  const own = results.filter((one) => one.role === role);
  const mutants = own.filter((one) => one.kind === "mutant");
  const peers = own.filter((one): one is PeerResult => one.kind === "peer");
  const empty = own.filter((one): one is PeerResult => one.kind === "short-circuit");
  return [
    ...section(
      `Wrong ${role}s (mutants): killed by the check that owns the rule?`,
      mutantTable(mutants, drawn === "all"),
    ),
    ...section(`Checks of ${role}s`, checkTable(mutants)),
    ...section(`Correct ${role}s: nothing may fail`, peerTable(peers)),
    ...section(
      `${role === "server" ? "Servers" : "Clients"} without a contract: nothing may pass for want of evidence`,
      peerTable(empty),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ""];
}

function mutantTable(mutants: readonly MutantResult[], full: boolean): string[] {
  const sorted = [...mutants].sort((a, b) => a.owner.localeCompare(b.owner) || a.name.localeCompare(b.name));
  const rows = sorted.map((one) => [
    one.killed ? "killed" : "SURVIVED",
    one.owner,
    one.name,
    one.channel,
    full ? countOf(one.alarms.length, "other check") : alarmsOf(one),
  ]);
  const lines = table(rows);
  const details = sorted.flatMap((one, index) =>
    one.killed
      ? [lines[index] ?? ""]
      : [
          lines[index] ?? "",
          `    ${one.fault}`,
          `    ${one.owner} says ${one.verdict}: ${one.reason}`,
          ...one.harnessFaults.map((fault) => `    fault of the kit: ${fault}`),
        ],
  );
  return details;
}

/** Of the checks that were drawn: which alarmed as well. */
function alarmsOf({ alarms }: MutantResult): string {
  return alarms.length === 0
    ? ""
    : `also ${alarms.map(({ check, verdict }) => mark(check, verdict)).join(" ")}`;
}

const mark = (check: string, verdict: string): string => (verdict === "warn" ? `${check}~` : check);

const countOf = (count: number, what: string): string =>
  count === 0 ? "" : `and by ${count} ${what}${count === 1 ? "" : "s"}`;

/** One line a check: how many of its own mutants it killed, and how many of others' it noticed. */
function checkTable(mutants: readonly MutantResult[]): string[] {
  const owners = [...new Set(mutants.map(({ owner }) => owner))].sort();
  const cells = owners.map((owner) => {
    const own = mutants.filter((one) => one.owner === owner);
    const met = mutants.filter(({ drawn }) => drawn.includes(owner));
    const alarmed = met.filter(({ alarms }) => alarms.some(({ check }) => check === owner));
    const killed = own.filter((one) => one.killed).length;
    return [
      owner,
      `${killed} of ${own.length} killed`,
      `alarmed at ${alarmed.length} of ${met.length} others`,
    ];
  });
  return table(cells);
}

function peerTable(peers: readonly PeerResult[]): string[] {
  const rows = peers.map((one) => [
    one.ok ? "ok" : "WRONG",
    one.name === one.channel ? one.name : `${one.name} (${one.channel})`,
    Object.entries(one.counts)
      .filter(([verdict, count]) => count > 0 && verdict !== "not-applicable")
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(", "),
    `exit ${one.exitCode}`,
  ]);
  const lines = table(rows);
  return peers.flatMap((one, index) => [
    lines[index] ?? "",
    ...one.findings.map((finding) => `    ${sentence(finding)}`),
    ...one.harnessFaults.map((fault) => `    fault of the kit: ${fault}`),
  ]);
}

const sentence = ({ check, verdict, reason }: Finding): string => `${check} ${verdict}: ${reason}`;

function conclusion({ summary, durationMs, seed, drawn }: SelftestReport): string[] {
  const { mutants, idle, unproved, peersBroken, shortCircuitsPassed } = summary;
  const faults = [
    ...summary.survivors.map(({ name, owner }) => `${name} survives ${owner}`),
    ...idle.map((id) => `${id} kills no mutant`),
    ...unproved.map((id) => `${id} was never tried on anything correct`),
    ...peersBroken.map((name) => `${name} is correct, and was accused`),
    ...shortCircuitsPassed.map((name) => `${name} passed something`),
  ];
  const tried = drawn === "all" ? "every check" : `their owner and ${drawn} drawn by the seed`;
  return [
    `${mutants.killed} of ${mutants.all} mutants killed (against ${tried}; seed ${seed}) in ${(durationMs / 1000).toFixed(1)} s.`,
    ...faults.map((fault) => `WRONG: ${fault}.`),
    summary.ok ? "The kit proves what it says." : "The kit does not prove what it says.",
  ];
}

/** Pads the columns but the last. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
