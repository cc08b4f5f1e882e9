/** S-SM-02: a command that its state does not allow is refused, and the walk goes on as if it had not been sent. */

import fc from "fast-check";
import type { Json, Lifecycle } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { Course, type Move } from "../course.js";
import { endOf } from "../exchange.js";
import { withValue } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, notApplicable, quietNote, unproved } from "./blame.js";
import { type CommandSource, commandSource } from "./commands.js";
import { type Forbidden, goOn, inPlaceOfRefusal, sendForbidden } from "./forbidden-command.js";
import { walkAgain } from "./moves.js";
import { isOwn, reach, statesNow } from "./reach.js";
import {
  commandsThatAre,
  openWalk,
  settle,
  takeWalk,
  type Walk,
  type WalkStep,
  walkSteps,
  watch,
} from "./walker.js";

const ID = "S-SM-02";

/** A command that no transition takes in a state. */
export interface IllegalPair {
  readonly lifecycle: string;
  readonly state: string;
  readonly command: string;
}

interface IllegalCase {
  readonly pair: IllegalPair;
  /** Which payloads lead there, and which one is tried. */
  readonly variant: number;
  /** How the walk goes on. */
  readonly after: readonly WalkStep[];
}

/** So often the state is reached again when the subject left it before the command could be judged. */
const ATTEMPTS = 4;

/** So often by ways of the case's own, then by one that has led there before: else by the most certain ones. */
const OWN_WAYS = 2;

/** States that could not be reached in so many cases are not tried again: the wait is the same each time. */
const FUTILE_AFTER = 6;

/** Each pair of the automata, then random ones with longer walks after them. */
export const illegalCommands: Check = {
  id: ID,
  async run(context) {
    const { endpoint } = context;
    if (endpoint.lifecycles.length === 0) return notApplicable("the document declares no lifecycle");
    if (endpoint.protocol.reject === undefined) {
      return notApplicable("the document declares no `reject`: what a refusal looks like is unknown");
    }
    const source = commandSource(context.judge, context.seed);
    const pairs = endpoint.lifecycles.flatMap((lifecycle) => pairsOf(lifecycle, source.names));
    if (pairs.length === 0) return notApplicable("every command is legal in every state");
    const silent = await unproved(context, ID);
    if (silent !== undefined) return silent;
    const ledger = new Reachability();
    const property = await runProperty(context, {
      label: "illegal command",
      examples: pairs.map((pair, variant): IllegalCase => ({ pair, variant, after: [PATIENT_STEP] })),
      arbitrary: fc.record({
        pair: fc.constantFrom(...pairs),
        variant: fc.nat(20),
        after: walkSteps(3),
      }),
      show: ({ pair, variant, after }): Json => ({ ...pair, variant, after: after.length }),
      script: (value, scene, course) => playPair(context, source, ledger, value, scene, course),
    });
    const failure = property.failure;
    if (failure !== undefined && (await failsWithoutIt(context, source, failure.value, failure.moves))) {
      return { verdict: "untestable", reason: "blocked by S-SM-01", cases: property.cases };
    }
    return resultOf(property, {
      pass: `${ledger.decided.size} of ${pairs.length} pairs of state and illegal command refused without effect`,
      notes: [...ledger.notes(pairs), quietNote(context)],
    });
  },
};

const PATIENT_STEP: WalkStep = { pick: 0, variant: 0, then: "settled" };

/** Pairs of an automaton: states in which no transition is on a command that it names and does not queue. */
export function pairsOf(lifecycle: Lifecycle, commands: readonly string[]): IllegalPair[] {
  const { transitions } = lifecycle;
  const states = new Set([lifecycle.initial]);
  for (const { from, to } of transitions) {
    for (const state of [...from, to]) if (!["*", "=", "$closed"].includes(state)) states.add(state);
  }
  const named = commands.filter(
    (name) => transitions.some(({ on }) => on.includes(name)) && !lifecycle.queued.includes(name),
  );
  return [...states].flatMap((state) =>
    named
      .filter(
        (command) =>
          !transitions.some(
            ({ from, on, bound, when }) =>
              on.includes(command) &&
              (from.includes(state) || from.includes("*")) &&
              // A transition with a condition leaves payloads over that it does not take.
              bound === undefined &&
              when === undefined,
          ),
      )
      .map((command) => ({ lifecycle: lifecycle.name, state, command })),
  );
}

/** What of the automata the subject let the kit reach. */
class Reachability {
  readonly decided = new Set<string>();
  readonly #missed = new Map<string, number>();
  readonly #reached = new Set<string>();
  readonly #ways = new Map<string, number>();

  /** The way that has led to a state before, if one has. */
  wayTo(state: string): number | undefined {
    return this.#ways.get(state);
  }

  /** A way has led to a state. */
  came(state: string, way: number): void {
    this.#ways.set(state, way);
  }

  isFutile(state: string): boolean {
    return !this.#reached.has(state) && (this.#missed.get(state) ?? 0) >= FUTILE_AFTER;
  }

  missed(state: string): void {
    this.#missed.set(state, (this.#missed.get(state) ?? 0) + 1);
  }

  reached(state: string): void {
    this.#reached.add(state);
  }

