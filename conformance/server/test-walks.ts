/** Walks on the sample contract, for tests: each on a connection and in a case of its own. */
import { randomUUID } from "node:crypto";
import { inCase } from "../case.js";
import type { Case } from "../check.js";
import { createContext } from "../context.js";
import type { Course } from "../course.js";
import { createJudge } from "../judge.js";
import { createRun } from "../run.js";
import {
  keepContract,
  type SampleFaults,
  sampleContract,
  sampleEndpoint,
  serveSample,
} from "../test-subject.js";
import { monotonic, watchLag } from "../time.js";
import { commandSource } from "./commands.js";
import { createSubject } from "./subject.js";
import { openWalk, type Walk } from "./walker.js";

/** A server that keeps the sample contract but for its faults, and walks on it. Whoever opens it closes it. */
export interface SampleWalks {
  walk<T>(script: (walk: Walk, scene: Case) => Promise<T>, course?: Course): Promise<T>;
  close(): Promise<void>;
}

/** Starts the server. */
export async function openSampleWalks(faults: SampleFaults = {}): Promise<SampleWalks> {
  const server = await serveSample(keepContract(faults));
  const lag = watchLag();
  const judge = createJudge(sampleContract(), sampleEndpoint);
  const run = createRun({
    judge,
    subject: createSubject({ url: server.url, endpoint: sampleEndpoint }),
    seed: 1,
    runs: 5,
    timeScale: 1,
    userAgent: "wireproof/test",
    clock: monotonic,
    lag,
    signal: new AbortController().signal,
    newUuid: randomUUID,
  });
  const context = createContext(run, "S-SM-01");
  return {
    walk: (script, course) =>
      inCase(run, "S-SM-01", "walk", async (scene) =>
        script(openWalk(context, scene, await scene.connect(), commandSource(judge, 1), course), scene),
      ),
    async close() {
      lag.stop();
      await server.close();
    },
  };
}
