/**
 * What the cases of one run share, whoever is judged: the judge, the seed, the patience, what has been seen; for servers
 * their address as well. One object a run; it owns no socket.
 */
import type { Endpoint } from "../src/contract/contract.js";
import type { Coverage, RecordedViolation, RunRecord, SubjectConfig, SubjectProcess } from "./check.js";
import { type Authorize, NO_CONFIG } from "./credentials.js";
import { HarnessFault, type Judge } from "./judge.js";
import type { Pacer } from "./pacer.js";
import { PROFILES, type Profile } from "./profile.js";
import { type Random, seededRandom } from "./random.js";
import { createMask, type Mask } from "./report/mask.js";
import type { ReplayRecord } from "./report/report.js";
import type { CaseSelector } from "./selection.js";
import type { Subject } from "./server/subject.js";
import { answerBound, type Clock, type LagWatch } from "./time.js";
import { chooseWitness, type Witness } from "./witness.js";

/** How many cases live at once, where nobody says otherwise. */
const MAX_CASES = 16;

/** Shortest and longest time that a negative is watched (milliseconds), as a multiple of the slowest answers. */
const QUIET = { leastMs: 300, mostMs: 2000, factor: 5 } as const;

/** Answers remembered to know the slowest, and the share of them that are no outliers: the first are cold. */
const ANSWERS = { remembered: 200, typical: 0.9 } as const;

/** Violations of one check that are kept with their transcripts; the others are only counted. */
const KEPT_VIOLATIONS = 8;

/** What every run needs, whoever is judged. */
export interface SharedOptions {
  readonly judge: Judge;
  readonly seed: number;
  readonly runs: number;
  readonly timeScale: number;
  /** T, when the user sets it (milliseconds, not scaled). */
  readonly patienceMs?: number;
  readonly clock: Clock;
  readonly lag: LagWatch;
  readonly signal: AbortSignal;
  /** A fresh lower-case UUID: what cases invent must be new on every run, also under one seed. */
  readonly newUuid: () => string;
  /** How many cases may live at once. */
  readonly maxCases?: number;
  /** Default `ci`. */
  readonly profile?: Profile;
  readonly config?: SubjectConfig;
  /** Which Autobahn cases the user selected; default all. */
  readonly selectsCase?: CaseSelector;
  /** Keeps secrets out of what is written down; default: there are none. */
  readonly mask?: Mask;
  /** Of these checks only one recorded case is played, by their ids. */
  readonly replay?: Readonly<Record<string, ReplayRecord>>;
}

/** What {@link createRun} needs. */
export interface RunOptions extends SharedOptions {
  readonly subject: Subject;
  readonly userAgent: string;
  /** Gives fresh credentials for each connection of the first identity. */
  readonly authorize?: Authorize;
  /** The subject's process, where the kit started it. */
  readonly process?: SubjectProcess;
  /** Slows down what the kit sends. */
  readonly pacer?: Pacer;
}

/** Notices of one check that are kept. */
const KEPT_NOTICES = 5;

/** What every run is to those who use it. */
export interface SharedRun extends SharedOptions {
  readonly profile: Profile;
  readonly config: SubjectConfig;
  readonly selectsCase: CaseSelector;
  readonly mask: Mask;
  readonly endpoint: Endpoint;
  readonly random: Random;
  /** T, scaled (milliseconds). */
  readonly answerMs: number;
  readonly record: MutableRecord;
  /** The cases that run at this moment: `S-FR-01: 125 bytes`. */
  readonly live: Set<string>;
  /** What the kit failed to give back: each is a harness fault. */
  readonly leaks: readonly string[];
  leaked(what: string): void;
  /** What was tried again, and why. */
  readonly retries: readonly string[];
  retried(why: string): void;
  /** How many cases can live at once: no more than there are addresses that they do not share. */
  readonly places: number;
  /** How long a negative is watched (milliseconds). */
  quietMs(): number;
  /** The subject took so long to answer. */
  answered(ms: number): void;
  /** Waits for a place to run a case in, and for an address that no other case uses. */
  lease(): Promise<Lease>;
}

/** One run against a server. */
export interface Run extends SharedRun, Omit<RunOptions, keyof SharedOptions | "process"> {
  readonly process: SubjectProcess | undefined;
  readonly witness: Witness | undefined;
}

