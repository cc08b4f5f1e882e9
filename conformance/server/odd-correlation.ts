/** S-RR-03 and S-RR-05: correlation ids that are odd, used twice, or on a request that is refused. */

import { replaceAt } from "../../src/arbitrary/violation-site.js";
import type { Json, Message, Pointer } from "../../src/contract/contract.js";
import { isObject, parsePointer, valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { Case, Check, CheckContext } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt, frameText } from "../judge.js";
import { withToken } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { tokenOf } from "../witness.js";
import { concluded, NO_WITNESS, notApplicable, witnessAfter, witnessBefore } from "./blame.js";
import { type CommandSource, commandSource, identifiersOf, personalise } from "./commands.js";
import {
  correlated,
  correlates,
  fail,
  isBound,
  isReply,
  legalDraft,
  others,
  type Request,
  refusalOf,
  requestsOf,
} from "./requests.js";
import { openWalk } from "./walker.js";

/** Ids that were lost, cut or mistaken for none by running systems; of each kind the first that the schema takes. */
const ODD: readonly (readonly [what: string, ids: readonly Json[]])[] = [
  ["an empty id", [""]],
  ["an id beyond ASCII", ["ünï-漢字-👩‍🚀", "ü"]],
  [
    "a long id",
    [65_536, 4096, 1024, 256, 128, 64, 36].map((length) => "0123456789abcdef".repeat(4096).slice(0, length)),
  ],
  ["an id of white space", [" \t "]],
  ["an id that needs escapes", ['a"b\\c/\u0000']],
  ["the id __proto__", ["__proto__"]],
  ["an id that is a number in a string", ["007"]],
  ["the id 0", [0]],
  ["a large number for an id", [Number.MAX_SAFE_INTEGER]],
];

interface OddRequest {
  readonly request: Request;
  readonly what: string;
  /** Absent: an ordinary id that is used twice. */
  readonly id?: Json;
}

/** Odd ids on each request that has one, and one id on two requests at once. */
export const oddCorrelation: Check = {
  id: "S-RR-03",
  async run(context) {
    const source = commandSource(context.judge, context.seed);
    const requests = requestsOf(context, 1).filter(
      ({ command, reply }) => !reply.ack && messageOf(context, command)?.correlation !== undefined,
    );
    if (requests.length === 0) return notApplicable("no request has a correlation id");
    const examples = requests.flatMap((request): OddRequest[] => {
      const message = messageOf(context, request.command);
      const twice: OddRequest = { request, what: "one id on two requests at once" };
      if (message === undefined || isBound(context, message)) return [twice];
      const [draft] = source.names.includes(request.command) ? source.variants(request.command) : [];
      if (draft === undefined) return [];
      return [
        ...ODD.flatMap(([what, ids]) => {
          const id = ids.find((one) => withToken(context.judge, message, draft.payload, one) !== undefined);
          return id === undefined ? [] : [{ request, what, id }];
        }),
        twice,
      ];
    });
    const property = await runProperty(context, {
      label: "odd id",
      examples,
      show: ({ request, what, id }) => ({
        command: request.command,
        what,
        ...(id === undefined ? {} : { id: excerpt(JSON.stringify(id)) }),
      }),
      script: async (value, scene) =>
        concluded(scene, "S-RR-03", await askOddly(context, source, value, scene)),
    });
    return resultOf(property, { pass: "each request had a correct reply, or a declared refusal" });
  },
};

async function askOddly(
  context: CheckContext,
  source: CommandSource,
  { request, what, id }: OddRequest,
  scene: Case,
): Promise<CaseOutcome> {
  const { command, reply } = request;
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source);
  const draft = await legalDraft(walk, request);
  const message = messageOf(context, command);
  if (draft === undefined || message === undefined) {
    return { verdict: "inconclusive", reason: `no state was reached in which "${command}" is legal` };
  }
  const payload =
    id === undefined
      ? correlated(context, message, draft.payload, tokenOf(scene.random))
      : withToken(context.judge, message, draft.payload, id);
  if (payload === undefined) return { verdict: "inconclusive", reason: `the payload cannot hold ${what}` };
  const sent = valueAt(payload, message.correlation ?? "");
  const wanted = id === undefined ? 2 : 1;
  const from = tester.messages.length;
  scene.fault();
  for (let index = 0; index < wanted; index += 1) tester.command(command, payload);
  const answers = () =>
    tester.messages.slice(from).filter((one) => isReply(reply, one) || refusalOf(context, one) !== undefined);
  while (answers().length < wanted && tester.end === undefined) {
    if ((await tester.next(() => true, context.answerMs, tester.messages.length)) === undefined) break;
  }
  const astray = answers().find((one) => isReply(reply, one) && !correlates(context, one, sent));
  const shown = excerpt(JSON.stringify(sent));
  if (astray !== undefined) {
    return fail(
      `the reply to "${command}" carries its id (${what}): ${shown}`,
      excerpt(astray.text),
      "Take the correlation id as an opaque value: copy it as it came, or refuse the command.",
    );
  }
  if (answers().length >= wanted) return { verdict: "pass" };
  const got = tester.end === undefined ? others(tester.messages.slice(from)) : endOf(tester);
  return fail(
    `${wanted === 1 ? "a reply or a refusal" : "two answers, each a reply or a refusal"} for "${command}" with ${what} (${shown}) within ${Math.round(context.answerMs)} ms`,
    answers().length === 0 ? got : `${answers().length}: ${excerpt(answers()[0]?.text ?? "")}`,
    wanted === 1
      ? "An id that is there is an id, also when it is empty or long: answer under it, or refuse the command."
      : "Answer each request, also when a client uses an id again: keep requests by connection and order, not by id alone.",
  );
}