  notes(pairs: readonly IllegalPair[]): string[] {
    const states = new Set(pairs.map(({ state }) => state));
    const left = [...states].filter((state) => !this.#reached.has(state));
    return left.length === 0 ? [] : [`states in which the kit could not try: ${left.join(", ")}`];
  }
}

async function playPair(
  context: CheckContext,
  source: CommandSource,
  ledger: Reachability,
  { pair, variant, after }: IllegalCase,
  scene: Case,
  course: Course,
): Promise<CaseOutcome> {
  const lifecycle = context.endpoint.lifecycles.find(({ name }) => name === pair.lifecycle);
  if (lifecycle === undefined) throw new RangeError(`There is no lifecycle "${pair.lifecycle}".`);
  const tester = await scene.connect();
  const walk = openWalk(context, scene, tester, source, course);
  // A state that the server must leave is perhaps never seen: the command is sent on the heels of the one that leads there.
  const isLeft = lifecycle.obligations.some((one) => one.in.includes(pair.state));
  let isLegal = false;
  const choose = async (attempt: number): Promise<{ readonly payload: Json } | "elsewhere" | undefined> => {
    if (ledger.isFutile(pair.state)) return undefined;
    // A way begins where it is certain that the one before it has ended.
    if (attempt > 0) await settle(walk);
    const deadline = tester.now() + 2 * context.answerMs;
    const way = attempt < OWN_WAYS ? variant + attempt : (ledger.wayTo(pair.state) ?? attempt - OWN_WAYS);
    const reached = await reach(walk, lifecycle, pair.state, {
      attempt: way,
      deadline,
      ...(isLeft && attempt % 2 === 0 ? { perhaps: true } : {}),
    });
    if (!reached) return "elsewhere";
    ledger.came(pair.state, way);
    const [illegal] = commandsThatAre("illegal", walk, [pair.command]);
    const payloads = (illegal?.payloads ?? []).filter((payload) => isOwn(walk, lifecycle, payload));
    const payload = payloads[variant % Math.max(1, payloads.length)];
    if (payload !== undefined) return { payload: withNewValues(walk, lifecycle, pair.command, payload) };
    isLegal = !isLeft;
    return isLeft ? "elsewhere" : undefined;
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const chosen = course.isRepetition ? await walkAgain(walk) : await choose(attempt);
    if (chosen === "elsewhere") {
      ledger.missed(pair.state);
      continue;
    }
    if (chosen === undefined) break;
    const { payload } = chosen;
    const forbidden: Forbidden = {
      name: pair.command,
      payload,
      where: `in the state \`${pair.state}\``,
      still: () => statesNow(walk, lifecycle).every((state) => state === pair.state),
    };
    const answer = await sendForbidden(walk, scene, forbidden);
    if (answer.kind === "spoken") {
      const undecided: CaseOutcome = { verdict: "inconclusive", reason: unheld(tester, pair) };
      return inPlaceOfRefusal(forbidden, concluded(scene, ID, undecided));
    }
    if (answer.kind === "left") {
      ledger.missed(pair.state);
      continue;
    }
    ledger.reached(pair.state);
    if (answer.kind === "accepted") return concluded(scene, ID, answer.outcome);
    const outcome = await goOn(walk, after, forbidden, answer.message);
    const final = concluded(scene, ID, outcome);
    if (final.verdict === "pass") ledger.decided.add(JSON.stringify(pair));
    return final;
  }
  if (isLegal) {
    const reason = `every payload of "${pair.command}" is legal in \`${pair.state}\``;
    return { verdict: "inconclusive", reason };
  }
  return concluded(scene, ID, { verdict: "inconclusive", reason: unheld(tester, pair) });
}

/** The payload with another value wherever the lifecycle would remember one: a server that takes it over shows it. */
function withNewValues(walk: Walk, { transitions }: Lifecycle, command: string, payload: Json): Json {
  const { commands } = walk.context.judge;
  const [, another] = walk.identifiers;
  return transitions
    .flatMap(({ on, set }) => (on.includes(command) ? Object.values(set ?? {}) : []))
    .reduce((result, pointer) => {
      const changed = withValue(result, pointer, another);
      const fits =
        changed !== undefined &&
        commands.validate(command, changed) === undefined &&
        walk.tester.monitor.legalNow({ name: command, payload: changed }) === "illegal";
      return fits ? changed : result;
    }, payload);
}

function unheld(tester: Tester, { state }: IllegalPair): string {
  return tester.end === undefined ? `the state \`${state}\` could not be held` : endOf(tester);
}

/**
 * The control: does the same walk fail without the illegal command, or when it is sent where it is legal? Then it is not
 * this row that is broken.
 */
async function failsWithoutIt(
  context: CheckContext,
  source: CommandSource,
  { after }: IllegalCase,
  moves: readonly Move[],
): Promise<boolean> {
  const without = moves.filter(({ legality }) => legality !== "illegal");
  // A state that the server leaves may have been left when the command came: then the server has taken it.
  const patient = moves.map((move): Move => ({ ...move, legality: "legal" }));
  // Where the refusal did not come the walk ended there: how it would have gone on is part of the control.
  const more = moves.at(-1)?.legality === "illegal" ? after : [];
  for (const legal of [without, patient]) {
    const failed = await context.inCase("the same walk of legal commands alone", async (scene) => {
      const tester = await scene.connect();
      await walkAgain(openWalk(context, scene, tester, source, new Course(legal)));
      const walk = openWalk(context, scene, tester, source);
      await watch(walk, context.quietMs());
      await takeWalk(walk, more);
      await settle(walk);
      return scene.violations.length > 0;
    });
    if (failed) return true;
  }
  return false;
}
