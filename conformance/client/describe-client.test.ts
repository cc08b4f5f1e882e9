import { afterAll, describe, expect, it } from "vitest";
import type { TestContext, TestFunctions } from "../describe.js";
import { sampleContract } from "../test-subject.js";
import { describeClient } from "./describe-client.js";
import { createPrograms } from "./launch/test-launch.js";
import { clientProgram, reconnectingEndpoint } from "./test-programs.js";

const programs = createPrograms();
afterAll(() => programs.remove());

/** What a suite would make of the tests that are registered. */
async function play(
  register: (functions: TestFunctions) => void,
): Promise<{ titles: string[]; states: string[] }> {
  const suites: string[] = [];
  const tests: { readonly title: string; readonly body: (context: TestContext) => void }[] = [];
  let before: (() => Promise<void>) | undefined;
  register({
    describe: (title, body) => {
      suites.push(title);
      body();
    },
    it: (title, body) => tests.push({ title, body }),
    beforeAll: (body) => {
      before = body;
    },
  });
  await before?.();
  const states = tests.map(({ body }) => {
    let state = "passed";
    try {
      body({ skip: (note) => (state = `skipped: ${note}`) });
    } catch (error) {
      state = `failed: ${error instanceof Error ? error.message : ""}`;
    }
    return state;
  });
  return { titles: [...suites, ...tests.map(({ title }) => title)], states };
}

describe("the checks of a client in a suite", () => {
  it("are a test each: green where it is right, red with the failure where it is not", async () => {
    const program = programs.write("client.mjs", clientProgram({ delay: "0" }));
    const { titles, states } = await play((functions) =>
      describeClient(
        {
          contract: sampleContract(reconnectingEndpoint),
          command: [process.execPath, program],
          time: "option",
          timeScale: 0.05,
          only: ["C-HS-01", "C-RC-01"],
          title: "my client",
        },
        functions,
      ),
    );
    expect(titles).toEqual([
      "my client",
      "C-HS-01 the upgrade request is right, its key fresh",
      "C-RC-01 the first delay is the declared one",
      "enough was tested",
    ]);
    expect(states).toEqual([
      "passed",
      expect.stringMatching(/failed: the client came back too soon[^$]*wireproof check client/),
      "passed",
    ]);
  }, 60_000);

  it("names what it does not know", () => {
    const register = (): void =>
      describeClient(
        { contract: sampleContract(), command: ["node"], only: ["C-XX"] },
        { describe, it, beforeAll: () => undefined },
      );
    expect(register).toThrow(/matches no check/);
  });
});
