/**
 * What the kit is held to, as a list of trials: every mutant against the check that owns its rule and some others,
 * every check against correct servers, and servers that keep no contract. A trial has an id, so that another process
 * can run it.
 */

import type { Endpoint } from "../../src/contract/contract.js";
import { missingNeed } from "../needs.js";
import { seededRandom } from "../random.js";
import { requirements } from "../requirements.js";
import { serverChecks } from "../server/catalogue.js";
import { contractFor, type Mutant, type Variant } from "./mutant.js";
import { type Peer, serverPeers } from "./peers.js";
import { serverMutants } from "./server-mutants.js";
import { type ShortCircuit, shortCircuits } from "./short-circuits.js";
import {
  type MutantResult,
  type TrialOptions,
  type TrialResult,
  tryMutant,
  tryPeer,
  tryShortCircuit,
  WITHOUT_MUTANT,
} from "./trial.js";

/** How much is tried. */
export interface SelftestOptions extends TrialOptions {
  /** How many checks beside its owner a mutant meets; `all`: also every server without a contract on every channel. */
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

/** What a process takes at once: four mutants, or two correct servers. */
export const CAPACITY = 4;

/** A run of all checks. */
const WHOLE_RUN = 2;

/**
 * Checks that load the machine, or measure what a busy one blurs. Others that are alone with their server may have
 * company here: each mutant is a server of its own.
 */
const LOADING: ReadonlySet<string> = new Set(["S-CD-08", "S-HB-06", "S-RC-01", "S-RC-04", "S-RB-01"]);

/** All that is to be tried, the longest first. */
export function planTrials(options: SelftestOptions): readonly Trial[] {
  const { only } = options;
  const chosen = (...names: readonly string[]): boolean =>
    only.length === 0 || only.some((one) => names.some((name) => name === one || isCheck(name, one)));
  const mutants = serverMutants.filter(({ name, killedBy }) => chosen(name, killedBy));
  return [
    ...serverPeers.flatMap((peer) => peerTrials(peer, options)),
    ...shortCircuits.filter(({ name }) => chosen(name)).flatMap((one) => shortCircuitTrials(one, options)),
    ...mutants.map((mutant) => mutantTrial(mutant, options)),
  ];
}

/** True when `selector` names a check or the beginning of some, and `id` is one of them. */
const isCheck = (id: string, selector: string): boolean =>
  selector.startsWith("S-") && id.startsWith(selector);

function mutantTrial(mutant: Mutant, options: SelftestOptions): Trial {
  return {
    id: `mutant ${mutant.name}`,
    weight: [mutant.killedBy, ...(mutant.needs ?? [])].some((id) => LOADING.has(id)) ? CAPACITY : 1,
    run: () => tryMutant(mutant, options, options.drawn),
  };
}

function peerTrials(peer: Peer, options: SelftestOptions): Trial[] {
  const { only } = options;
  const checks = only.filter((one) => serverChecks.some(({ id }) => isCheck(id, one)));
  const named = only.includes(peer.name);
  if (only.length > 0 && checks.length === 0 && !named) return [];
  const asked = named ? [] : checks;
  const own = peer.variant === undefined ? [] : ownChecks(peer.variant, options);
  const run = (): Promise<TrialResult> => tryPeer(peer, options, asked.length === 0 ? own : asked);
  return [{ id: `peer ${peer.name}`, weight: WHOLE_RUN, run }];
}

/** The checks that a variant calls for and its channel does not; the others meet the channel itself. */
function ownChecks(variant: Variant, { contract }: SelftestOptions): string[] {
  const endpoint = contract.endpoints.find(({ name }) => name === variant.channel);
  if (endpoint === undefined) return [];
  const declared = variant.declare(endpoint);
  return requirements
    .filter((one) => missingNeed(one, endpoint) !== undefined && missingNeed(one, declared) === undefined)
    .map(({ id }) => id)
    .filter((id) => serverChecks.some((check) => check.id === id));
}

/** One channel drawn by the seed, or all. */
function shortCircuitTrials(one: ShortCircuit, options: SelftestOptions): Trial[] {
  const { endpoints } = options.contract;
  const at = seededRandom(options.seed).fork(one.name).below(endpoints.length);
  const channels = options.drawn === "all" ? endpoints : endpoints.slice(at, at + 1);
  return channels.map(({ name }) => ({
    id: `short-circuit ${one.name} on ${name}`,
    weight: WHOLE_RUN,
    run: () => tryShortCircuit(one, name, options),
  }));
}

/** What a selftest found. */
export interface SelftestSummary {
  readonly ok: boolean;
  readonly mutants: { readonly all: number; readonly killed: number };
  readonly survivors: readonly MutantResult[];
  /** Checks that kill no mutant, though they should. */
  readonly idle: readonly string[];
  /** Checks that no correct server calls for: they were never seen to pass. */
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
  const whole = options.only.length === 0;
  const idle = whole ? idleChecks(mutants) : [];
  const unproved = whole ? unprovedChecks(options.contract.endpoints, options) : [];
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

function idleChecks(mutants: readonly MutantResult[]): string[] {
  const killers = new Set(mutants.flatMap(({ owner, killed }) => (killed ? [owner] : [])));
  return serverChecks.map(({ id }) => id).filter((id) => !killers.has(id) && !WITHOUT_MUTANT.includes(id));
}

/** Checks whose need no document among the peers declares. */
function unprovedChecks(endpoints: readonly Endpoint[], { contract }: SelftestOptions): string[] {
  const declared = [
    ...endpoints,
    ...serverPeers.flatMap(({ channel, variant }) =>
      contractFor(contract, variant).endpoints.filter(({ name }) => name === channel),
    ),
  ];
  return serverChecks
    .map(({ id }) => requirements.find((one) => one.id === id))
    .flatMap((requirement) => {
      if (requirement === undefined || requirement.reserved === true) return [];
      const judged = declared.some((endpoint) => missingNeed(requirement, endpoint) === undefined);
      return judged ? [] : [requirement.id];
    });
}
