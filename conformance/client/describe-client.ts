/** The checks of a client as tests of a user's own suite. */
import { describeRun, type TestFunctions } from "../describe.js";
import { clientChecks } from "./catalogue.js";
import { type CheckClientOptions, checkClient } from "./check-client.js";

/** What to judge, as for {@link checkClient}, and the title of the suite. */
export interface DescribeClientOptions extends CheckClientOptions {
  /** Default: the channel, and how the client is launched. */
  readonly title?: string;
}

/**
 * Registers the checks of a client in a suite: it is judged once, before the first test, and each test tells the verdict
 * of one check. Throws UsageError for selectors that match nothing.
 *
 * ```ts
 * import { beforeAll, describe, it } from "vitest";
 * import { readContract } from "wireproof";
 * import { describeClient } from "wireproof/conformance";
 *
 * describeClient({ contract, channel: "chat", command: ["node", "client.js"] }, { beforeAll, describe, it });
 * ```
 */
export function describeClient(options: DescribeClientOptions, functions: TestFunctions): void {
  const { title, ...judged } = options;
  const what = options.command?.join(" ") ?? options.page ?? "a client";
  describeRun(
    {
      title: title ?? `${what} on ${options.channel ?? options.contract.title}`,
      role: "client",
      settings: judged,
      checks: options.checks ?? clientChecks,
      waitMs: options.waitMs ?? 0,
      judge: () => checkClient(judged),
    },
    functions,
  );
}
