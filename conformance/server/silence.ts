/** S-HB-03, S-HB-04, S-HB-05: after which silence the server gives a client up, and what is a sign of life. */
import type { Exchange } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { endOf, fillingOf, runExchange } from "../exchange.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import {
  afterwards,
  beat,
  judgeClose,
  longestSilence,
  nextServerPing,
  nothingDeclared,
  type Patience,
  patienceOf,
  pingPatience,
  roundTripMs,
  saidAt,
  serverInterval,
  tooLate,
  waitUntil,
} from "./beats.js";
import { frameWitness, withoutWitness } from "./frame-witness.js";

/** How close to the bound a timely beat comes, and how many of them. */
const TIMELY = { share: 0.9, beats: 3 } as const;

/** Other traffic comes so many times in a bound. */
const TRAFFIC = 3;

/** A beat of ours that came so close to the bound, or later, came too late to be a sign of life (as a share of the bound). */
const NEARLY = 0.97;

/** How long beyond the latest close a connection is watched that is to stay open, as a share of the bound. */
const BEYOND = 0.3;

/** S-HB-03. */
export const silenceEnds: Check = {
  id: "S-HB-03",
  safe: true,
  shortestMs: (context) => (patienceOf(context)?.latestMs ?? 0) + firstPingMs(context),
  async run(context) {
    const patience = patienceOf(context);
    if (patience === undefined) return nothingDeclared();
    const property = await runProperty(context, {
      label: "silence",
      examples: ["silence"],
      waits: true,
      script: (_, scene) => silence(context, scene, patience),
    });
    return resultOf(property, {
      pass: `a silent client was given up after ${Math.round(patience.boundMs)} ms, within the grace`,
    });
  },
};

/** S-HB-04. */
export const timelyBeats: Check = {
  id: "S-HB-04",
  safe: true,
  shortestMs(context) {
    const patience = patienceOf(context);
    if (patience === undefined) return 0;
    return TIMELY.beats * (TIMELY.share * patience.boundMs + firstPingMs(context));
  },
  async run(context) {
    const patience = patienceOf(context);
    if (patience === undefined) return nothingDeclared();
    const property = await runProperty(context, {
      label: "timely",
      examples: ["timely"],
      waits: true,
      script: (_, scene) => timely(context, scene, patience),
    });
    return resultOf(property, {
      pass: `kept over ${TIMELY.beats} beats, each ${Math.round(TIMELY.share * patience.boundMs)} ms after the last sign of life${patience.initiator === "server" ? ", the way to the server and back included" : ""}`,
    });
  },
};

/** S-HB-05. */
export const signsOfLife: Check = {
  id: "S-HB-05",
  safe: true,
  shortestMs(context) {
    const patience = patienceOf(context);
    return patience === undefined ? 0 : patience.latestMs + BEYOND * patience.boundMs + firstPingMs(context);
  },
  async run(context) {
    const patience = patienceOf(context);
    if (patience === undefined) return nothingDeclared();
    const traffic = otherTraffic(context);
    const property = await runProperty(context, {
      label: "signs of life",
      examples: ["signs of life"],
      waits: true,
      script: (_, scene) => arms(context, scene, patience, traffic),
    });
    const life = patience.anyIsLife ? "any frame was a sign of life" : "only a beat was a sign of life";
    return resultOf(property, {
      pass: `${life}, as declared`,
      notes: traffic === undefined ? ["no exchange without beats: only ping frames were tried"] : [],
    });
  },
};

/** How long it takes until a server that pings has done so (milliseconds). */
function firstPingMs(context: CheckContext): number {
  const { initiator, intervalMs } = context.endpoint.heartbeat ?? {};
  return initiator === "server" && typeof intervalMs === "number" ? context.scaled(intervalMs) : 0;
}

async function silence(context: CheckContext, scene: Case, patience: Patience): Promise<CaseOutcome> {
  const tester = await scene.connect({ answerHeartbeat: false });
  const before = withoutWitness(context.witness, await frameWitness(context, tester, scene));
  if (before.verdict !== "pass") return before;
  const since = await lastSign(context, scene, tester, patience);
  if (typeof since !== "number") return since;
  await tester.ended(since + patience.latestMs + context.graceMs() - tester.now());
  const lost = tooLate(context, patience.boundMs);
  if (lost !== undefined) return lost;
  // What the kit had to hold back went on the wire later than it was said.
  const from = patience.initiator === "client" ? (saidAt(scene, tester).at(-1) ?? since) : since;
  return judgeClose(context, tester, patience, from) ?? afterwards(context, scene);
}

