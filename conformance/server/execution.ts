/**
 * Runs the checks of one run: the handshake first, then the others a few at a time, then those that judge what the others
 * saw. What a check returns is a verdict; what it throws is the doing of the server, the clock, or the kit.
 */
import type { Check, CheckResult } from "../check.js";
import { createContext } from "../context.js";
import { canReach } from "../frames/dial.js";
import { RunAborted, SubjectGone, SubjectRefused } from "../interruption.js";
import { missingNeed } from "../needs.js";
import { exitText, type ProcessExit } from "../process-group.js";
import type { HarnessFaultReport, Observation, Outcome } from "../report/report.js";
import { requirementOf } from "../requirements.js";
import type { Run } from "../run.js";
import { delay, within } from "../time.js";
import { blockOutcomes, FREE, ownersOfSilence } from "./blocking.js";
import { type FirstWords, firstWords } from "./first-words.js";
import { type Decided, outcomeOf, type ReplayCommand } from "./outcome.js";
import { CHECKS_AT_ONCE, type Plan, planRun } from "./plan.js";
import { UsageError } from "./subject.js";

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

/** The row that comes first: without a handshake nothing else can be tried. */
const GATE = "S-HS-01";

/** A first witness that takes longer is not waited for: those checks begin that would own its absence (milliseconds). */
const EARLY_MS = 1000;

/** So many checks are run also without a witness: whoever selects a few wants to know what becomes of them. */
const FEW = 6;

/** How many of the last lines of a dead server's output are shown. */
const LAST_LINES = 12;

/** How long it may take to reach the server when the kit asks whether it is still there (milliseconds). */
const REACH_MS = 2000;

/** True for a row that frames alone decide. */
function needsNoWord(id: string): boolean {
  return FREE.test(id) && requirementOf(id)?.needs.includes("commands") !== true;
}

/** One execution of the selected checks. */
export class Execution {
  readonly harnessFaults: HarnessFaultReport[] = [];
  readonly #decided = new Map<string, Decided>();
  readonly #inFlight = new Set<string>();
  #deathReported = false;
  #dead: { readonly reason: string; readonly got: string } | undefined;

  constructor(
    private readonly run: Run,
    private readonly checks: readonly Check[],
    private readonly options: ExecutionOptions,
    private readonly controller: AbortController,
  ) {}

  /** Runs the gate, then those that wait beside the others, then those that must be alone, then those that judge them all. */
  async all(): Promise<void> {
    const gate = this.checks.find(({ id }) => id === GATE);
    const plan = planRun(
      this.run,
      this.checks.filter((check) => check !== gate),
    );
    const { estimateMs } = plan;
    this.options.onProgress?.({ kind: "planned", estimateMs, total: this.checks.length });
    if (gate !== undefined) await this.#one(gate);
    else await this.#reach();
    const active = [...plan.waiting, ...plan.brisk, ...plan.alone];
    if (this.#decided.get(GATE)?.result.verdict === "fail") {
      this.#block(
        [...active, ...plan.passive, ...plan.decided.map(({ check }) => check)],
        `blocked by ${GATE}`,
      );
      return;
    }
    for (const { check, result } of plan.decided) this.#decide(check, result, 0);
    // The gate alone asks for one witness as well: a handshake shows that there is a server, not that it works.
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
  async #allOf(plan: Plan): Promise<void> {
    const isOpen = ({ id }: Check): boolean => !this.#decided.has(id);
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