/** A place to run a case in; give it back. */
export interface Lease {
  /** Values of the address's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  release(): void;
}

/** The record as its writers see it. */
export interface MutableRecord extends RunRecord {
  openedCase(): void;
  openedConnection(): void;
  judged(valid: boolean, names: readonly string[]): void;
  /** A passive check had something to judge, or noticed something that is no verdict. */
  passively(check: string, notice?: string): void;
  violated(violation: RecordedViolation): void;
  /** A connection has been through these. */
  visited(coverage: Coverage): void;
  /** How many violations were charged to a check, kept or not. */
  count(check: string): number;
}

/** Opens a run against a server. */
export function createRun(options: RunOptions): Run {
  const { judge, subject, timeScale } = options;
  const shared = createSharedRun(options, (most) => subject.addresses(most));
  return {
    ...options,
    ...shared,
    process: options.process,
    witness: chooseWitness(judge, { timeScale, answerMs: shared.answerMs }),
  };
}

/** Opens what a run shares. `addressesFor` gives the parameters of the address for so many cases that run at once. */
export function createSharedRun(
  options: SharedOptions,
  addressesFor: (most: number) => readonly Readonly<Record<string, string>>[],
): SharedRun {
  const { judge } = options;
  const { endpoint } = judge;
  const answers: number[] = [];
  const leaks: string[] = [];
  const retries: string[] = [];
  const maxCases = options.maxCases ?? MAX_CASES;
  const answerMs = options.patienceMs ?? answerBound(endpoint.protocol.answerMs, options.timeScale);
  const addresses = addressesFor(maxCases);
  const slots = createSlots(addresses, maxCases);
  return {
    ...options,
    profile: options.profile ?? PROFILES.ci,
    config: options.config ?? NO_CONFIG,
    selectsCase: options.selectsCase ?? (() => true),
    mask: options.mask ?? createMask(),
    endpoint,
    random: seededRandom(options.seed),
    answerMs,
    record: createRecord(),
    live: new Set(),
    leaks,
    leaked: (what) => {
      leaks.push(what);
    },
    retries,
    retried: (why) => {
      retries.push(why);
    },
    places: Math.min(addresses.length, maxCases),
    quietMs: () => Math.min(QUIET.mostMs, Math.max(QUIET.leastMs, QUIET.factor * slowAnswer(answers))),
    answered: (ms) => {
      // What the kit's own loop was late is not the subject's; beyond T it was no answer.
      const own = ms - options.lag.recent();
      if (own > answerMs) return;
      answers.push(own);
      if (answers.length > ANSWERS.remembered) answers.shift();
    },
    lease: slots.lease,
  };
}

function slowAnswer(answers: readonly number[]): number {
  const sorted = [...answers].sort((a, b) => a - b);
  return sorted[Math.ceil(ANSWERS.typical * sorted.length) - 1] ?? 0;
}

/** First come, first served; an address that was just given back is the last to be given out again. */
function createSlots(
  addresses: readonly Readonly<Record<string, string>>[],
  maxCases: number,
): { lease(): Promise<Lease> } {
  const free = [...addresses];
  const queue: ((lease: Lease) => void)[] = [];
  let live = 0;

  function serve(): void {
    while (live < maxCases && queue.length > 0) {
      const parameters = free.shift();
      if (parameters === undefined) return;
      live += 1;
      queue.shift()?.(lend(parameters));
    }
  }

  function lend(parameters: Readonly<Record<string, string>>): Lease {
    let held = true;
    return {
      parameters,
      release: () => {
        if (!held) throw new HarnessFault("A case gave its place back twice.");
        held = false;
        live -= 1;
        free.push(parameters);
        serve();
      },
    };
  }

  return {
    lease: () =>
      new Promise((resolve) => {
        queue.push(resolve);
        serve();
      }),
  };
}

function createRecord(): MutableRecord {
  const violations: RecordedViolation[] = [];
  const counts = new Map<string, number>();
  const coverage = {
    states: new Map<string, Set<string>>(),
    transitions: new Map<string, Set<number>>(),
  };
  let cases = 0;
  let connections = 0;
  const messageNames = new Set<string>();
  const judgements = new Map<string, number>();
  const notices = new Map<string, readonly string[]>();
  let messages = 0;
  let validMessages = 0;
  return {
    get cases() {
      return cases;
    },
    get connections() {
      return connections;
    },
    get messages() {
      return messages;
    },
    get validMessages() {
      return validMessages;
    },
    messageNames,
    judgements,
    notices,
    passively: (check, notice) => {
      if (notice === undefined) judgements.set(check, (judgements.get(check) ?? 0) + 1);
      else notices.set(check, [...new Set([...(notices.get(check) ?? []), notice])].slice(0, KEPT_NOTICES));
    },
    violations,
    coverage,
    visited: ({ states, transitions }) => {
      for (const [name, found] of states) add(coverage.states, name, found);
      for (const [name, found] of transitions) add(coverage.transitions, name, found);
    },
    openedCase: () => {
      cases += 1;
    },
    openedConnection: () => {
      connections += 1;
    },
    judged: (valid, names) => {
      messages += 1;
      for (const name of names) messageNames.add(name);
      if (valid) validMessages += 1;
    },
    violated: (violation) => {
      const count = (counts.get(violation.check) ?? 0) + 1;
      counts.set(violation.check, count);
      if (count <= KEPT_VIOLATIONS) violations.push(violation);
    },
    count: (check) => counts.get(check) ?? 0,
  };
}

function add<T>(to: Map<string, Set<T>>, name: string, found: ReadonlySet<T>): void {
  const known = to.get(name) ?? new Set<T>();
  to.set(name, known);
  for (const one of found) known.add(one);
}
