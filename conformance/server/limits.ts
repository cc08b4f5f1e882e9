/** S-RB-03: beyond the declared rate commands are refused, or the connection is closed, as declared; below it they are not. */

import type { Endpoint, Json } from "../../src/contract/contract.js";
import { openLifecycles } from "../../src/contract/lifecycle.js";
import type { Case, Check, CheckContext, CheckResult, ReceivedMessage, Tester } from "../check.js";
import { endOf, fillingOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { ordinaryPayload } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, NO_WITNESS, notApplicable, witnessAfter, witnessBefore } from "./blame.js";

const ID = "S-RB-03";

/**
 * How far the rate is exceeded: whoever counts in windows lets two of them pass at once, whoever refills a bucket one and
 * what has flowed in meanwhile.
 */
const EXCESS = 3;

/** The longest flood (commands): a limit beyond it cannot be tried. */
const MOST = 20_000;

type Rate = NonNullable<Endpoint["protocol"]["rate"]>;

/** Half the rate, then three times as much at once. */
export const rateLimit: Check = {
  id: ID,
  alone: true,
  shortestMs: ({ endpoint, scaled }) => 2 * scaled(endpoint.protocol.rate?.perMs ?? 0),
  async run(context): Promise<CheckResult> {
    const { rate, reject } = context.endpoint.protocol;
    if (rate === undefined) return notApplicable("the document declares no rate (x-ws-protocol.rate)");
    if (rate.messages * EXCESS > MOST) {
      return {
        verdict: "inconclusive",
        reason: `the rate cannot be exceeded: that needs ${rate.messages * EXCESS} commands at once, and the kit sends ${MOST} at most`,
        cases: 0,
      };
    }
    if (rate.answer === "error" && reject === undefined) {
      return {
        verdict: "untestable",
        reason: "the document declares no `reject`: what a refusal looks like is unknown",
        cases: 0,
      };
    }
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const command = cheapCommand(context);
    if (command === undefined) {
      return {
        verdict: "untestable",
        reason: "the document has no command that may be sent at any time",
        cases: 0,
      };
    }
    const property = await runProperty<"below" | "beyond">(context, {
      label: "the rate",
      examples: ["below", "beyond"],
      concurrency: 1,
      show: (how): Json => ({ how, command, rate: { ...rate } }),
      script: async (how, scene) => {
        const before = await witnessBefore(context, scene, await scene.connect());
        if (before !== undefined) return concluded(scene, ID, before);
        const tester = await scene.connect();
        const outcome =
          how === "below"
            ? await keepBelow(context, scene, tester, rate, command)
            : await exceed(context, scene, tester, rate, command);
        // The close that the document asks for is one that no lifecycle explains.
        const asked = how === "beyond" && rate.answer === "close" && outcome.verdict === "pass";
        return asked ? outcome : concluded(scene, ID, outcome);
      },
    });
    return resultOf(property, {
      pass: `commands beyond ${words(rate)} were ${rate.answer === "close" ? "answered by a close" : "refused"}, and half of it was let through`,
    });
  },
};

async function keepBelow(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  rate: Rate,
  command: string,
): Promise<CaseOutcome> {
  // The handshake and the heartbeat may count as well: half is below whatever is counted.
  const count = Math.max(1, Math.floor(rate.messages / 2));
  send(context, scene, tester, command, count);
  await tester.wait(context.quietMs());
  const refused = tester.messages.find((message) => isRefusal(context, message));
  if (refused === undefined && tester.end === undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    expected: `${count} commands at once are taken: the rate is ${words(rate)}`,
    got: refused === undefined ? endOf(tester) : excerpt(refused.text),
    mend: "Count the commands of each connection by themselves, and only those of the declared time.",
  };
}

