import { describe, expect, it } from "vitest";
import type { Invariant } from "../src/contract/contract.js";
import { watchInvariants } from "./invariants.js";
import { sampleEndpoint } from "./test-subject.js";

const BASE = { on: ["number"], field: "/value", level: "MUST" } as const;

/** How many of the payloads broke the invariant, in the order in which they came. */
function broken(
  invariant: Partial<Invariant> & Pick<Invariant, "kind">,
  payloads: readonly unknown[],
): number[] {
  const watch = watchInvariants({ ...sampleEndpoint, invariants: [{ ...BASE, ...invariant }] });
  return payloads.flatMap((payload, index) =>
    watch.received(["number"], payload).length > 0 ? [index] : [],
  );
}

const values = (...list: readonly unknown[]) => list.map((value) => ({ value }));

describe("an invariant over the events of a connection", () => {
  it.each<[Partial<Invariant> & Pick<Invariant, "kind">, readonly unknown[], number[]]>([
    [{ kind: "unique" }, values(1, 2, 1, 3, 2), [2, 4]],
    [{ kind: "constant" }, values("a", "a", "b", "b"), [2]],
    [{ kind: "increasing" }, values(1, 2, 2, 5), [2]],
    [{ kind: "increasing", step: 1 }, values(1, 2, 4, 5), [2]],
    [{ kind: "nondecreasing" }, values(1, 1, 0, 7), [2]],
    [{ kind: "prefix-growing" }, values("", "He", "Hello", "lo", "lo!"), [3]],
    [{ kind: "at-most", bound: "/most" }, [{ value: 3, most: 3 }, { value: 4, most: 3 }, { value: 9 }], [1]],
  ])("%j over %j is broken by the events %j", (invariant, payloads, expected) => {
    expect(broken(invariant, payloads)).toEqual(expected);
  });

  it("holds for each key by itself, and an event without the key has none to break", () => {
    const events = [{ by: "a", value: 2 }, { by: "b", value: 1 }, { value: 0 }, { by: "a", value: 1 }];
    expect(broken({ kind: "nondecreasing", by: "/by" }, events)).toEqual([3]);
  });

  it("starts anew after its reset, for the key of the reset alone", () => {
    const invariant: Invariant = {
      ...BASE,
      kind: "nondecreasing",
      by: "/by",
      resetOn: { message: "counted", when: { "/ok": true } },
    };
    const watch = watchInvariants({ ...sampleEndpoint, invariants: [invariant] });
    const see = (name: string, payload: unknown): number => watch.received([name], payload).length;
    expect(see("number", { by: "a", value: 5 }) + see("number", { by: "b", value: 5 })).toBe(0);
    expect(see("counted", { by: "a", ok: false })).toBe(0);
    expect(see("number", { by: "a", value: 4 })).toBe(1);
    expect(see("counted", { by: "a", ok: true })).toBe(0);
    expect(see("number", { by: "a", value: 1 })).toBe(0);
    expect(see("number", { by: "b", value: 1 })).toBe(1);
  });

  it("takes a value back that a command of this connection held, a uuid in any case, and any once one held none", () => {
    const invariant: Invariant = { ...BASE, kind: "echoes", command: ["count"], from: "/id" };
    const watch = watchInvariants({ ...sampleEndpoint, invariants: [invariant] });
    const uuid = "00000000-0000-4000-8000-0000000000ab";
    const breaks = (value: unknown): boolean => watch.received(["number"], { value }).length > 0;
    expect(breaks(uuid)).toBe(true);
    watch.sent(["count"], { id: uuid.toUpperCase() });
    watch.sent(["say"], {});
    expect([breaks(uuid), breaks("another")]).toEqual([false, true]);
    watch.sent(["count"], {});
    watch.sent(["count"], { id: uuid });
    expect(breaks("another")).toBe(false);
  });

  it("says nothing of a refusal, nor of a frame that may be another message", () => {
    const invariant: Invariant = { ...BASE, on: ["number", "error"], kind: "constant" };
    const watch = watchInvariants({ ...sampleEndpoint, invariants: [invariant] });
    expect(watch.received(["number"], { value: 1 })).toEqual([]);
    expect(watch.received(["error"], { code: "illegal-state", value: 2 })).toEqual([]);
    expect(watch.received(["number", "said"], { value: 2 })).toEqual([]);
    expect(watch.received(["number"], { value: 2 })).toHaveLength(1);
  });
});
