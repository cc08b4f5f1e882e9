/**
 * Runs the checks of one run: the handshake first, then the others a few at a time, then those that judge what the others
 * saw. What a check returns is a verdict; what it throws is the doing of the subject, the clock, or the kit.
 */
import type { CheckOf, CheckResult } from "./check.js";
import { RunAborted, SubjectGone, SubjectRefused } from "./interruption.js";
import { HarnessFault } from "./judge.js";
import { type Decided, outcomeOf, type ReplayCommand } from "./outcome.js";
import { CHECKS_AT_ONCE, type Plan, planRun } from "./plan.js";
import { exitText, type ProcessExit } from "./process-group.js";
import type { HarnessFaultReport, Observation, Outcome } from "./report/report.js";
import { type Requirement, requirementOf } from "./requirements.js";
import type { FirstWords, Role } from "./role.js";
import type { SharedRun } from "./run.js";
import { within } from "./time.js";

/** What a run tells while it runs. */
export type Progress =
  /** Told once, before anything else: how long the run will take, roughly. */
  | { readonly kind: "planned"; readonly estimateMs: number; readonly total: number }
  | { readonly kind: "started"; readonly id: string; readonly done: number; readonly total: number }
  | { readonly kind: "finished"; readonly outcome: Outcome; readonly done: number; readonly total: number };

/** What an execution is told beside its run. */
export interface ExecutionOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** How a user repeats checks, for the report: gets their ids, with commas, and the seed. */
  readonly replayCommand?: ReplayCommand;
}

/** A first witness that takes longer is not waited for: those checks begin that would own its absence (milliseconds). */
const EARLY_MS = 1000;

/** So many checks are run also without a witness: whoever selects a few wants to know what becomes of them. */
const FEW = 6;

/** How many of the last lines of a dead subject's output are shown. */
const LAST_LINES = 12;

/** One execution of the selected checks of a role. */
export class Execution<C> {
  readonly harnessFaults: HarnessFaultReport[] = [];
  readonly #decided = new Map<string, Decided<C>>();
  readonly #inFlight = new Set<string>();
  #deathReported = false;
  #dead: { readonly reason: string; readonly got: string } | undefined;

  constructor(
    private readonly run: SharedRun,
    private readonly role: Role<C>,
    private readonly checks: readonly CheckOf<C>[],
    private readonly options: ExecutionOptions,
    private readonly controller: AbortController,
  ) {}

