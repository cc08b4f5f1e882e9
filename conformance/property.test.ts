import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Case, CheckContext } from "./check.js";
import { PROFILES } from "./profile.js";
import { asJson, type CaseOutcome, type PropertyOptions, resultOf, runProperty } from "./property.js";
import { seededRandom } from "./random.js";

/** Cases without a connection: a property knows no more of a case than its transcript. */
function contextOf(seed = 7): CheckContext & { readonly labels: string[] } {
  const labels: string[] = [];
  const context: Pick<CheckContext, "seed" | "runs" | "profile" | "inCase"> = {
    seed,
    profile: PROFILES.ci,
    runs: 20,
    inCase: (label, script) => {
      labels.push(label);
      const scene: Case = {
        label,
        identity: randomUUID(),
        random: seededRandom(seed),
        parameters: {},
        transcript: [],
        fault: () => undefined,
        excuse: undefined,
        violations: [],
        now: () => 0,
        connect: () => Promise.reject(new Error("no connection here")),
      };
      return script(scene);
    },
  };
  // The property runner uses these and nothing else of the context.
  return Object.assign(context as CheckContext, { labels });
}

const pass: CaseOutcome = { verdict: "pass" };
const fail = (got: string): CaseOutcome => ({ verdict: "fail", expected: "less", got });
const numbers = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 });
const property = (options: Partial<PropertyOptions<number[]>> & Pick<PropertyOptions<number[]>, "script">) =>
  ({ label: "numbers", arbitrary: numbers, ...options }) satisfies PropertyOptions<number[]>;

describe("a property", () => {
  it("passes when every case does, examples first", async () => {
    const seen: number[][] = [];
    const result = await runProperty(
      contextOf(),
      property({
        examples: [[1], [2]],
        concurrency: 1,
        script: async (value) => {
          seen.push(value);
          return pass;
        },
      }),
    );
    expect(seen.slice(0, 2)).toEqual([[1], [2]]);
    expect(result).toMatchObject({ cases: 22, passed: 22, interrupted: false });
    expect(resultOf(result, { pass: "fine" })).toMatchObject({ verdict: "pass", reason: "fine", cases: 22 });
  });

  it("shrinks what fails, and its path leads back to it", async () => {
    const script = async (value: number[]) => (value.some((one) => one > 500) ? fail(String(value)) : pass);
    const result = await runProperty(contextOf(), property({ script }));
    expect(result.failure?.value).toEqual([501]);
    const { seed, path } = result.failure?.replay ?? { seed: 0 };
    const replayed: number[][] = [];
    await fc.check(
      fc.asyncProperty(numbers, async (value) => {
        replayed.push(value);
      }),
      { seed, ...(path === undefined ? {} : { path }), numRuns: 1 },
    );
    expect(replayed[0]).toEqual([501]);
  });

  it("shrinks a failing example too", async () => {
    const script = async (value: number[]) => (value.length > 1 ? fail("long") : pass);
    const result = await runProperty(contextOf(), property({ examples: [[7, 8, 9]], runs: 0, script }));
    expect(result.failure?.value).toHaveLength(2);
  });

  it.each([
    [
      "a random one",
      { script: async (value: number[]) => (value.some((one) => one > 500) ? fail("x") : pass) },
    ],
    ["an example", { examples: [[7, 8, 9, 10]], script: async () => fail("x") }],
    [
      "what an example shrank to",
      { examples: [[7, 8, 9, 10]], script: async (value: number[]) => (value.length > 1 ? fail("x") : pass) },
    ],
  ])("plays just the recorded case again: %s", async (_, options) => {
    const { failure } = await runProperty(contextOf(), property(options));
    if (failure === undefined) throw new Error("it did not fail");
    const context = Object.assign(contextOf(), { replay: failure.replay });
    const again = await runProperty(context, property(options));
    expect(again).toMatchObject({ cases: 1, failure: { value: failure.value, replay: failure.replay } });
    expect(context.labels).toEqual([failure.replay.case]);

    const played: number[][] = [];
    const mended = await runProperty(
      Object.assign(contextOf(), { replay: failure.replay }),
      property({
        ...options,
        script: async (value) => {
          played.push(value);
          return pass;
        },
      }),
    );
    expect(mended).toMatchObject({ cases: 3, passed: 3, interrupted: false });
    expect(played).toEqual([failure.value, failure.value, failure.value]);
  });

  it("says so when it has the recorded case no more", async () => {
    const context = Object.assign(contextOf(), { replay: { seed: 7, label: "numbers", example: 4 } });
    const result = await runProperty(context, property({ examples: [[1]], script: async () => pass }));
    expect(resultOf(result, { pass: "" })).toMatchObject({ verdict: "inconclusive", cases: 0 });
  });

  it("does not count a case that fails only now and then: that is flaky, and no verdict", async () => {
    let turn = 0;
    const script = async () => {
      turn += 1;
      return turn === 1 || turn === 3 ? fail("once") : pass;
    };
    const result = await runProperty(contextOf(), property({ examples: [[1]], runs: 0, script }));
    expect(result.flaky).toMatchObject({ failures: 2, runs: 4 });
    expect(resultOf(result, { pass: "" })).toMatchObject({ verdict: "inconclusive", flaky: true });
  });

  it("repeats a failing case by the moves that it made, though it would choose others by now", async () => {
    let turn = 0;
    const result = await runProperty(
      contextOf(),
      property({
        examples: [[1]],
        runs: 0,
        script: async (_, __, course) => {
          turn += 1;
          // Only the first choice leads to the second pause, which is what breaks.
          const chosen = turn === 1 ? ["pause", "resume", "pause"] : ["resume"];
          for (const name of course.isRepetition ? [] : chosen) {
            course.take({ name, payload: {}, legality: "legal", seen: 0, pauseMs: 0, gapMs: 0 });
          }
          for (let left = course.next(); left !== undefined; left = course.next()) course.take(left);
          const pauses = course.taken.filter(({ name }) => name === "pause").length;
          return pauses === 2 ? fail("silence") : pass;
        },
      }),
    );
    expect(result.failure?.moves.map(({ name }) => name)).toEqual(["pause", "resume", "pause"]);
    expect(resultOf(result, { pass: "" })).toMatchObject({ verdict: "fail", got: "silence" });
  });

  it("makes up for a repetition that decided nothing, where the fault is a race", async () => {
    let turn = 0;
    const script = async (): Promise<CaseOutcome> => {
      turn += 1;
      return turn % 2 === 0 ? { verdict: "inconclusive", reason: "it had gone on by then" } : fail("race");
    };
    const result = await runProperty(contextOf(), property({ examples: [[1]], runs: 0, script }));
    expect(result.flaky).toBeUndefined();
    expect(result.failure?.outcome).toMatchObject({ got: "race" });
  });

  it("plays a recorded case again by the moves that the report holds, whatever it would choose itself", async () => {
    const made: string[][] = [];
    const walking = property({
      examples: [[1]],
      runs: 0,
      script: async (_, __, course) => {
        if (!course.isRepetition) {
          course.take({ name: "pause", payload: {}, legality: "legal", seen: 0, pauseMs: 0, gapMs: 0 });
          return fail("silence");
        }
        const again: string[] = [];
        for (let left = course.next(); left !== undefined; left = course.next()) again.push(left.name);
        made.push(again);
        return fail("silence");
      },
    });
    const recorded = (await runProperty(contextOf(), walking)).failure?.replay;
    expect(recorded?.moves?.map(({ name }) => name)).toEqual(["pause"]);
    made.length = 0;
    const replay = JSON.parse(JSON.stringify(recorded));
    await runProperty({ ...contextOf(), replay }, walking);
    expect(made).toEqual([["pause"]]);
  });

  it("is no success when time ran out", async () => {
    const script = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return pass;
    };
    const result = await runProperty(contextOf(), property({ budgetMs: 30, concurrency: 1, script }));
    expect(resultOf(result, { pass: "" })).toMatchObject({ verdict: "inconclusive" });
  });

  it("is blocked by the row that its cases name", async () => {
    const script = async (): Promise<CaseOutcome> => ({ verdict: "blocked", by: "S-CD-09" });
    const result = await runProperty(contextOf(), property({ script }));
    expect(resultOf(result, { pass: "" })).toMatchObject({
      verdict: "untestable",
      reason: "blocked by S-CD-09",
    });
  });

  it("lets what a script throws through: that is no verdict", async () => {
    const script = async () => Promise.reject(new Error("kit"));
    await expect(runProperty(contextOf(), property({ script }))).rejects.toThrow("kit");
  });
});

