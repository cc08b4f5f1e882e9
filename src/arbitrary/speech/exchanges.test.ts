import { describe, expect, it } from "vitest";
import type { Endpoint, Exchange, Json } from "../../contract/contract.js";
import { followExchanges } from "./exchanges.js";

const send = (payload: Json): Exchange["steps"][number] => ({ send: { message: "say", payload } });

const exchange = (more: Partial<Exchange>): Exchange => ({
  name: "one",
  tags: [],
  steps: [],
  expect: [],
  ordered: false,
  ...more,
});

function follow(...list: Exchange[]) {
  const endpoint: Pick<Endpoint, "exchanges"> = { exchanges: { domain: [], list } };
  // Nothing else of an endpoint is read.
  const exchanges = followExchanges(endpoint as Endpoint);
  return (payload: unknown) =>
    exchanges.taken("say", payload).map(({ event, must }) => [event, Object.fromEntries(must)]);
}

describe("exchanges", () => {
  it("fill what they expect with what the command held, inside longer texts too", () => {
    const take = follow(
      exchange({
        steps: [send({ text: "Say $text (again).", id: "$uuid", count: "$int" })],
        expect: [
          { message: "said", field: "/text", equals: "You said $text", join: false },
          { message: "count", when: { "/n": "$int" }, join: false },
        ],
        until: { message: "done", when: { "/id": "$uuid" } },
      }),
    );
    expect(take({ text: "Say\nwhat? (again).", id: "u", count: 3 })).toEqual([]);
    expect(take({ text: "Say what?\n$& (again).", id: "u", count: 3 })).toEqual([
      ["said", { "/text": "You said what?\n$&" }],
      ["count", { "/n": 3 }],
      ["done", { "/id": "u" }],
    ]);
  });

  it("take one $uuid for one value in all their steps", () => {
    const take = follow(
      exchange({
        steps: [send({ open: "$uuid" }), { await: { message: "opened" } }, send({ close: "$uuid" })],
        expect: [{ message: "closed", join: false }],
      }),
    );
    expect(take({ open: "a" })).toEqual([["opened", {}]]);
    expect(take({ close: "b" })).toEqual([]);
    expect(take({ close: "a" })).toEqual([["closed", {}]]);
  });

  it("begin again when their first command comes again", () => {
    const take = follow(exchange({ steps: [send(1), send(2)], expect: [{ message: "end", join: false }] }));
    expect([1, 1, 2, 2].map((payload) => take(payload).length)).toEqual([0, 0, 1, 0]);
  });

  it("that begin alike all go on; the first in the document answers", () => {
    const take = follow(
      exchange({ steps: [send(1), send(2)], expect: [{ message: "two", join: false }] }),
      exchange({
        name: "other",
        steps: [send(1), { await: { message: "wait" } }, send(3)],
        expect: [{ message: "three", join: false }],
      }),
    );
    expect(take(1)).toEqual([]);
    expect(take(3)).toEqual([["three", {}]]);
    expect(take(2)).toEqual([["two", {}]]);
  });

  it("end with the event that ends them, and count it where it is counted", () => {
    const until = { message: "part", when: { "/last": true } };
    const part = { message: "part", field: "/text", equals: "$text", join: false };
    const step = send({ text: "$text" });
    expect(follow(exchange({ steps: [step], expect: [part], until }))({ text: "a" })).toEqual([
      ["part", { "/text": "a", "/last": true }],
    ]);
    const counted = [
      { ...part, count: 2 },
      { message: "note", join: false },
    ];
    expect(follow(exchange({ steps: [step], expect: counted, until }))({ text: "a" })).toEqual([
      ["part", { "/text": "a" }],
      ["note", {}],
      ["part", { "/text": "a", "/last": true }],
    ]);
  });

  it("give a counted event as often as it is expected, those that were awaited before included", () => {
    const take = follow(
      exchange({
        steps: [send(1), { await: { message: "tick" } }, send(2)],
        expect: [{ message: "tick", count: 3, join: false }],
        until: { message: "tick" },
      }),
    );
    expect(take(1)).toHaveLength(1);
    expect(take(2)).toHaveLength(2);
  });
});
