/**
 * Runs the checks of one run: the handshake first, then the others a few at a time, then those that judge what the others
 * saw. What a check returns is a verdict; what it throws is the doing of the server, the clock, or the kit.
 */
import { connect } from "node:net";
import type { Check, CheckResult } from "../check.js";
import { createContext } from "../context.js";
import { RunAborted, SubjectGone, SubjectRefused } from "../interruption.js";
import { missingNeed } from "../needs.js";
import type { HarnessFaultReport, Observation, Outcome } from "../report/report.js";
import { shortTranscript } from "../report/shorten.js";
import { type Requirement, requirementOf } from "../requirements.js";
import type { Run } from "../run.js";
import { delay } from "../time.js";
import { blockOutcomes } from "./blocking.js";
import { firstWords } from "./first-words.js";
import { UsageError } from "./subject.js";

/** What a run tells while it runs. */
export type Progress =
  | { readonly kind: "started"; readonly id: string; readonly done: number; readonly total: number }
  | { readonly kind: "finished"; readonly outcome: Outcome; readonly done: number; readonly total: number };

/** What an execution is told beside its run. */
export interface ExecutionOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** How a user repeats checks, for the report: gets their ids, with commas, and the seed. */
  readonly replayCommand?: (ids: string, seed: number) => string;
}

/** The row that comes first: without a handshake nothing else can be tried. */
const GATE = "S-HS-01";

/** How many checks run at once; their cases share the places of the run. */
const CHECKS_AT_ONCE = 4;

/** In so many cases a clock must have run out before it counts outside the cases of its own check. */
const CONFIRMED_LATE = 3;

interface Decided {
  readonly requirement: Requirement;
  readonly check: Check;
  readonly result: CheckResult;
  readonly ms: number;
}

/** One execution of the selected checks. */
export class Execution {
  readonly harnessFaults: HarnessFaultReport[] = [];
  readonly #decided = new Map<string, Decided>();
  readonly #inFlight = new Set<string>();
  #deathReported = false;
  #dead: string | undefined;
  #finished = 0;

  constructor(
    private readonly run: Run,
    private readonly checks: readonly Check[],
    private readonly options: ExecutionOptions,
    private readonly controller: AbortController,
  ) {}