/** The moment from which the connection is silent: the last beat of the kit, or the server's first ping without an answer. */
async function lastSign(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  patience: Patience,
): Promise<number | CaseOutcome> {
  if (patience.initiator === "client") return beat(context, scene, tester);
  const intervalMs = (await serverInterval(context, tester)) ?? 0;
  const timeoutMs = pingPatience(context, intervalMs);
  const ping = await nextServerPing(context, scene, tester, { skip: 0, timeoutMs });
  return ping?.atMs ?? { verdict: "blocked", by: "S-HB-01" };
}

async function timely(context: CheckContext, scene: Case, patience: Patience): Promise<CaseOutcome> {
  const tester = await scene.connect({ answerHeartbeat: patience.initiator === "client", beats: false });
  // The server counts from when it wrote its ping until it reads the answer: the way there and back is its time as well.
  const roadMs = patience.initiator === "server" ? roundTripMs(scene, tester) : 0;
  const pauseMs = TIMELY.share * patience.boundMs - roadMs;
  if (pauseMs < patience.boundMs / 2) return tooFar(patience, roadMs);
  const kept = (turn: number): CaseOutcome | undefined => {
    if (tester.end === undefined) return undefined;
    return {
      verdict: "fail",
      expected: `open: beat ${turn} came ${Math.round(pauseMs)} ms after the last sign of life, and the bound is ${Math.round(patience.boundMs)} ms`,
      got: endOf(tester),
      mend: "Count from the last sign of life of each connection, and give it all of the declared time.",
      reason: "a live client was cut off",
    };
  };
  const intervalMs = patience.initiator === "server" ? ((await serverInterval(context, tester)) ?? 0) : 0;
  const opened = tester.now();
  let last = patience.initiator === "client" ? beat(context, scene, tester) : 0;
  for (let turn = 1; turn <= TIMELY.beats; turn += 1) {
    if (patience.initiator === "server") {
      const timeoutMs = pingPatience(context, intervalMs);
      const ping = await nextServerPing(context, scene, tester, { skip: turn - 1, timeoutMs });
      if (ping === undefined) return kept(turn) ?? { verdict: "blocked", by: "S-HB-01" };
      await waitUntil(tester, ping.atMs + pauseMs);
      const cut = kept(turn);
      if (cut !== undefined) return tooLate(context, patience.boundMs) ?? cut;
      if (tester.now() + roadMs - ping.atMs > NEARLY * patience.boundMs) return ownLag(context, patience);
      ping.answer();
      continue;
    }
    await waitUntil(tester, last + pauseMs);
    // What the kit itself was late with may have been too late.
    if (longestSilence(scene, tester, opened) > NEARLY * patience.boundMs) return ownLag(context, patience);
    const cut = kept(turn);
    if (cut !== undefined) return tooLate(context, patience.boundMs) ?? cut;
    last = beat(context, scene, tester);
  }
  // The witness may be a beat of the same name: the answer to the last one must not be taken for it.
  await tester.ended(context.quietMs());
  const after = await frameWitness(context, tester, scene);
  if (longestSilence(scene, tester, opened) > patience.boundMs && patience.initiator === "client")
    return ownLag(context, patience);
  const cut = kept(TIMELY.beats);
  if (cut !== undefined) return tooLate(context, patience.boundMs) ?? cut;
  return withoutWitness(context.witness, after);
}

function tooFar({ boundMs }: Patience, roadMs: number): CaseOutcome {
  return {
    verdict: "inconclusive",
    reason: `scale too small: the server is ${Math.round(roadMs)} ms away, and the bound is ${Math.round(boundMs)} ms; use a larger --time-scale`,
  };
}

function ownLag(context: CheckContext, patience: Patience): CaseOutcome {
  return (
    tooLate(context, patience.boundMs) ?? {
      verdict: "inconclusive",
      reason: "scale too small: this machine was too late with a beat of its own; use a larger --time-scale",
      tooLate: true,
    }
  );
}

/** What a client says that is no beat: an exchange that costs little. */
function otherTraffic({ endpoint }: CheckContext): Exchange | undefined {
  const beats = [endpoint.heartbeat?.ping, endpoint.heartbeat?.pong];
  const fitting = (endpoint.exchanges?.list ?? []).filter(
    ({ steps, tags }) =>
      !tags.includes("bulk") &&
      !tags.includes("long") &&
      steps.some((step) => "send" in step) &&
      !steps.some((step) => "send" in step && beats.includes(step.send.message)),
  );
  return fitting.find(({ tags }) => tags.includes("witness")) ?? fitting[0];
}

