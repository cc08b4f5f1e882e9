/** Tries what is known to be wrong, or right, against the checks, and says what came of it. */

import type { Verdict } from "../check.js";
import { seededRandom } from "../random.js";
import type { Outcome, Report } from "../report/report.js";
import type { RoleName } from "../role.js";
import type { Empty, Half, Right, TrialOptions, Tried, Wrong } from "./half.js";

/** A verdict that is not green, and why. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly reason: string;
}

/** What became of a mutant. */
export interface MutantResult {
  readonly kind: "mutant";
  readonly role: RoleName;
  readonly name: string;
  readonly fault: string;
  readonly channel: string;
  readonly owner: string;
  readonly killed: boolean;
  /** What the check that owns the rule said. */
  readonly verdict: Verdict;
  readonly reason: string;
  /** Ids of the checks that were tried beside the owner. */
  readonly drawn: readonly string[];
  /** Those of them that failed or warned: what the fault leads to elsewhere. */
  readonly alarms: readonly Finding[];
  readonly harnessFaults: readonly string[];
  readonly durationMs: number;
}

/** What became of one that is right, or of one that keeps no contract. */
export interface PeerResult {
  readonly kind: "peer" | "short-circuit";
  readonly role: RoleName;
  readonly name: string;
  readonly channel: string;
  readonly ok: boolean;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Rows that must not have come out as they did. */
  readonly findings: readonly Finding[];
  readonly harnessFaults: readonly string[];
  readonly exitCode: number;
  readonly durationMs: number;
}

/** Either. */
export type TrialResult = MutantResult | PeerResult;

/** A mutant against the check that owns its rule, and others: so many drawn by the seed, or all. */
export async function tryMutant(
  half: Half,
  mutant: Wrong,
  options: TrialOptions,
  drawn: number | "all",
): Promise<MutantResult> {
  const { owner, needs } = mutant;
  const others = draw(half, mutant, options.seed, drawn);
  const only = drawn === "all" ? [] : [owner, ...needs, ...others];
  const missing = [owner, ...needs].filter((id) => !half.checks.includes(id));
  if (missing.length > 0) return notTried(half, mutant, `there is no check ${missing.join(", ")}`);
  const report = await mutant.judge(options, { only, runs: mutant.runs ?? options.runs });
  const outcome = report.outcomes.find(({ id }) => id === owner);
  const { verdict, reason } = outcome ?? { verdict: "untestable" as const, reason: `${owner} did not run` };
  const wanted = mutant.verdict === "warn" || outcome?.level === "SHOULD" ? ["fail", "warn"] : ["fail"];
  return {
    ...described(half, mutant),
    killed: wanted.includes(verdict) && report.harnessFaults.length === 0,
    verdict,
    reason: outcome?.got === undefined ? reason : `${reason}; got ${outcome.got}`,
    drawn: others,
    alarms: report.outcomes.filter((one) => one.id !== owner && isAlarm(one)).map(finding),
    harnessFaults: faultsOf(report),
    durationMs: report.run.durationMs,
  };
}

function described(
  { role }: Half,
  { channel, fault, name, owner }: Wrong,
): Pick<MutantResult, "kind" | "role" | "name" | "fault" | "channel" | "owner"> {
  return { kind: "mutant", role, name, fault, channel, owner };
}

/** A mutant that met nobody, and therefore survives. */
function notTried(half: Half, mutant: Wrong, reason: string): MutantResult {
  const nothing = { drawn: [], alarms: [], harnessFaults: [], durationMs: 0 };
  return { ...described(half, mutant), killed: false, verdict: "untestable", reason, ...nothing };
}

/** One that is right against checks; its own when none is named. No one may fail, warn, or be a fault of the kit. */
export async function tryPeer(
  half: Half,
  peer: Right,
  options: TrialOptions,
  only: readonly string[] = peer.only,
): Promise<PeerResult> {
  const report = await peer.judge(options, { only, runs: options.runs });
  const findings = report.outcomes.filter((one) => isAlarm(one) || one.flaky).map(finding);
  // A check that no document here calls for leaves nothing decided: that is no accusation.
  const accused = report.exitCode !== 0 && (only.length === 0 || report.exitCode !== 3);
  const ok = findings.length === 0 && report.harnessFaults.length === 0 && !accused;
  return peerResult("peer", half, peer, report, findings, ok);
}

/** One that keeps no contract, on one channel: nothing passes for want of evidence, and no run exits 0. */
export async function tryShortCircuit(half: Half, one: Empty, options: TrialOptions): Promise<PeerResult> {
  const report = await one.judge(options, { only: [], runs: options.runs });
  const findings = report.outcomes
    .filter(({ id, verdict }) => verdict === "pass" && !one.passes.some((row) => id.startsWith(row)))
    .map(finding);
  const ok = findings.length === 0 && report.harnessFaults.length === 0 && report.exitCode !== 0;
  return peerResult("short-circuit", half, one, report, findings, ok);
}

/** Ids of other checks than the owner of a mutant's rule; the same seed draws the same. */
function draw(
  { checks }: Half,
  { name, needs, owner }: Wrong,
  seed: number,
  count: number | "all",
): string[] {
  const others = checks.filter((id) => id !== owner && !needs.includes(id));
  if (count === "all") return others;
  const random = seededRandom(seed).fork(name);
  const drawn: string[] = [];
  while (drawn.length < count && others.length > 0)
    drawn.push(...others.splice(random.below(others.length), 1));
  return drawn.sort();
}

function peerResult(
  kind: PeerResult["kind"],
  { role }: Half,
  { channel, name }: Tried,
  report: Report,
  findings: readonly Finding[],
  ok: boolean,
): PeerResult {
  return {
    kind,
    role,
    name,
    channel,
    ok,
    counts: report.summary,
    findings,
    harnessFaults: faultsOf(report),
    exitCode: report.exitCode,
    durationMs: report.run.durationMs,
  };
}

const isAlarm = ({ verdict }: Outcome): boolean => verdict === "fail" || verdict === "warn";

function finding({ id, verdict, reason, expected, got }: Outcome): Finding {
  const evidence = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(", ");
  return { check: id, verdict, reason: evidence === "" ? reason : `${reason}: ${evidence}` };
}

const faultsOf = (report: Report): string[] =>
  report.harnessFaults.map(({ check, message }) => `${check}: ${message}`);
