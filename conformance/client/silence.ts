/** When a client gives a server up: C-HB-03 (no sign of life), C-HB-04 (a timely one), C-HB-05 (nothing gets through). */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, Peer } from "./check.js";
import { meet, tooLate, withoutWitness } from "./meeting.js";
import { answer, firstDelayMs, leaving, nextBeat, sendPing, silenceBound } from "./signs-of-life.js";
import { endText, pongWitness, unaskedEvent } from "./witness.js";

/** A client that is not gone by then is watched for so much longer (milliseconds): a late end is another fault than none. */
const LATE_MS = 1000;

/** A sign of life comes at this part of the bound, so often. */
const TIMELY = { share: 0.9, signs: 3 } as const;

/** One that was sent later than at this part of the bound says nothing. */
const UNTIMELY = 0.97;

/** What the kit does while it proves no life: nothing, or it sends events that are no pong. */
type Silence = "silent" | "events, but no pong";

/** What is given as a sign of life. */
type Sign = "the pong" | "another event";

/** C-HB-03. */
const silentServer: ClientCheck = {
  id: "C-HB-03",
  shortestMs: (context) => ownPingMs(context) + silenceBound(context) + firstDelayMs(context),
  async run(context) {
    const told = withoutInterval(context);
    if (told !== undefined) return told;
    const { heartbeat } = context.endpoint;
    const event = unaskedEvent(context.judge);
    const proves = heartbeat?.life === "any" || heartbeat?.initiator === "server";
    const property = await runProperty(context, {
      label: "without a sign of life",
      examples: [
        "silent",
        ...(event === undefined || proves ? [] : (["events, but no pong"] as const)),
      ] as const,
      waits: true,
      script: (silence: Silence, scene: ClientCase) => fallSilent(context, scene, silence),
    });
    return resultOf(property, {
      pass: `a server without a sign of life was left ${Math.round(silenceBound(context))} ms after the ping`,
    });
  },
};

/** C-HB-04. */
const timelySign: ClientCheck = {
  id: "C-HB-04",
  shortestMs: (context) => TIMELY.signs * (ownPingMs(context) + silenceBound(context)),
  async run(context) {
    const told = withoutInterval(context);
    if (told !== undefined) return told;
    const { heartbeat } = context.endpoint;
    const isAny = heartbeat?.life === "any" && heartbeat.initiator !== "server";
    const property = await runProperty(context, {
      label: "a timely sign of life",
      examples: ["the pong", ...(isAny ? (["another event"] as const) : [])] as const,
      waits: true,
      script: (sign: Sign, scene: ClientCase) => prove(context, scene, sign),
    });
    return resultOf(property, {
      pass: `a server that proved its life at ${TIMELY.share} of the bound, ${TIMELY.signs} times, was kept`,
    });
  },
};

/** C-HB-05. */
const blackHole: ClientCheck = {
  id: "C-HB-05",
  shortestMs: (context) => ownPingMs(context) + silenceBound(context) + firstDelayMs(context),
  async run(context) {
    const told = withoutInterval(context);
    if (told !== undefined) return told;
    const property = await runProperty(context, {
      label: "black hole",
      examples: ["nothing gets through"],
      waits: true,
      script: (_, scene: ClientCase) => swallow(context, scene),
    });
    return resultOf(property, {
      pass: "a new handshake came after the bound and the first delay, whatever became of the old socket",
    });
  },
};

/** The rows about silence. */
export const silences: readonly ClientCheck[] = [silentServer, timelySign, blackHole];

/** How long the first ping of the client takes. */
function ownPingMs({ endpoint, heartbeatMs = 0 }: ClientContext): number {
  return endpoint.heartbeat?.initiator === "server" ? 0 : heartbeatMs;
}

function withoutInterval({ heartbeatMs }: ClientContext) {
  if (heartbeatMs !== undefined) return undefined;
  const reason = "the interval is told by the server: C-HB-07 judges whether it is adopted";
  return { verdict: "untestable", reason, cases: 0 } as const;
}

async function fallSilent(context: ClientContext, scene: ClientCase, silence: Silence): Promise<CaseOutcome> {
  const met = await meet(context, scene, { obliging: { heartbeat: false } });
  if ("missing" in met) return met.missing;
  const { peer } = met;
  if (silence === "silent") peer.oblige({ commands: false });
  const beat = await nextBeat(context, scene, peer, 0);
  if ("missing" in beat) return beat.missing;
  const boundMs = silenceBound(context);
  const say = silence === "silent" ? undefined : chatter(context, scene, peer, boundMs / 4);
  const latest = beat.atMs + boundMs + context.graceMs();
  const left = await leaving(scene, peer, latest + firstDelayMs(context) + LATE_MS, say);
  const wrong = judgeLeaving(context, left, beat.atMs, boundMs, silence);
  if (wrong !== undefined) return wrong;
  const { reconnect } = context.endpoint;
  if (reconnect === undefined || reconnect.maxAttempts === 0) return { verdict: "pass" };
  const back = await scene.attempt(firstDelayMs(context) + context.graceMs() + LATE_MS);
  if (back !== undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "the client does not come back after it has given a server up",
    expected: "an attempt after the first delay",
    got: `none; ${endText(peer)}`,
    mend: "Reconnect after a connection that the heartbeat found dead: the close code that the client itself sent for it changes nothing.",
  };
}

/** Says an event now and then that is no pong. */
function chatter(
  { judge }: ClientContext,
  scene: ClientCase,
  peer: Peer,
  everyMs: number,
): (() => void) | undefined {
  const event = unaskedEvent(judge);
  if (event === undefined) return undefined;
  let next = scene.now();
  return () => {
    if (scene.now() < next || peer.end !== undefined) return;
    next = scene.now() + everyMs;
    if (peer.legality(event.name, event.payload) === "legal") peer.event(event.name, event.payload);
  };
}

