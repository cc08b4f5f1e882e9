/**
 * The judge's interpreter of lifecycles and the guard of the reference server are written apart; here they meet.
 *
 * The guard knows the state, the judge only what explains the traffic: it cannot know when a command was taken. So the
 * judge must never say that what the guard does is wrong; what it is certain of, both must say of every command; and it
 * must refuse an event that the guard would not send whenever the commands under way were taken.
 */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lifecycleWalk, type WalkStep } from "../src/arbitrary/lifecycle-walk.js";
import type { Endpoint, Json, Lifecycle, Transition } from "../src/contract/contract.js";
import { type LifecycleMonitor, openLifecycles } from "../src/contract/lifecycle.js";
import { readContract } from "../src/document/read-contract.js";
import { createGuard, type Guard } from "../src/wire/guard.js";

const contract = readContract(readFileSync(new URL("../generated/contract.json", import.meta.url), "utf8"));
const WALKS = 10_000;
const PER_CHANNEL = Math.ceil(WALKS / contract.endpoints.length);

/** A walk, with now and then what another connection did in between. */
interface Encounter {
  readonly steps: readonly WalkStep[];
  /** Before the step at this position, the `$other` transition at that one; -1: nobody else is there. */
  readonly other: { readonly before: number; readonly transition: number };
}

/** What the two said differently, in words; undefined when they agree. */
type Disagreement = string | undefined;

function encounters(endpoint: Endpoint): fc.Arbitrary<Encounter> {
  return fc.record({
    steps: fc.oneof(
      lifecycleWalk(contract, endpoint, { maxLength: 14, illegal: 3 }),
      lifecycleWalk(contract, endpoint, { maxLength: 14, illegal: 6, seed: 2 }),
    ),
    other: fc.record({ before: fc.integer({ min: -9, max: 9 }), transition: fc.nat(20) }),
  });
}

/** Plays a walk to both and compares every answer; `guarded` is the endpoint as the guard reads it. */
function compare(endpoint: Endpoint, guarded: Endpoint, { steps, other }: Encounter): Disagreement {
  const guard = guardOf(guarded);
  const history: ((judge: LifecycleMonitor) => void)[] = [];
  const judge = openLifecycles(endpoint, { timeScale: 1 });
  const play = (action: (judge: LifecycleMonitor) => void) => {
    history.push(action);
    action(judge);
  };
  const again = () => {
    const copy = openLifecycles(endpoint, { timeScale: 1 });
    for (const action of history) action(copy);
    return copy;
  };
  /** What the guard took and sent, up to where the judge was certain and since then. */
  const settled: WalkStep[] = [];
  let open: WalkStep[] = [];
  let explainable = true;

  for (const [index, step] of steps.entries()) {
    if (index === other.before && actForOthers(guarded, guard, other.transition, play)) explainable = false;
    const said = `${step.kind} ${step.name} ${JSON.stringify(step.payload)} at step ${index}`;
    const certain = isCertain(judge);
    if (certain) {
      settled.push(...open);
      open = [];
    }
    if (step.kind === "command") {
      const legality = judge.legalNow({ name: step.name, payload: step.payload });
      const taken = guard.take(step.name, step.payload);
      if (taken.accepted) {
        const wanted = taken.may ? "undecided" : "legal";
        if (legality === "illegal" || (certain && legality !== wanted)) {
          return `${said}: the guard takes it${taken.may ? " (may)" : ""}, the judge says ${legality}`;
        }
        play((one) => one.sent({ kind: "command", names: [step.name], payload: step.payload }, 0));
        if (certain && !mayBeTaken(judge)) return `${said}: the guard takes it, the judge lets it wait`;
        if (taken.closes) return undefined;
        open.push(step);
      } else if (taken.refused === "waits") {
        if (certain && legality !== "legal")
          return `${said}: the guard lets it wait, the judge says ${legality}`;
        const copy = again();
        copy.sent({ kind: "command", names: [step.name], payload: step.payload }, 0);
        if (certain && mayBeTaken(copy)) return `${said}: the guard lets it wait, the judge takes it`;
        return undefined;
      } else {
        if (legality === "legal" || (certain && legality !== "illegal")) {
          return `${said}: the guard refuses it in ${taken.state}, the judge says ${legality}`;
        }
        play((one) => one.sent({ kind: "command", names: [step.name], payload: step.payload }, 0));
        const refusal = refusalIn(endpoint, taken.refused);
        if (refusal === undefined) return undefined;
        play((one) => one.received(refusal, 0));
        // The judge may lay the refusal to another command: more explains what follows than the guard can tell.
        explainable = explainable && certain;
      }
    } else if (guard.emit(step.name, step.payload) === "legal") {
      play((one) => one.received({ names: [step.name], payload: step.payload }, 0));
      open.push(step);
    } else if (explainable && !isExplained(guarded, settled, open, step)) {
      const copy = again();
      copy.received({ names: [step.name], payload: step.payload }, 0);
      if (copy.violations.length === 0) return `${said}: the guard says illegal, the judge accepts it`;
    }
    const [violation] = judge.violations;
    if (violation !== undefined) return `${said}: the guard takes it, the judge says: ${violation.message}`;
  }
  return undefined;
}

