/**
 * A process that is known to be good, beside the clients that a run launches: what a byte takes to it and back is what this
 * machine takes to give a process its turn. No client is to blame for that.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Canary } from "../canary.js";
import { type Clock, monotonic } from "../time.js";

/** It gives back what it reads, and ends with the kit. */
const ECHO =
  "process.stdin.on('data', (byte) => process.stdout.write(byte)).on('end', () => process.exit(0));";

/** How often it is asked, and how far back {@link Canary.recent} looks (milliseconds). */
const TIMES = { everyMs: 100, windowMs: 2000 } as const;

/** Starts it, and waits for its first answer: that one measures the start of a process alone. */
export async function startProcessCanary(clock: Clock = monotonic): Promise<Canary> {
  const child = spawn(process.execPath, ["-e", ECHO], { stdio: ["pipe", "pipe", "ignore"] });
  const samples: { readonly atMs: number; readonly ms: number }[] = [];
  let worst = 0;
  let sentAt: number | undefined;
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      isOver = true;
      resolve();
    };
    child.once("close", end);
    // Where no process can be started at all there is nothing to measure.
    child.once("error", end);
  });
  child.stdin.on("error", () => undefined);
  child.stdin.write(".");
  await Promise.race([once(child.stdout, "data"), ended]);
  child.stdout.on("data", () => {
    if (sentAt === undefined) return;
    const atMs = clock();
    const ms = atMs - sentAt;
    sentAt = undefined;
    worst = Math.max(worst, ms);
    samples.push({ atMs, ms });
    while ((samples[0]?.atMs ?? atMs) < atMs - TIMES.windowMs) samples.shift();
  });
  const timer = setInterval(() => {
    if (sentAt !== undefined || isOver) return;
    sentAt = clock();
    child.stdin.write(".");
  }, TIMES.everyMs);
  timer.unref();
  const underWay = (): number => (sentAt === undefined || isOver ? 0 : clock() - sentAt);
  return {
    recent() {
      const from = clock() - TIMES.windowMs;
      return Math.max(underWay(), ...samples.flatMap(({ atMs, ms }) => (atMs >= from ? [ms] : [])), 0);
    },
    worst: () => Math.max(worst, underWay()),
    async stop() {
      clearInterval(timer);
      child.kill("SIGKILL");
      await ended;
    },
  };
}
