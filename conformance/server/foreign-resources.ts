/** S-SE-03: a command that names a resource of another user is refused, and nothing of that resource is told. */

import type { Json, Pointer } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, Identity, ReceivedMessage, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { withValue } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { NO_WITNESS, quietNote } from "./blame.js";
import { type CommandSource, commandSource, identifiersOf, personalise } from "./commands.js";

interface Theft {
  readonly owner: Identity;
  readonly thief: Identity;
  readonly command: string;
  readonly pointer: Pointer;
  readonly value: Json;
}

/** Every command with a field that names a resource, sent by its owner and then by another user. */
export const foreignResources: Check = {
  id: "S-SE-03",
  async run(context) {
    const { identities } = context.config;
    const owning = identities.some(({ owns }) => owns !== undefined && Object.keys(owns).length > 0);
    if (identities.length < 2 || !owning) {
      return {
        verdict: "untestable",
        reason:
          "no two users: give two `identities` in --config, one of them with `owns` (fields and the values that are his alone)",
        cases: 0,
      };
    }
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const source = commandSource(context.judge, context.seed);
    const thefts = theftsOf(context, source);
    if (thefts.length === 0) {
      return {
        verdict: "untestable",
        reason: "no command that a fresh connection may send holds one of the values under `owns`",
        cases: 0,
      };
    }
    const property = await runProperty(context, {
      label: "another user's resource",
      examples: thefts,
      show: ({ owner, thief, command, pointer }) => ({
        command,
        field: pointer,
        owner: owner.name,
        by: thief.name,
      }),
      script: (theft, scene) => steal(context, source, theft, scene),
    });
    return resultOf(property, { pass: "the owner was served, and nobody else", notes: [quietNote(context)] });
  },
};

function theftsOf(context: CheckContext, source: CommandSource): Theft[] {
  const { identities } = context.config;
  return identities.flatMap((owner) =>
    Object.entries(owner.owns ?? {}).flatMap(([pointer, values]) =>
      values.slice(0, 2).flatMap((value) =>
        source.names
          .filter((command) => payloadFor(context, source, command, pointer, value, NOBODY) !== undefined)
          .flatMap((command) =>
            identities
              .filter((thief) => thief !== owner && !owned(thief, pointer, value))
              .slice(0, 1)
              .map((thief): Theft => ({ owner, thief, command, pointer, value })),
          ),
      ),
    ),
  );
}

const NOBODY = "00000000-0000-4000-8000-000000000000";

function owned({ owns = {} }: Identity, pointer: Pointer, value: Json): boolean {
  return (owns[pointer] ?? []).some((one) => JSON.stringify(one) === JSON.stringify(value));
}

/** The command with the value in that field, where its schema has it and a fresh connection may send it. */
function payloadFor(
  context: CheckContext,
  source: CommandSource,
  command: string,
  pointer: Pointer,
  value: Json,
  identity: string,
): Json | undefined {
  for (const draft of source.variants(command)) {
    const payload = withValue(personalise(draft.payload, identifiersOf(identity)), pointer, value);
    if (payload === undefined || context.judge.commands.validate(command, payload) !== undefined) continue;
    return payload;
  }
  return undefined;
}

async function steal(
  context: CheckContext,
  source: CommandSource,
  theft: Theft,
  scene: Case,
): Promise<CaseOutcome> {
  const { owner, thief, command, pointer, value } = theft;
  const payload = payloadFor(context, source, command, pointer, value, scene.identity);
  const own = await scene.connect({ credentials: owner });
  const watcher = await scene.connect({ credentials: thief });
  if (payload === undefined || own.monitor.legalNow({ name: command, payload }) === "illegal") {
    return { verdict: "inconclusive", reason: `no fresh connection may send "${command}"` };
  }
  const ownAnswers = await sendAndRead(context, own, command, payload);
  const refused = ownAnswers.find((message) => isRefusal(context, message));
  if (refused !== undefined || own.end !== undefined) {
    return {
      verdict: "inconclusive",
      reason: `"${owner.name}" is not served either: ${refused === undefined ? endOf(own) : excerpt(refused.text)}`,
    };
  }
  const expected = `"${command}" of "${thief.name}" about ${JSON.stringify(value)} of "${owner.name}" is refused, and nothing of it is told`;
  const fail = (got: string): CaseOutcome => ({ verdict: "fail", expected, got, mend: MEND });
  const overheard = watcher.messages.find((message) => message.text.includes(bare(value)));
  if (overheard !== undefined)
    return fail(`"${thief.name}", who asked for nothing, got ${excerpt(overheard.text)}`);
  const answers = await sendAndRead(context, watcher, command, payload);
  const told = answers.find(
    (message) =>
      !isRefusal(context, message) &&
      (isReply(context, command, message) || message.text.includes(bare(value))),
  );
  if (told !== undefined) return fail(excerpt(told.text));
  if (watcher.end?.code === 1000) return fail(`${endOf(watcher)}: that says that all is well`);
  if (watcher.end !== undefined || answers.some((message) => isRefusal(context, message)))
    return { verdict: "pass" };
  if (context.endpoint.protocol.reject === undefined) return { verdict: "pass" };
  return fail(
    answers.length === 0
      ? "no answer: it was neither refused nor answered"
      : `${answers.length} events and no refusal, the last ${excerpt(answers.at(-1)?.text ?? "")}`,
  );
}

const MEND =
  "Ask of each command whether its sender may touch what it names, and answer as if it did not exist.";

async function sendAndRead(
  context: CheckContext,
  tester: Tester,
  command: string,
  payload: Json,
): Promise<readonly ReceivedMessage[]> {
  const from = tester.messages.length;
  tester.tell("anything");
  tester.command(command, payload);
  await tester.next(
    (message) => isRefusal(context, message) || isReply(context, command, message),
    context.answerMs,
    from,
  );
  if (tester.end === undefined) await tester.wait(context.quietMs());
  return tester.messages.slice(from);
}

function isRefusal(context: CheckContext, message: ReceivedMessage): boolean {
  return context.judge.refusalOf(message.names, message.payload) !== undefined;
}

function isReply({ endpoint }: CheckContext, command: string, { names }: ReceivedMessage): boolean {
  return endpoint.operations.some(
    ({ action, messages, reply }) =>
      action === "receive" &&
      messages.includes(command) &&
      reply?.messages.some((name) => names.includes(name)) === true,
  );
}

/** The value as it stands in a text. */
function bare(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
