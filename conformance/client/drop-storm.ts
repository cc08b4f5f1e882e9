/** C-RC-11: however often the connection is dropped, the attempts stay under the envelope of the policy. */
import fc from "fast-check";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { Attempt, ClientCase, ClientCheck, ClientContext } from "./check.js";
import { forgetPast, meet } from "./meeting.js";
import { delayWindow } from "./reconnecting.js";
import { pongWitness } from "./witness.js";

/** How a connection is ended: each makes other parts of a client speak, and some make two of them. */
const WAYS = ["reset", "fin", "garbage and reset", "503", "refused", "half a response"] as const;
type Way = (typeof WAYS)[number];

/** So many drops make a script. */
const DROPS = 3;

/** Scripts drawn by chance: each has a client of its own. */
const RUNS = 4;

/** C-RC-11. */
export const dropStorm: ClientCheck = {
  id: "C-RC-11",
  shortestMs: (context) => watchMs(context),
  async run(context) {
    const scripts: readonly (readonly Way[])[] = [
      ["reset", "garbage and reset", "503"],
      ["fin", "refused", "half a response"],
    ];
    const property = await runProperty(context, {
      label: "drops",
      examples: context.mode === "attach" ? scripts.slice(0, 1) : scripts,
      ...(context.mode === "attach"
        ? {}
        : { arbitrary: fc.array(fc.constantFrom(...WAYS), { minLength: 1, maxLength: DROPS }) }),
      runs: Math.min(RUNS, context.runs),
      waits: true,
      script: (ways, scene: ClientCase) => drops(context, scene, ways),
    });
    return resultOf(property, { pass: `${DROPS} drops in a row led to no more attempts than declared` });
  },
};

/** The time (milliseconds, scaled) in which that many declared attempts come. */
function watchMs(context: Pick<ClientContext, "endpoint" | "scaled">, drops = DROPS): number {
  return Array.from({ length: drops }, (_, n) => delayWindow(context, n)?.maxMs ?? 0).reduce(
    (sum, ms) => sum + ms,
    0,
  );
}

async function drops(context: ClientContext, scene: ClientCase, ways: readonly Way[]): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  await forgetPast(context, scene);
  const startedAt = scene.now();
  met.peer.destroy();
  const resetsAtOpen = context.endpoint.reconnect?.resetAfterMs === 0;
  const until = startedAt + watchMs(context, ways.length) + context.graceMs() + context.quietMs();
  // The earliest moment at which the policy allows the next attempt.
  let earliest = startedAt;
  let count = 0;
  let n = 0;
  while (scene.now() < until) {
    const window = delayWindow(context, n);
    const attempt = await scene.attempt(until - scene.now());
    if (attempt === undefined) break;
    earliest += window?.minMs ?? Number.POSITIVE_INFINITY;
    count += 1;
    const tolerance = context.lowerToleranceMs(earliest - startedAt);
    if (attempt.atMs < earliest - tolerance) {
      const atMs = Math.round(attempt.atMs - startedAt);
      return {
        verdict: "fail",
        reason: "more attempts are made than the policy allows",
        expected:
          window === undefined
            ? `at most ${count - 1} attempts`
            : `at most ${count - 1} attempts in the first ${Math.round(earliest - startedAt)} ms after ${count} drops`,
        got: `attempt ${count} after ${atMs} ms`,
        mend: "Keep one timer for the next attempt, whatever events the end of one connection leads to (error, close and a timeout are one end).",
      };
    }
    const opened = await drop(context, scene, attempt, ways[count - 1] ?? "refused");
    n = opened && resetsAtOpen ? 0 : n + 1;
  }
  // Whether it comes back at all is said by another row.
  return count === 0 && delayWindow(context, 0) !== undefined
    ? { verdict: "blocked", by: "C-RC-01" }
    : { verdict: "pass" };
}

/** Ends one attempt; true when it was open before. */
async function drop(context: ClientContext, scene: ClientCase, attempt: Attempt, way: Way): Promise<boolean> {
  switch (way) {
    case "refused":
      attempt.reset();
      return false;
    case "503":
      await attempt.refuse(503);
      return false;
    case "half a response":
      await attempt.request;
      attempt.raw(new TextEncoder().encode("HTTP/1.1 101 Switching Pro"), "half a response");
      attempt.finish();
      return false;
    case "reset":
    case "fin":
    case "garbage and reset": {
      const peer = await attempt.accept();
      if (peer === undefined) return false;
      const { ok } = await pongWitness(context, scene, peer);
      if (way === "garbage and reset") {
        // A frame of a reserved opcode: the client fails the connection, and sees it reset as well.
        peer.oblige({ first: false, heartbeat: false, commands: false, control: false });
        peer.raw(new Uint8Array([0x83, 0x00]), "a frame of a reserved opcode");
      }
      if (way === "fin") peer.finish();
      else peer.destroy();
      return ok;
    }
  }
}
