/** The checks of a server as tests of a user's own suite. */
import { describeRun, type TestFunctions } from "../describe.js";
import { serverChecks } from "./catalogue.js";
import { type CheckServerOptions, checkServer } from "./check-server.js";

/** What to judge, as for {@link checkServer}, and the title of the suite. */
export interface DescribeServerOptions extends CheckServerOptions {
  /** Default: the channel and the URL. */
  readonly title?: string;
}

/**
 * Registers the checks of a server in a suite: it is judged once, before the first test, and each test tells the verdict
 * of one check. Throws UsageError for selectors that match nothing.
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
  describeRun(
    {
      title: title ?? `${options.channel ?? options.contract.title} at ${options.url}`,
      role: "server",
      settings: judged,
      checks: options.checks ?? serverChecks,
      waitMs: options.waitMs ?? 0,
      judge: () => checkServer(judged),
    },
    functions,
  );
}
