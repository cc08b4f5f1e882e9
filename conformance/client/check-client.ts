/** Judges anybody's client: launches it towards the kit, runs the checks that its contract calls for, and reports what they found. */
import { once } from "node:events";
import { createServer } from "node:net";
import { worseOf } from "../canary.js";
import { conductRun, endpointOf, type RunSettings } from "../conduct.js";
import { withKnownGood } from "../config.js";
import { maskOf, NO_CONFIG } from "../credentials.js";
import type { Judge } from "../judge.js";
import type { Report, ReportedSetup, ReportedSubject } from "../report/report.js";
import { UsageError } from "../usage-error.js";
import { clientChecks } from "./catalogue.js";
import type { ClientCheck, LaunchMode } from "./check.js";
import { isWitnessed } from "./first-words.js";
import { type ClientSource, modeOf, openClients } from "./open-clients.js";
import { startProcessCanary } from "./process-canary.js";
import { clientRole } from "./role.js";
import { createClientRun, MAX_CLIENT_CASES } from "./run.js";
import { canDeliver } from "./witness.js";

/** What to check, and how. */
export interface CheckClientOptions extends RunSettings, ClientSource {
  /** Values of the address's parameters, for the URL that the client is given. */
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  /** Parameters of the query in that URL. */
  readonly query?: Readonly<Record<string, string>>;
  /** How long the client may take until it connects, start included (milliseconds); default 10 000, `attach` 300 000. */
  readonly waitMs?: number;
  /** `attach`: the port where clients are waited for; default: a free one. */
  readonly port?: number;
  /** `attach`: the name or address by which they reach it; default: the loop-back. */
  readonly host?: string;
  /** Default: every check that exists. */
  readonly checks?: readonly ClientCheck[];
}

const LOOP_BACK = "127.0.0.1";

/** Default of {@link CheckClientOptions.waitMs}: a process starts in seconds also beside thirty others, a person does not. */
const LAUNCH_MS = { person: 300_000, program: 10_000 } as const;

/** Judges a client. Throws UsageError for what the user must mend: channel, selectors, what cannot go together. */
export async function checkClient(options: CheckClientOptions): Promise<Report> {
  const { contract, config = NO_CONFIG, query } = options;
  const declared = endpointOf(contract, options.channel);
  const endpoint = withKnownGood(contract, declared, config);
  const mode = modeOf(options);
  if (mode !== "attach" && (options.port !== undefined || options.host !== undefined)) {
    throw new UsageError(
      `A port and a host say where clients are waited for that somebody else starts (--attach): the mode is "${mode}".`,
    );
  }
  return conductRun(options, {
    role: "client",
    endpoint,
    config,
    checks: options.checks ?? clientChecks,
    mask: maskOf(
      { config, ...(query === undefined ? {} : { query }), secrets: options.secrets ?? {} },
      declared,
    ),
    casesAtOnce: options.profile === "safe" ? undefined : MAX_CLIENT_CASES,
    async open({ version, ...shared }) {
      warmUp(shared.judge);
      // Clients that are processes share the machine's processors: how late one is that does nothing, all may be.
      const isProcess = mode !== "adapter" && mode !== "attach";
      const canary = isProcess ? await startProcessCanary() : undefined;
      const setting = {
        ...shared,
        ...(canary === undefined ? {} : { lag: worseOf(shared.lag, canary) }),
        launchMs: options.waitMs ?? (mode === "attach" ? LAUNCH_MS.person : LAUNCH_MS.program),
        ...(mode === "attach" ? { port: options.port ?? (await freePort()) } : {}),
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
        ...(query === undefined ? {} : { query }),
      };
      const opened = await openClients(options, setting).catch(async (error: unknown) => {
        await canary?.stop();
        throw error;
      });
      const { advertisedMs, askedScale, launcher, lever, timeScale, why } = opened;
      const run = createClientRun({
        ...setting,
        launcher,
        lever,
        timeScale,
        askedScale,
        ...(advertisedMs === undefined ? {} : { advertisedMs }),
      });
      return {
        run,
        role: clientRole(run, (ids, seed) => replayText(options, mode, ids, seed)),
        subject: subjectOf(options, mode, `ws://${options.host ?? LOOP_BACK}:${run.port}${run.resource({})}`),
        time: lever,
        timeNote: why.replace(/\.$/, ""),
        witness: `a pong to a ping${launcher.reports && canDeliver(run.judge) ? ", and an event that is delivered" : ""}`,
        witnessOwed: true,
        isWitnessed: () => isWitnessed(run),
        faults: () => launcher.faults,
        setup: setupOf(options, mode),
        async close() {
          await launcher.stop();
          await canary?.stop();
        },
      };
    },
  });
}

/** Compiles every schema now: the first pong of the kit must not be late for it. */
function warmUp({ commands, endpoint, events }: Judge): void {
  for (const { name } of endpoint.commands) commands.validate(name, null);
  for (const { name } of endpoint.events) events.validate(name, null);
}

/** A port that nobody listens on now: whoever is told its URL is to find the kit there in every case. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOP_BACK);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function subjectOf({ command, page }: CheckClientOptions, mode: LaunchMode, url: string): ReportedSubject {
  return {
    role: "client",
    mode,
    ...(mode === "attach" ? { url } : {}),
    ...(command === undefined ? {} : { command }),
    ...(page === undefined ? {} : { page }),
  };
}

function setupOf(options: CheckClientOptions, mode: LaunchMode): ReportedSetup {
  const { command, host, page, parameters, port, query, time, timeScale, waitMs } = options;
  return {
    mode,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(command === undefined ? {} : { command }),
    ...(page === undefined ? {} : { browser: page }),
    ...(time === undefined ? {} : { time }),
    ...(timeScale === undefined ? {} : { timeScale }),
    ...(parameters === undefined ? {} : { param: parameters }),
    ...(query === undefined ? {} : { query }),
    ...(waitMs === undefined ? {} : { wait: waitMs / 1000 }),
  };
}

/** How a user of the function, who has no command line, repeats checks. */
function replayText(options: CheckClientOptions, mode: LaunchMode, ids: string, seed: number): string {
  const { channel, command = [], page, runs, time, timeScale } = options;
  return [
    "wireproof check client",
    ...(channel === undefined ? [] : [`--channel ${channel}`]),
    ...(mode === "driver" || mode === "attach" ? [`--${mode}`] : []),
    ...(page === undefined ? [] : [`--browser ${page}`]),
    ...(time === undefined ? [] : [`--time ${time}`]),
    ...(timeScale === undefined ? [] : [`--time-scale ${timeScale}`]),
    `--only ${ids} --seed ${seed}`,
    ...(runs === undefined ? [] : [`--runs ${runs}`]),
    ...(command.length === 0 ? [] : ["--", ...command]),
  ].join(" ");
}
