/** Launch mode `spawn`: each client is a process of its own, told by its last argument and its environment where to connect. */
import type { Launcher, LaunchOptions, RunningClient } from "../launcher.js";
import { type Certificates, createCertificates } from "./certificates.js";
import { asSeen, type ClientProgram, startProgram, watchEnd } from "./client-process.js";
import { createCrowd, PROCESSES_AT_ONCE } from "./crowd.js";
import { UNSTEERED } from "./unsteered.js";

/** What {@link openSpawn} needs. */
export interface SpawnOptions extends ClientProgram {
  /** How many may live at once; default 32. */
  readonly atOnce?: number;
}

/** Starts the program once for each client. */
export function openSpawn(options: SpawnOptions): Launcher {
  const crowd = createCrowd(options.atOnce ?? PROCESSES_AT_ONCE);
  const certificates = createCertificates();
  return {
    mode: "spawn",
    reports: false,
    atOnce: crowd.most,
    capabilities: [],
    faults: [],
    start: (launch) => crowd.admit(launch.signal, () => startOne(options, launch, certificates)),
    async stop() {
      await crowd.stop();
      certificates.remove();
    },
  };
}

async function startOne(
  program: ClientProgram,
  launch: LaunchOptions,
  certificates: Certificates,
): Promise<RunningClient> {
  const group = await startProgram(program, {
    args: [launch.url],
    env: {
      WIREPROOF_URL: launch.url,
      WIREPROOF_CASE: launch.caseId,
      WIREPROOF_SEED: String(launch.seed),
      WIREPROOF_TIME_SCALE: String(launch.timeScale),
      ...(launch.origin === undefined ? {} : { WIREPROOF_ORIGIN: launch.origin }),
      ...(launch.ca === undefined ? {} : certificates.trust(launch.ca)),
    },
  });
  let gone: string | undefined;
  watchEnd(group, (how, words) => {
    gone = how;
    void words.then((text) => launch.note(`the client's process ${how}.${text}`));
  });
  return {
    ...UNSTEERED,
    get gone() {
      return gone;
    },
    process: asSeen(group),
    excuse: undefined,
    ended: group.gone,
    async stop() {
      await group.stop();
      return group.exit !== undefined;
    },
  };
}
