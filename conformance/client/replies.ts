/**
 * C-RR-01…05: replies and requests of a client: whom an answer settles, and what settles a request without one.
 *
 * This file is long because five rows share how requests are asked for, answered and compared.
 */
import fc from "fast-check";
import type { WalkStep } from "../../src/arbitrary/lifecycle-walk.js";
import { jsonAt } from "../../src/arbitrary/speech/compose.js";
import { createWalks } from "../../src/arbitrary/speech/walks.js";
import type { Json, Operation, Pointer } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { CheckResult } from "../check.js";
import { fillingOf } from "../exchange.js";
import { excerpt, frameText } from "../judge.js";
import { ordinaryPayload, withToken } from "../payloads.js";
import { type CaseOutcome, type Failure, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, ClientReport, Peer, ReceivedCommand } from "./check.js";
import { type Meeting, meet, tooLate } from "./meeting.js";
import { delayWindow, nextAttempt } from "./reconnecting.js";
import { acknowledgementOf } from "./socket-io/acknowledgement.js";
import { take, waysOf } from "./ways.js";
import { pongWitness } from "./witness.js";

/** A command with a reply. */
interface Asked {
  readonly command: string;
  readonly reply: string;
  /** It is the acknowledgement of Socket.IO, whose number tells whose it is. */
  readonly ack: boolean;
  /** Where command and reply have their ids, where both have one. */
  readonly ids: { readonly from: Pointer; readonly to: Pointer } | undefined;
  /** The way to where the command is legal. */
  readonly way: readonly WalkStep[];
}

/** A request that is on its way. */
interface Sent {
  readonly of: number;
  readonly sentMs: number;
  readonly token: Json | undefined;
  readonly received: ReceivedCommand;
}

type Reply = Extract<ClientReport, { kind: "reply" }>;

/** Commands whose reply an event is, where each is legal. */
function askedOf(context: ClientContext): readonly Asked[] {
  const { endpoint, judge } = context;
  const ways = waysOf(context);
  const walks = createWalks(endpoint);
  const filling = { text: "wireproof", uuid: "00000000-0000-4000-8000-000000000000", int: 7 };
  return endpoint.operations.flatMap(({ action, messages, reply }: Operation): Asked[] => {
    if (action !== "receive" || reply === undefined) return [];
    return messages.flatMap((command): Asked[] => {
      const answer = reply.messages.find((name) => name !== endpoint.protocol.reject?.message);
      const payload = ordinaryPayload(judge, command, filling, context.seed);
      if (answer === undefined || payload === undefined) return [];
      const from = endpoint.commands.find(({ name }) => name === command)?.correlation;
      const to = endpoint.events.find(({ name }) => name === answer)?.correlation;
      const ids = from === undefined || to === undefined ? undefined : { from, to };
      const way = walks.verdict(command, payload) === "legal" ? [] : (ways.get(command)?.slice(0, -1) ?? []);
      return [{ command, reply: answer, ack: reply.ack, ids, way }];
    });
  });
}

/** The kit answers nothing by itself, beats that are requests neither. */
async function begin(context: ClientContext, scene: ClientCase, asked: Asked) {
  const isBeat = asked.command === context.endpoint.heartbeat?.ping;
  const met = await meet(context, scene, { obliging: { commands: false, heartbeat: !isBeat } });
  if ("missing" in met) return met;
  if (context.endpoint.protocol.first) {
    await met.client.next(({ kind }) => kind === "event", context.answerMs, 0);
  }
  await take(context, scene, met, asked.way);
  return met;
}

