/** C-SM-02: a client whose credentials are refused does what the table of close codes says, and starts no storm. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { meet } from "./meeting.js";
import { delayWindow, nextAttempt } from "./reconnecting.js";

/** How the kit refuses: by the status of the handshake, or by a close code that a server may send for it. */
type Refusal = { readonly status: number } | { readonly code: number; readonly retry: boolean };

/** Attempts that are refused one after another. */
const REFUSALS = 2;

/** C-SM-02. */
export const refusedCredentials: ClientCheck = {
  id: "C-SM-02",
  shortestMs: (context) => delayWindow(context, 0)?.maxMs ?? 0,
  async run(context) {
    if (context.endpoint.reconnect === undefined) {
      return {
        verdict: "not-applicable",
        reason: "the document declares no x-ws-reconnect: however often a client tries, it conforms",
        cases: 0,
      };
    }
    const property = await runProperty<Refusal, ClientCase>(context, {
      label: "refused credentials",
      examples: refusalsOf(context),
      waits: true,
      show: (refusal) => ({ ...refusal }),
      script: (refusal, scene) =>
        "code" in refusal
          ? closed(context, scene, refusal)
          : unauthorised(context, scene, refusal.status, scene.now()),
    });
    return resultOf(property, { pass: "it came back as the table says, and never faster than its policy" });
  },
};

function refusalsOf({ endpoint: { closeCodes = {} } }: ClientContext): readonly Refusal[] {
  const rows = Object.entries(closeCodes).flatMap(([code, { by, cause, retry }]) =>
    by !== "client" && (cause.includes("unauthorized") || cause.includes("forbidden"))
      ? [{ code: Number(code), retry }]
      : [],
  );
  return [{ status: 401 }, ...rows];
}

/** Whatever the status, it is an unclean end (PROTOCOL.md#reconnect-6). */
async function unauthorised(
  context: ClientContext,
  scene: ClientCase,
  status: number,
  startMs: number,
): Promise<CaseOutcome> {
  await scene.launch();
  const first = await scene.attempt(context.launchMs);
  if (first === undefined) {
    const ms = Math.round(scene.now() - startMs);
    return { verdict: "untestable", reason: `no witness: the client did not connect within ${ms} ms` };
  }
  let attempt = first;
  for (let turn = 0; turn < REFUSALS; turn += 1) {
    if ((await attempt.request) === undefined) {
      return { verdict: "inconclusive", reason: "the client gave its handshake up before it was refused" };
    }
    await attempt.refuse(status);
    const window = delayWindow(context, turn);
    if (window === undefined) return { verdict: "pass" };
    const arrival = await nextAttempt(context, scene, window, scene.now());
    if (arrival.kind === "none") return { verdict: "blocked", by: "C-HS-04" };
    if (arrival.kind === "early") return arrival.outcome;
    attempt = arrival.attempt;
  }
  return { verdict: "pass" };
}

async function closed(
  context: ClientContext,
  scene: ClientCase,
  { code, retry }: { readonly code: number; readonly retry: boolean },
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const window = delayWindow(context, 0);
  if (window === undefined) return { verdict: "inconclusive", reason: "the policy makes no attempt" };
  met.peer.close(code);
  const since = scene.now();
  if (retry) {
    const arrival = await nextAttempt(context, scene, window, since);
    if (arrival.kind === "none") return { verdict: "blocked", by: "C-RC-05" };
    return arrival.kind === "early" ? arrival.outcome : { verdict: "pass" };
  }
  const attempt = await scene.attempt(window.maxMs + context.graceMs());
  if (attempt === undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "the client came back after its credentials were refused",
    expected: `no attempt after a close with ${code}, which says that another would be refused as well`,
    got: `one after ${Math.round(attempt.atMs - since)} ms`,
    mend: "Stop at a close code that the table does not retry, and tell the application: new credentials are needed first.",
  };
}