/** An arm of the experiment: a connection, when its silence began, and what it says meanwhile. */
interface Arm {
  readonly what: string;
  readonly tester: Tester;
  readonly since: number;
  /** It could not say what it was to say. */
  readonly undecided?: string;
}

/**
 * Three connections at once: one is silent, one sends commands, one ping frames. Only where the silent one is given up does
 * it say anything that another one is not.
 */
async function arms(
  context: CheckContext,
  scene: Case,
  patience: Patience,
  traffic: Exchange | undefined,
): Promise<CaseOutcome> {
  const speak = async (
    what: string,
    say: ((tester: Tester) => Promise<string | undefined>) | undefined,
  ): Promise<Arm | CaseOutcome> => {
    // Ping frames of a server whose client pings are no beats: who speaks answers them, as RFC 6455 demands.
    const answerHeartbeat = say !== undefined && patience.initiator === "client";
    const tester = await scene.connect({ answerHeartbeat, beats: false });
    const since = await lastSign(context, scene, tester, patience);
    if (typeof since !== "number") return since;
    const until = since + patience.latestMs + context.graceMs() + BEYOND * patience.boundMs;
    while (tester.end === undefined && tester.now() < until) {
      const next = say === undefined ? until : Math.min(until, tester.now() + patience.boundMs / TRAFFIC);
      const undecided = await say?.(tester);
      if (undecided !== undefined && tester.end === undefined) return { what, tester, since, undecided };
      await waitUntil(tester, next);
    }
    return { what, tester, since };
  };
  const command = async (tester: Tester): Promise<string | undefined> => {
    if (traffic === undefined) return undefined;
    const { judge, answerMs } = context;
    // A fresh identity each time: some things can be done once only.
    const filling = { ...fillingOf(scene), uuid: freshUuid(scene) };
    const run = await runExchange(tester, traffic, { judge, answerMs, filling });
    return run.ok ? undefined : `the exchange "${traffic.name}" was not given (got ${run.got})`;
  };
  const ping = async (tester: Tester): Promise<undefined> => {
    tester.ping(scene.random.bytes(8));
    return undefined;
  };
  const [silent, ...speaking] = await Promise.all([
    speak("silence", undefined),
    ...(traffic === undefined ? [] : [speak(`the exchange "${traffic.name}"`, command)]),
    speak("ping frames", ping),
  ]);
  if (silent !== undefined && "verdict" in silent) return silent;
  const lost = tooLate(context, patience.boundMs);
  if (lost !== undefined) return lost;
  for (const arm of speaking) {
    if ("verdict" in arm) return arm;
    const pausedMs = longestSilence(scene, arm.tester, arm.since);
    if (arm.tester.end !== undefined && patience.anyIsLife && pausedMs > TIMELY.share * patience.boundMs)
      return ownLag(context, patience);
    const outcome = judgeArm(context, patience, arm, silent?.tester.end !== undefined);
    if (outcome !== undefined) return outcome;
  }
  return afterwards(context, scene);
}

/** What an arm says; undefined: as declared. */
function judgeArm(
  context: CheckContext,
  patience: Patience,
  { what, tester, since, undecided }: Arm,
  silenceEnded: boolean,
): CaseOutcome | undefined {
  if (patience.anyIsLife) {
    if (tester.end !== undefined) {
      return {
        verdict: "fail",
        expected: `open: ${what} came ${TRAFFIC} times in each ${Math.round(patience.boundMs)} ms, and any frame is a sign of life`,
        got: `${endOf(tester)} after ${Math.round(tester.end.atMs - since)} ms`,
        mend: "Let every frame of the client count as a sign of life, control frames as well: in most libraries a ping has an event of its own.",
        reason: `${what} did not count as a sign of life`,
      };
    }
    if (undecided !== undefined) return { verdict: "untestable", reason: `no witness: ${undecided}` };
    // Nothing is proved by a connection that is kept where every connection is.
    return silenceEnded ? undefined : { verdict: "blocked", by: "S-HB-03" };
  }
  if (undecided !== undefined) return { verdict: "untestable", reason: `no witness: ${undecided}` };
  if (tester.end === undefined) {
    if (!silenceEnded) return { verdict: "blocked", by: "S-HB-03" };
    return {
      verdict: patience.late,
      expected: `closed: ${what} is no sign of life, only a beat is`,
      got: `still open after ${Math.round(tester.now() - since)} ms`,
      mend: "Let only the beat that the document names count as a sign of life.",
      reason: `${what} counted as a sign of life`,
    };
  }
  return judgeClose(context, tester, patience, since);
}

function freshUuid(scene: Case): string {
  const hex = Buffer.from(scene.random.bytes(16)).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