/** Asks the client for requests, one after another; those that arrive. */
async function ask(
  context: ClientContext,
  scene: ClientCase,
  { client, peer }: Meeting,
  { command, ids }: Asked,
  count: number,
): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const filling = fillingOf(scene);
    const message = context.endpoint.commands.find(({ name }) => name === command);
    const bare = ordinaryPayload(context.judge, command, filling, context.seed + turn);
    if (bare === undefined || message === undefined) break;
    const tokens: Json[] = [`wireproof-${turn}-${scene.random.uint32()}`, filling.uuid, 1 + turn];
    const payload =
      ids === undefined
        ? bare
        : tokens
            .map((token) => withToken(context.judge, message, bare, token))
            .find((one) => one !== undefined);
    if (payload === undefined) break;
    const from = peer.commands.length;
    const sentMs = scene.now();
    const of = client.send(command, payload);
    // What the client says by itself may be of the same name: the payload tells.
    const isIt = (one: ReceivedCommand): boolean =>
      one.names.includes(command) && sameJson(one.payload, payload);
    const received = await peer.next(isIt, context.answerMs, from);
    if (received === undefined) break;
    sent.push({ of, sentMs, token: ids === undefined ? undefined : jsonAt(payload, ids.from), received });
  }
  return sent;
}

/** Says the reply to a request, or with a `stray` one that nobody sent; false where it cannot be said. */
function answer(
  { endpoint, judge }: ClientContext,
  peer: Peer,
  { ack, command, ids, reply }: Asked,
  sent: Sent,
  stray = false,
): boolean {
  if (ack) {
    const payload = acknowledgementOf(judge, command);
    const { ackId } = sent.received;
    if (payload === undefined || ackId === undefined) return false;
    peer.acknowledge(stray ? { ...sent.received, ackId: ackId + STRAY } : sent.received, payload);
    return true;
  }
  const token = stray ? otherToken(sent.token) : sent.token;
  const values = ids === undefined || token === undefined ? new Map() : new Map([[ids.to, token]]);
  const payload = peer.compose(reply, values);
  if (payload === undefined || peer.end !== undefined) return false;
  peer.text(frameText(endpoint, reply, payload, "event"), "anything");
  return true;
}

function isReplyTo(of: number): (report: ClientReport) => boolean {
  return (report) => report.kind === "reply" && report.of === of;
}

async function replyTo({ client }: Meeting, of: number, timeoutMs: number): Promise<Reply | undefined> {
  const told = await client.next(isReplyTo(of), timeoutMs, 0);
  return told?.kind === "reply" ? told : undefined;
}

/** How the reply to a request is not the one that it should be. */
function wrongReply(asked: Asked, { token }: Sent, told: Reply | undefined): string | undefined {
  if (told === undefined) return "it was not settled";
  if (!told.ok) return `it was rejected (${told.code ?? told.message ?? "no code"})`;
  if (asked.ids === undefined || told.payload === undefined) return undefined;
  if (sameJson(valueAt(told.payload, asked.ids.to), token)) return undefined;
  return `it got another's reply: ${excerpt(JSON.stringify(told.payload))}`;
}

/** So far from any number that a client has given lies one that it has not. */
const STRAY = 1_000_000;

const NO_REPLIES: CheckResult = {
  verdict: "untestable",
  reason: "the driver does not tell which reply came to a command (its capability `replies`)",
  cases: 0,
};

/** A check of requests: the commands that it asks for, one case or more for each. */
function requestCheck<T extends { readonly asked: Asked }>(
  check: Omit<ClientCheck, "run">,
  words: { readonly label: string; readonly pass: string; readonly waits?: true },
  examplesOf: (context: ClientContext, asked: readonly Asked[]) => readonly T[],
  script: (context: ClientContext, scene: ClientCase, value: T) => Promise<CaseOutcome>,
  arbitraryOf?: (context: ClientContext, asked: readonly Asked[]) => fc.Arbitrary<T> | undefined,
): ClientCheck {
  return {
    ...check,
    async run(context) {
      if (!context.replies) return NO_REPLIES;
      const asked = askedOf(context);
      const examples = examplesOf(context, asked);
      if (examples.length === 0) {
        return {
          verdict: "untestable",
          reason: "no command with a reply of that kind can be made",
          cases: 0,
        };
      }
      const arbitrary = arbitraryOf?.(context, asked);
      const property = await runProperty<T, ClientCase>(context, {
        label: words.label,
        examples,
        ...(arbitrary === undefined ? {} : { arbitrary }),
        ...(words.waits === undefined ? {} : { waits: words.waits }),
        show: ({ asked: { command, reply }, ...more }) => ({ command, reply, ...more }) as Json,
        script: (value, scene) => script(context, scene, value),
      });
      return resultOf(property, { pass: words.pass });
    },
  };
}