async function exceed(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  rate: Rate,
  command: string,
): Promise<CaseOutcome> {
  const perMs = context.scaled(rate.perMs);
  const count = rate.messages * EXCESS;
  const start = tester.now();
  send(context, scene, tester, command, count);
  const tookMs = tester.now() - start;
  if (tookMs > perMs) {
    return {
      verdict: "inconclusive",
      reason: `scale too small: ${count} commands took the kit ${Math.round(tookMs)} ms, and the rate is counted over ${Math.round(perMs)} ms`,
    };
  }
  const patience = context.answerMs + context.graceMs();
  const expected =
    rate.answer === "close"
      ? `the connection is closed within ${Math.round(patience)} ms after ${count} commands at once (the rate is ${words(rate)})`
      : `some of ${count} commands at once are refused (the rate is ${words(rate)}), and the connection stays open`;
  if (rate.answer === "close") {
    const end = await tester.ended(patience);
    if (end !== undefined) return unharmed(context, scene);
    return { verdict: "fail", expected, got: answersTo(context, tester), mend: MEND };
  }
  const refused = await tester.next((message) => isRefusal(context, message), patience, 0);
  if (refused === undefined) {
    if (tester.end !== undefined) return { verdict: "fail", expected, got: endOf(tester), mend: MEND };
    // A server that reads no faster than the rate is never asked too much.
    const last = tester.messages.at(-1)?.atMs ?? start;
    if (last - start >= (count / rate.messages - 1) * perMs) {
      return { verdict: "inconclusive", reason: "the server reads no faster than the rate" };
    }
    return { verdict: "fail", expected, got: answersTo(context, tester), mend: MEND };
  }
  // Two windows later the connection is like any other.
  await tester.wait(2 * perMs + context.quietMs());
  if (tester.end !== undefined) return { verdict: "fail", expected, got: endOf(tester), mend: MEND };
  const broken = await witnessAfter(context, scene, tester, "the rate was exceeded and kept again");
  return broken ?? unharmed(context, scene);
}

const MEND =
  "Count the commands of each connection over the declared time, and answer what is beyond the limit as the document says (`rate.answer`).";

/** Another connection is not limited for what this one did. */
async function unharmed(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const fresh = await scene.connect();
  const broken = await witnessAfter(context, scene, fresh, "another connection exceeded its rate");
  return broken ?? { verdict: "pass" };
}

function answersTo(context: CheckContext, tester: Tester): string {
  const refused = tester.messages.filter((message) => isRefusal(context, message)).length;
  return `${tester.messages.length} events, ${refused} of them refusals, and the connection is open`;
}

function isRefusal(context: CheckContext, message: ReceivedMessage): boolean {
  return context.judge.refusalOf(message.names, message.payload) !== undefined;
}

function send(context: CheckContext, scene: Case, tester: Tester, command: string, count: number): void {
  const payload = ordinaryPayload(context.judge, command, fillingOf(scene), context.seed);
  if (payload === undefined) return;
  const text = context.judge.frameOf(command, payload);
  for (let sent = 0; sent < count && tester.end === undefined; sent += 1) {
    tester.text(text, "command", { names: [command], payload });
  }
}

/** A command that changes nothing and is legal at any time: the heartbeat's, or one that no lifecycle names or that waits. */
function cheapCommand({ judge, endpoint, seed }: CheckContext): string | undefined {
  const named = (name: string): boolean =>
    endpoint.lifecycles.some(({ transitions }) => transitions.some(({ on }) => on.includes(name)));
  const waits = (name: string): boolean => endpoint.lifecycles.some(({ queued }) => queued.includes(name));
  const filling = { text: "text", uuid: "00000000-0000-4000-8000-000000000000", int: 1 };
  const legal = (name: string): boolean => {
    const payload = ordinaryPayload(judge, name, filling, seed);
    return (
      payload !== undefined &&
      openLifecycles(endpoint, { timeScale: 1 }).legalNow({ name, payload }) === "legal"
    );
  };
  const { heartbeat } = endpoint;
  const beat = heartbeat?.initiator === "client" ? heartbeat.ping : undefined;
  const names = endpoint.commands.map(({ name }) => name).filter(legal);
  return (
    names.find((name) => name === beat) ??
    names.find((name) => !named(name)) ??
    names.find((name) => waits(name))
  );
}

function words({ messages, perMs }: Rate): string {
  return `${messages} commands in ${perMs} ms`;
}

/** All checks of this file. */
export const limitChecks: readonly Check[] = [rateLimit];
