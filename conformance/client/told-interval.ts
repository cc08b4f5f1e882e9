/** C-HB-07: an interval of the heartbeat that the server tells is taken on, and an absurd one is no flood. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { BEATS, judgeBeats } from "./beats.js";
import type { ClientCase, ClientCheck, ClientContext, Peer } from "./check.js";
import { tooLate, withoutWitness } from "./meeting.js";
import { leaving, sendPing } from "./signs-of-life.js";
import { wallOfTold } from "./socket-io/engine-times.js";
import { tellable } from "./time/advertise.js";
import { endText, pongWitness } from "./witness.js";

/** An interval as it is told (milliseconds of the client), and what is to come of it. */
interface Told {
  readonly intervalMs: number;
  readonly wanted: "adopted" | "no flood";
}

/** Intervals of the wall (milliseconds) of which the first two are told that the document takes: one alone might be the client's own. */
const SOON_MS = [300, 750, 1000, 2000, 5000, 15_000, 30_000] as const;

/** What no server can mean: a heart that stands still, or runs away. The last is more than a timer of many platforms holds. */
const ABSURD_MS = { ofClient: [0, -1, 1, 2 ** 31], ofServer: [0, -1] } as const;

/** What the open packet of Engine.IO says beside its interval (milliseconds of the wall). */
const ENGINE_TIMEOUT_MS = 700;

/** More beats, or attempts, than this in a second of the client's are a flood. */
const FLOOD_PER_S = 20;

/** A client that is not gone by then is watched for so much longer (milliseconds). */
const LATE_MS = 1000;

/** C-HB-07. */
export const toldInterval: ClientCheck = {
  id: "C-HB-07",
  shortestMs: (context) => BEATS * (SOON_MS[1] + timeoutOf(context)),
  async run(context) {
    const told = toldBy(context);
    if (!told.some(({ wanted }) => wanted === "adopted")) {
      return { verdict: "untestable", reason: "no interval that is short enough can be told", cases: 0 };
    }
    const property = await runProperty<Told, ClientCase>(context, {
      label: "told",
      examples: told,
      waits: true,
      show: ({ intervalMs, wanted }) => ({ intervalMs, wanted }),
      script: (one, scene) =>
        one.wanted === "adopted" ? adopts(context, scene, one) : bears(context, scene, one),
    });
    const given = (wanted: Told["wanted"]): string =>
      told.flatMap((one) => (one.wanted === wanted ? [Math.round(one.intervalMs)] : [])).join(", ");
    const absurd = given("no flood");
    return resultOf(property, {
      pass: `the client took on ${given("adopted")} ms${absurd === "" ? "" : `, and floods nobody for ${absurd}`}`,
    });
  },
};

/** How many milliseconds of the wall one that is told takes. */
function wallOf({ endpoint, lever, timeScale }: ClientContext): number {
  return wallOfTold({ lever, timeScale, isEngine: endpoint.heartbeat?.mode === "engine.io" });
}

function toldBy(context: ClientContext): readonly Told[] {
  const { contract, endpoint } = context;
  const soon = SOON_MS.map((ms) => Math.round(ms / wallOf(context)));
  const isEngine = endpoint.heartbeat?.mode === "engine.io";
  const absurd = endpoint.heartbeat?.initiator === "server" ? ABSURD_MS.ofServer : ABSURD_MS.ofClient;
  const adopted = (isEngine ? soon : tellable(contract, endpoint, soon)).slice(0, 2);
  const borne = isEngine ? [0] : tellable(contract, endpoint, absurd);
  return [
    ...adopted.map((intervalMs): Told => ({ intervalMs, wanted: "adopted" })),
    ...borne.map((intervalMs): Told => ({ intervalMs, wanted: "no flood" })),
  ];
}

/** How long a client believes in a silent server beyond the interval (milliseconds of the wall). */
function timeoutOf({ endpoint, scaled }: ClientContext): number {
  const { initiator, mode, timeoutMs = 0 } = endpoint.heartbeat ?? {};
  if (mode === "engine.io") return ENGINE_TIMEOUT_MS;
  return initiator === "server" ? scaled(timeoutMs) : 0;
}

/** Launches a client, takes its connection and tells it the interval; the kit beats no more by itself. */
async function tell(
  context: ClientContext,
  scene: ClientCase,
  { intervalMs }: Told,
): Promise<{ readonly peer: Peer } | { readonly missing: CaseOutcome }> {
  const { first } = context.endpoint.protocol;
  const { intervalMs: where, initiator } = context.endpoint.heartbeat ?? {};
  const obliging = { heartbeat: initiator === "client" };
  await scene.launch();
  if (typeof where !== "object") {
    const timeoutMs = ENGINE_TIMEOUT_MS / wallOf(context);
    const peer = await scene.connection({ engine: { intervalMs, timeoutMs }, obliging });
    const witness = await pongWitness(context, scene, peer);
    return witness.ok ? { peer } : { missing: withoutWitness(witness) };
  }
  const peer = await scene.connection({
    obliging: { ...obliging, ...(where.message === first?.message ? { first: false } : {}) },
  });
  const payload = peer.compose(where.message, new Map([[where.field, intervalMs]]));
  if (payload === undefined || !peer.allows(where.message, payload)) {
    const reason = `no "${where.message}" with an interval of ${Math.round(intervalMs)} ms can be said at first`;
    return { missing: { verdict: "untestable", reason } };
  }
  peer.event(where.message, payload);
  const witness = await pongWitness(context, scene, peer);
  return witness.ok ? { peer } : { missing: withoutWitness(witness) };
}