const unsent = (asked: Asked): CaseOutcome => ({
  verdict: "inconclusive",
  reason: `the client sent no "${asked.command}", or no "${asked.reply}" can be made`,
});

/** Requests that are open at once. */
const AT_ONCE = 4;

interface Reordered {
  readonly asked: Asked;
  /** In which order the requests are answered. */
  readonly order: readonly number[];
}

const orders = fc.shuffledSubarray([0, 1, 2, 3], { minLength: AT_ONCE, maxLength: AT_ONCE });
const correlated = (asked: readonly Asked[]): readonly Asked[] =>
  asked.filter(({ ids }) => ids !== undefined);

/** C-RR-01. */
const reorderedReplies: ClientCheck = requestCheck<Reordered>(
  { id: "C-RR-01" },
  { label: "replies", pass: "each request got its own reply, in whatever order they came" },
  (_, asked) => correlated(asked).map((one) => ({ asked: one, order: [3, 1, 2, 0] })),
  async (context, scene, { asked, order }) => {
    const met = await begin(context, scene, asked);
    if ("missing" in met) return met.missing;
    const sent = await ask(context, scene, met, asked, AT_ONCE);
    if (sent.length === 0) return unsent(asked);
    for (const index of order) {
      const one = sent[index];
      if (one !== undefined && !answer(context, met.peer, asked, one)) return unsent(asked);
    }
    const saidMs = scene.now();
    for (const one of sent) {
      const told = await replyTo(met, one.of, context.answerMs);
      const wrong = wrongReply(asked, one, told);
      if (wrong === undefined) continue;
      return cameLate(context, one, told, saidMs) ? tooLate(context) : misplaced(asked, wrong);
    }
    return { verdict: "pass" };
  },
  (_, asked) => {
    const some = correlated(asked);
    return some.length === 0
      ? undefined
      : fc.record({ asked: fc.constantFrom(...some), order: orders.map((order) => [...order]) });
  },
);

/** True when a request was given up after all its time, and our answer, said at `saidMs`, may have come only then. */
function cameLate(
  context: ClientContext,
  { sentMs }: Sent,
  told: Reply | undefined,
  saidMs: number,
): boolean {
  const declaredMs = context.scaled(context.endpoint.protocol.answerMs);
  const isGivenUp = told?.ok === false && told.atMs - sentMs >= GIVEN_UP * declaredMs;
  return isGivenUp && saidMs - sentMs + context.lagMs() > IN_TIME * declaredMs;
}

/** A rejection after this part of the time that a request has may be for want of an answer. */
const GIVEN_UP = 0.9;

/** An answer of ours by this part of the time that a client waits is in time. */
const IN_TIME = 0.7;

function misplaced({ command, reply }: Asked, got: string): Failure {
  return {
    verdict: "fail",
    reason: `a request "${command}" did not get its reply`,
    expected: `each "${command}" is settled by the "${reply}" that carries its id`,
    got,
    mend: "Keep the open requests by their correlation id, and settle the one whose id the reply carries.",
  };
}

interface Stray {
  readonly asked: Asked;
  readonly stray: "an unknown id" | "twice";
}

