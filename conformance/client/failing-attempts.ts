/** In which ways the kit lets an attempt fail before it is a connection, and when it has. */
import type { CaseOutcome } from "../property.js";
import type { Attempt, ClientCase, ClientContext } from "./check.js";

/** The ways: a reset after TCP, another status, a 101 that is none, no answer at all. */
export type Failing = "refused" | "503" | "bad 101" | "no answer";

/** When an attempt ended (milliseconds of the case's clock), or whose rule it is that it did not. */
export type Ended = { readonly atMs: number } | { readonly outcome: CaseOutcome };

/** Lets an attempt fail, and waits until the client must know. */
export async function failAttempt(
  context: ClientContext,
  scene: ClientCase,
  attempt: Attempt,
  way: Failing,
): Promise<Ended> {
  switch (way) {
    case "refused":
      attempt.reset();
      return { atMs: scene.now() };
    // Stamped before it is written: the client may have it before we are told that it is.
    case "503": {
      const atMs = scene.now();
      await attempt.refuse(503);
      return { atMs };
    }
    case "bad 101": {
      const atMs = scene.now();
      await attempt.accept({ acceptKey: "bm90IHRoZSByaWdodCBrZXk=", obliging: false });
      const end = await attempt.ended(context.answerMs);
      return end === undefined ? { outcome: { verdict: "blocked", by: "C-HS-02" } } : { atMs };
    }
    case "no answer": {
      const { connectTimeoutMs = 0 } = context.endpoint.reconnect ?? {};
      const dueMs = attempt.atMs + context.scaled(connectTimeoutMs);
      // A library of Socket.IO leaves a request behind that it has given up: its end is not seen.
      if (context.endpoint.protocol.transport === "socket.io") return { atMs: dueMs - context.lagMs() };
      const latest = context.scaled(connectTimeoutMs) + context.graceMs() + context.answerMs;
      const end = await attempt.ended(latest);
      // Its delay runs from its own timeout: what it ends then reaches us later.
      // One that waits for ever has no connect timeout: a row of its own.
      if (end === undefined) return { outcome: { verdict: "blocked", by: "C-HS-06" } };
      // Its timer has run since before we saw the attempt, by as much as this machine is late.
      return { atMs: Math.min(end.atMs, dueMs) - context.lagMs() };
    }
  }
}
