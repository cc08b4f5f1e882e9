import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lifecycleWalk, type WalkStep } from "../src/arbitrary/lifecycle-walk.js";
import type { Endpoint, Json, Reject } from "../src/contract/contract.js";
import { type LifecycleMonitor, openLifecycles } from "../src/contract/lifecycle.js";
import { parsePointer, valueAt } from "../src/contract/pointer.js";
import { protocolOf } from "../src/contract/protocol-of.js";
import { readContract } from "../src/document/read-contract.js";
import { createGuard, type Guard } from "../src/wire/guard.js";
import { ROOT } from "./requirement.js";

const contract = readContract(readFileSync(join(ROOT, "generated/contract.json"), "utf8"));

/** 10 000 walks in all. */
const WALKS = 10_000 / contract.endpoints.length;

/** A refusal with this code, as far as lifecycles look at it. */
function refusalWith(reject: Reject, code: string): Json {
  return parsePointer(reject.code ?? "/code").reduceRight<Json>((inner, part) => ({ [part]: inner }), code);
}

/** Plays a walk to both; says what they disagree about. */
function disagreements(
  endpoint: Endpoint,
  guard: Guard,
  monitor: LifecycleMonitor,
  walk: readonly WalkStep[],
): string[] {
  const { reject } = endpoint.protocol;
  for (const [index, { kind, name, payload, verdict }] of walk.entries()) {
    const told = `step ${index}, ${kind} ${name} ${JSON.stringify(payload)}`;
    if (kind === "command") {
      const legality = monitor.legalNow({ name, payload });
      const taken = guard.take(name, payload);
      monitor.sent({ kind: "command", names: [name], payload }, index);
      if (taken.accepted) {
        if (verdict !== "legal" && verdict !== "may") return [`${told}: taken, and the walk says ${verdict}`];
        if (legality === "illegal") return [`${told}: taken, and the judge calls it illegal`];
        if (taken.closes) monitor.closed({ by: "server" }, index);
      } else {
        if (verdict === "legal" || verdict === "may")
          return [`${told}: ${taken.refused}, and the walk says ${verdict}`];
        if (taken.refused === "waits")
          return verdict === "waits" ? [] : [`${told}: waits, and the walk says ${verdict}`];
        if (legality === "legal") return [`${told}: ${taken.refused}, and the judge calls it legal`];
        // A command that is bound to something else is refused by the code for that, which has no class.
        const code = taken.refused === "illegal-state" ? (reject?.state[0] ?? "") : "not-found";
        if (reject !== undefined)
          monitor.received({ names: [reject.message], payload: refusalWith(reject, code) }, index);
      }
    } else {
      const settled = monitor.settled;
      const emitted = guard.emit(name, payload);
      if (emitted !== verdict) return [`${told}: ${emitted}, and the walk says ${verdict}`];
      monitor.received({ names: [name], payload }, index);
      const accused = monitor.violations.length > 0;
      if (emitted === "illegal") {
        // Where a command is pending, the judge cannot know yet whether the event came before it was taken.
        return accused || !settled ? [] : [`${told}: illegal, and the judge accepts it`];
      }
    }
    const [violation] = monitor.violations;
    if (violation !== undefined) return [`${told}: ${violation.message}`];
    const lost = statesUnknownTo(monitor, endpoint, guard, payload);
    if (lost.length > 0)
      return lost.map((state) => `${told}: the guard is in ${state}, and the judge knows nothing of it`);
  }
  return [];
}

/** The states of the guard that no configuration of the judge has. */
function statesUnknownTo(
  monitor: LifecycleMonitor,
  endpoint: Endpoint,
  guard: Guard,
  payload: Json,
): string[] {
  return endpoint.lifecycles.flatMap(({ name, scope }) => {
    const key = scope === "connection" ? undefined : valueAt(payload, scope.key);
    if (scope !== "connection" && key === undefined) return [];
    const state = guard.state(name, key);
    const view = monitor
      .configurations()
      .find((one) => one.lifecycle === name && (scope === "connection" || one.key === JSON.stringify(key)));
    return view === undefined || view.states.includes(state) ? [] : [`${name} ${state}`];
  });
}

describe("The judge's interpreter and the reference server's guard", () => {
  it.each(contract.endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
    `agree on ${WALKS} generated walks: %s`,
    (_, endpoint) => {
      const protocol = protocolOf(endpoint);
      fc.assert(
        fc.property(lifecycleWalk(contract, endpoint, { illegal: 2, maxLength: 20 }), (walk) => {
          const monitor = openLifecycles(endpoint, { timeScale: 1 });
          expect(disagreements(endpoint, createGuard(protocol), monitor, walk)).toEqual([]);
        }),
        { numRuns: WALKS },
      );
    },
    120_000,
  );

  it("are told apart when one of them reads another lifecycle", () => {
    const found = contract.endpoints.filter((endpoint) => {
      const protocol = protocolOf(endpoint);
      // The fault: the guard lost the first transition.
      const lifecycles = protocol.lifecycles.map((lifecycle) => ({
        ...lifecycle,
        transitions: lifecycle.transitions.slice(1),
      }));
      const result = fc.check(
        fc.property(lifecycleWalk(contract, endpoint, { illegal: 2, maxLength: 20 }), (walk) => {
          const monitor = openLifecycles(endpoint, { timeScale: 1 });
          return (
            disagreements(endpoint, createGuard({ ...protocol, lifecycles }), monitor, walk).length === 0
          );
        }),
        { numRuns: 500, seed: 1 },
      );
      return result.failed;
    });
    expect(found).toEqual(contract.endpoints);
  });
});
