import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { Invariant, InvariantKind, Json } from "../../contract/contract.js";
import { createClaims } from "./claims.js";
import { createKeeper } from "./keeper.js";
import { brokenInvariants, type Seen } from "./test-invariants.js";

const KINDS: readonly InvariantKind[] = [
  "unique",
  "constant",
  "increasing",
  "nondecreasing",
  "prefix-growing",
  "at-most",
  "echoes",
];

/** An invariant over `/value` of the event `tick`, of each kind, by a group or over all. */
const invariants: fc.Arbitrary<Invariant> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    by: fc.option(fc.constant("/group"), { nil: undefined }),
    step: fc.option(fc.constant(1), { nil: undefined }),
    reset: fc.boolean(),
  })
  .map(({ kind, by, step, reset }) => ({
    kind,
    on: ["tick"],
    field: "/value",
    level: "MUST",
    ...(by === undefined ? {} : { by }),
    ...(kind === "increasing" && step !== undefined ? { step } : {}),
    ...(kind === "at-most" ? { bound: "/most" } : {}),
    ...(kind === "echoes" ? { command: ["set"], from: "/value" } : {}),
    ...(reset ? { resetOn: { message: "again" } } : {}),
  }));

/** What a mock would say, and the commands between: values of one kind, from few, so that they collide. */
const traffic = fc
  .constantFrom<fc.Arbitrary<Json>>(
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom("a", "b", "ab", "7"),
    fc.constantFrom("1703860a-4d1e-4a64-8d9c-140edb2ae359", "a3801214-2740-473d-8c52-6ba014dbed06"),
  )
  .chain((value) =>
    fc.array(
      fc.oneof(
        fc.record({
          name: fc.constantFrom("tick", "again"),
          group: fc.constantFrom(1, 2),
          most: fc.integer({ min: 0, max: 3 }),
          value,
        }),
        fc.record({ name: fc.constant("set"), value: fc.option(value, { nil: undefined }) }),
      ),
      { maxLength: 30 },
    ),
  );

/** Runs traffic through a keeper, or past it, and gives what a client sees. */
function play(invariant: Invariant, messages: readonly object[], keep: boolean): Seen[] {
  const keeper = createKeeper(endpointOf(invariant), createClaims());
  const seen: Seen[] = [];
  for (const message of messages) {
    // Generated JSON of the record above.
    const { name, ...payload } = JSON.parse(JSON.stringify(message)) as { name: string; value?: Json };
    if (name === "set") {
      keeper.taken(name, payload);
      seen.push({ from: "client", names: [name], payload });
      continue;
    }
    const adjusted = keep ? keeper.adjust(name, payload) : payload;
    if (adjusted === undefined) continue;
    keeper.sent(name, adjusted);
    seen.push({ from: "server", names: [name], payload: adjusted });
  }
  return seen;
}

const endpointOf = (invariant: Invariant) =>
  // A keeper reads nothing else of its endpoint.
  ({ invariants: [invariant] }) as never;

/** `at-most` and the orders are about numbers, `prefix-growing` is about texts. */
function speaks(invariant: Invariant, messages: readonly object[]): boolean {
  const wanted =
    invariant.kind === "prefix-growing"
      ? "string"
      : ["increasing", "nondecreasing", "at-most"].includes(invariant.kind)
        ? "number"
        : undefined;
  return messages.every(
    (message) =>
      wanted === undefined ||
      !("value" in message) ||
      message.value === undefined ||
      typeof message.value === wanted,
  );
}

describe("the keeper of invariants", () => {
  test.prop([invariants, traffic], { numRuns: 2000 })(
    "changes payloads so that every invariant holds over a connection",
    (invariant, messages) => {
      fc.pre(speaks(invariant, messages));
      expect(brokenInvariants(endpointOf(invariant), play(invariant, messages, true))).toEqual([]);
    },
  );

  it.each(KINDS)("is needed: without it some traffic breaks %s", (kind) => {
    const found = fc.check(
      fc.property(
        invariants.filter((invariant) => invariant.kind === kind),
        traffic,
        (invariant, messages) => {
          fc.pre(speaks(invariant, messages));
          return brokenInvariants(endpointOf(invariant), play(invariant, messages, false)).length === 0;
        },
      ),
      { seed: 1, numRuns: 1000 },
    );
    expect(found.failed).toBe(true);
  });
});