  async #aFewAtATime(checks: readonly Check[]): Promise<void> {
    const queue = [...checks];
    const worker = async (): Promise<void> => {
      for (let check = queue.shift(); check !== undefined; check = queue.shift()) await this.#one(check);
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, worker));
  }

  /** The first words; where they take their time, those checks are run meanwhile that would own the silence. */
  async #firstWords(active: readonly Check[], fully: boolean): Promise<FirstWords> {
    const words = firstWords(this.run, fully);
    const early = await within(words, EARLY_MS, this.run.signal);
    if (early !== undefined) return early;
    const owners = active.length > FEW ? ownersOfSilence(active, this.run.record) : [];
    const [found] = await Promise.all([words, this.#aFewAtATime(owners)]);
    return found;
  }

  /** Everything rests on the witness: whose fault it is that there is none is said once, and the others wait for nothing. */
  async #withoutWitness(active: readonly Check[], missing: string): Promise<void> {
    const isOpen = ({ id }: Check): boolean => !this.#decided.has(id);
    const owners = ownersOfSilence(active, this.run.record);
    await this.#aFewAtATime(owners.filter(isOpen));
    const cause = owners.find(({ id }) => this.#decided.get(id)?.result.verdict === "fail");
    if (cause !== undefined) this.#block(active.filter(isOpen), `blocked by ${cause.id}`);
    else if (this.run.record.events === 0) this.#block(active.filter(isOpen), missing);
    // One that speaks is asked once more; what needs no word of the contract can be judged all the same.
    else if ((await firstWords(this.run, false)).missing !== undefined) {
      this.#block(
        active.filter((check) => isOpen(check) && !needsNoWord(check.id)),
        missing,
      );
    }
  }

  /** A sample was lost in the lag of this machine: it is taken again when nothing else runs. */
  async #onceMore({ check, result }: Decided): Promise<void> {
    if (this.run.signal.aborted) return;
    this.run.retried(`${check.id}: ${result.reason}`);
    await this.#one(check);
  }

  #block(checks: readonly Check[], reason: string): void {
    for (const check of checks) {
      const requirement = requirementOf(check.id);
      const missing = requirement === undefined ? undefined : missingNeed(requirement, this.run.endpoint);
      const result: CheckResult =
        missing === undefined ? { verdict: "untestable", reason, cases: 0 } : notDeclared(missing);
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
    this.options.onProgress?.({ kind: "started", id: check.id, done: this.#decided.size, total });
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
    const outcome = this.#outcome(decided);
    const done = this.#decided.size;
    this.options.onProgress?.({ kind: "finished", outcome, done, total: this.checks.length });
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
            this.#declareDead(
              `the server stopped accepting connections while ${this.#running()} ran`,
              `no connection: ${error.message}`,
            );
            return this.#aborted(check);
          }
          if (turn === 1) {
            this.run.retried(`${check.id}: ${error.message}`);
            continue;
          }
          return { verdict: "inconclusive", reason: error.message, cases: 0 };
        }
        const message = error instanceof Error ? error.message : String(error);
        this.harnessFaults.push({ check: check.id, message });
        // What the user must mend, as a command of his that gives no more credentials, would fail every check alike.
        if (error instanceof Error && error.name === "UsageError") this.controller.abort(error);
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

  /** The process that the kit started is gone: nobody need wait to find out. */
  processDied(exit: ProcessExit, output: readonly string[]): void {
    const wrote = output.slice(-LAST_LINES).join("\n");
    this.#declareDead(
      `the server's process ${exitText(exit)} while ${this.#running()} ran`,
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
      expected: "the server goes on serving whatever a client sends",
      got: dead.got,
      mend: "Look into the server's log for the crash, then repeat with one of these checks alone (--only).",
      cases: 1,
    };
  }

  #aborted(check: Check): CheckResult {
    if (this.#dead !== undefined) return this.#deadResult(this.#dead);
    const { reason } = this.run.signal;
    const why = reason instanceof Error ? reason.message : "the run was stopped";
    const started = this.#inFlight.has(check.id) ? "" : "not started: ";
    return { verdict: "inconclusive", reason: `${started}${why}`, cases: 0 };
  }

  async #isReachable(): Promise<boolean> {
    for (let turn = 0; turn < 3; turn += 1) {
      if (turn > 0) await delay(200);
      if (await canReach(this.run.subject.target, REACH_MS)) return true;
    }
    return false;
  }

  #outcome(decided: Decided): Outcome {
    return outcomeOf(this.run, decided, this.options.replayCommand);
  }
}

function notDeclared(missing: string): CheckResult {
  return { verdict: "not-applicable", reason: `the document does not declare ${missing}`, cases: 0 };
}