/** C-RR-02. */
const strayReplies: ClientCheck = requestCheck<Stray>(
  { id: "C-RR-02" },
  { label: "stray reply", pass: "replies with an unknown id, and second ones, settled nothing" },
  (_, asked) =>
    asked
      .filter(({ ack, ids }) => ack || ids !== undefined)
      .flatMap((one): Stray[] => [
        { asked: one, stray: "an unknown id" },
        { asked: one, stray: "twice" },
      ]),
  async (context, scene, { asked, stray }) => {
    const met = await begin(context, scene, asked);
    if ("missing" in met) return met.missing;
    const sent = await ask(context, scene, met, asked, asked.ack ? 1 : 2);
    const [first, second] = sent;
    if (first === undefined || (second === undefined && !asked.ack)) return unsent(asked);
    if (stray === "twice") {
      answer(context, met.peer, asked, first);
      await replyTo(met, first.of, context.answerMs);
      answer(context, met.peer, asked, first);
    } else if (!answer(context, met.peer, asked, first, true)) return unsent(asked);
    // Time enough for a client that takes it for somebody's.
    await pongWitness(context, scene, met.peer);
    const open = stray === "twice" ? sent.slice(1) : sent;
    const settled = open.find(({ of }) => met.client.told.some(isReplyTo(of)));
    if (settled !== undefined) {
      const told = await replyTo(met, settled.of, 0);
      if (cameLate(context, settled, told, scene.now())) return tooLate(context);
      const wrong = wrongReply(asked, settled, told);
      return misplaced(
        asked,
        `a reply with ${stray === "twice" ? "the id of a settled request" : stray} settled one: ${wrong}`,
      );
    }
    for (const one of open) {
      answer(context, met.peer, asked, one);
      const wrong = wrongReply(asked, one, await replyTo(met, one.of, context.answerMs));
      if (wrong !== undefined) return misplaced(asked, `after a stray reply: ${wrong}`);
    }
    const again = sent.find(({ of }) => met.client.told.filter(isReplyTo(of)).length > 1);
    return again === undefined ? { verdict: "pass" } : misplaced(asked, "one request was settled twice");
  },
);

/** An id of the same kind that no request has. */
function otherToken(token: Json | undefined): Json {
  if (typeof token === "number") return token + 1_000_000;
  return typeof token === "string" && /^[0-9a-f-]{36}$/.test(token)
    ? "ffffffff-ffff-4fff-8fff-ffffffffffff"
    : "wireproof-nobody";
}

const once = (_: ClientContext, asked: readonly Asked[]) => asked.map((one) => ({ asked: one }));

/** C-RR-03. */
const unansweredRequests: ClientCheck = requestCheck<{ readonly asked: Asked }>(
  { id: "C-RR-03", shortestMs: ({ answerMs }) => answerMs },
  { label: "no reply", pass: "each was rejected after the declared time, and not before", waits: true },
  once,
  async (context, scene, { asked }) => {
    const met = await begin(context, scene, asked);
    if ("missing" in met) return met.missing;
    const [sent] = await ask(context, scene, met, asked, 1);
    if (sent === undefined) return unsent(asked);
    const declaredMs = context.scaled(context.endpoint.protocol.answerMs);
    // A client need not be faster than a second, whatever the scale.
    const latest = Math.max(declaredMs, context.answerMs) + context.graceMs();
    const told = await replyTo(met, sent.of, latest + LATE_MS);
    const expected = `a request without a reply is rejected after ${Math.round(declaredMs)} ms`;
    const mend = "Give each request a timer of the declared `answerMs`, and reject it when that is over.";
    if (told === undefined) {
      if (met.peer.end !== undefined)
        return { verdict: "inconclusive", reason: "the connection ended before" };
      return {
        verdict: "fail",
        reason: "a request without a reply does not end",
        expected,
        got: `it is still open after ${Math.round(latest + LATE_MS)} ms`,
        mend,
      };
    }
    const ms = told.atMs - sent.sentMs;
    const got = `${told.ok ? "settled" : "rejected"} after ${Math.round(ms)} ms`;
    if (told.ok)
      return { verdict: "fail", reason: "a request without a reply succeeded", expected, got, mend };
    if (ms < declaredMs - context.lowerToleranceMs(declaredMs) && met.peer.end === undefined) {
      return { verdict: "fail", reason: "a request was given up too soon", expected, got, mend };
    }
    if (ms <= latest) return { verdict: "pass" };
    if (!context.canTime(declaredMs)) return tooLate(context);
    return { verdict: "fail", reason: "a request was given up too late", expected, got, mend, late: true };
  },
);

/** So long beyond its time a request is watched (milliseconds): one that is late is another fault than one that never ends. */
const LATE_MS = 2000;