/** The guard of the server, from what a contract says. */
function guardOf({ lifecycles, protocol, commands }: Endpoint): Guard {
  return createGuard({
    lifecycles,
    ...(protocol.reject === undefined ? {} : { reject: protocol.reject }),
    commands: commands.map(({ name }) => ({ name, wire: [] })),
  });
}

/** True when some course of events has no command under way: the last one was taken. */
function mayBeTaken(judge: LifecycleMonitor): boolean {
  return judge
    .configurations()
    .every(({ configurations }) => configurations.some(({ pending }) => pending.length === 0));
}

/** More courses of events than this are not tried: the event then counts as explained. */
const COURSES = 400;

/**
 * True when the guard would send the event after some course of what went before: each command is taken at its place
 * or later, in their order.
 */
function isExplained(
  endpoint: Endpoint,
  settled: readonly WalkStep[],
  open: readonly WalkStep[],
  event: WalkStep,
): boolean {
  let left = COURSES;
  const legal = (course: readonly WalkStep[]): boolean => {
    const guard = guardOf(endpoint);
    return [...settled, ...course, event].every(({ kind, name, payload }) =>
      kind === "command" ? guard.take(name, payload).accepted : guard.emit(name, payload) === "legal",
    );
  };
  const search = (course: readonly WalkStep[], at: number, waiting: readonly WalkStep[]): boolean => {
    if (left-- <= 0) return true;
    const [head, ...others] = waiting;
    if (head !== undefined && search([...course, head], at, others)) return true;
    const next = open[at];
    if (next === undefined) return legal(course);
    return next.kind === "command"
      ? search(course, at + 1, [...waiting, next])
      : search([...course, next], at + 1, waiting);
  };
  return search([], 0, []);
}

/** Another connection moves an instance: the guard is told where to, the judge only that somebody is there. */
function actForOthers(
  endpoint: Endpoint,
  guard: Guard,
  choice: number,
  play: (action: (judge: LifecycleMonitor) => void) => void,
): boolean {
  const moves = endpoint.lifecycles.flatMap((lifecycle) =>
    lifecycle.transitions
      .filter(({ on }) => on.includes("$other"))
      .map(({ to }) => ({ lifecycle: lifecycle.name, keyed: lifecycle.scope !== "connection", to })),
  );
  const move = moves[choice % Math.max(1, moves.length)];
  if (move === undefined) return false;
  const key = move.keyed ? FIRST_IDENTITY : undefined;
  if (!guard.other(move.lifecycle, key, move.to)) return false;
  play((judge) => judge.otherActed(move.lifecycle, key, 0));
  return true;
}

