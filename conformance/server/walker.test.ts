import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Lifecycle } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import type { Case } from "../check.js";
import { sampleEndpoint } from "../test-subject.js";
import { pairsOf } from "./illegal-commands.js";
import { reach, statesNow } from "./reach.js";
import { openSampleWalks } from "./test-walks.js";
import { legalCommands, settle, takeWalk, type Walk, walkSteps } from "./walker.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await cleanUp();
});

async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

async function walking<T>(script: (walk: Walk, scene: Case) => Promise<T>): Promise<T> {
  const walks = await openSampleWalks();
  cleanups.push(walks.close);
  return walks.walk(script);
}

const counting = (): Lifecycle => {
  const [lifecycle] = sampleEndpoint.lifecycles;
  if (lifecycle === undefined) throw new Error("The sample has a lifecycle.");
  return lifecycle;
};

describe("a walk", () => {
  it("sends only what is legal, and a server that keeps the contract breaks no rule on it", async () => {
    const walks = fc.sample(walkSteps(), { numRuns: 8, seed: 4 });
    for (const steps of walks) {
      await walking(async (walk, scene) => {
        await takeWalk(walk, steps);
        await settle(walk);
        expect(walk.tester.monitor.settled).toBe(true);
        expect(scene.violations).toEqual([]);
        expect(scene.transcript.filter(({ text }) => text.includes("illegal-state"))).toEqual([]);
      });
      await cleanUp();
    }
  }, 60_000);

  it("finds no command that its state forbids among the legal ones", async () => {
    await walking(async (walk) => {
      expect(legalCommands(walk).map(({ name }) => name)).toEqual(["say", "ping", "count"]);
      expect(await reach(walk, counting(), "counting", { attempt: 0, deadline: 3000 })).toBe(true);
      expect(statesNow(walk, counting())).toEqual(["counting"]);
      expect(legalCommands(walk).map(({ name }) => name)).toEqual(["say", "ping"]);
    });
  });

  it("gives up on a state that there is no way to", async () => {
    await walking(async (walk) => {
      expect(await reach(walk, counting(), "nowhere", { attempt: 0, deadline: 3000 })).toBe(false);
    });
  });
});

describe("the pairs of state and illegal command", () => {
  const transitions = [
    { from: ["idle"], on: ["open"], to: "opened" },
    { from: ["opened"], on: ["close"], to: "idle", bound: { "/id": "id" } },
    { from: ["*"], on: ["leave"], to: "$closed" },
    { from: ["opened"], on: ["moved"], to: "=" },
  ];
  const lifecycle = (queued: string[]): Lifecycle => {
    const [made] = inlineEndpoint({ lifecycles: [{ transitions, queued }] }).lifecycles;
    if (made === undefined) throw new Error("One lifecycle was given.");
    return made;
  };
  const pairs = (queued: string[] = []) =>
    pairsOf(lifecycle(queued), ["open", "close", "leave", "unnamed"]).map(
      ({ state, command }) => `${state} ${command}`,
    );

  it("are those that no transition takes, or only under a condition", () => {
    expect(pairs()).toEqual(["idle close", "opened open", "opened close"]);
  });

  it("leave out what is queued", () => {
    expect(pairs(["open"])).toEqual(["idle close", "opened close"]);
  });
});