/** What is wrong with when a client left, if anything is. */
function judgeLeaving(
  context: ClientContext,
  left: { readonly atMs: number; readonly how: "end" | "attempt" } | undefined,
  sinceMs: number,
  boundMs: number,
  silence: Silence | "nothing got through",
): CaseOutcome | undefined {
  const expected = `the connection dropped ${Math.round(boundMs)} ms after the ping${silence === "events, but no pong" ? ", whatever else came" : ""}`;
  const mend =
    silence === "events, but no pong"
      ? "Let only the pong prove life: a connection that carries events may be dead in the other direction."
      : "Start a timer with each ping, and drop the connection when it ends before the pong has come.";
  const fail = (reason: string, got: string) => ({ verdict: "fail", reason, expected, got, mend }) as const;
  if (left === undefined) return fail("the client keeps a server without a sign of life", "it was kept");
  const afterMs = left.atMs - sinceMs;
  const got = `${left.how === "end" ? "it ended" : "a new handshake came"} after ${Math.round(afterMs)} ms`;
  const early = boundMs - afterMs;
  if (early > context.lowerToleranceMs(boundMs)) {
    // The ping was read some time after it was sent.
    if (early <= context.lowerToleranceMs(boundMs) + context.lagMs()) return tooLate(context);
    return fail("the client gives a server up too soon", got);
  }
  const latest = boundMs + context.graceMs() + (left.how === "attempt" ? firstDelayMs(context) : 0);
  if (afterMs <= latest) return undefined;
  if (!context.canTime(boundMs)) return tooLate(context);
  return { ...fail("the client gives a silent server up too late", got), late: true };
}

async function prove(context: ClientContext, scene: ClientCase, sign: Sign): Promise<CaseOutcome> {
  const met = await meet(context, scene, { obliging: { heartbeat: false } });
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const { heartbeat } = context.endpoint;
  const boundMs = silenceBound(context);
  const event = unaskedEvent(context.judge);
  if (heartbeat?.initiator === "server" && !sendPing(context, scene, peer)) {
    return { verdict: "untestable", reason: "no payload of the server's ping can be made" };
  }
  let since = scene.now();
  let isUntimely = false;
  const gone = (count: number): CaseOutcome =>
    isUntimely || !context.canTime(boundMs) ? tooLate(context) : dropped(peer, sign, count);
  for (let count = 0; count < TIMELY.signs; count += 1) {
    const beat =
      heartbeat?.initiator === "server"
        ? { atMs: since, payload: undefined }
        : await nextBeat(context, scene, peer, count);
    if ("missing" in beat) return peer.end === undefined ? beat.missing : gone(count);
    const dueAt = beat.atMs + TIMELY.share * boundMs;
    const left = await leaving(scene, peer, dueAt);
    if (left !== undefined) return gone(count);
    isUntimely ||= scene.now() - beat.atMs > UNTIMELY * boundMs;
    since = scene.now();
    const said =
      heartbeat?.initiator === "server"
        ? sendPing(context, scene, peer)
        : sign === "the pong"
          ? answer(context, peer, beat)
          : sayEvent(peer, event);
    if (!said) return { verdict: "untestable", reason: `no payload of ${sign} can be made` };
  }
  // Past the bound of what was answered last, and before that of anything else.
  const left = await leaving(scene, peer, since + Math.min(0.5, 2 * (1 - TIMELY.share)) * boundMs);
  if (left !== undefined) return gone(TIMELY.signs);
  const witness = await pongWitness(context, scene, peer);
  if (witness.ok) return { verdict: "pass" };
  return peer.end === undefined ? withoutWitness(witness) : gone(TIMELY.signs);
}

function sayEvent(peer: Peer, event: ReturnType<typeof unaskedEvent>): boolean {
  if (event === undefined) return false;
  peer.event(event.name, event.payload);
  return true;
}

function dropped(peer: Peer, sign: Sign, count: number): CaseOutcome {
  return {
    verdict: "fail",
    reason: "the client gives up a server that proved its life in time",
    expected: `the connection kept: ${sign} came at ${TIMELY.share} of the bound`,
    got: `${endText(peer)} after ${count} such signs`,
    mend: "Wait for a sign of life as long as the document says, counted from the ping, and start anew when it comes.",
  };
}

async function swallow(context: ClientContext, scene: ClientCase): Promise<CaseOutcome> {
  const met = await meet(context, scene, { obliging: { heartbeat: false } });
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const beat = await nextBeat(context, scene, peer, 0);
  if ("missing" in beat) return beat.missing;
  peer.oblige({ first: false, heartbeat: false, control: false, commands: false });
  peer.pause();
  const boundMs = silenceBound(context) + firstDelayMs(context);
  const latest = beat.atMs + boundMs + context.graceMs();
  const next = await scene.attempt(latest + LATE_MS - scene.now());
  const expected = `a new handshake ${Math.round(boundMs)} ms after the ping: the bound and the first delay`;
  const mend =
    "Leave the old socket at once: take its handlers away, close or terminate it, and do not wait for its close event.";
  if (next === undefined) {
    return {
      verdict: "fail",
      reason: "the client waits for a socket through which nothing gets",
      expected,
      got: `none within ${Math.round(scene.now() - beat.atMs)} ms`,
      mend,
    };
  }
  // Too early is the business of the rows about the bound and about the first delay.
  if (next.atMs <= latest) return { verdict: "pass" };
  if (!context.canTime(boundMs)) return tooLate(context);
  return {
    verdict: "fail",
    reason: "the client waits for a socket through which nothing gets",
    expected,
    got: `one after ${Math.round(next.atMs - beat.atMs)} ms`,
    mend,
    late: true,
  };
}
