/** C-HS-07: there is never a second connection to the server while one is connecting or open. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { Attempt, ClientCase, ClientCheck, ClientContext } from "./check.js";
import { meet } from "./meeting.js";
import { firstDelay, nextAttempt } from "./reconnecting.js";
import { pongWitness } from "./witness.js";

/** `first`: the first handshake is held back; `again`: the one after a reset. */
type Held = "first" | "again";

/** Longest that a handshake is held back (milliseconds): declared delays above it are not waited for. */
const MAX_HELD_MS = 8000;

/** An attempt whose end and the next one's beginning are closer than this may have crossed on their way (milliseconds). */
const CROSSING_MS = 100;

/** C-HS-07. */
export const oneAtATime: ClientCheck = {
  id: "C-HS-07",
  safe: true,
  smoke: true,
  shortestMs: (context) => 2 * heldMs(context),
  async run(context) {
    const again = firstDelay(context) !== undefined && context.mode !== "attach";
    const property = await runProperty<Held, ClientCase>(context, {
      label: "held back",
      examples: again ? ["first", "again"] : ["first"],
      waits: true,
      script: (held, scene) => hold(context, scene, held),
    });
    return resultOf(property, {
      pass: "while a handshake was held back, and while its connection was open, no other one was begun",
    });
  },
};

/** Long enough for a client that does not count its own attempts to begin another, short enough to be borne. */
function heldMs(context: ClientContext): number {
  const { endpoint, scaled } = context;
  const window = firstDelay(context);
  const wanted = window === undefined ? 0 : 2 * window.maxMs;
  const borne = 0.6 * scaled(endpoint.reconnect?.connectTimeoutMs ?? 10_000);
  return Math.min(MAX_HELD_MS, Math.max(context.quietMs(), wanted), Math.max(borne, 100));
}

async function hold(context: ClientContext, scene: ClientCase, held: Held): Promise<CaseOutcome> {
  let attempt: Attempt | undefined;
  if (held === "first") {
    await scene.launch();
    attempt = await scene.attempt(context.launchMs);
  } else {
    const met = await meet(context, scene);
    if ("missing" in met) return met.missing;
    met.peer.destroy();
    const window = firstDelay(context);
    const arrival = window && (await nextAttempt(context, scene, window, scene.now()));
    if (arrival === undefined || arrival.kind === "none") return { verdict: "blocked", by: "C-RC-01" };
    attempt = arrival.attempt;
  }
  const request = await attempt?.request;
  if (attempt === undefined || request === undefined) {
    return { verdict: "untestable", reason: "no witness: the client made no request" };
  }
  await scene.wait(heldMs(context));
  const whileConnecting = await overlapOf(context, scene, "connecting");
  if (whileConnecting !== undefined) return whileConnecting;
  const peer = attempt.tcpEnd === undefined ? await attempt.accept() : undefined;
  if (peer === undefined) {
    return { verdict: "inconclusive", reason: "the client gave up before its handshake was answered" };
  }
  const witness = await pongWitness(context, scene, peer);
  if (!witness.ok) {
    return { verdict: "untestable", reason: `no witness: expected ${witness.expected}; got ${witness.got}` };
  }
  await scene.wait(heldMs(context));
  return (await overlapOf(context, scene, "open")) ?? { verdict: "pass" };
}

/** A connection that was begun while another one was there. */
async function overlapOf(
  context: ClientContext,
  scene: ClientCase,
  state: "connecting" | "open",
): Promise<CaseOutcome | undefined> {
  const slack = CROSSING_MS + context.lagMs();
  // An end that is on its way arrives meanwhile.
  if (scene.attempts.length > 1) await scene.wait(slack);
  for (const [index, later] of scene.attempts.entries()) {
    const earlier = scene.attempts
      .slice(0, index)
      .find(({ tcpEnd }) => tcpEnd === undefined || tcpEnd.atMs > later.atMs + slack);
    if (earlier === undefined) continue;
    return {
      verdict: "fail",
      reason: `a second connection was begun while one was ${state}`,
      expected: "no second connection before the first has ended",
      got: `connection ${later.id} at ${Math.round(later.atMs)} ms, while connection ${earlier.id} was ${state}`,
      mend: "Keep one socket: begin no attempt, by no timer and no call, before the one before has opened and ended, or failed.",
    };
  }
  return undefined;
}