  /** Runs the gate, then the others a few at a time, then those that judge what the others saw. */
  async all(): Promise<void> {
    const gate = this.checks.find(({ id }) => id === GATE);
    if (gate !== undefined) await this.#one(gate);
    else await this.#reach();
    const active = this.checks.filter((check) => check !== gate && check.passive !== true);
    const passive = this.checks.filter((check) => check !== gate && check.passive === true);
    if (this.#decided.get(GATE)?.result.verdict === "fail") {
      this.#block([...active, ...passive], GATE);
      return;
    }
    // The gate alone asks for one witness as well: a handshake shows that there is a server, not that it works.
    const unreadable = await firstWords(this.run, active.length === 0 && passive.length > 0);
    if (unreadable !== undefined && passive.some(({ id }) => id === unreadable)) {
      // Not one event can be read: every other row would wait in vain for one, each with all its patience.
      this.#block(active, unreadable);
      for (const check of passive) await this.#one(check);
      return;
    }
    const queue = [...active];
    const worker = async (): Promise<void> => {
      for (let check = queue.shift(); check !== undefined; check = queue.shift()) await this.#one(check);
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, worker));
    for (const check of passive) await this.#one(check);
  }

  #block(checks: readonly Check[], cause: string): void {
    for (const check of checks) {
      const requirement = requirementOf(check.id);
      const missing = requirement === undefined ? undefined : missingNeed(requirement, this.run.endpoint);
      const result: CheckResult =
        missing === undefined
          ? { verdict: "untestable", reason: `blocked by ${cause}`, cases: 0 }
          : notDeclared(missing);
      this.#decide(check, result, 0);
    }
  }

  outcomes(): readonly Outcome[] {
    const outcomes = this.checks.flatMap((check) => {
      const decided = this.#decided.get(check.id);
      return decided === undefined ? [] : [this.#outcome(decided)];
    });
    return blockOutcomes(outcomes, this.run.record);
  }

  /** Violations of rules whose check is not in this run. */
  observations(): readonly Observation[] {
    const seen = new Map<string, Observation>();
    const { record } = this.run;
    for (const violation of record.violations) {
      // A close in a case of nobody's is charged to nobody: the checks meet it again in their own cases.
      const owned = requirementOf(violation.check) !== undefined;
      if (!owned || this.#decided.has(violation.check) || seen.has(violation.check)) continue;
      seen.set(violation.check, {
        check: violation.check,
        count: record.count(violation.check),
        clause: violation.clause,
        expected: violation.expected,
        got: violation.got,
        during: `${violation.during}: ${violation.label}`,
      });
    }
    return [...seen.values()];
  }

  async #one(check: Check): Promise<void> {
    const requirement = requirementOf(check.id);
    const total = this.checks.length;
    if (requirement === undefined) throw new UsageError(`The check ${check.id} has no requirement.`);
    this.options.onProgress?.({ kind: "started", id: check.id, done: this.#finished, total });
    const start = this.run.clock();
    const missing = missingNeed(requirement, this.run.endpoint);
    this.#inFlight.add(check.id);
    const result = missing === undefined ? await this.#attempt(check) : notDeclared(missing);
    this.#inFlight.delete(check.id);
    this.#decide(check, result, this.run.clock() - start);
  }

  #decide(check: Check, result: CheckResult, ms: number): void {
    const requirement = requirementOf(check.id);
    if (requirement === undefined) throw new UsageError(`The check ${check.id} has no requirement.`);
    const decided = { requirement, check, result, ms };
    this.#decided.set(check.id, decided);
    this.#finished += 1;
    const outcome = this.#outcome(decided);
    this.options.onProgress?.({ kind: "finished", outcome, done: this.#finished, total: this.checks.length });
  }

  /** What a check returns is a verdict; what it throws is somebody else's doing. */
  async #attempt(check: Check): Promise<CheckResult> {
    if (this.run.signal.aborted) return this.#aborted(check);
    const context = createContext(this.run, check.id);
    for (let turn = 1; ; turn += 1) {
      try {
        return await check.run(context);
      } catch (error) {
        if (error instanceof RunAborted || this.run.signal.aborted) return this.#aborted(check);
        if (error instanceof SubjectGone || error instanceof SubjectRefused) {
          // A dying server may refuse for a moment before it is gone: who is asked again tells the two apart.
          if (!(await this.#isReachable())) {
            if (check.id === GATE) throw this.#unreachable(error.message);
            return this.#died(error.message);
          }
          if (turn === 1) continue;
          return { verdict: "inconclusive", reason: error.message, cases: 0 };
        }
        const message = error instanceof Error ? error.message : String(error);
        this.harnessFaults.push({ check: check.id, message });
        return { verdict: "inconclusive", reason: `fault of the kit: ${message}`, cases: 0 };
      }
    }
  }

  #unreachable(message: string): UsageError {
    return new UsageError(
      `Nothing answers at ${this.run.subject.url} (${message}). Start the server, or correct the URL.`,
    );
  }

  /** Without the gate nobody has said yet whether there is a server at all. */
  async #reach(): Promise<void> {
    if (!(await this.#isReachable())) throw this.#unreachable("no TCP connection");
  }

  /** The first to notice speaks for all that were running: a root cause is reported once. */
  #died(message: string): CheckResult {
    const first = !this.#deathReported;
    this.#deathReported = true;
    const live = [...this.run.live].slice(0, 6).join("; ");
    const during = [...this.#inFlight].join(", ");
    this.#dead ??= `the server stopped accepting connections while ${during} ran`;
    this.controller.abort(new Error(this.#dead));
    if (!first) return { verdict: "untestable", reason: this.#dead, cases: 0 };
    return {
      verdict: "fail",
      reason: this.#dead,
      expected: "the server goes on serving whatever a client sends",
      got: `no connection: ${message}${live === "" ? "" : ` (cases at that moment: ${live})`}`,
      mend: "Look into the server's log for the crash, then repeat with one of these checks alone (--only).",
      cases: 1,
    };
  }

  #aborted(check: Check): CheckResult {
    if (this.#dead !== undefined) return { verdict: "untestable", reason: this.#dead, cases: 0 };
    const { reason } = this.run.signal;
    const why = reason instanceof Error ? reason.message : "the run was stopped";
    const started = this.#inFlight.has(check.id) ? "" : "not started: ";
    return { verdict: "inconclusive", reason: `${started}${why}`, cases: 0 };
  }

  async #isReachable(): Promise<boolean> {
    const { host, port } = this.run.subject.target;
    for (let turn = 0; turn < 3; turn += 1) {
      if (turn > 0) await delay(200);
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect({ host, port });
        const done = (reached: boolean) => () => {
          clearTimeout(timer);
          socket.destroy();
          resolve(reached);
        };
        const timer = setTimeout(done(false), 2000);
        socket.once("connect", done(true));
        socket.once("error", done(false));
      });
      if (open) return true;
    }
    return false;
  }

  #outcome({ requirement, check, result, ms }: Decided): Outcome {
    const { seed } = this.run;
    const charged = this.#charged(check, result);
    const final = charged ?? result;
    const softened = final.verdict === "fail" && requirement.level === "SHOULD" ? "warn" : final.verdict;
    // What another check's case brought to light needs that check again.
    const again = charged?.during === undefined ? check.id : `${check.id},${charged.during}`;
    const command = (this.options.replayCommand ?? defaultReplay(this.run))(again, seed);
    const failing = softened === "fail" || softened === "warn";
    return {
      id: check.id,
      title: requirement.title,
      sentence: requirement.sentence,
      level: requirement.level,
      verdict: softened,
      reason: final.reason,
      clause: requirement.clause.text,
      clauseUrl: requirement.clause.url,
      ...(requirement.autobahn === undefined ? {} : { autobahn: requirement.autobahn }),
      cases: final.cases,
      ...(final.expected === undefined ? {} : { expected: final.expected }),
      ...(final.got === undefined ? {} : { got: final.got }),
      ...(final.mend === undefined ? {} : { mend: final.mend }),
      ...(final.counterexample === undefined ? {} : { counterexample: final.counterexample }),
      ...(failing || final.replay !== undefined
        ? { replay: { ...(final.replay ?? { seed }), command } }
        : {}),
      flaky: final.flaky ?? false,
      durationMs: Math.round(ms),
      ...(final.notes === undefined || final.notes.length === 0 ? {} : { notes: final.notes }),
      transcript: failing ? shortTranscript(final.transcript ?? []) : [],
    };
  }

  /** A violation that another check's case brought to light fails the check that owns the rule. */
  #charged(check: Check, result: CheckResult): (CheckResult & { readonly during?: string }) | undefined {
    if (result.verdict === "fail" || result.verdict === "not-applicable") return undefined;
    const { record } = this.run;
    // In its own cases an active check has seen the violation itself, confirmed or shrunk it.
    const charged = record.violations.filter(
      (one) => one.check === check.id && (check.passive === true || one.during !== check.id),
    );
    const hard = charged.filter(({ should }) => should !== true);
    const violation = hard.find(({ late }) => late !== true) ?? hard[0] ?? charged[0];
    if (violation === undefined) return undefined;
    const byCheck = requirementOf(violation.during) !== undefined;
    const where = byCheck ? `in a case of ${violation.during} (${violation.label})` : `in ${violation.label}`;
    const during = byCheck && violation.during !== check.id ? { during: violation.during } : {};
    // A clock that ran out once may have run out for want of a processor: it counts when it runs out again and again.
    if (violation.late === true && new Set(charged.map(({ label }) => label)).size < CONFIRMED_LATE) {
      if (result.verdict !== "pass") return undefined;
      return {
        verdict: "inconclusive",
        reason: `an answer was late ${where}, but not in ${CONFIRMED_LATE} cases: ${violation.got}`,
        cases: Math.max(result.cases, 1),
      };
    }
    const count = record.count(check.id);
    return {
      verdict: violation.should === true ? "warn" : "fail",
      reason: count === 1 ? `seen ${where}` : `seen ${count} times, first ${where}`,
      ...during,
      expected: violation.expected,
      got: violation.got,
      ...(violation.mend === undefined ? {} : { mend: violation.mend }),
      cases: Math.max(result.cases, 1),
      transcript: violation.transcript,
      ...(result.notes === undefined ? {} : { notes: result.notes }),
    };
  }
}

function notDeclared(missing: string): CheckResult {
  return { verdict: "not-applicable", reason: `the document does not declare ${missing}`, cases: 0 };
}

function defaultReplay(run: Run): (ids: string, seed: number) => string {
  return (ids, seed) => {
    const scale = run.timeScale === 1 ? "" : ` --time-scale ${run.timeScale}`;
    return `wireproof check server ${run.subject.url} --channel ${run.endpoint.name} --only ${ids} --seed ${seed} --runs ${run.runs}${scale}`;
  };
}
