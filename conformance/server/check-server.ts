/** Judges any server by its URL: runs the checks that its contract calls for, and reports what they found. */
import type { Check } from "../check.js";
import { conductRun, endpointOf, type RunSettings } from "../conduct.js";
import { withKnownGood } from "../config.js";
import { type Authorize, maskOf, secretsIn, separateCredentials } from "../credentials.js";
import { canReach, type Target } from "../frames/dial.js";
import { createPacer, safeRate } from "../pacer.js";
import type { Mask } from "../report/mask.js";
import type { Report } from "../report/report.js";
import { createRun } from "../run.js";
import { delay, monotonic } from "../time.js";
import { serverChecks } from "./catalogue.js";
import { type StartedSubject, startSubject } from "./process.js";
import { serverRole } from "./role.js";
import { createSubject, type SubjectOptions } from "./subject.js";

/** What to check, and how. */
export interface CheckServerOptions extends Omit<SubjectOptions, "endpoint">, RunSettings {
  /** Gives fresh credentials for each connection of the first identity. */
  readonly authorize?: Authorize;
  /** Program and arguments of the server: it is started first, and ended with all that it started. */
  readonly command?: readonly string[];
  /** How long the server may take until it listens (milliseconds); default 30 000 with a command, else 0. */
  readonly waitMs?: number;
  /** The server's process, where the kit started it: its end is noticed at once. Whoever started it stops it. */
  readonly subject?: StartedSubject;
  /** Default: every check that exists. */
  readonly checks?: readonly Check[];
}

/** Judges a server. Throws UsageError for what the user must mend: URL, channel, selectors, or no server at all. */
export async function checkServer(options: CheckServerOptions): Promise<Report> {
  const { command, timeScale, url, waitMs } = options;
  if (command === undefined || options.subject !== undefined) return judgeServer(options);
  const subject = await startSubject({
    argv: command,
    url,
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(timeScale === undefined ? {} : { timeScale }),
  });
  try {
    return await judgeServer({ ...options, subject });
  } finally {
    await subject.stop();
  }
}

async function judgeServer(options: CheckServerOptions): Promise<Report> {
  const { contract, profile = "ci", subject: process, waitMs, timeScale = 1 } = options;
  const declared = endpointOf(contract, options.channel);
  const settings = separateCredentials(declared, options, options.authorize !== undefined);
  const endpoint = withKnownGood(contract, declared, settings.config);
  const subject = createSubject({ ...options, ...settings, endpoint });
  const mask = maskOf(options, declared);
  const authorize = masking(options.authorize, mask);
  // A safe run never sends faster than the server need bear.
  const pacer =
    profile === "safe" ? createPacer(safeRate(endpoint.protocol, timeScale), monotonic) : undefined;
  return conductRun(options, {
    role: "server",
    endpoint,
    config: settings.config,
    checks: options.checks ?? serverChecks,
    mask,
    pacer,
    async open({ version, ...shared }) {
      if (waitMs !== undefined) await awaitListener(subject.target, waitMs, shared.signal);
      const run = createRun({
        ...shared,
        subject,
        timeScale,
        userAgent: `wireproof/${version}`,
        ...(pacer === undefined ? {} : { pacer }),
        ...(process === undefined ? {} : { process }),
        ...(authorize === undefined ? {} : { authorize }),
      });
      return {
        run,
        role: serverRole(run),
        subject: { role: "server", url: subject.url },
        time: timeScale === 1 ? "real" : "option",
        witness: run.witness?.what,
        witnessOwed: run.witness?.owed === true,
        isWitnessed: () => run.record.validMessages > 0,
        setup: {
          url: options.url,
          timeScale,
          ...(options.parameters === undefined ? {} : { param: options.parameters }),
          ...(options.subprotocols === undefined ? {} : { subprotocol: options.subprotocols }),
        },
        ...(process === undefined
          ? {}
          : {
              watch: (execution) => process.onDeath((exit) => execution.processDied(exit, process.output())),
            }),
        close: async () => undefined,
      };
    },
  });
}

/** Fresh credentials are secret before they are used. */
function masking(authorize: Authorize | undefined, mask: Mask): Authorize | undefined {
  if (authorize === undefined) return undefined;
  return async () => {
    const credentials = await authorize();
    for (const [name, value] of secretsIn(credentials)) mask.add(name, value);
    return credentials;
  };
}

/** How often a server that does not listen yet is asked for, and how long one attempt may take (milliseconds). */
const LOOK = { everyMs: 100, mostMs: 2000 } as const;

/** Waits until the server takes TCP connections, at most so long; whoever comes next says that it does not. */
async function awaitListener(target: Target, waitMs: number, signal: AbortSignal): Promise<void> {
  const deadline = monotonic() + waitMs;
  while (!signal.aborted && !(await canReach(target, LOOK.mostMs)) && monotonic() < deadline) {
    await delay(LOOK.everyMs, signal);
  }
}
