/** Tries what is known to be wrong, or right, against the checks, and says what came of it. */

import type { Contract } from "../../src/contract/contract.js";
import type { Verdict } from "../check.js";
import { seededRandom } from "../random.js";
import type { Outcome, Report } from "../report/report.js";
import { serverChecks } from "../server/catalogue.js";
import { checkServer } from "../server/check-server.js";
import { contractFor, type Mutant, type RunningMutant, type Variant } from "./mutant.js";
import type { Peer } from "./peers.js";
import type { ShortCircuit } from "./short-circuits.js";

/** What all trials of a selftest share. */
export interface TrialOptions {
  /** The contract of the bundled document. */
  readonly contract: Contract;
  readonly seed: number;
  readonly timeScale: number;
  /** Random cases of each property. */
  readonly runs: number;
}

/** A verdict that is not green, and why. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly reason: string;
}

/** What became of a mutant. */
export interface MutantResult {
  readonly kind: "mutant";
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

/** What became of a correct server, or of one that keeps no contract. */
export interface PeerResult {
  readonly kind: "peer" | "short-circuit";
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

/** Rows that kill no mutant: reserved for what no document can declare yet, and the row about the run itself. */
export const WITHOUT_MUTANT: readonly string[] = ["S-RC-02", "S-RC-03", "S-SM-08"];

/** A mutant against the check that owns its rule, and others: so many drawn by the seed, or all. */
export async function tryMutant(
  mutant: Mutant,
  options: TrialOptions,
  drawn: number | "all",
): Promise<MutantResult> {
  const { killedBy: owner, needs = [], variant, channel } = mutant;
  const others = draw(mutant, options.seed, drawn);
  const only = drawn === "all" ? [] : [owner, ...needs, ...others];
  const missing = [owner, ...needs].filter((id) => !serverChecks.some((check) => check.id === id));
  if (missing.length > 0) return notTried(mutant, `there is no check ${missing.join(", ")}`);
  const report = await judge(mutant, options, channel, variant, { only, runs: mutant.runs ?? options.runs });
  const outcome = report.outcomes.find(({ id }) => id === owner);
  const { verdict, reason } = outcome ?? { verdict: "untestable" as const, reason: `${owner} did not run` };
  const wanted = mutant.verdict === "warn" || outcome?.level === "SHOULD" ? ["fail", "warn"] : ["fail"];
  return {
    kind: "mutant",
    name: mutant.name,
    fault: mutant.fault,
    channel: variant?.name ?? channel,
    owner,
    killed: wanted.includes(verdict) && report.harnessFaults.length === 0,
    verdict,
    reason: outcome?.got === undefined ? reason : `${reason}; got ${outcome.got}`,
    drawn: others,
    alarms: report.outcomes.filter((one) => one.id !== owner && isAlarm(one)).map(finding),
    harnessFaults: faultsOf(report),
    durationMs: report.run.durationMs,
  };
}

/** A mutant that met nobody, and therefore survives. */
function notTried({ name, fault, channel, killedBy: owner }: Mutant, reason: string): MutantResult {
  const nothing = { drawn: [], alarms: [], harnessFaults: [], durationMs: 0 };
  return {
    kind: "mutant",
    name,
    fault,
    channel,
    owner,
    killed: false,
    verdict: "untestable",
    reason,
    ...nothing,
  };
}

/** A correct server against checks; all of them when none is named. No one may fail, warn, or be a fault of the kit. */
export async function tryPeer(
  peer: Peer,
  options: TrialOptions,
  only: readonly string[] = [],
): Promise<PeerResult> {
  const report = await judge(peer, options, peer.channel, peer.variant, { only, runs: options.runs });
  const findings = report.outcomes.filter((one) => isAlarm(one) || one.flaky).map(finding);
  // A check that no document here calls for leaves nothing decided: that is no accusation.
  const accused = report.exitCode !== 0 && (only.length === 0 || report.exitCode !== 3);
  const ok = findings.length === 0 && report.harnessFaults.length === 0 && !accused;
  return peerResult("peer", peer.name, peer.channel, report, findings, ok);
}

/** A server that keeps no contract, on one channel: nothing passes for want of evidence, and no run exits 0. */
export async function tryShortCircuit(
  one: ShortCircuit,
  channel: string,
  options: TrialOptions,
): Promise<PeerResult> {
  const start = (): Promise<RunningMutant> => one.start(channel);
  const report = await judge({ start }, options, channel, undefined, { only: [], runs: options.runs });
  const findings = report.outcomes
    .filter(({ id, verdict }) => verdict === "pass" && !one.passes.some((row) => id.startsWith(row)))
    .map(finding);
  const ok = findings.length === 0 && report.harnessFaults.length === 0 && report.exitCode !== 0;
  return peerResult("short-circuit", one.name, channel, report, findings, ok);
}

/** Ids of other checks than the owner of a mutant's rule; the same seed draws the same. */
function draw({ name, killedBy, needs = [] }: Mutant, seed: number, count: number | "all"): string[] {
  const others = serverChecks.map(({ id }) => id).filter((id) => id !== killedBy && !needs.includes(id));
  if (count === "all") return others;
  const random = seededRandom(seed).fork(name);
  const drawn: string[] = [];
  while (drawn.length < count && others.length > 0)
    drawn.push(...others.splice(random.below(others.length), 1));
  return drawn.sort();
}

interface Startable {
  start(options: { readonly timeScale: number; readonly seed: number }): Promise<RunningMutant>;
}

async function judge(
  subject: Startable,
  options: TrialOptions,
  channel: string,
  variant: Variant | undefined,
  { only, runs }: { readonly only: readonly string[]; readonly runs: number },
): Promise<Report> {
  const { timeScale, seed } = options;
  const running = await subject.start({ timeScale, seed });
  try {
    return await checkServer({
      contract: contractFor(options.contract, variant),
      channel,
      url: running.url,
      timeScale,
      seed,
      runs,
      ...(only.length === 0 ? {} : { only }),
      ...variant?.options,
      ...running.options,
    });
  } finally {
    await running.close();
  }
}

function peerResult(
  kind: PeerResult["kind"],
  name: string,
  channel: string,
  report: Report,
  findings: readonly Finding[],
  ok: boolean,
): PeerResult {
  return {
    kind,
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