/** S-RR-05: the refusal of an invalid request carries its id. */
export const refusedRequests: Check = {
  id: "S-RR-05",
  async run(context) {
    const { reject } = context.endpoint.protocol;
    const pointer = context.endpoint.events.find(({ name }) => name === reject?.message)?.correlation;
    if (pointer === undefined) return notApplicable("the refusal of the document declares no correlation id");
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const source = commandSource(context.judge, context.seed);
    const examples = requestsOf(context, 1)
      .filter(({ reply }) => !reply.ack)
      .flatMap((request) => brokenRequests(context, source, request));
    if (examples.length === 0)
      return notApplicable("no request with a correlation id can be made invalid beside it");
    const property = await runProperty(context, {
      label: "invalid request",
      examples,
      show: ({ command, broken }) => ({ command, frame: excerpt(JSON.stringify(broken)) }),
      script: async (value, scene) =>
        concluded(scene, "S-RR-05", await askWrongly(context, value, pointer, scene)),
    });
    return resultOf(property, { pass: "each refusal carried the id of its request" });
  },
};

interface BrokenRequest {
  readonly command: string;
  readonly message: Message;
  readonly broken: Json;
}

/** So many ways of breaking one request are tried. */
const MOST_BROKEN = 4;

function brokenRequests(context: CheckContext, source: CommandSource, { command }: Request): BrokenRequest[] {
  const message = messageOf(context, command);
  const [draft] = source.names.includes(command) ? source.variants(command) : [];
  const { correlation } = message ?? {};
  if (message === undefined || draft === undefined || correlation === undefined) return [];
  const payload = correlated(context, message, draft.payload, "wireproof");
  const id = valueAt(payload, correlation);
  if (id === undefined) return [];
  const path = parsePointer(correlation);
  const candidates: (Json | undefined)[] = [
    isObject(payload) ? { ...asRecord(payload), "wireproof-stray": 1 } : undefined,
    ...leafPaths(payload)
      .filter((parts) => parts.join("/") !== path.join("/"))
      .flatMap((parts) => [replaceAt(payload, parts, []), replaceAt(payload, parts, null)]),
  ];
  return candidates
    .flatMap((broken): BrokenRequest[] => {
      if (broken === undefined || !sameJson(valueAt(broken, correlation), id)) return [];
      const result = context.judge.commands.judge(frameText(context.endpoint, command, broken));
      return !result.ok && result.error.code === "invalid-payload" ? [{ command, message, broken }] : [];
    })
    .slice(0, MOST_BROKEN);
}

async function askWrongly(
  context: CheckContext,
  { command, message, broken }: BrokenRequest,
  pointer: Pointer,
  scene: Case,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const unproved = await witnessBefore(context, scene, tester);
  if (unproved !== undefined) return unproved;
  const own = personalise(broken, identifiersOf(scene.identity));
  const marked = isBound(context, message)
    ? own
    : (replaceAt(own, parsePointer(message.correlation ?? ""), tokenLike(own, message, scene)) ?? own);
  const sent = valueAt(marked, message.correlation ?? "");
  const from = tester.messages.length;
  tester.text(frameText(context.endpoint, command, marked), "undecodable");
  const refusal = await tester.next((one) => refusalOf(context, one) !== undefined, context.answerMs, from);
  // That it is refused at all is another row's sentence.
  if (refusal === undefined)
    return { verdict: "inconclusive", reason: `an invalid "${command}" was not refused` };
  const found = valueAt(refusal.payload, pointer);
  if (sameJson(found, sent)) {
    return (
      (await witnessAfter(context, scene, await scene.connect(), `an invalid "${command}"`)) ?? {
        verdict: "pass",
      }
    );
  }
  return fail(
    `the refusal of an invalid "${command}" carries its id ${JSON.stringify(sent)} at ${pointer}`,
    found === undefined ? `no id: ${excerpt(refusal.text)}` : excerpt(refusal.text),
    "Read the id before the payload is judged, and copy it into the refusal: else the client's request ends by time alone.",
  );
}

/** A fresh id of the type of the old one. */
function tokenLike(payload: Json, message: Message, scene: Case): Json {
  const old = valueAt(payload, message.correlation ?? "");
  return typeof old === "number" ? 1 + scene.random.below(1_000_000) : tokenOf(scene.random);
}

function messageOf(context: CheckContext, command: string): Message | undefined {
  return context.endpoint.commands.find(({ name }) => name === command);
}

function leafPaths(value: Json, parts: readonly string[] = []): (readonly string[])[] {
  if (!isObject(value)) return [parts];
  return Object.entries(asRecord(value)).flatMap(([name, member]) => leafPaths(member, [...parts, name]));
}

/** Members of a Json object are Json: `isObject` only forgets that. */
function asRecord(value: { [key: string]: unknown }): Record<string, Json> {
  return value as Record<string, Json>;
}