/** The identity that the walks use most. */
const FIRST_IDENTITY = "00000000-0000-4000-8000-0000000000a1";

/** Nothing is left open: one configuration for each instance, and no command under way. */
function isCertain(judge: LifecycleMonitor): boolean {
  return judge
    .configurations()
    .every(({ configurations }) => configurations.length === 1 && configurations[0]?.pending.length === 0);
}

/** A refusal as the server of the endpoint would send it. */
function refusalIn(
  endpoint: Endpoint,
  refused: "illegal-state" | "not-found",
): { names: string[]; payload: Json } | undefined {
  const { reject } = endpoint.protocol;
  if (reject === undefined) return undefined;
  const code = refused === "illegal-state" ? (reject.state[0] ?? refused) : refused;
  let payload: Json = {};
  for (const part of (reject.code ?? "").split("/").slice(1).reverse()) {
    payload = { [part]: Object.keys(payload).length === 0 ? code : payload };
  }
  return { names: [reject.message], payload };
}

/** A lifecycle that differs in one place: each must be found. */
const PLANTED: readonly (readonly [string, (lifecycle: Lifecycle) => Lifecycle])[] = [
  [
    "a transition is missing",
    (lifecycle) => ({
      ...lifecycle,
      transitions: lifecycle.transitions.filter((one) => one !== firstOwn(lifecycle)),
    }),
  ],
  [
    "a transition leads back to where it came from",
    (lifecycle) => ({
      ...lifecycle,
      transitions: lifecycle.transitions.map((one) =>
        one.to === "=" || one.on.includes("$other") ? one : { ...one, to: "=" },
      ),
    }),
  ],
  ["it starts in another state", (lifecycle) => ({ ...lifecycle, initial: lastState(lifecycle) })],
];

function firstOwn(lifecycle: Lifecycle): Transition | undefined {
  return lifecycle.transitions.find(({ on }) => !on.includes("$other"));
}

function lastState(lifecycle: Lifecycle): string {
  const states = lifecycle.transitions.flatMap(({ from, to }) => [...from, to]);
  return (
    states.filter((state) => !["*", "=", "$closed", lifecycle.initial].includes(state)).at(-1) ?? "nowhere"
  );
}

function check(endpoint: Endpoint, guarded: Endpoint, walks: number): string | undefined {
  const details = fc.check(
    fc.property(encounters(endpoint), (encounter) => {
      const disagreement = compare(endpoint, guarded, encounter);
      if (disagreement !== undefined) throw new Error(disagreement);
    }),
    { numRuns: walks, seed: 20_260_101 },
  );
  if (!details.failed) return undefined;
  const error = details.errorInstance;
  return error instanceof Error ? error.message : "the property failed";
}

describe.each(contract.endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
  "the lifecycles of %s",
  (_name, endpoint) => {
    it(`mean the same to the judge and to the server's guard, on ${PER_CHANNEL} walks`, () => {
      expect(check(endpoint, endpoint, PER_CHANNEL)).toBeUndefined();
    }, 120_000);

    it.each(PLANTED)("are seen to differ where %s", (_what, plant) => {
      const guarded = { ...endpoint, lifecycles: endpoint.lifecycles.map(plant) };
      expect(check(endpoint, guarded, 1000)).toBeTypeOf("string");
    });
  },
);

describe("the walks", () => {
  it("hold legal and illegal commands and events of every channel", () => {
    for (const endpoint of contract.endpoints) {
      const steps = fc.sample(encounters(endpoint), { numRuns: 500, seed: 1 }).flatMap((one) => one.steps);
      for (const verdict of ["legal", "illegal"]) {
        expect(
          steps.some((step) => step.verdict === verdict),
          `${endpoint.name}: ${verdict}`,
        ).toBe(true);
      }
    }
  });

  it(`are ${WALKS} or more in all`, () => {
    expect(PER_CHANNEL * contract.endpoints.length).toBeGreaterThanOrEqual(WALKS);
  });
});
