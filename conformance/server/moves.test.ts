import { afterEach, expect, it } from "vitest";
import { Course } from "../course.js";
import type { SampleFaults } from "../test-subject.js";
import { move, walkAgain } from "./moves.js";
import { openSampleWalks } from "./test-walks.js";
import { settle, takeWalk, type Walk, type WalkStep } from "./walker.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Gives walks against a server that keeps the contract but for its faults. */
async function walks(
  faults: SampleFaults = {},
): Promise<(course: Course, script: (walk: Walk) => Promise<void>) => Promise<void>> {
  const opened = await openSampleWalks(faults);
  cleanups.push(opened.close);
  return (course, script) => opened.walk(script, course);
}

const steps: readonly WalkStep[] = [
  { pick: 2, variant: 3, then: "nothing" },
  { pick: 5, variant: 1, then: "event" },
  { pick: 1, variant: 7, then: "settled" },
  { pick: 8, variant: 2, then: "settled" },
];

it("a repetition sends the same commands in the same order, whatever steps it is given", async () => {
  const walk = await walks();
  const first = new Course();
  await walk(first, async (one) => {
    await takeWalk(one, steps);
    await settle(one);
  });
  expect(first.taken).toHaveLength(steps.length);
  const again = new Course(first.taken);
  await walk(again, (one) => takeWalk(one, []));
  const said = ({ taken }: Course) => taken.map(({ name, payload }) => ({ name, payload }));
  expect(said(again)).toEqual(said(first));
});

it("the identifiers of a case become those of the case that repeats it", async () => {
  const walk = await walks();
  const first = new Course();
  let told: string | undefined;
  await walk(first, async (one) => move(one, "say", { cmd: "say", text: `I am ${one.identifiers[0]}` }));
  expect(JSON.stringify(first.taken)).not.toContain("undefined");
  await walk(new Course(first.taken), async (one) => {
    await walkAgain(one);
    const said = await one.tester.next(({ names }) => names.includes("said"), 5000);
    told = said?.text.includes(`I am ${one.identifiers[0]}`) === true ? "itself" : said?.text;
  });
  expect(told).toBe("itself");
});

it("a move that is not legal any more is left out, and one made for its refusal is left to the script", async () => {
  // A count that nobody ends: how quick the machine is does not decide what is legal.
  const walk = await walks({ alter: (event) => (event["event"] === "counted" ? undefined : event) });
  const plain = { legality: "legal", seen: 0, pauseMs: 0, gapMs: 0 } as const;
  const count = { name: "count", payload: { cmd: "count", to: 100 } };
  const course = new Course([
    { ...count, ...plain },
    // The first number says for certain that the count goes on.
    { ...count, ...plain, seen: 1 },
    { ...count, ...plain, seen: 1, legality: "illegal" },
    { name: "ping", payload: { cmd: "ping", token: "after" }, ...plain },
  ]);
  await walk(course, async (one) => {
    expect(await walkAgain(one)).toEqual({ payload: count.payload });
    expect(course.taken.map(({ name }) => name)).toEqual(["count"]);
    expect(await walkAgain(one)).toBeUndefined();
    expect(course.taken.map(({ name }) => name)).toEqual(["count", "ping"]);
  });
});
