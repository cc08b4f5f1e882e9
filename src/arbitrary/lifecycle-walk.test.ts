import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../test/requirement.js";
import { inlineEndpoint } from "../contract/inline-endpoint.js";
import { type LifecycleMonitor, openLifecycles } from "../contract/lifecycle.js";
import { readContract } from "../document/read-contract.js";
import { illegalPairs, lifecycleWalk, reachableStates, type WalkStep } from "./lifecycle-walk.js";

const contract = readContract(readFileSync(join(ROOT, "generated/contract.json"), "utf8"));
const endpoints = contract.endpoints.map((endpoint) => [endpoint.name, endpoint] as const);

/** Plays a walk to the Monitor as a server would that takes what is legal, and does nothing with the rest. */
function play(monitor: LifecycleMonitor, walk: readonly WalkStep[]): void {
  walk.forEach(({ kind, name, payload, verdict }, index) => {
    if (verdict === "illegal") return;
    if (kind === "command") monitor.sent({ kind: "command", names: [name], payload }, index);
    else monitor.received({ names: [name], payload }, index);
  });
}

describe("A walk over lifecycles", () => {
  it.each(endpoints)("is legal step by step, says the interpreter: %s", (_, endpoint) => {
    fc.assert(
      fc.property(lifecycleWalk(contract, endpoint), (walk) => {
        const monitor = openLifecycles(endpoint, { timeScale: 1 });
        play(monitor, walk);
        expect(monitor.violations).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each(endpoints)(
    "holds illegal steps where wanted, and the interpreter finds illegal events: %s",
    (_, endpoint) => {
      let illegal = 0;
      fc.assert(
        fc.property(lifecycleWalk(contract, endpoint, { illegal: 3 }), (walk) => {
          const at = walk.findIndex(({ kind, verdict }) => kind === "event" && verdict === "illegal");
          const step = walk[at];
          // A command that is still pending could excuse the event: look at those without one before.
          if (step === undefined) return;
          const monitor = openLifecycles(endpoint, { timeScale: 1 });
          play(monitor, walk.slice(0, at));
          if (!monitor.settled) return;
          monitor.received({ names: [step.name], payload: step.payload }, at);
          expect(monitor.violations).toHaveLength(1);
          illegal++;
        }),
        { numRuns: 500 },
      );
      expect(illegal).toBeGreaterThan(20);
    },
  );

  it.each(endpoints)("reaches every state that traffic can reach: %s", (_, endpoint) => {
    const states = new Set(endpoint.lifecycles.map(({ name, initial }) => `${name} ${initial}`));
    for (const walk of fc.sample(lifecycleWalk(contract, endpoint, { maxLength: 24 }), {
      numRuns: 1500,
      seed: 4,
    })) {
      for (const step of walk)
        for (const [id, state] of Object.entries(step.states)) states.add(`${id.split(" ")[0]} ${state}`);
    }
    for (const { name } of endpoint.lifecycles) {
      for (const state of reachableStates(endpoint, name)) expect([...states]).toContain(`${name} ${state}`);
    }
  });

  it("is the same under the same seed, and shrinks to its first steps", () => {
    for (const [, endpoint] of endpoints) {
      const walks = () => fc.sample(lifecycleWalk(contract, endpoint), { numRuns: 20, seed: 3 });
      expect(walks()).toEqual(walks());
    }
    const [, first] = endpoints[0] ?? [];
    if (first === undefined) throw new Error("The contract has no endpoint.");
    const result = fc.check(
      fc.property(lifecycleWalk(contract, first), (walk) => walk.every(({ kind }) => kind === "command")),
      { seed: 2 },
    );
    expect(result.counterexample?.[0].length).toBeLessThanOrEqual(2);
  });

  it("is any message at any time where there is no lifecycle", () => {
    const free = inlineEndpoint({ commands: { a: true }, events: { b: { type: "string" } } });
    const steps = fc.sample(lifecycleWalk({ definitions: {} }, free), 50).flat();
    expect(new Set(steps.map(({ name, verdict }) => `${name} ${verdict}`))).toEqual(
      new Set(["a legal", "b legal"]),
    );
  });
});

describe("Illegal pairs", () => {
  it("are the commands that no transition takes in a state that can be reached", () => {
    const endpoint = inlineEndpoint({
      commands: { start: true, stop: true, ask: true, ping: true },
      events: { done: true },
      lifecycles: [
        {
          name: "job",
          initial: "idle",
          queued: ["ask"],
          transitions: [
            { from: ["idle"], on: ["start"], to: "on" },
            { from: ["on"], on: ["stop", "done"], to: "idle" },
            { from: ["on"], on: ["ask"], to: "=" },
            { from: ["lost"], on: ["stop"], to: "idle" },
          ],
        },
      ],
    });
    expect(illegalPairs(endpoint)).toEqual([
      { lifecycle: "job", state: "idle", command: "stop" },
      { lifecycle: "job", state: "on", command: "start" },
    ]);
    expect(reachableStates(endpoint, "job")).toEqual(["idle", "on"]);
  });
});