/** C-RR-04. */
const refusedRequests: ClientCheck = requestCheck<{ readonly asked: Asked }>(
  { id: "C-RR-04" },
  { label: "refused", pass: "each was rejected, with the code of the refusal" },
  once,
  async (context, scene, { asked }) => {
    const { reject } = context.endpoint.protocol;
    const code = reject?.state[0] ?? reject?.payload[0];
    const met = await begin(context, scene, asked);
    if ("missing" in met) return met.missing;
    const [sent] = await ask(context, scene, met, asked, 1);
    if (sent === undefined || code === undefined) return unsent(asked);
    met.peer.refuse(sent.received, code, "Refused by the kit.");
    const saidMs = scene.now();
    const told = await replyTo(met, sent.of, context.answerMs);
    const isLate = cameLate(context, sent, told, saidMs);
    const expected = `the request is rejected, and "${code}" is told`;
    const mend = "Reject the request that a refusal belongs to, and hand its code on.";
    const failure = (reason: string, got: string): CaseOutcome =>
      isLate ? tooLate(context) : { verdict: "fail", reason, expected, got, mend };
    if (told === undefined) return failure("a refused request was not settled", "nothing was told of it");
    const words = JSON.stringify([told.code, told.message, told.payload]);
    // An acknowledgement that says so is the refusal, however the client hands it on.
    if (told.ok && !(asked.ack && words.includes(code))) {
      return failure("a refused request succeeded", excerpt(JSON.stringify(told)));
    }
    return words.includes(code)
      ? { verdict: "pass" }
      : failure("the code of the refusal is lost", excerpt(words));
  },
);

/** C-RR-05. */
const lostRequests: ClientCheck = requestCheck<{ readonly asked: Asked }>(
  { id: "C-RR-05", shortestMs: (context) => delayWindow(context, 0)?.maxMs ?? 0 },
  { label: "lost connection", pass: "all were settled, and none was sent again", waits: true },
  once,
  async (context, scene, { asked }) => {
    const met = await begin(context, scene, asked);
    if ("missing" in met) return met.missing;
    const sent = await ask(context, scene, met, asked, 2);
    if (sent.length === 0) return unsent(asked);
    met.peer.destroy();
    const lostAt = scene.now();
    for (const { of } of sent) {
      const told = await replyTo(met, of, lostAt + context.answerMs + context.graceMs() - scene.now());
      if (told?.ok === false) continue;
      return {
        verdict: "fail",
        reason:
          told === undefined
            ? "a request of a lost connection was not settled"
            : "a request of a lost connection succeeded",
        expected: "when the connection is lost each request in flight is rejected",
        got: told === undefined ? "nothing was told of it" : excerpt(JSON.stringify(told)),
        mend: "Reject all open requests when the connection ends: whether they were done nobody knows.",
      };
    }
    const window = delayWindow(context, 0);
    const isRestored = context.endpoint.reconnect?.restore.some(({ by }) => by === asked.command) === true;
    // A beat without an id is like the next one: which of them comes nobody can tell.
    const isAnyBeat = asked.command === context.endpoint.heartbeat?.ping && asked.ids === undefined;
    if (window === undefined || isRestored || isAnyBeat) return { verdict: "pass" };
    const arrival = await nextAttempt(context, scene, window, lostAt);
    if (arrival.kind === "none") return { verdict: "blocked", by: "C-RC-01" };
    const peer = await arrival.attempt.accept({ obliging: { commands: false } });
    await peer?.ended(context.quietMs());
    const again = peer?.commands.find(({ payload }) =>
      sent.some(({ received }) => sameJson(received.payload, payload)),
    );
    if (again === undefined) return { verdict: "pass" };
    return {
      verdict: "fail",
      reason: "a request was sent again after a reconnect",
      expected: `no "${asked.command}" that was in flight when the connection was lost comes again by itself`,
      got: excerpt(again.text),
      mend: "Let the application decide what is asked again: the server may have done it already.",
    };
  },
);

/** All five. */
export const replies: readonly ClientCheck[] = [
  reorderedReplies,
  strayReplies,
  unansweredRequests,
  refusedRequests,
  lostRequests,
];
