/** S-CD-01: a command that the schema accepts is not refused for its payload, nor for its state where that allows it. */

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import type { Json } from "../../src/contract/contract.js";
import { canonicalJson } from "../../src/contract/same-json.js";
import type { Case, Check, CheckContext } from "../check.js";
import { endOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, NO_WITNESS, notApplicable, witnessAfter, witnessBefore } from "./blame.js";
import {
  boundaryCommands,
  type CommandSource,
  commandSource,
  type DraftCommand,
  personalise,
} from "./commands.js";
import { awaitConsequence, cutOff, refusalClass } from "./consequence.js";
import { legalDraft } from "./requests.js";
import { byRound } from "./rounds.js";
import { openWalk, takeWalk, type WalkStep, walkSteps } from "./walker.js";

const ID = "S-CD-01";

interface ValidCommand {
  /** The way to the state in which it is sent. */
  readonly steps: readonly WalkStep[];
  readonly command: DraftCommand;
  /** The bound of the schema at which it stands; a state that allows it is looked for. */
  readonly bound?: string;
}

/** Known payloads of each command first, then those at the bounds of its schema, then generated ones in the states that short walks lead to. */
export const validCommands: Check = {
  id: ID,
  safe: true,
  smoke: true,
  async run(context) {
    if (context.endpoint.commands.length === 0) return notApplicable("the document declares no commands");
    const source = commandSource(context.judge, context.seed);
    if (source.names.length === 0) {
      return { verdict: "untestable", reason: "no valid command can be made from the document", cases: 0 };
    }
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const unproved = await context.inCase("witness before", async (scene) =>
      concluded(
        scene,
        ID,
        (await witnessBefore(context, scene, await scene.connect())) ?? { verdict: "pass" },
      ),
    );
    if (unproved.verdict === "blocked")
      return { verdict: "untestable", reason: `blocked by ${unproved.by}`, cases: 1 };
    if (unproved.verdict === "untestable") return { ...unproved, cases: 1 };
    // Without a lifecycle a refusal for a state accuses nobody: it is told.
    const refusedForState = new Set<string>();
    const stateless = context.endpoint.lifecycles.length === 0;
    const onStateRefusal = (name: string): void => {
      if (stateless) refusedForState.add(name);
    };
    const known = source.names.flatMap((name) =>
      source
        .variants(name)
        .slice(0, 2)
        .map((command): ValidCommand => ({ steps: [], command })),
    );
    const property = await runProperty<ValidCommand>(context, {
      label: "valid command",
      examples: [...known, ...(await atBounds(context))],
      arbitrary: fc.record({
        steps: walkSteps(3),
        command: fc.oneof(
          ...source.names.map((name) =>
            source.payloads(name).map((payload): DraftCommand => ({ name, payload })),
          ),
        ),
      }),
      show: ({ steps, command, bound }): Json => ({
        command: command.name,
        ...(bound === undefined ? {} : { bound }),
        payload:
          JSON.stringify(command.payload).length < 2000
            ? command.payload
            : excerpt(JSON.stringify(command.payload)),
        steps: steps.length,
      }),
      script: (value, scene) => sendValid(context, source, value, scene, onStateRefusal),
    });
    const left = context.endpoint.commands.length - source.names.length;
    const notes = [
      ...(left === 0 ? [] : [`${left} commands could not be generated`]),
      ...(refusedForState.size === 0
        ? []
        : [
            `refused for their state, and the document does not say which state allows them: ${[...refusedForState].map((name) => `"${name}"`).join(", ")}; declare x-ws-lifecycle to have that judged`,
          ]),
    ];
    return resultOf(property, {
      pass: `no valid command was refused for its payload, nor for a state that allows it`,
      ...(notes.length === 0 ? {} : { notes }),
    });
  },
};

/** A quick run has no room for bounds, and they are no ordinary load for a server in use. */
async function atBounds(context: CheckContext): Promise<readonly ValidCommand[]> {
  if (context.profile.only !== undefined) return [];
  const found: (ValidCommand & { readonly families: readonly string[] })[] = [];
  for (const { name, payload, keyword, pointer } of boundaryCommands(context.judge, context.seed)) {
    // Making them takes a moment on a large document, and other cases are being timed.
    await setImmediate();
    const depth = pointer.split("/").length;
    found.push({
      steps: [],
      command: { name, payload },
      bound: `${keyword} at ${pointer === "" ? "the payload" : pointer}`,
      families: [`${keyword} ${depth}`, `${name} ${keyword}`, `${name} ${keyword} ${depth}`],
    });
  }
  return byRound(found, context.profile.maxKinds);
}

async function sendValid(
  context: CheckContext,
  source: CommandSource,
  { steps, command, bound }: ValidCommand,
  scene: Case,
  onStateRefusal: (name: string) => void,
): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source);
  if (bound === undefined) await takeWalk(walk, steps);
  else await legalDraft(walk, { command: command.name, variant: 0 });
  if (tester.end !== undefined) {
    return concluded(scene, ID, { verdict: "inconclusive", reason: `on the way there ${endOf(tester)}` });
  }
  const payload = personalise(command.payload, walk.identifiers);
  const judged = () => tester.monitor.legalNow({ name: command.name, payload });
  if (context.profile.only === "safe" && judged() !== "legal") {
    // A safe profile sends nothing that a state may forbid: the state that allows it is looked for first.
    await legalDraft(walk, { command: command.name, variant: 0 });
    if (judged() !== "legal" || tester.end !== undefined) {
      return { verdict: "inconclusive", reason: `no state was reached that surely allows "${command.name}"` };
    }
  }
  const legality = judged();
  const from = tester.messages.length;
  tester.command(command.name, payload);
  await awaitConsequence(walk, command.name, from);

  const since = tester.messages.slice(from);
  // After a walk it may be about a command before it.
  const alone = steps.length === 0 && bound === undefined;
  if (alone && since.some((message) => refusalClass(context, message) === "state"))
    onStateRefusal(command.name);
  const refused = since.find((message) => refusalClass(context, message) === "payload");
  if (refused !== undefined) {
    return concluded(scene, ID, {
      verdict: "fail",
      expected: `"${command.name}" is not refused for its payload: it is valid by its schema`,
      got: `${excerpt(refused.text)} after ${excerpt(canonicalJson(payload))}`,
      mend: "Accept what the schema of the document accepts, or narrow the schema.",
    });
  }
  // Whether an illegal command is refused is another row's question; here only how.
  if (legality === "illegal") return { verdict: "pass" };
  const cut = cutOff(context, tester, command.name);
  if (cut !== undefined) return concluded(scene, ID, cut);
  if (tester.end === undefined) tester.close(1000);
  const broken = await witnessAfter(context, scene, await scene.connect(), `a valid "${command.name}"`);
  return concluded(scene, ID, broken ?? { verdict: "pass" });
}
