/** The checks of a run as tests of a user's own suite: one test for each check, and one for the run. */
import type { CheckOf } from "./check.js";
import type { RunSettings } from "./conduct.js";
import { belongsTo } from "./plan.js";
import { PROFILES } from "./profile.js";
import type { Outcome, Report } from "./report/report.js";
import { renderFailure } from "./report/text.js";
import { requirementOf } from "./requirements.js";
import type { RoleName } from "./role.js";
import { selectChecks } from "./selection.js";

/** The functions of a test framework that are needed: those of vitest fit as they are. */
export interface TestFunctions {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: (context: TestContext) => void): unknown;
  beforeAll(body: () => Promise<void>, timeoutMs?: number): unknown;
}

/** What a running test is given: a way to be skipped. */
export interface TestContext {
  skip(note?: string): void;
}

/** What comes before and after the run itself (milliseconds): starting the subject, closing connections. */
const AROUND_MS = 60_000;

/** A check that failed; its message is the report of it. */
export class ConformanceFailure extends Error {
  override readonly name = "ConformanceFailure";

  constructor(message: string) {
    super(message);
    // Where in the kit it was thrown helps nobody: the message says what the subject did.
    this.stack = `${this.name}: ${message}`;
  }
}

/** What is registered: a run that is yet to be judged. */
export interface Described<C> {
  readonly title: string;
  readonly role: RoleName;
  readonly settings: RunSettings;
  /** Every check that exists. */
  readonly checks: readonly CheckOf<C>[];
  /** How long the subject may take before the run begins (milliseconds). */
  readonly waitMs: number;
  judge(): Promise<Report>;
}

/**
 * Registers the checks in a suite: the subject is judged once, before the first test, and each test tells the verdict of one
 * check. A failure fails its test; what the baseline knows, and what came to no verdict, is skipped with its reason.
 * Throws UsageError for selectors that match nothing.
 */
export function describeRun<C>(described: Described<C>, functions: TestFunctions): void {
  const { role, settings, title, waitMs } = described;
  const profile = PROFILES[settings.profile ?? "ci"];
  const checks = selectChecks(described.checks, settings, role).filter((check) => belongsTo(check, profile));
  const { beforeAll, describe, it } = functions;
  describe(title, () => {
    let report: Report | undefined;
    beforeAll(
      async () => {
        report = await described.judge();
      },
      (settings.maxMs ?? profile.maxMs) + waitMs + AROUND_MS,
    );
    for (const { id } of checks) {
      it(`${id} ${requirementOf(id)?.title ?? ""}`.trimEnd(), (context) => {
        const outcome = report?.outcomes.find((one) => one.id === id);
        tell(outcome, settings.strict === true, context);
      });
    }
    it("enough was tested", () => {
      if (report === undefined) throw new ConformanceFailure(`the ${role} was not judged`);
      const { conclusion, exitCode, harnessFaults } = report;
      for (const { check, message } of harnessFaults) {
        throw new ConformanceFailure(`a fault of the kit in ${check}: ${message}`);
      }
      if (exitCode === 3) throw new ConformanceFailure(conclusion);
    });
  });
}

/** Passes, fails or skips a test, as its outcome says. */
function tell(outcome: Outcome | undefined, strict: boolean, context: TestContext): void {
  if (outcome === undefined) {
    context.skip("the run ended before it");
    return;
  }
  const { baseline, reason, verdict } = outcome;
  if (baseline?.state === "stale" || baseline?.state === "expired") {
    const what = baseline.state === "stale" ? "passes" : `expired on ${baseline.expires}`;
    throw new ConformanceFailure(`${outcome.id} is in the baseline and ${what}: correct its entry`);
  }
  const failed = verdict === "fail" || (strict && verdict === "warn");
  if (failed && baseline?.state === "known") {
    context.skip(`known: ${baseline.reason}`);
    return;
  }
  if (failed) throw new ConformanceFailure(`${reason}\n\n${renderFailure(outcome)}\n`);
  // Only a pass is green.
  if (verdict !== "pass") context.skip(`${verdict}: ${reason}`);
}