  /** Runs the gate, then those that wait beside the others, then those that must be alone, then those that judge them all. */
  async all(): Promise<void> {
    const gate = this.checks.find(({ id }) => id === this.role.gate);
    const plan = planRun(
      this.run,
      this.role,
      this.checks.filter((check) => check !== gate),
    );
    const { estimateMs } = plan;
    this.options.onProgress?.({ kind: "planned", estimateMs, total: this.checks.length });
    if (gate !== undefined) await this.#one(gate);
    else await this.role.reach();
    const active = [...plan.waiting, ...plan.brisk, ...plan.alone];
    const result = this.#decided.get(this.role.gate)?.result;
    if (result !== undefined && this.role.isShut(result)) {
      this.#block(
        [...active, ...plan.passive, ...plan.decided.map(({ check }) => check)],
        `blocked by ${this.role.gate}`,
      );
      return;
    }
    for (const { check, result } of plan.decided) this.#decide(check, result, 0);
    // The gate alone asks for one witness as well: a handshake shows that there is a subject, not that it works.
    const words = await this.#firstWords(active, active.length === 0 && plan.passive.length > 0);
    const { unreadable, missing } = words;
    if (unreadable !== undefined && plan.passive.some(({ id }) => id === unreadable)) {
      // Not one event can be read: every other row would wait in vain for one, each with all its patience.
      this.#block(active, `blocked by ${unreadable}`);
    } else if (missing !== undefined && active.length > FEW) {
      await this.#withoutWitness(active, missing);
    }
    await this.#allOf(plan);
  }

  /** What is still to be decided of a plan. */
  async #allOf(plan: Plan<C>): Promise<void> {
    const isOpen = ({ id }: CheckOf<C>): boolean => !this.#decided.has(id);
    const waiting = plan.waiting.filter(isOpen).map((check) => this.#one(check));
    await Promise.all([...waiting, this.#aFewAtATime(plan.brisk.filter(isOpen))]);
    for (const check of plan.alone.filter(isOpen)) await this.#one(check);
    const late = [...this.#decided.values()].filter(({ result }) => result.tooLate === true);
    // Those that only wait are no load for each other.
    const patient = late.filter(({ check }) => plan.waiting.includes(check));
    await Promise.all(patient.map((one) => this.#onceMore(one)));
    for (const one of late) if (!patient.includes(one)) await this.#onceMore(one);
    for (const check of plan.passive.filter(isOpen)) await this.#one(check);
  }

  async #aFewAtATime(checks: readonly CheckOf<C>[]): Promise<void> {
    const queue = [...checks];
    const worker = async (): Promise<void> => {
      for (let check = queue.shift(); check !== undefined; check = queue.shift()) await this.#one(check);
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, worker));
  }

  /** The first words; where they take their time, those checks are run meanwhile that would own the silence. */
  async #firstWords(active: readonly CheckOf<C>[], fully: boolean): Promise<FirstWords> {
    const words = this.role.firstWords(fully);
    const early = await within(words, EARLY_MS, this.run.signal);
    if (early !== undefined) return early;
    const owners = active.length > FEW ? this.role.ownersOfSilence(active) : [];
    const [found] = await Promise.all([words, this.#aFewAtATime(owners)]);
    return found;
  }

  /** Everything rests on the witness: whose fault it is that there is none is said once, and the others wait for nothing. */
  async #withoutWitness(active: readonly CheckOf<C>[], missing: string): Promise<void> {
    const isOpen = ({ id }: CheckOf<C>): boolean => !this.#decided.has(id);
    const owners = this.role.ownersOfSilence(active);
    await this.#aFewAtATime(owners.filter(isOpen));
    const cause = owners.find(({ id }) => this.#decided.get(id)?.result.verdict === "fail")?.id;
    const resting = await this.role.restingOnWitness(active.filter(isOpen), cause);
    this.#block(resting, cause === undefined ? missing : `blocked by ${cause}`);
  }

  /** A sample was lost in the lag of this machine: it is taken again when nothing else runs. */
  async #onceMore({ check, result }: Decided<C>): Promise<void> {
    if (this.run.signal.aborted) return;
    this.run.retried(`${check.id}: ${result.reason}`);
    await this.#one(check);
  }

  #block(checks: readonly CheckOf<C>[], reason: string): void {
    for (const check of checks) {
      const known = this.role.withoutTrying(this.#requirementOf(check));
      this.#decide(check, known ?? { verdict: "untestable", reason, cases: 0 }, 0);
    }
  }

  outcomes(): readonly Outcome[] {
    const outcomes = this.checks.flatMap((check) => {
      const decided = this.#decided.get(check.id);
      return decided === undefined ? [] : [this.#outcome(decided)];
    });
    return this.role.blockOutcomes(outcomes);
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

  async #one(check: CheckOf<C>): Promise<void> {
    const total = this.checks.length;
    this.options.onProgress?.({ kind: "started", id: check.id, done: this.#decided.size, total });
    const start = this.run.clock();
    const known = this.role.withoutTrying(this.#requirementOf(check));
    this.#inFlight.add(check.id);
    const result = known ?? (await this.#attempt(check));
    this.#inFlight.delete(check.id);
    this.#decide(check, result, this.run.clock() - start);
  }

  #decide(check: CheckOf<C>, result: CheckResult, ms: number): void {
    const decided = { requirement: this.#requirementOf(check), check, result, ms };
    this.#decided.set(check.id, decided);
    const outcome = this.#outcome(decided);
    const done = this.#decided.size;
    this.options.onProgress?.({ kind: "finished", outcome, done, total: this.checks.length });
  }

  /** What a check returns is a verdict; what it throws is somebody else's doing. */
  async #attempt(check: CheckOf<C>): Promise<CheckResult> {
    if (this.run.signal.aborted) return this.#aborted(check);
    const context = this.role.context(check.id);
    for (let turn = 1; ; turn += 1) {
      try {
        return await check.run(context);
      } catch (error) {
        if (error instanceof RunAborted || this.run.signal.aborted) return this.#aborted(check);
        if (error instanceof SubjectGone || error instanceof SubjectRefused) {
          // One that is dying may refuse for a moment before it is gone: who is asked again tells the two apart.
          const gone = await this.role.gone(error.message, check.id === this.role.gate);
          if (gone !== undefined) {
            this.#declareDead(`${gone} while ${this.#running()} ran`, `no connection: ${error.message}`);
            return this.#aborted(check);
          }
          if (turn === 1) {
            this.run.retried(`${check.id}: ${error.message}`);
            continue;
          }
          return { verdict: "inconclusive", reason: error.message, cases: 0 };
        }
        const isUsage = error instanceof Error && error.name === "UsageError";
        if (isUsage && this.role.throwsUsage && check.id === this.role.gate) throw error;
        const message = error instanceof Error ? error.message : String(error);
        this.harnessFaults.push({ check: check.id, message });
        // What the user must mend, as a command of his that gives no more credentials, would fail every check alike.
        if (isUsage) this.controller.abort(error);
        return { verdict: "inconclusive", reason: `fault of the kit: ${message}`, cases: 0 };
      }
    }
  }

  /** The process that the kit started is gone: nobody need wait to find out. */
  processDied(exit: ProcessExit, output: readonly string[]): void {
    const wrote = output.slice(-LAST_LINES).join("\n");
    this.#declareDead(
      `the ${this.role.name}'s process ${exitText(exit)} while ${this.#running()} ran`,
      wrote === "" ? "it wrote nothing" : `it wrote last:\n${wrote}`,
    );
  }

  #running(): string {
    return this.#inFlight.size === 0 ? "nothing" : [...this.#inFlight].join(", ");
  }

  #declareDead(reason: string, got: string): void {
    const live = [...this.run.live].slice(0, 6).join("; ");
    this.#dead ??= { reason, got: live === "" ? got : `${got} (cases at that moment: ${live})` };
    this.controller.abort(new Error(this.#dead.reason));
  }

  /** The first to notice speaks for all that were running: a root cause is reported once. */
  #deadResult(dead: { readonly reason: string; readonly got: string }): CheckResult {
    if (this.#deathReported) return { verdict: "untestable", reason: dead.reason, cases: 0 };
    this.#deathReported = true;
    return {
      verdict: "fail",
      reason: dead.reason,
      expected: this.role.death.expected,
      got: dead.got,
      mend: this.role.death.mend,
      cases: 1,
    };
  }

  #aborted(check: CheckOf<C>): CheckResult {
    if (this.#dead !== undefined) return this.#deadResult(this.#dead);
    const { reason } = this.run.signal;
    const why = reason instanceof Error ? reason.message : "the run was stopped";
    const started = this.#inFlight.has(check.id) ? "" : "not started: ";
    return { verdict: "inconclusive", reason: `${started}${why}`, cases: 0 };
  }

  #outcome(decided: Decided<C>): Outcome {
    return outcomeOf(this.run, decided, this.options.replayCommand ?? this.role.replayCommand);
  }

  #requirementOf({ id }: CheckOf<C>): Requirement {
    const requirement = requirementOf(id);
    if (requirement === undefined) throw new HarnessFault(`The check ${id} has no requirement.`);
    return requirement;
  }
}
