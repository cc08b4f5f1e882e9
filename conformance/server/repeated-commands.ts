/** S-SM-03: a command that was legal and is not legal again is refused the second time: a second hello, a double click. */

import type { Json, Lifecycle } from "../../src/contract/contract.js";
import { CLOSED } from "../../src/contract/lifecycle/automaton.js";
import type { Case, Check, CheckContext } from "../check.js";
import { endOf } from "../exchange.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, notApplicable, quietNote, unproved } from "./blame.js";
import { type CommandSource, commandSource } from "./commands.js";
import { awaitRefusal, type Forbidden, goOn } from "./forbidden-command.js";
import { payloadsFor, reach } from "./reach.js";
import { graphStates } from "./routes.js";
import { openWalk, settle, type Walk } from "./walker.js";

const ID = "S-SM-03";

/** A command that one state takes and that the state after it does not. */
interface Repeatable {
  readonly lifecycle: string;
  /** States that take it. */
  readonly states: readonly string[];
  readonly command: string;
  readonly transition: number;
}

interface Repetition extends Repeatable {
  /** The second one follows at once, as from a double click, or when the server has answered the first. */
  readonly at: "once" | "leisure";
  readonly attempt: number;
}

/** So often the command is sent anew when the subject had already come to where it is legal again. */
const ATTEMPTS = 4;

/** Each command of the automata that is not legal twice, at leisure and at once, by several ways. */
export const repeatedCommands: Check = {
  id: ID,
  async run(context) {
    const { endpoint } = context;
    if (endpoint.lifecycles.length === 0) return notApplicable("the document declares no lifecycle");
    if (endpoint.protocol.reject === undefined) {
      return notApplicable("the document declares no `reject`: what a refusal looks like is unknown");
    }
    const source = commandSource(context.judge, context.seed);
    const found = endpoint.lifecycles.flatMap((lifecycle) => repeatable(context, lifecycle, source.names));
    if (found.length === 0) return notApplicable("every command that is legal once is legal again");
    const silent = await unproved(context, ID);
    if (silent !== undefined) return silent;
    const refused = new Set<string>();
    const property = await runProperty<Repetition>(context, {
      label: "repeated command",
      examples: found.flatMap((one): Repetition[] => [
        { ...one, at: "leisure", attempt: 0 },
        { ...one, at: "once", attempt: 0 },
        { ...one, at: "leisure", attempt: 1 },
      ]),
      show: ({ command, states, at }): Json => ({ command, states: [...states], at }),
      script: async (value, scene) => {
        const outcome = concluded(scene, ID, await repeat(context, source, value, scene, true));
        if (outcome.verdict === "pass") refused.add(value.command);
        return outcome;
      },
    });
    const { failure } = property;
    if (failure !== undefined && (await failsOnce(context, source, failure.value))) {
      return { verdict: "untestable", reason: "blocked by S-SM-01", cases: property.cases };
    }
    const names = [...new Set(found.map(({ command }) => command))];
    const left = names.filter((name) => !refused.has(name));
    return resultOf(property, {
      pass: `${names.length - left.length} of ${names.length} commands were refused the second time`,
      notes: [
        ...(left.length === 0 ? [] : [`not repeated where that is illegal: ${left.join(", ")}`]),
        quietNote(context),
      ],
    });
  },
};

/** Transitions by a command after which no transition takes it again, with the states that they lead away from. */
function repeatable(
  { endpoint }: CheckContext,
  lifecycle: Lifecycle,
  commands: readonly string[],
): Repeatable[] {
  const { transitions, queued } = lifecycle;
  const known = [...graphStates(endpoint, lifecycle)];
  return transitions.flatMap(({ from, on, to, may }, transition) => {
    const states = known.filter((state) => from.includes(state) || from.includes("*"));
    if (may === true || to === "=" || to === CLOSED || states.length === 0) return [];
    const legalAfter = (name: string): boolean =>
      transitions.some((one) => one.on.includes(name) && (one.from.includes(to) || one.from.includes("*")));
    return on
      .filter((name) => commands.includes(name) && !queued.includes(name) && !legalAfter(name))
      .map((command) => ({ lifecycle: lifecycle.name, states, command, transition }));
  });
}

/** Sends the command and, where `twice`, sends it again. */
async function repeat(
  context: CheckContext,
  source: CommandSource,
  value: Repetition,
  scene: Case,
  twice: boolean,
): Promise<CaseOutcome> {
  const { command: name, states, transition, at } = value;
  const lifecycle = context.endpoint.lifecycles.find((one) => one.name === value.lifecycle);
  if (lifecycle === undefined) throw new RangeError(`There is no lifecycle "${value.lifecycle}".`);
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source);
  for (let turn = 0; turn < ATTEMPTS && tester.end === undefined; turn += 1) {
    const attempt = value.attempt + turn;
    const deadline = tester.now() + 2 * context.answerMs;
    const state = states[attempt % states.length];
    if (state === undefined) break;
    if (!(await reach(walk, lifecycle, state, { attempt, deadline }))) continue;
    const payloads = payloadsFor(walk, lifecycle, name, transition);
    const payload = payloads[attempt % Math.max(1, payloads.length)];
    if (payload === undefined) continue;
    const forbidden: Forbidden = {
      name,
      payload,
      where: `when it is sent a second time (the first was legal in \`${state}\`)`,
      still: () => tester.monitor.legalNow({ name, payload }) === "illegal",
    };
    const from = tester.messages.length;
    tester.command(name, payload);
    if (at === "leisure") {
      await settle(walk);
      if (!forbidden.still()) continue;
    }
    if (!twice) return { verdict: "pass" };
    // At once the Monitor cannot know whether the first was taken: what comes of it is this row's all the same.
    scene.fault();
    const since = at === "once" ? from : tester.messages.length;
    tester.command(name, payload);
    const outcome = await judgeSecond(walk, scene, forbidden, since);
    if (outcome !== undefined) return outcome;
  }
  const reason = tester.end === undefined ? `"${name}" could not be repeated in time` : endOf(tester);
  return { verdict: "inconclusive", reason };
}

async function judgeSecond(
  walk: Walk,
  scene: Case,
  forbidden: Forbidden,
  since: number,
): Promise<CaseOutcome | undefined> {
  const answer = await awaitRefusal(walk, scene, forbidden, since);
  switch (answer.kind) {
    case "refused":
      return goOn(walk, [{ pick: 0, variant: 0, then: "settled" }], forbidden, answer.message);
    case "accepted":
      return answer.outcome;
    case "spoken":
      return { verdict: "inconclusive", reason: endOf(walk.tester) };
    case "left":
      return undefined;
  }
}

/** The control: does the same walk fail when the command is sent once? Then it is not this row that is broken. */
async function failsOnce(context: CheckContext, source: CommandSource, value: Repetition): Promise<boolean> {
  return context.inCase("the same walk with the command sent once", async (scene) => {
    await repeat(context, source, value, scene, false);
    return scene.violations.length > 0;
  });
}
