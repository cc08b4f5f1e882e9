/**
 * The declared schedule of attempts against a server to which no connection lasts: C-RC-02 (attempts fail), C-RC-03 (they
 * open and are closed at once) and C-RC-07 (the end is said).
 */
import { reconnectDelay } from "../../src/contract/backoff.js";
import type { Reconnect } from "../../src/contract/contract.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { isUndecided } from "../undecided.js";
import type { Attempt, ClientCase, ClientCheck, ClientContext } from "./check.js";
import { type Ended, type Failing, failAttempt } from "./failing-attempts.js";
import { forgetPast, type Meeting, meet, tooLate, withoutWitness } from "./meeting.js";
import { delayWindow, nextAttempt, type ScaledWindow } from "./reconnecting.js";
import { pongWitness } from "./witness.js";

/** Without a declared end so many attempts are followed at most: the cap is reached before, or is too far to wait for. */
const MOST_ATTEMPTS = 12;

/** Delays of an arm that does not go to the end: what grows has grown by then. */
const FEW_ATTEMPTS = 3;

/** A connection that is closed at once may have lasted so much of the time after which it counts as healthy. */
const AT_ONCE = 0.8;

/** One client, and in which way its attempts end. */
interface Arm<Way = Failing | "reset" | number> {
  readonly way: Way;
  /** To the declared end, or for a few delays. */
  readonly whole: boolean;
}

/** C-RC-02. */
const declaredSchedule: ClientCheck = {
  id: "C-RC-02",
  shortestMs: (context) => lengthOf(context, true),
  async run(context) {
    const arms: readonly Arm<Failing>[] = [
      { way: "refused", whole: true },
      { way: "503", whole: true },
      { way: "bad 101", whole: true },
      { way: "no answer", whole: false },
    ];
    const property = await runProperty(context, {
      label: "failing",
      // One that somebody has to start again after each schedule is asked for one.
      examples: context.mode === "attach" ? arms.slice(0, 1) : arms,
      waits: true,
      show: ({ way }) => way,
      script: (arm, scene: ClientCase) =>
        follow(context, scene, arm, "C-RC-01", (attempt) => failAttempt(context, scene, attempt, arm.way)),
    });
    return resultOf(property, { pass: `the attempts came ${scheduleText(context)}` });
  },
};

/** C-RC-03. */
const openIsNoSuccess: ClientCheck = {
  id: "C-RC-03",
  shortestMs: (context) => lengthOf(context, true),
  async run(context) {
    const policy = context.endpoint.reconnect;
    if (policy === undefined || !tells(policy)) {
      const reason =
        "under this policy attempts that start anew look like attempts that go on: no delay grows beyond the first, and there is no end";
      return { verdict: "untestable", reason, cases: 0 };
    }
    const code = retriedCode(context);
    const arms: readonly Arm<"reset" | number>[] = [
      { way: "reset", whole: true },
      ...(code === undefined || context.mode === "attach" ? [] : [{ way: code, whole: false }]),
    ];
    const property = await runProperty(context, {
      label: "accepted, then closed",
      examples: arms,
      waits: true,
      show: ({ way }) => way,
      script: async (arm, scene: ClientCase) => {
        const end = (attempt: Attempt): Promise<Ended> => closeAtOnce(context, scene, attempt, arm.way);
        const outcome = await follow(context, scene, arm, "C-RC-02", end);
        return outcome.verdict === "fail" && mayHaveLasted(context) ? tooLate(context) : outcome;
      },
    });
    return resultOf(property, {
      pass: `against a server that accepts and closes at once the attempts came ${scheduleText(context)}`,
    });
  },
};

