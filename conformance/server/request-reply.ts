/** S-RR-01: an operation with a reply has it in time, under the correlation id that was sent. */

import type { Json, Message, Operation, Reply } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { Case, Check, CheckContext, ReceivedMessage } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { withToken } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { tokenOf } from "../witness.js";
import { concluded, notApplicable } from "./blame.js";
import { type CommandSource, commandSource, type DraftCommand, placementsOf } from "./commands.js";
import { reach } from "./reach.js";
import { commandsThatAre, openWalk, settle, type Walk } from "./walker.js";

const ID = "S-RR-01";

interface Request {
  readonly operation: Operation;
  readonly reply: Reply;
  readonly command: string;
  /** Which of the command's payloads. */
  readonly variant: number;
}

/** Each command of each operation with a reply, with two of its payloads. */
export const replies: Check = {
  id: ID,
  async run(context) {
    const { endpoint } = context;
    const source = commandSource(context.judge, context.seed);
    const requests = endpoint.operations.flatMap((operation): Request[] => {
      const { reply } = operation;
      if (operation.action !== "receive" || reply === undefined) return [];
      return operation.messages.flatMap((command) =>
        [0, 1].map((variant) => ({ operation, reply, command, variant })),
      );
    });
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

/** The payload with a correlation id of its own; one that is an identifier of the case as well stays what it is. */
function correlated(context: CheckContext, message: Message, payload: Json, token: string): Json {
  const { correlation } = message;
  if (correlation === undefined || Object.hasOwn(placementsOf(context.endpoint, message), correlation)) {
    return payload;
  }
  return withToken(context.judge, message, payload, token) ?? payload;
}

/** A payload with which the command is legal, in the state of the connection or in one that can be reached. */
async function legalDraft(walk: Walk, { command, variant }: Request): Promise<DraftCommand | undefined> {
  const { context, tester } = walk;
  const legal = (): DraftCommand | undefined => {
    const [found] = commandsThatAre("legal", walk, [command]);
    const payload = found?.payloads[variant % found.payloads.length];
    return payload === undefined ? undefined : { name: command, payload };
  };
  if (!walk.source.names.includes(command)) return undefined;
  const first = legal();
  if (first !== undefined) return first;
  for (const lifecycle of context.endpoint.lifecycles) {
    const states = lifecycle.transitions
      .filter(({ on, may }) => on.includes(command) && may !== true)
      .flatMap(({ from }) => from);
    for (const state of new Set(states)) {
      const deadline = tester.now() + context.answerMs;
      if (!(await reach(walk, lifecycle, state, { attempt: variant, deadline }))) continue;
      await settle(walk);
      const draft = legal();
      if (draft !== undefined) return draft;
    }
  }
  return undefined;
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

function isReply(reply: Reply, message: ReceivedMessage): boolean {
  return reply.messages.some((name) => message.names.includes(name));
}

/** A refusal that the document does not also declare as a reply is none. */
function refusalOf(context: CheckContext, message: ReceivedMessage): unknown {
  return context.judge.refusalOf(message.names, message.payload);
}

/** True when the reply carries the value that was sent, or nothing says that it must. */
function correlates(context: CheckContext, message: ReceivedMessage, sent: unknown): boolean {
  const pointers = context.endpoint.events
    .filter(({ name }) => message.names.includes(name))
    .map(({ correlation }) => correlation);
  if (sent === undefined || pointers.includes(undefined)) return true;
  return pointers.some(
    (pointer) => pointer !== undefined && sameJson(valueAt(message.payload, pointer), sent),
  );
}

function pointersOf(context: CheckContext, reply: Reply): string {
  const pointers = context.endpoint.events
    .filter(({ name }) => reply.messages.includes(name))
    .flatMap(({ correlation }) => (correlation === undefined ? [] : [`\`${correlation}\``]));
  return [...new Set(pointers)].join(" or ");
}

function others(messages: readonly ReceivedMessage[]): string {
  const last = messages.at(-1);
  return last === undefined
    ? "nothing"
    : `no reply, but ${messages.length} other events, the last ${excerpt(last.text)}`;
}

function fail(expected: string, got: string, mend: string): CaseOutcome {
  return { verdict: "fail", expected, got, mend };
}

/** Checks of requests and replies. */
export const requestReplyChecks: readonly Check[] = [replies];