describe("a value in a report", () => {
  it("shows bytes in hexadecimal and cuts what is long", () => {
    expect(asJson({ bytes: Uint8Array.of(1, 255) })).toEqual({ bytes: "0x01ff" });
    expect(String(asJson("x".repeat(5000)))).toHaveLength(2048);
  });
});

describe("cases that decide nothing", () => {
  const silent: CaseOutcome = { verdict: "untestable", reason: "no witness: nothing came" };
  const once = (of: (value: number, turn: number) => CaseOutcome) => {
    const turns = new Map<number, number>();
    return runProperty<number>(contextOf(), {
      label: "one of them",
      examples: Array.from({ length: 8 }, (_, index) => index),
      concurrency: 1,
      script: async (value) => {
        const turn = (turns.get(value) ?? 0) + 1;
        turns.set(value, turn);
        return of(value, turn);
      },
    });
  };

  it("are tried again when the others are over", async () => {
    const result = await once((value, turn) => (value > 3 && turn === 1 ? silent : pass));
    expect(result).toMatchObject({ passed: 8, undecided: [] });
    expect(resultOf(result, { pass: "fine" })).toMatchObject({ verdict: "pass", reason: "fine" });
  });

  it("keep a property from passing where they are many", async () => {
    const result = await once((value) => (value === 7 ? silent : pass));
    expect(resultOf(result, { pass: "fine" })).toMatchObject({
      verdict: "inconclusive",
      reason: "1 of 8 cases decided nothing (no witness: nothing came)",
    });
  });

  it("fail where they fail later, three times more", async () => {
    const result = await once((value, turn) => (value !== 5 ? pass : turn === 1 ? silent : fail("later")));
    expect(result).toMatchObject({ failure: { shown: 5, outcome: { verdict: "fail" } } });
  });

  it("are not those that came late once and in time three times; late again is flaky", async () => {
    const late: CaseOutcome = { verdict: "warn", expected: "in time", got: "late", late: true };
    const first = await once((value, turn) => (value === 7 && turn === 1 ? late : pass));
    expect(first).toMatchObject({ passed: 8, undecided: [] });
    expect(first.flaky).toBeUndefined();
    const twice = await once((value, turn) => (value === 7 && turn <= 2 ? late : pass));
    expect(twice.flaky).toMatchObject({ failures: 2, runs: 4 });
  });
});