/** C-RC-07. */
const lastAttempt: ClientCheck = {
  id: "C-RC-07",
  shortestMs: (context) => lengthOf(context, true),
  async run(context) {
    const property = await runProperty(context, {
      label: "refused to the end",
      examples: [{ way: "refused", whole: true } satisfies Arm],
      waits: true,
      show: ({ way }) => way,
      script: (arm, scene: ClientCase) =>
        follow(
          context,
          scene,
          arm,
          "C-RC-02",
          (attempt) => failAttempt(context, scene, attempt, arm.way),
          (met) => saysSo(context, met),
        ),
    });
    return resultOf(property, { pass: "after the last attempt the client said that it is failed" });
  },
};

/** The rows about the schedule. */
export const schedules: readonly ClientCheck[] = [declaredSchedule, openIsNoSuccess, lastAttempt];

/** Drops a client, ends each of its attempts, and holds the delays against the policy. */
async function follow(
  context: ClientContext,
  scene: ClientCase,
  arm: Arm,
  ownerOfFirst: "C-RC-01" | "C-RC-02",
  end: (attempt: Attempt) => Promise<Ended>,
  atEnd?: (met: Meeting) => Promise<CaseOutcome>,
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  await forgetPast(context, scene);
  met.peer.destroy();
  let since = scene.now();
  // Between the fault and the end of its socket a client may still look at what it got: its delay begins in between.
  let lookedMs = 0;
  const most = arm.whole ? attemptsOf(context) : FEW_ATTEMPTS;
  for (let n = 0; n < most; n += 1) {
    const window = delayWindow(context, n);
    if (window === undefined) break;
    const due = { minMs: window.minMs, maxMs: window.maxMs + lookedMs };
    const arrival = await nextAttempt(context, scene, due, since, met.client);
    // The first delay after a reset is a row of its own.
    if (arrival.kind !== "due" && n === 0) return { verdict: "blocked", by: "C-RC-01" };
    // What such a client does while nothing answers is told there.
    if (atEnd !== undefined && arrival.kind !== "due") return { verdict: "blocked", by: ownerOfFirst };
    if (arrival.kind === "none") {
      return {
        ...arrival.outcome,
        reason: `the client stopped after ${n} of ${context.endpoint.reconnect?.maxAttempts ?? "endless"} attempts`,
        mend: "Make every declared attempt, whatever it was that the one before failed of.",
      };
    }
    if (arrival.kind !== "due") {
      const { outcome } = arrival;
      return isUndecided(outcome)
        ? outcome
        : { ...outcome, reason: `delay ${n + 1} is not the declared one`, mend: growing(arm) };
    }
    const ended = await end(arrival.attempt);
    if ("outcome" in ended) return ended.outcome;
    since = ended.atMs;
    lookedMs = Math.max(0, (arrival.attempt.tcpEnd?.atMs ?? since) - since);
  }
  const next = arm.whole ? withoutEnd(context) : undefined;
  if (next === undefined) return { verdict: "pass" };
  if (atEnd !== undefined) return atEnd(met);
  const further = await scene.attempt(since + lookedMs + next.maxMs + context.graceMs() - scene.now());
  if (further === undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "the client goes on after the last attempt",
    expected: `no attempt after the declared ${context.endpoint.reconnect?.maxAttempts}`,
    got: `one more after ${Math.round(further.atMs - since)} ms`,
    mend: growing(arm),
  };
}

function growing({ way }: Arm): string {
  return typeof way === "number" || way === "reset"
    ? "Count an attempt as successful only when its connection has been healthy for the declared time, not when it opens."
    : "Count every failed attempt, whatever it failed of, and take the delay from the declared schedule.";
}

/** True when this machine is so late that the client may have seen an end after the time by which a connection is healthy. */
function mayHaveLasted({ endpoint, lagMs, scaled }: ClientContext): boolean {
  return lagMs() > (1 - AT_ONCE) * scaled(endpoint.reconnect?.resetAfterMs ?? 0);
}

