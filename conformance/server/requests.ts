/** What the checks of requests and replies share: which requests a document has, how one is made legal, what answers it. */

import type { Json, Message, Operation, Pointer, Reply } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { CheckContext, ReceivedMessage } from "../check.js";
import { excerpt } from "../judge.js";
import { withToken } from "../payloads.js";
import type { CaseOutcome } from "../property.js";
import { type DraftCommand, placementsOf } from "./commands.js";
import { reach } from "./reach.js";
import { commandsThatAre, settle, type Walk } from "./walker.js";

/** A command that has a reply. */
export interface Request {
  readonly operation: Operation;
  readonly reply: Reply;
  readonly command: string;
  /** Which of the command's payloads. */
  readonly variant: number;
}

/** Each command of each operation with a reply, with so many of its payloads. */
export function requestsOf(context: CheckContext, variants: number): readonly Request[] {
  return context.endpoint.operations.flatMap((operation): Request[] => {
    const { reply } = operation;
    if (operation.action !== "receive" || reply === undefined) return [];
    return operation.messages.flatMap((command) =>
      Array.from({ length: variants }, (_, variant) => ({ operation, reply, command, variant })),
    );
  });
}

/** Where the correlation id of a command stands, if it has one. */
export function correlationOf(context: CheckContext, command: string): Pointer | undefined {
  return context.endpoint.commands.find(({ name }) => name === command)?.correlation;
}

/** True where the correlation id is also an identifier of the case or a domain value, so that no value may be invented. */
export function isBound(context: CheckContext, message: Message): boolean {
  return (
    message.correlation !== undefined &&
    Object.hasOwn(placementsOf(context.endpoint, message), message.correlation)
  );
}

/** The payload with a correlation id of its own; one that is an identifier of the case as well stays what it is. */
export function correlated(context: CheckContext, message: Message, payload: Json, token: string): Json {
  if (isBound(context, message)) return payload;
  return withToken(context.judge, message, payload, token) ?? payload;
}

/** A payload with which the command is legal, in the state of the connection or in one that can be reached. */
export async function legalDraft(
  walk: Walk,
  { command, variant }: Pick<Request, "command" | "variant">,
): Promise<DraftCommand | undefined> {
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

/** True for an event that the operation declares as its reply. */
export function isReply(reply: Reply, message: ReceivedMessage): boolean {
  return reply.messages.some((name) => message.names.includes(name));
}

/** True for an event that can be nothing but such a reply: what may be another message as well accuses nobody. */
export function isSurelyReply(reply: Reply, { names }: Pick<ReceivedMessage, "names">): boolean {
  return names.length > 0 && names.every((name) => reply.messages.includes(name));
}

/** A refusal that the document does not also declare as a reply is none. */
export function refusalOf(context: CheckContext, message: ReceivedMessage): unknown {
  return context.judge.refusalOf(message.names, message.payload);
}

/** True when the reply carries the value that was sent, or nothing says that it must. */
export function correlates(context: CheckContext, message: ReceivedMessage, sent: unknown): boolean {
  const pointers = context.endpoint.events
    .filter(({ name }) => message.names.includes(name))
    .map(({ correlation }) => correlation);
  if (sent === undefined || pointers.includes(undefined)) return true;
  return pointers.some(
    (pointer) => pointer !== undefined && sameJson(valueAt(message.payload, pointer), sent),
  );
}

/** Where the correlation id of the replies stands, in words. */
export function pointersOf(context: CheckContext, reply: Reply): string {
  const pointers = context.endpoint.events
    .filter(({ name }) => reply.messages.includes(name))
    .flatMap(({ correlation }) => (correlation === undefined ? [] : [`\`${correlation}\``]));
  return [...new Set(pointers)].join(" or ");
}

/** What came in place of a reply, in words. */
export function others(messages: readonly ReceivedMessage[]): string {
  const last = messages.at(-1);
  return last === undefined
    ? "no answer"
    : `no reply, but ${messages.length} other events, the last ${excerpt(last.text)}`;
}

/** A failure of a case. */
export function fail(expected: string, got: string, mend: string): CaseOutcome {
  return { verdict: "fail", expected, got, mend };
}
