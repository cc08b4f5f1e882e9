/** What one connection is refused is told to that one alone: a connection that only listens hears nothing of it. */

import type { CheckContext, Tester } from "../check.js";
import { fillingOf, runExchange } from "../exchange.js";
import { frameText } from "../judge.js";
import { ordinaryPayload, withValue } from "../payloads.js";
import type { CaseOutcome } from "../property.js";
import { failureOf } from "./blame.js";
import { connectAll, type Scene, type Stage, undone, watchAll } from "./stage.js";
import { commandsThatAre, openWalk, settle, type Walk } from "./walker.js";

/** Plays it. What the listener heard that it may not hear says the Monitor. */
export async function playRefused(
  stage: Stage,
  { exchange: index }: Extract<Scene, { readonly kind: "refused" }>,
): Promise<CaseOutcome> {
  const { context, source, scene, exchanges } = stage;
  const [listener, actor] = await connectAll(scene, 2);
  if (listener === undefined || actor === undefined) {
    return { verdict: "inconclusive", reason: "no connection" };
  }
  const exchange = index === undefined ? undefined : exchanges[index];
  const walk = openWalk(context, scene, actor, source);
  if (exchange !== undefined) {
    const { judge, answerMs } = context;
    const filling = fillingOf(scene);
    for (const tester of [listener, actor]) {
      const run = await runExchange(tester, exchange, { judge, answerMs, filling });
      if (!run.ok) return undone(exchange, run);
      await settle(openWalk(context, scene, tester, source));
    }
  }
  const before = scene.violations.length;
  const from = actor.messages.length;
  await sendInvalid(stage, walk);
  await sendIllegal(walk);
  await watchAll(context, scene, source, [listener, actor]);
  const found = scene.violations.slice(before).find(({ connection }) => connection === listener.id);
  if (found !== undefined) return failureOf({ ...found, mend: MEND });
  if (scene.violations.length > 0) return { verdict: "blocked", by: "S-CD-03" };
  const refused = actor.messages
    .slice(from)
    .some(({ names, payload }) => context.judge.refusalOf(names, payload) !== undefined);
  return refused ? { verdict: "pass" } : { verdict: "inconclusive", reason: "nothing was refused" };
}

const MEND = "Send a refusal to the connection whose command it refuses, and to no other.";

/** A command with one field too many, or a text in its place; then it is refused for its payload. */
async function sendInvalid({ context, scene }: Stage, { tester }: Walk): Promise<void> {
  const { judge, endpoint, seed } = context;
  for (const { name } of endpoint.commands) {
    const payload = ordinaryPayload(judge, name, fillingOf(scene), seed);
    if (payload === undefined) continue;
    for (const broken of [withValue(payload, "/wireproof-stray-field", 1), JSON.stringify(payload)]) {
      if (broken === undefined) continue;
      const text = frameText(endpoint, name, broken);
      if (judge.commands.judge(text).ok) continue;
      tester.text(text, "undecodable");
      await refusal(context, tester);
      return;
    }
  }
}

/** A command that the state does not allow, where there is one; then it is refused for the state. */
async function sendIllegal(walk: Walk): Promise<void> {
  const [command] = commandsThatAre("illegal", walk);
  const [payload] = command?.payloads ?? [];
  if (command === undefined || payload === undefined || walk.tester.end !== undefined) return;
  walk.tester.command(command.name, payload);
  await refusal(walk.context, walk.tester);
}

async function refusal({ judge, answerMs }: CheckContext, tester: Tester): Promise<void> {
  const from = tester.messages.length;
  await tester.next(({ names, payload }) => judge.refusalOf(names, payload) !== undefined, answerMs, from);
}
