/**
 * What the kit is held to, as a list of trials: every mutant against the check that owns its rule and some others, every
 * check against what is right, and servers and clients that keep no contract. A trial has an id, so that another process
 * can run it.
 */

import { missingNeed } from "../needs.js";
import { seededRandom } from "../random.js";
import { requirements } from "../requirements.js";
import type { RoleName } from "../role.js";
import { clientHalf } from "./client-half.js";
import type { Half, TrialOptions, Wrong } from "./half.js";
import { serverHalf } from "./server-half.js";
import { type MutantResult, type TrialResult, tryMutant, tryPeer, tryShortCircuit } from "./trial.js";

/** How much is tried. */
export interface SelftestOptions extends TrialOptions {
  /** Which halves; default both. */
  readonly role?: RoleName | "both";
  /** How many checks beside its owner a mutant meets; `all`: also everything without a contract on every channel. */
  readonly drawn: number | "all";
  /** Names of mutants and peers, or ids of checks or their beginnings; empty: all. */
  readonly only: readonly string[];
}

/** One thing to try. */
export interface Trial {
  /** The same in every process that was given the same options. */
  readonly id: string;
  /** How much of a process it takes, of {@link CAPACITY}: all where it loads the machine or measures tight time. */
  readonly weight: number;
  run(): Promise<TrialResult>;
}

/** What a process takes at once: four wrong servers, eight wrong clients, which mostly wait, or two whole runs. */
export const CAPACITY = 8;

const WEIGHT = { run: 4, server: 2, client: 1 } as const;

/** The halves that are tried. */
function halvesOf({ role = "both" }: Pick<SelftestOptions, "role">): readonly Half[] {
  return [serverHalf, clientHalf].filter((half) => role === "both" || half.role === role);
}

/** All that is to be tried, the longest first. */
export function planTrials(options: SelftestOptions): readonly Trial[] {
  const halves = halvesOf(options);
  return [
    ...halves.flatMap((half) => peerTrials(half, options)),
    ...halves.flatMap((half) => shortCircuitTrials(half, options)),
    ...halves.flatMap((half) => mutantTrials(half, options)),
  ];
}

/** True when `selector` names a check of this half or the beginning of some, and `id` is one of them. */
const isCheck = ({ prefix }: Half, id: string, selector: string): boolean =>
  selector.startsWith(prefix) && id.startsWith(selector);

function mutantTrials(half: Half, options: SelftestOptions): Trial[] {
  const { only } = options;
  const isChosen = ({ name, owner }: Wrong): boolean =>
    only.length === 0 || only.some((one) => one === name || isCheck(half, owner, one));
  return half.mutants.filter(isChosen).map((mutant) => ({
    id: `${half.role} mutant ${mutant.name}`,
    weight: [mutant.owner, ...mutant.needs].some((id) => half.loading.has(id)) ? CAPACITY : WEIGHT[half.role],
    run: () => tryMutant(half, mutant, options, options.drawn),
  }));
}

function peerTrials(half: Half, options: SelftestOptions): Trial[] {
  const { contract, only } = options;
  const checks = only.filter((one) => half.checks.some((id) => isCheck(half, id, one)));
  return half.peers(contract).flatMap((peer): Trial[] => {
    const isNamed = only.includes(peer.name);
    if (only.length > 0 && checks.length === 0 && !isNamed) return [];
    const asked = isNamed ? [] : checks;
    return [
      {
        id: `${half.role} peer ${peer.name}`,
        weight: WEIGHT.run,
        run: () => tryPeer(half, peer, options, asked.length === 0 ? peer.only : asked),
      },
    ];
  });
}

/** On one channel drawn by the seed, or on all. */
function shortCircuitTrials(half: Half, options: SelftestOptions): Trial[] {
  const { contract, drawn, only, seed } = options;
  return half.empties(contract).flatMap((channels) => {
    const name = channels[0]?.name ?? "";
    if (only.length > 0 && !only.includes(name)) return [];
    const at = seededRandom(seed).fork(name).below(channels.length);
    return (drawn === "all" ? channels : channels.slice(at, at + 1)).map((one) => ({
      id: `${half.role} short-circuit ${name} on ${one.channel}`,
      weight: WEIGHT.run,
      run: () => tryShortCircuit(half, one, options),
    }));
  });
}

/** What a selftest found. */
export interface SelftestSummary {
  readonly ok: boolean;
  readonly mutants: { readonly all: number; readonly killed: number };
  readonly survivors: readonly MutantResult[];
  /** Checks that kill no mutant, though they should. */
  readonly idle: readonly string[];
  /** Checks that nothing right calls for: they were never seen to pass. */
  readonly unproved: readonly string[];
  readonly peersBroken: readonly string[];
  readonly shortCircuitsPassed: readonly string[];
}

/** Draws the conclusion. With a selection nothing is said of the checks that had nothing to do. */
export function concludeSelftest(results: readonly TrialResult[], options: SelftestOptions): SelftestSummary {
  const mutants = results.filter((one) => one.kind === "mutant");
  const survivors = mutants.filter(({ killed }) => !killed);
  const broken = (kind: "peer" | "short-circuit"): string[] =>
    results.flatMap((one) => (one.kind === kind && !one.ok ? [`${one.name} (${one.channel})`] : []));
  const peersBroken = broken("peer");
  const shortCircuitsPassed = broken("short-circuit");
  const halves = options.only.length === 0 ? halvesOf(options) : [];
  const idle = halves.flatMap((half) => idleChecks(half, mutants));
  const unproved = halves.flatMap((half) => unprovedChecks(half, options));
  return {
    ok: [survivors, idle, unproved, peersBroken, shortCircuitsPassed].every(({ length }) => length === 0),
    mutants: { all: mutants.length, killed: mutants.length - survivors.length },
    survivors,
    idle,
    unproved,
    peersBroken,
    shortCircuitsPassed,
  };
}

function idleChecks({ checks, withoutMutant }: Half, mutants: readonly MutantResult[]): string[] {
  const killers = new Set(mutants.flatMap(({ owner, killed }) => (killed ? [owner] : [])));
  return checks.filter((id) => !killers.has(id) && !withoutMutant.includes(id));
}

/** Checks whose need no document among the peers declares that they are there for. */
function unprovedChecks({ checks, peers }: Half, { contract }: SelftestOptions): string[] {
  const declared = peers(contract).flatMap(({ endpoint, only }) => {
    const one = endpoint(contract);
    return one === undefined ? [] : [{ endpoint: one, only }];
  });
  return checks
    .map((id) => requirements.find((one) => one.id === id))
    .flatMap((requirement) => {
      if (requirement === undefined || requirement.reserved === true) return [];
      const isJudged = declared.some(
        ({ endpoint, only }) =>
          (only.length === 0 || only.some((one) => requirement.id.startsWith(one))) &&
          missingNeed(requirement, endpoint) === undefined,
      );
      return isJudged ? [] : [requirement.id];
    });
}
