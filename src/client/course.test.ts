import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lifecycleWalk, type WalkStep } from "../arbitrary/lifecycle-walk.js";
import { clientRulesOf } from "../codegen/client-rules.js";
import type { Endpoint } from "../contract/contract.js";
import { openLifecycles } from "../contract/lifecycle.js";
import { protocolOf } from "../contract/protocol-of.js";
import { readContract } from "../document/read-contract.js";
import { followInstances } from "../wire/codec/instances.js";
import type { ClientRules, LifecycleCourse } from "../wire/protocol.js";
import { followLifecycles, isRefusal, tell } from "./course.js";

/** Here the client's reading of a lifecycle meets the judge's, which is written apart. */

const contract = readContract(
  readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8"),
);
const endpoints = contract.endpoints.map((endpoint): [string, Endpoint] => [endpoint.name, endpoint]);
const RUNS = 500;

const isNamed = ({ lifecycles }: Endpoint, name: string): boolean =>
  lifecycles.some(({ transitions }) => transitions.some(({ on }) => on.includes(name)));
const remembers = ({ lifecycles }: Endpoint): boolean =>
  lifecycles.some(({ transitions }) => transitions.some(({ bound }) => bound !== undefined));

/** All courses of a connection as one. */
function open(rules: ClientRules): Pick<LifecycleCourse, "allows" | "sent" | "received"> {
  const courses = followLifecycles({ ...rules, followInstances });
  return {
    allows: (...command) => courses.every(({ allows }) => allows(...command)),
    sent(...command) {
      for (const { sent } of courses) sent(...command);
    },
    received: (name, payload) => tell(courses, rules, name, payload, isRefusal(rules, name, payload)),
  };
}

const say = (course: Pick<LifecycleCourse, "sent">, { name, payload }: WalkStep): void =>
  course.sent(name, payload, payload);
const textOf = ({ kind, name, payload }: WalkStep): string => `${kind} ${name} ${JSON.stringify(payload)}`;

describe.each(endpoints)("what the client knows of the lifecycles of %s", (_name, endpoint) => {
  const rules = clientRulesOf(protocolOf(endpoint));

  it("lets every legal command go, and explains every legal event", () => {
    fc.assert(
      fc.property(lifecycleWalk(contract, endpoint, { maxLength: 24 }), (walk) => {
        const course = open(rules);
        for (const step of walk) {
          if (step.kind === "event")
            expect(course.received(step.name, step.payload), textOf(step)).toBe(true);
          else {
            expect(course.allows(step.name, step.payload), textOf(step)).toBe(true);
            say(course, step);
          }
        }
      }),
      { numRuns: RUNS, seed: 20_260_101 },
    );
  });

  it("explains events that pass its commands on the wire", () => {
    const early = fc.array(fc.nat({ max: 5 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(lifecycleWalk(contract, endpoint, { maxLength: 24 }), early, (walk, places) => {
        // The server takes a command where the walk has it; the client sent it some events before that.
        const seen: WalkStep[] = [];
        for (const [i, step] of walk.entries()) {
          let at = seen.length;
          for (let back = places[i] ?? 0; step.kind === "command" && back > 0; back--) {
            if (seen[at - 1]?.kind !== "event") break;
            at--;
          }
          seen.splice(at, 0, step);
        }
        const course = open(rules);
        for (const step of seen) {
          if (step.kind === "event")
            expect(course.received(step.name, step.payload), textOf(step)).toBe(true);
          else if (step.verdict === "legal") say(course, step);
          else return;
        }
      }),
      { numRuns: RUNS, seed: 20_260_101 },
    );
  });

  it("holds a command back that the state forbids, and tells of an event exactly where the judge does", () => {
    fc.assert(
      fc.property(lifecycleWalk(contract, endpoint, { maxLength: 16, illegal: 3 }), (walk) => {
        const course = open(rules);
        const judge = openLifecycles(endpoint, { timeScale: 1, otherAlways: true });
        for (const step of walk) {
          const { name, payload } = step;
          if (step.kind === "command") {
            if (step.verdict === "illegal") {
              // What was remembered is left to the server.
              if (isNamed(endpoint, name) && !remembers(endpoint)) {
                expect(course.allows(name, payload), textOf(step)).toBe(false);
              }
              continue;
            }
            judge.sent({ kind: "command", names: [name], payload }, 0);
            say(course, step);
          } else {
            judge.received({ names: [name], payload }, 0);
            const isExplained = course.received(name, payload);
            const isFault = judge.violations.length > 0;
            if (!isExplained || !remembers(endpoint)) expect(isExplained, textOf(step)).toBe(!isFault);
            if (isFault) return;
          }
        }
      }),
      { numRuns: RUNS, seed: 20_260_101 },
    );
  });
});

describe("what the client remembers", () => {
  it("goes on after an event that nothing explains, from where that event leads", () => {
    const [, endpoint] = endpoints.find(([name]) => name === "workflow") ?? [];
    const course = open(clientRulesOf(protocolOf(endpoint as Endpoint)));
    expect(course.received("token_stream", {})).toBe(false);
    expect(course.received("token_stream", {})).toBe(true);
    expect(course.received("execution:completed", {})).toBe(true);
    expect(course.received("execution:completed", {})).toBe(false);
    expect(course.allows("start_session", {})).toBe(true);
  });

  it("is bounded, however many commands nobody answers", () => {
    const [, endpoint] = endpoints.find(([name]) => name === "answer") ?? [];
    const course = open(clientRulesOf(protocolOf(endpoint as Endpoint)));
    for (let i = 0; i < 1_000; i++) course.sent("query", {}, {});
    let explained = 0;
    while (explained < 1_000 && course.received("done", {})) explained++;
    expect(explained).toBeGreaterThanOrEqual(31);
    expect(explained).toBeLessThan(64);
  });
});
