/** The checks of a server as tests of a user's own suite: one test for each check, and one for the run. */
import { belongsTo } from "../plan.js";
import { PROFILES } from "../profile.js";
import type { Outcome, Report } from "../report/report.js";
import { renderFailure } from "../report/text.js";
import { requirementOf } from "../requirements.js";
import { selectChecks } from "../selection.js";
import { serverChecks } from "./catalogue.js";
import { type CheckServerOptions, checkServer } from "./check-server.js";

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

/** What to judge, as for {@link checkServer}, and the title of the suite. */
export interface DescribeServerOptions extends CheckServerOptions {
  /** Default: the channel and the URL. */
  readonly title?: string;
}

/** What comes before and after the run itself (milliseconds): starting the server, closing connections. */
const AROUND_MS = 60_000;

/** A check that failed; its message is the report of it. */
export class ConformanceFailure extends Error {
  override readonly name = "ConformanceFailure";

  constructor(message: string) {
    super(message);
    // Where in the kit it was thrown helps nobody: the message says what the server did.
    this.stack = `${this.name}: ${message}`;
  }
}

/**
 * Registers the checks in a suite: the server is judged once, before the first test, and each test tells the verdict of one
 * check. A failure fails its test; what the baseline knows, and what came to no verdict, is skipped with its reason.
 * Throws UsageError for selectors that match nothing.
 *
 * ```ts
 * import { beforeAll, describe, it } from "vitest";
 * import { readContract } from "wireproof";
 * import { describeServer } from "wireproof/conformance";
 *
 * describeServer(
 *   { contract, channel: "chat", url: "ws://127.0.0.1:3000", command: ["node", "server.js"] },
 *   { beforeAll, describe, it },
 * );
 * ```
 */
export function describeServer(options: DescribeServerOptions, functions: TestFunctions): void {
  const { title, ...judged } = options;
  const profile = PROFILES[options.profile ?? "ci"];
  const checks = selectChecks(options.checks ?? serverChecks, options, "server").filter((check) =>
    belongsTo(check, profile),
  );
  const { beforeAll, describe, it } = functions;
  describe(title ?? `${options.channel ?? options.contract.title} at ${options.url}`, () => {
    let report: Report | undefined;
    beforeAll(
      async () => {
        report = await checkServer(judged);
      },
      (options.maxMs ?? profile.maxMs) + (options.waitMs ?? 0) + AROUND_MS,
    );
    for (const { id } of checks) {
      it(`${id} ${requirementOf(id)?.title ?? ""}`.trimEnd(), (context) => {
        const outcome = report?.outcomes.find((one) => one.id === id);
        tell(outcome, options.strict === true, context);
      });
    }
    it("enough was tested", () => {
      if (report === undefined) throw new ConformanceFailure("the server was not judged");
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
