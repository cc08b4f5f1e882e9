/** What the application does while the client waits for its next attempt: C-RC-06 (it closes), C-RC-10 (it sends). */
import type { Json, Message } from "../../src/contract/contract.js";
import { openLifecycles } from "../../src/contract/lifecycle.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { CheckResult } from "../check.js";
import { frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, LaunchedClient, ReceivedCommand } from "./check.js";
import { forgetPast, meet, withoutWitness } from "./meeting.js";
import { firstDelay, knowsOfEnd, nextAttempt, type ScaledWindow } from "./reconnecting.js";
import { eventPayloads, pongWitness } from "./witness.js";

/** So many commands are asked for while there is no connection: an order shows. */
const COMMANDS = 3;

/** C-RC-06. */
const closedOnPurpose: ClientCheck = {
  id: "C-RC-06",
  shortestMs: (context) => 2 * (firstDelay(context)?.maxMs ?? 0),
  async run(context) {
    const window = firstDelay(context);
    if (window === undefined) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    // One that never comes back would keep this rule for want of any attempt.
    const comesBack = await context.inCase("left alone", (scene) => returns(context, scene, window));
    if (comesBack !== undefined) return comesBack;
    const property = await runProperty(context, {
      label: "closed while it waits",
      examples: ["after a reset"],
      waits: true,
      script: (_, scene: ClientCase) => closes(context, scene, window),
    });
    return resultOf(property, { pass: "no attempt followed when the application had closed the client" });
  },
};

/** C-RC-10. */
const sentOffline: ClientCheck = {
  id: "C-RC-10",
  shortestMs: (context) => firstDelay(context)?.maxMs ?? 0,
  async run(context) {
    const window = firstDelay(context);
    if (window === undefined) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    const commands = commandsAtOpen(context);
    if (commands === undefined) {
      const reason = "no payload of a command that is legal on a fresh connection can be made";
      return { verdict: "untestable", reason, cases: 0 };
    }
    const property = await runProperty(context, {
      label: "sent while it waits",
      examples: [commands],
      waits: true,
      script: (given, scene: ClientCase) => sends(context, scene, window, given),
    });
    const queues = context.endpoint.reconnect?.offline === "queue";
    return resultOf(property, {
      pass: queues
        ? "commands without a connection were sent on the next one, once each and in order"
        : "commands without a connection were rejected to their caller, and never sent",
    });
  },
};

/** The rows about the wait. */
export const whileWaiting: readonly ClientCheck[] = [closedOnPurpose, sentOffline];

/** Why there is nothing to end: a client that nobody closes does not come back either. */
async function returns(
  context: ClientContext,
  scene: ClientCase,
  window: ScaledWindow,
): Promise<CheckResult | undefined> {
  const met = await meet(context, scene);
  if ("missing" in met) return { ...met.missing, cases: 1 };
  await forgetPast(context, scene);
  met.peer.destroy();
  const arrival = await nextAttempt(context, scene, window, scene.now());
  return arrival.kind === "none"
    ? { verdict: "untestable", reason: "blocked by C-RC-01", cases: 1 }
    : undefined;
}

async function closes(context: ClientContext, scene: ClientCase, window: ScaledWindow): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  await forgetPast(context, scene);
  const { client, peer } = met;
  peer.destroy();
  const since = scene.now();
  // It knows of the end by then, and waits.
  await scene.wait(window.minMs / 4);
  client.close();
  const closedAt = scene.now();
  const next = await scene.attempt(since + window.maxMs + context.graceMs() + context.quietMs() - closedAt);
  if (next === undefined) return { verdict: "pass" };
  // One that was on its way when the client was told is no evidence.
  if (next.atMs < since + window.minMs / 2) return { verdict: "blocked", by: "C-RC-01" };
  if (next.atMs < closedAt + window.minMs / 4) {
    return { verdict: "inconclusive", reason: "the attempt came while the client was asked to close" };
  }
  return {
    verdict: "fail",
    reason: "the client comes back after it was closed on purpose",
    expected: "no attempt after the application has closed the client",
    got: `one ${Math.round(next.atMs - closedAt)} ms after that`,
    mend: "Let close() cancel the timer of the next attempt, and every other one.",
  };
}

/** A command with its payload. */
export interface Command {
  readonly name: string;
  readonly payload: Json;
}

