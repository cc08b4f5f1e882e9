/** S-RR-06: what was asked on a connection that dropped is not answered on the next one. */

import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { Case, Check, CheckContext, ReceivedMessage, Tester } from "../check.js";
import { excerpt } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { tokenOf } from "../witness.js";
import { concluded, NO_WITNESS, notApplicable, quietNote, witnessAfter, witnessBefore } from "./blame.js";
import { type CommandSource, commandSource } from "./commands.js";
import { correlated, fail, isReply, isSurelyReply, type Request, requestsOf } from "./requests.js";
import { commandsThatAre, openWalk } from "./walker.js";

const ID = "S-RR-06";

/** How many of one request are on their way when the connection drops. */
const IN_FLIGHT = 4;

/**
 * How long after the last request the connection is reset (milliseconds), the surest first: at once the server may not
 * have read them, later it may be done with them.
 */
const DROPS = [25, 5, 0] as const;

interface Drop {
  readonly request: Request;
  readonly afterMs: number;
}

/** Each request that a fresh connection may send, several times, then a reset and a new connection at once. */
export const staleReplies: Check = {
  id: ID,
  async run(context) {
    const requests = requestsOf(context, 1).filter(
      ({ reply }) => !reply.ack && !isShared(context, reply.messages),
    );
    if (requests.length === 0) return notApplicable("no request has a reply for its own connection alone");
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const source = commandSource(context.judge, context.seed);
    const dropping = (drops: readonly number[]) =>
      runProperty<Drop>(context, {
        label: `dropped ${drops.join(" or ")} ms after the last request`,
        examples: requests.flatMap((request) => drops.map((afterMs) => ({ request, afterMs }))),
        show: ({ request, afterMs }) => ({ command: request.command, resetAfterMs: afterMs }),
        script: async (drop, scene) =>
          concluded(scene, ID, await dropAndReturn(context, source, drop, scene)),
      });
    const [surest, ...others] = DROPS;
    const first = await dropping([surest]);
    const settled = first.failure !== undefined || first.flaky !== undefined || first.passed === 0;
    const property = settled ? first : await dropping(others);
    return resultOf(property, {
      pass: "nothing of a dropped connection was answered on the next one",
      notes: [quietNote(context)],
    });
  },
};

/** Where replies go to others as well, one that nobody here asked for is in order; so is one that also comes unasked. */
function isShared(context: CheckContext, messages: readonly string[]): boolean {
  const { endpoint } = context;
  return (
    endpoint.protocol.audience.some(
      (row) => row.to !== "connection" && row.messages.some((one) => messages.includes(one)),
    ) ||
    endpoint.operations.some(
      ({ action, messages: sent }) => action === "send" && sent.some((one) => messages.includes(one)),
    )
  );
}

async function dropAndReturn(
  context: CheckContext,
  source: CommandSource,
  { request, afterMs }: Drop,
  scene: Case,
): Promise<CaseOutcome> {
  const dropped = await scene.connect();
  const unproved = await witnessBefore(context, scene, dropped);
  if (unproved !== undefined) return unproved;
  const asked = askSeveral(context, source, request, scene, dropped);
  if (asked.length === 0) {
    return { verdict: "inconclusive", reason: `no fresh connection may send "${request.command}"` };
  }
  if (afterMs > 0) await dropped.wait(afterMs);
  dropped.destroy();
  scene.fault();
  const tester = await scene.connect();
  await tester.wait(context.quietMs());
  // What was ready only after that connection was opened may wait for the one after it.
  const next = await scene.connect();
  await next.wait(context.quietMs());
  // Nothing was asked on either yet: whatever replies is an answer to the connection before.
  const stale = [...tester.messages, ...next.messages].find(
    (message) => isSurelyReply(request.reply, message) || belongs(context, message, asked, []),
  );
  if (stale !== undefined) return failure(request, asked, stale);
  next.close(1000);
  const own = askSeveral(context, source, request, scene, tester);
  const from = tester.messages.length;
  while (tester.messages.slice(from).filter((one) => isReply(request.reply, one)).length < own.length) {
    if (tester.end !== undefined) break;
    if ((await tester.next(() => true, context.answerMs, tester.messages.length)) === undefined) break;
  }
  const late = tester.messages
    .slice(from)
    .find((message) => isReply(request.reply, message) && belongs(context, message, asked, own));
  if (late !== undefined) return failure(request, asked, late);
  return (
    (await witnessAfter(context, scene, tester, "a reset with requests in flight and a new connection")) ?? {
      verdict: "pass",
    }
  );
}

/** Sends the request several times under ids of its own; gives these ids, `undefined` where it has none. */
function askSeveral(
  context: CheckContext,
  source: CommandSource,
  { command }: Request,
  scene: Case,
  tester: Tester,
): readonly unknown[] {
  const walk = openWalk(context, scene, tester, source);
  const message = context.endpoint.commands.find(({ name }) => name === command);
  const ids: unknown[] = [];
  for (let index = 0; index < IN_FLIGHT; index += 1) {
    const [option] = commandsThatAre("legal", walk, [command]);
    const draft = option?.payloads[0];
    if (message === undefined || draft === undefined) break;
    const payload = correlated(context, message, draft, tokenOf(scene.random));
    ids.push(message.correlation === undefined ? undefined : valueAt(payload, message.correlation));
    tester.command(command, payload);
  }
  return ids;
}

/** True for a reply under an id that only the dropped connection used. */
function belongs(
  { endpoint }: CheckContext,
  { names, payload }: ReceivedMessage,
  asked: readonly unknown[],
  own: readonly unknown[],
): boolean {
  return endpoint.events.some(({ name, correlation }) => {
    if (correlation === undefined || !names.includes(name)) return false;
    const value = valueAt(payload, correlation);
    if (value === undefined) return false;
    return asked.some((id) => sameJson(id, value)) && !own.some((id) => sameJson(id, value));
  });
}

function failure({ command }: Request, asked: readonly unknown[], stale: ReceivedMessage): CaseOutcome {
  return fail(
    `nothing of ${asked.length} "${command}" of a connection that dropped comes on the next one`,
    `${excerpt(stale.text)} before anything was asked there, or under an id of the old connection`,
    "End what a connection asked for when it ends; do not keep replies by user or address for whoever comes next.",
  );
}
