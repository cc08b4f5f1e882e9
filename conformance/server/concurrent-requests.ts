/** S-RR-02: of several requests at once each has its own reply, however they follow each other. */

import fc from "fast-check";
import type { Json } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { canonicalJson } from "../../src/contract/same-json.js";
import type { Acknowledgement, Case, Check, CheckContext, ReceivedMessage } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { tokenOf } from "../witness.js";
import { concluded, notApplicable } from "./blame.js";
import { type CommandSource, commandSource } from "./commands.js";
import {
  correlated,
  correlates,
  correlationOf,
  fail,
  isReply,
  type Request,
  requestsOf,
} from "./requests.js";
import { commandsThatAre, openWalk } from "./walker.js";

const ID = "S-RR-02";

/** One request of a case, as numbers that are taken modulo what there is. */
interface Step {
  readonly pick: number;
  readonly variant: number;
  /** One event is awaited before the next request. */
  readonly pause: boolean;
}

/** At most so many requests at once: far below what a server may call too much. */
const MOST = 8;

/** How the reason begins where the lifecycles let no two requests be on their way. */
const ALONE = "no two requests may be on their way at once";

/** The same request several times, all kinds in turn, then any mixture. */
export const concurrentRequests: Check = {
  id: ID,
  safe: true,
  async run(context) {
    const requests = requestsOf(context, 1);
    if (requests.length === 0) return notApplicable("no operation of the document has a reply");
    const source = commandSource(context.judge, context.seed);
    const most = Math.min(MOST, Math.max(2, context.endpoint.protocol.rate?.messages ?? MOST));
    const times = (make: (index: number) => Step): Step[] =>
      Array.from({ length: most }, (_, index) => make(index));
    const property = await runProperty<readonly Step[]>(context, {
      label: "requests at once",
      examples: [
        ...requests.map((_, pick) => times((variant) => ({ pick, variant, pause: false }))),
        times((index) => ({ pick: index, variant: index, pause: false })),
        times((index) => ({ pick: index, variant: index, pause: index % 2 === 1 })),
      ],
      arbitrary: fc.array(fc.record({ pick: fc.nat(20), variant: fc.nat(20), pause: fc.boolean() }), {
        minLength: 2,
        maxLength: most,
      }),
      runs: Math.min(context.runs, 25),
      show: (steps): Json =>
        steps.map(
          ({ pick, pause }) =>
            `${requests[pick % requests.length]?.command}${pause ? ", then an event" : ""}`,
        ),
      script: async (steps, scene) =>
        concluded(scene, ID, await askAll(context, source, requests, steps, scene)),
    });
    const alone =
      property.undecided.length > 0 && property.undecided.every(({ reason }) => reason.startsWith(ALONE));
    if (alone && property.passed === 0) return notApplicable(ALONE);
    return resultOf(property, { pass: "each of several requests at once had its own reply" });
  },
};

interface Sent {
  readonly request: Request;
  /** The correlation id, where there is one. */
  readonly id: unknown;
  readonly acknowledged?: Promise<Acknowledgement | undefined>;
}