/** Commands that a fresh connection takes one after another: several of which no lifecycle speaks, else one. */
export function commandsAtOpen({ endpoint, judge }: ClientContext): readonly Command[] | undefined {
  const isNamed = ({ name }: Message): boolean =>
    endpoint.lifecycles.some(({ transitions }) => transitions.some(({ on }) => on.includes(name)));
  // The heartbeat is the client's own.
  const own = endpoint.commands
    .filter(
      ({ binary, name }) => !binary && name !== endpoint.heartbeat?.ping && name !== endpoint.heartbeat?.pong,
    )
    .sort((a, b) => Number(isNamed(a)) - Number(isNamed(b)));
  for (const message of own) {
    const { name } = message;
    const found: Command[] = [];
    for (const payload of eventPayloads(judge, message)) {
      const judged = judge.commands.judge(frameText(endpoint, name, payload, "command"));
      if (!judged.ok || !judged.messages.includes(name)) continue;
      if (found.some((one) => sameJson(one.payload, payload))) continue;
      const legality = openLifecycles(endpoint, { timeScale: 1 }).legalNow({ name, payload });
      if (legality === "legal") found.push({ name, payload });
    }
    if (found.length > 0) return found.slice(0, isNamed(message) ? 1 : COMMANDS);
  }
  return undefined;
}

async function sends(
  context: ClientContext,
  scene: ClientCase,
  window: ScaledWindow,
  commands: readonly Command[],
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  await forgetPast(context, scene);
  const { client, peer } = met;
  const known = client.told.length;
  peer.destroy();
  const since = scene.now();
  // Until it knows of the end it would hand commands to a connection that is none.
  if (!(await knowsOfEnd(scene, client, window, known))) {
    return {
      verdict: "inconclusive",
      reason: "the client did not say in time that its connection is over",
      tooLate: true,
    };
  }
  const from = client.told.length;
  const asked = commands.map(({ name, payload }) => client.send(name, payload));
  if (scene.attempts.length > 1) return { verdict: "blocked", by: "C-RC-01" };
  const queues = context.endpoint.reconnect?.offline === "queue";
  // The next attempt may come, and be given up, before the last answer is there.
  const answering = Promise.all(queues ? [] : asked.map((of) => answerTo(context, client, of, from)));
  const arrival = await nextAttempt(context, scene, window, since);
  if (client.told.some(({ kind }) => kind === "unsupported")) {
    return { verdict: "untestable", reason: "the client cannot be asked for these commands" };
  }
  if (arrival.kind === "none") return { verdict: "blocked", by: "C-RC-01" };
  const next = await arrival.attempt.accept();
  if (next === undefined) return { verdict: "inconclusive", reason: "the client gave its attempt up" };
  const witness = await pongWitness(context, scene, next);
  if (!witness.ok) return withoutWitness(witness);
  const until = scene.now() + (queues ? context.answerMs : context.quietMs());
  const sent = (): number[] => next.commands.flatMap((one) => positionOf(one, commands));
  while (queues && sent().length < commands.length && scene.now() < until) await scene.wait(LOOK_MS);
  await scene.wait(context.quietMs());
  const order = sent();
  const wanted = queues ? commands.map((_, index) => index) : [];
  const got = order.length === 0 ? "none of them was sent" : `sent were those at ${order.join(", ")}`;
  if (!sameJson(order, wanted)) {
    return {
      verdict: "fail",
      reason: queues
        ? "commands without a connection were not sent once each, in order"
        : "commands that were to be rejected were sent",
      expected: queues
        ? `the commands at ${wanted.join(", ")} on the next connection`
        : "none of them on the next connection",
      got,
      mend: queues
        ? "Keep commands in one line while there is no connection, and empty it once, from its head, when there is one."
        : "Reject a command at once while there is no connection: its caller knows whether it still matters later.",
    };
  }
  const answers = await answering;
  const silent = answers.findIndex((answer) => answer !== "rejected");
  if (silent < 0) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "a command without a connection was lost in silence",
    expected: "each command rejected to its caller",
    got: `${answers[silent] ?? "nothing"} for the command at ${silent}; ${got}`,
    mend: "Let the promise of a command reject, or the call throw, while there is no connection.",
  };
}

/** How often a script looks at what has come (milliseconds). */
const LOOK_MS = 10;

async function answerTo(
  { answerMs }: ClientContext,
  client: LaunchedClient,
  of: number,
  from: number,
): Promise<"rejected" | "an answer as if it had been sent" | "no word"> {
  const told = await client.next(
    (report) => (report.kind === "reply" || report.kind === "unsupported") && report.of === of,
    answerMs,
    from,
  );
  if (told?.kind !== "reply") return "no word";
  return told.ok ? "an answer as if it had been sent" : "rejected";
}

/** Which of the commands this is. */
function positionOf({ names, payload }: ReceivedCommand, commands: readonly Command[]): number[] {
  const at = commands.findIndex((one) => names.includes(one.name) && sameJson(one.payload, payload));
  return at < 0 ? [] : [at];
}