/** Accepts an attempt, sees that the client took it for open, and ends it at once. */
async function closeAtOnce(
  context: ClientContext,
  scene: ClientCase,
  attempt: Attempt,
  way: "reset" | number,
): Promise<Ended> {
  const acceptedAt = scene.now();
  const peer = await attempt.accept();
  if (peer === undefined) return { atMs: attempt.tcpEnd?.atMs ?? scene.now() };
  const witness = await pongWitness(context, scene, peer);
  if (!witness.ok) return { outcome: withoutWitness(witness) };
  const atMs = scene.now();
  const healthyMs = context.scaled(context.endpoint.reconnect?.resetAfterMs ?? 0);
  if (atMs - acceptedAt > AT_ONCE * healthyMs) return { outcome: tooLate(context) };
  if (typeof way === "number") {
    peer.close(way);
    const left = await peer.ended(context.answerMs);
    if (left === undefined) return { outcome: { verdict: "blocked", by: "C-FR-06" } };
  } else peer.destroy();
  return { atMs };
}

async function saysSo(context: ClientContext, { client }: Meeting): Promise<CaseOutcome> {
  const said = await client.next(({ kind, ...more }) => {
    return kind === "state" && "state" in more && more.state === "failed";
  }, context.answerMs + context.graceMs());
  if (said !== undefined) return { verdict: "pass" };
  const last = client.told.findLast(({ kind }) => kind === "state");
  const state = last?.kind === "state" ? `"${last.state}"` : "no state";
  return {
    verdict: "fail",
    reason: "the client does not say that it has given up",
    expected: 'the state "failed" after the last attempt',
    got: `${state} as the last report of its state`,
    mend: "When the last attempt has failed, become `failed` and tell the application.",
  };
}

/** How many attempts are followed: to the declared end, or one beyond the cap. */
function attemptsOf({ endpoint: { reconnect } }: Pick<ClientContext, "endpoint">): number {
  if (reconnect === undefined) return 0;
  if (reconnect.maxAttempts !== null) return reconnect.maxAttempts;
  for (let n = 0; n < MOST_ATTEMPTS; n += 1) {
    if ((reconnectDelay(reconnect, n)?.minMs ?? 0) >= reconnect.maxDelayMs) return n + 2;
  }
  return MOST_ATTEMPTS / 2;
}

/** The window in which one attempt too many would come; undefined where there is none too many. */
function withoutEnd({
  endpoint,
  scaled,
}: Pick<ClientContext, "endpoint" | "scaled">): ScaledWindow | undefined {
  const { reconnect } = endpoint;
  if (reconnect === undefined || reconnect.maxAttempts === null) return undefined;
  return delayWindow(
    { endpoint: { ...endpoint, reconnect: { ...reconnect, maxAttempts: null } }, scaled },
    reconnect.maxAttempts,
  );
}

/** How long a whole schedule takes at most (milliseconds, scaled). */
function lengthOf(context: Pick<ClientContext, "endpoint" | "scaled">, isWhole: boolean): number {
  const count = isWhole ? attemptsOf(context) : FEW_ATTEMPTS;
  const delays = Array.from({ length: count }, (_, n) => delayWindow(context, n)?.maxMs ?? 0);
  return delays.reduce((sum, ms) => sum + ms, 0) + (withoutEnd(context)?.maxMs ?? 0);
}

function scheduleText(context: ClientContext): string {
  const { reconnect } = context.endpoint;
  const end = reconnect?.maxAttempts === null ? "" : `, ${reconnect?.maxAttempts} of them and no more`;
  return `after the declared delays${end}`;
}

/** True where a client that starts anew at each open can be told from one that does not. */
function tells(policy: Reconnect): boolean {
  if (policy.maxAttempts !== null) return true;
  const first = reconnectDelay(policy, 0);
  const later = reconnectDelay(policy, FEW_ATTEMPTS - 1);
  return first !== undefined && later !== undefined && later.minMs > first.maxMs;
}

/** The first declared code with which a server ends a connection that the client is to make again. */
function retriedCode({ endpoint: { closeCodes = {} } }: ClientContext): number | undefined {
  const row = Object.entries(closeCodes).find(([, { by, retry }]) => by !== "client" && retry);
  return row === undefined ? undefined : Number(row[0]);
}
