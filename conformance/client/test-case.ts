/** Cases of clients for tests: the kit's own case and run, and clients of this process in the place of launched ones. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Contract, Endpoint } from "../../src/contract/contract.js";
import type { CaseViolation } from "../check.js";
import { createJudge } from "../judge.js";
import { sampleContract, sampleEndpoint } from "../test-subject.js";
import { monotonic, watchLag } from "../time.js";
import { inClientCase } from "./case.js";
import type { ClientCase, ClientCaseOptions } from "./check.js";
import type { Launcher, LaunchOptions } from "./launcher.js";
import { createClientRun } from "./run.js";

/** Starts a client of this process; what comes back ends it. */
export type StartClient = (options: LaunchOptions) => () => void | Promise<void>;

/** What a test of a case may change. */
export interface PlayOptions extends ClientCaseOptions {
  readonly contract?: Contract;
  readonly endpoint?: Endpoint;
  readonly client?: StartClient;
  readonly check?: string;
  readonly timeScale?: number;
  readonly port?: number;
  readonly launchMs?: number;
  readonly advertisedMs?: number;
}

/** What is left of a case when it is over. */
export interface Played<T> {
  readonly value: T;
  readonly violations: readonly CaseViolation[];
  readonly transcript: ClientCase["transcript"];
  readonly run: ReturnType<typeof createClientRun>;
}

/** A launcher of clients that a function starts; they tell nothing. */
function launcherOf(client: StartClient): Launcher {
  return {
    mode: "spawn",
    reports: false,
    atOnce: 32,
    capabilities: [],
    faults: [],
    async start(options) {
      const end = client(options);
      let stopped: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        stopped = resolve;
      });
      return {
        reports: false,
        told: [],
        gone: undefined,
        excuse: undefined,
        process: undefined,
        ended,
        send: () => 0,
        close: () => undefined,
        next: async () => undefined,
        async stop() {
          await end();
          stopped();
          return true;
        },
      };
    },
    stop: async () => undefined,
  };
}

/** Plays one case, and expects that it leaves nothing behind. */
export async function playCase<T>(
  script: (scene: ClientCase) => Promise<T>,
  options: PlayOptions = {},
): Promise<Played<T>> {
  const {
    advertisedMs,
    endpoint = sampleEndpoint,
    client = () => () => undefined,
    port,
    timeScale = 1,
  } = options;
  const lag = watchLag();
  const run = createClientRun({
    judge: createJudge(options.contract ?? sampleContract(endpoint), endpoint),
    launcher: launcherOf(client),
    lever: "option",
    askedScale: timeScale,
    launchMs: options.launchMs ?? 5000,
    seed: 1,
    runs: 10,
    timeScale,
    clock: monotonic,
    lag,
    signal: new AbortController().signal,
    newUuid: randomUUID,
    ...(port === undefined ? {} : { port }),
    ...(advertisedMs === undefined ? {} : { advertisedMs }),
  });
  try {
    let scene: ClientCase | undefined;
    const value = await inClientCase(
      run,
      options.check ?? "C-TEST",
      "a test",
      (opened) => {
        scene = opened;
        return script(opened);
      },
      options,
    );
    expect(run.leaks).toEqual([]);
    return { value, violations: scene?.violations ?? [], transcript: scene?.transcript ?? [], run };
  } finally {
    lag.stop();
  }
}

/** Ids of the rows that violations are charged to. */
export function charged(violations: readonly CaseViolation[]): string[] {
  return violations.map(({ check }) => check);
}