async function askAll(
  context: CheckContext,
  source: CommandSource,
  requests: readonly Request[],
  steps: readonly Step[],
  scene: Case,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source);
  const from = tester.messages.length;
  scene.fault();
  const sent: Sent[] = [];
  for (const { pick, variant, pause } of steps) {
    const request = requests[pick % requests.length];
    if (request === undefined || tester.end !== undefined) break;
    const message = context.endpoint.commands.find(({ name }) => name === request.command);
    const [option] = commandsThatAre("legal", walk, [request.command]);
    if (option === undefined || message === undefined) continue;
    const payloads = option.payloads
      .map((_, index) => option.payloads[(index + variant) % option.payloads.length])
      .filter((payload) => payload !== undefined)
      .map((payload) => correlated(context, message, payload, `${tokenOf(scene.random)}.${sent.length}`));
    const idOf = (payload: Json): unknown =>
      message.correlation === undefined ? undefined : valueAt(payload, message.correlation);
    // An id that is on its way already is another row's question.
    const payload = payloads.find((one) => {
      const id = idOf(one);
      return id === undefined || !sent.some((other) => canonicalJson(other.id) === canonicalJson(id));
    });
    if (payload === undefined) continue;
    const id = idOf(payload);
    if (request.reply.ack) {
      const acknowledged = tester.ack(request.command, payload, context.answerMs);
      // It is awaited below; should the run end before that, it is that end which speaks.
      acknowledged.catch(() => undefined);
      sent.push({ request, id, acknowledged });
    } else {
      tester.command(request.command, payload);
      sent.push({ request, id });
    }
    if (pause) await tester.next(() => true, context.quietMs(), tester.messages.length);
  }
  if (sent.length < 2) {
    return { verdict: "inconclusive", reason: `${ALONE} on a fresh connection` };
  }
  for (;;) {
    const missing = missingOf(context, sent, tester.messages.slice(from));
    if (missing === undefined || tester.end !== undefined) break;
    if ((await tester.next(() => true, context.answerMs, tester.messages.length)) === undefined) break;
  }
  const bounded = sent.some(({ request }) => request.reply.exactly !== undefined);
  if (bounded && tester.end === undefined) await tester.wait(context.quietMs());
  const wrong =
    missingOf(context, sent, tester.messages.slice(from)) ?? tooMany(sent, tester.messages.slice(from));
  if (wrong !== undefined) {
    const got = tester.end === undefined ? wrong.got : `${wrong.got}, then ${endOf(tester)}`;
    return fail(wrong.expected, got, MEND);
  }
  for (const { request, acknowledged } of sent) {
    if (acknowledged === undefined || (await acknowledged) !== undefined) continue;
    return fail(`an acknowledgement of each of ${sent.length} "${request.command}"`, "one had none", MEND);
  }
  return { verdict: "pass" };
}

const MEND =
  "Keep each request apart from the others until it is answered: answer all of them, each under its own correlation id.";

interface Wrong {
  readonly expected: string;
  readonly got: string;
}

/** Refusals of no class or another one (busy, rate-limited) answer a request as well. */
function refusals(context: CheckContext, messages: readonly ReceivedMessage[]): number {
  return messages.filter(({ names, payload }) => {
    const refusal = context.judge.refusalOf(names, payload);
    return refusal !== undefined && refusal.class !== "payload" && refusal.class !== "state";
  }).length;
}

function missingOf(
  context: CheckContext,
  sent: readonly Sent[],
  messages: readonly ReceivedMessage[],
): Wrong | undefined {
  let excused = refusals(context, messages);
  for (const [operation, group] of byOperation(sent)) {
    const [first] = group;
    if (first === undefined) continue;
    const replies = messages.filter((message) => isReply(first.request.reply, message));
    const marked = isMarked(context, first);
    const unanswered = marked
      ? group.filter(({ id }) => !replies.some((message) => correlates(context, message, id)))
      : group.slice(replies.length);
    for (const { request, id } of unanswered) {
      if (excused > 0) {
        excused -= 1;
        continue;
      }
      const under = id === undefined ? "" : ` with the id ${JSON.stringify(id)}`;
      return {
        expected: `each of ${group.length} "${request.command}" (operation ${operation}) has its reply within ${Math.round(context.answerMs)} ms`,
        got: `${replies.length} replies, none${marked ? under : ""} for ${unanswered.length} of them`,
      };
    }
  }
  return undefined;
}

function tooMany(sent: readonly Sent[], messages: readonly ReceivedMessage[]): Wrong | undefined {
  for (const [operation, group] of byOperation(sent)) {
    const exactly = group[0]?.request.reply.exactly;
    const [first] = group;
    if (first === undefined || exactly === undefined) continue;
    const replies = messages.filter((message) => isReply(first.request.reply, message));
    if (replies.length > exactly * group.length) {
      return {
        expected: `exactly ${exactly} for each of ${group.length} requests (operation ${operation})`,
        got: `${replies.length}, the last ${excerpt(replies.at(-1)?.text ?? "")}`,
      };
    }
  }
  return undefined;
}

/** Operations that share their replies are told apart by nothing but ids. */
function byOperation(sent: readonly Sent[]): ReadonlyMap<string, readonly Sent[]> {
  const groups = new Map<string, Sent[]>();
  for (const one of sent) {
    if (one.request.reply.ack) continue;
    const { name } = one.request.operation;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
}

/** True where command and reply both declare a correlation id. */
function isMarked(context: CheckContext, { request }: Sent): boolean {
  if (correlationOf(context, request.command) === undefined) return false;
  return request.reply.messages.every(
    (name) => context.endpoint.events.find((event) => event.name === name)?.correlation !== undefined,
  );
}
