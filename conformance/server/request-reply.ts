/** S-RR-01: an operation with a reply has it in time, under the correlation id that was sent. */

import type { Json } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import type { Case, Check, CheckContext, CheckResult } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { replyPointers } from "../passive-watch.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { tokenOf } from "../witness.js";
import { concluded, notApplicable } from "./blame.js";
import { type CommandSource, commandSource } from "./commands.js";
import { concurrentRequests } from "./concurrent-requests.js";
import { oddCorrelation, refusedRequests } from "./odd-correlation.js";
import {
  correlated,
  correlates,
  fail,
  isReply,
  legalDraft,
  others,
  pointersOf,
  type Request,
  refusalOf,
  requestsOf,
} from "./requests.js";
import { staleReplies } from "./stale-replies.js";
import { openWalk, type Walk } from "./walker.js";

const ID = "S-RR-01";

/** Each command of each operation with a reply, with two of its payloads. */
export const replies: Check = {
  id: ID,
  safe: true,
  smoke: true,
  async run(context) {
    const source = commandSource(context.judge, context.seed);
    const requests = requestsOf(context, 2);
    if (requests.length === 0) return notApplicable("no operation of the document has a reply");
    const property = await runProperty(context, {
      label: "request",
      examples: requests,
      show: ({ operation, command, variant }): Json => ({ operation: operation.name, command, variant }),
      script: async (request, scene) => concluded(scene, ID, await ask(context, source, request, scene)),
    });
    const silent = property.undecided.map(({ reason }) => reason);
    return resultOf(property, {
      pass: "each request had its reply in time",
      notes: [...new Set(silent)].slice(0, 5),
    });
  },
};

async function ask(
  context: CheckContext,
  source: CommandSource,
  request: Request,
  scene: Case,
): Promise<CaseOutcome> {
  const { command, reply } = request;
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source);
  const draft = await legalDraft(walk, request);
  if (draft === undefined) {
    return { verdict: "inconclusive", reason: `no state was reached in which "${command}" is legal` };
  }
  const message = context.endpoint.commands.find(({ name }) => name === command);
  const payload =
    message === undefined
      ? draft.payload
      : correlated(context, message, draft.payload, tokenOf(scene.random));
  if (reply.ack) return askForAcknowledgement(context, walk, request, payload);

  const sent = message?.correlation === undefined ? undefined : valueAt(payload, message.correlation);
  const from = tester.messages.length;
  tester.command(command, payload);
  const wanted = `${reply.messages.map((name) => `"${name}"`).join(" or ")} in reply to "${command}" within ${Math.round(context.answerMs)} ms`;
  const first = await tester.next(
    (one) => isReply(reply, one) || refusalOf(context, one) !== undefined,
    context.answerMs,
    from,
  );
  if (first === undefined) {
    const got = tester.end === undefined ? others(tester.messages.slice(from)) : endOf(tester);
    return fail(
      wanted,
      got,
      `Answer each "${command}" with ${reply.messages.map((name) => `"${name}"`).join(" or ")}.`,
    );
  }
  if (!isReply(reply, first)) {
    return fail(
      wanted,
      `a refusal of a valid, legal command: ${excerpt(first.text)}`,
      "Answer the request, or declare the refusal as one of its replies.",
    );
  }
  if (reply.exactly !== undefined) await tester.wait(context.quietMs());
  const found = tester.messages.slice(from).filter((one) => isReply(reply, one));
  const astray = found.find((one) => !correlates(context, one, sent));
  if (astray !== undefined) {
    return fail(
      `the correlation id that was sent: ${JSON.stringify(sent)} at ${pointersOf(context, reply)}`,
      excerpt(astray.text),
      "Copy the correlation id of the request into its reply: the client finds the caller by it.",
    );
  }
  if (reply.exactly !== undefined && found.length !== reply.exactly) {
    return fail(
      `exactly ${reply.exactly} ${reply.exactly === 1 ? "reply" : "replies"} to one "${command}"`,
      `${found.length}: ${found.map((one) => excerpt(one.text)).join(", ")}`,
      "Answer each request once.",
    );
  }
  return { verdict: "pass" };
}

async function askForAcknowledgement(
  context: CheckContext,
  { tester }: Walk,
  { command, reply }: Request,
  payload: Json,
): Promise<CaseOutcome> {
  const wanted = `an acknowledgement of "${command}" (${reply.messages.join(" or ")}) within ${Math.round(context.answerMs)} ms`;
  const ack = await tester.ack(command, payload, context.answerMs);
  if (ack === undefined) {
    const got = tester.end === undefined ? others(tester.messages) : endOf(tester);
    return fail(
      wanted,
      got,
      "Call the acknowledgement function that Socket.IO hands to the handler, where there is one.",
    );
  }
  const issues = reply.messages.map((name) => context.judge.events.validate(name, ack.payload));
  const [issue] = issues;
  if (issue === undefined || issues.includes(undefined)) return { verdict: "pass" };
  return fail(
    `${wanted}, valid by its schema: ${issue.expected} at "${issue.path}"`,
    `${issue.received}, in ${excerpt(JSON.stringify(ack.payload) ?? "nothing")}`,
    issue.hint,
  );
}

/** S-RR-04: judged on every connection by the Tester; here only whether there was anything to judge. */
const askedReplies: Check = {
  id: "S-RR-04",
  passive: true,
  smoke: true,
  safe: true,
  async run({ endpoint, record }): Promise<CheckResult> {
    if (replyPointers({ endpoint }).size === 0) {
      return notApplicable(
        "no reply that only its own connection gets, and only when asked, has a correlation id",
      );
    }
    const seen = record.judgements.get("S-RR-04") ?? 0;
    const { cases } = record;
    if (seen > 0) {
      return {
        verdict: "pass",
        reason: `each of ${seen} correlation ids was sent on its own connection`,
        cases,
      };
    }
    return { verdict: "inconclusive", reason: "no reply with a correlation id came in the whole run", cases };
  },
};

/** Checks of requests and replies. */
export const requestReplyChecks: readonly Check[] = [
  replies,
  concurrentRequests,
  oddCorrelation,
  askedReplies,
  refusedRequests,
  staleReplies,
];