async function adopts(context: ClientContext, scene: ClientCase, told: Told): Promise<CaseOutcome> {
  const met = await tell(context, scene, told);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const intervalMs = told.intervalMs * wallOf(context);
  const mend = "Take the interval of the heartbeat from what the server says, on each connection anew.";
  if (context.endpoint.heartbeat?.initiator === "client") {
    const begin = { count: peer.beats.length, event: "when it was told" };
    const outcome = await judgeBeats(context, scene, peer, intervalMs, begin);
    return outcome.verdict === "fail" ? { ...outcome, mend } : outcome;
  }
  const boundMs = intervalMs + timeoutOf(context);
  const since = scene.now();
  if (!sendPing(context, scene, peer)) {
    return { verdict: "untestable", reason: "no payload of the server's ping can be made" };
  }
  const left = await leaving(scene, peer, since + boundMs + context.graceMs() + LATE_MS);
  const afterMs = left === undefined ? Number.POSITIVE_INFINITY : left.atMs - since;
  const failure = {
    verdict: "fail",
    expected: `a silent server is given up ${Math.round(boundMs)} ms after its last ping, as it told`,
    got:
      left === undefined
        ? `it is kept after ${Math.round(scene.now() - since)} ms`
        : `${endText(peer)} after ${Math.round(afterMs)} ms`,
    mend,
  } as const;
  // The ping was read some time after it was sent.
  if (afterMs < boundMs - context.lowerToleranceMs(boundMs)) {
    return { ...failure, reason: "the client gives a server up before the interval that it told is over" };
  }
  if (afterMs <= boundMs + context.graceMs()) return { verdict: "pass" };
  if (left !== undefined && !context.canTime(boundMs)) return tooLate(context);
  return { ...failure, reason: "the client does not take on the interval that the server tells", late: true };
}

async function bears(context: ClientContext, scene: ClientCase, told: Told): Promise<CaseOutcome> {
  if (context.endpoint.heartbeat?.mode === "engine.io") return comesAgain(context, scene, told);
  const met = await tell(context, scene, told);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const from = peer.beats.length;
  const since = scene.now();
  await scene.wait(watchMs(context));
  const beats = peer.beats.length - from;
  return (
    flooded(context, told, scene.now() - since, beats, "pings") ?? attemptsOf(context, scene, told, since)
  );
}

/** Under Engine.IO an absurd interval may end the session at once: then it is the attempts that must be no flood. */
async function comesAgain(context: ClientContext, scene: ClientCase, told: Told): Promise<CaseOutcome> {
  await scene.launch();
  const first = await scene.attempt(context.launchMs);
  if (first === undefined) return { verdict: "untestable", reason: "no witness: the client did not connect" };
  const engine = { intervalMs: told.intervalMs, timeoutMs: told.intervalMs };
  const since = scene.now();
  const accepted = [first.accept({ engine })];
  for (;;) {
    const next = await scene.attempt(since + watchMs(context) - scene.now());
    if (next === undefined) break;
    accepted.push(next.accept({ engine }));
  }
  const outcome = attemptsOf(context, scene, told, since);
  await Promise.all(accepted);
  return outcome;
}

function watchMs(context: ClientContext): number {
  return Math.max(1000, context.quietMs());
}

function attemptsOf(context: ClientContext, scene: ClientCase, told: Told, since: number): CaseOutcome {
  const attempts = scene.attempts.length - 1;
  return flooded(context, told, scene.now() - since, attempts, "attempts") ?? { verdict: "pass" };
}

function flooded(
  context: ClientContext,
  { intervalMs }: Told,
  ms: number,
  count: number,
  what: string,
): CaseOutcome | undefined {
  const most = Math.ceil((FLOOD_PER_S * ms) / 1000 / wallOf(context));
  if (count <= most) return undefined;
  return {
    verdict: "fail",
    reason: `an interval of ${intervalMs} ms became a flood of ${what}`,
    expected: `at most ${most} ${what} in ${Math.round(ms)} ms, whatever interval is told`,
    got: `${count} of them`,
    mend: "Hold what a server tells against a least interval, and let no timer run with 0, a negative number or one that it cannot hold.",
  };
}
