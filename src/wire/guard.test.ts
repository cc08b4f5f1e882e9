import { describe, expect, it } from "vitest";
import { createGuard, type Guard, isRefusal } from "./guard.js";
import type { Lifecycle, Protocol, Transition } from "./protocol.js";

const DOOR: Lifecycle = {
  name: "door",
  scope: "connection",
  initial: "shut",
  queued: [],
  obligations: [],
  transitions: [
    { from: ["shut"], on: ["open"], to: "ajar", set: { owner: "/who" } },
    { from: ["ajar"], on: ["creaked"], when: { "/loud": true }, to: "wide" },
    { from: ["ajar"], on: ["creaked"], to: "=" },
    { from: ["ajar", "wide"], on: ["close"], to: "shut", bound: { "/who": "owner" } },
    { from: ["ajar"], on: ["$other"], to: "wide" },
    { from: ["shut"], on: ["knock"], to: "=", may: true },
    { from: ["*"], on: ["leave"], to: "$closed" },
  ],
};

function guardOf(lifecycle: Partial<Lifecycle> = {}, reject?: Protocol["reject"]): Guard {
  const commands = ["open", "close", "knock", "leave", "ask", "sing"].map((name) => ({ name, wire: [] }));
  return createGuard({
    lifecycles: [{ ...DOOR, ...lifecycle }],
    commands,
    ...(reject === undefined ? {} : { reject }),
  });
}

describe("the lifecycle guard", () => {
  it("takes a command by the first transition that fits and moves the state", () => {
    const guard = guardOf();
    expect(guard.state("door")).toBe("shut");
    expect(guard.take("open", {})).toMatchObject({ accepted: true, may: false, closes: false });
    expect(guard.state("door")).toBe("ajar");
  });

  it("refuses a command that no transition fits, says what would have been legal, and stays where it is", () => {
    const guard = guardOf();
    expect(guard.take("close", {})).toEqual({
      accepted: false,
      refused: "illegal-state",
      state: "shut",
      legal: ["open", "knock", "leave"],
    });
    expect(guard.state("door")).toBe("shut");
  });

  it("lets a message pass that no automaton names", () => {
    const guard = guardOf();
    expect(guard.take("sing", {})).toMatchObject({ accepted: true });
    expect(guard.emit("rained", {})).toBe("legal");
  });

  it("finds an event illegal in a state without a transition for it, and does not move", () => {
    const guard = guardOf();
    expect(guard.emit("creaked", { loud: true })).toBe("illegal");
    expect(guard.state("door")).toBe("shut");
  });

  it("takes a twin without `when` as the else", () => {
    const guard = guardOf();
    guard.take("open", {});
    expect(guard.emit("creaked", { loud: false })).toBe("legal");
    expect(guard.state("door")).toBe("ajar");
    expect(guard.emit("creaked", { loud: true })).toBe("legal");
    expect(guard.state("door")).toBe("wide");
  });

  it("fits no `when` at an absent pointer, and one of a list's values", () => {
    const transitions: Transition[] = [
      { from: ["shut"], on: ["creaked"], when: { "/n": [1, 2] }, to: "ajar" },
    ];
    expect(guardOf({ transitions }).emit("creaked", {})).toBe("illegal");
    expect(guardOf({ transitions }).emit("creaked", { n: 3 })).toBe("illegal");
    expect(guardOf({ transitions }).emit("creaked", { n: 2 })).toBe("legal");
  });

  it.each([
    ["the field is absent", {}, true],
    ["both are equal", { who: "ann" }, true],
    ["they differ", { who: "bob" }, false],
  ])("fits a bound transition: %s", (_title, payload, fits) => {
    const guard = guardOf();
    guard.take("open", { who: "ann" });
    expect(guard.take("close", payload).accepted).toBe(fits);
  });

  it("fits a bound transition when nothing is remembered, and forgets by an absent field", () => {
    const guard = guardOf();
    guard.take("open", { who: "ann" });
    guard.take("close", {});
    guard.take("open", {});
    expect(guard.take("close", { who: "bob" }).accepted).toBe(true);
  });

  it("calls a command that names something else not-found, not illegal", () => {
    const guard = guardOf();
    guard.take("open", { who: "ann" });
    expect(guard.take("close", { who: "bob" })).toMatchObject({ refused: "not-found" });
  });

  it("compares UUIDs in any case", () => {
    const guard = guardOf();
    guard.take("open", { who: "0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f10" });
    expect(guard.take("close", { who: "0B2F6B8E-6C0A-4D36-9F4E-3A1D5C7E9F10" }).accepted).toBe(true);
  });

  it("undoes a command that was refused after all, memory included", () => {
    const guard = guardOf();
    const taken = guard.take("open", { who: "ann" });
    if (taken.accepted) taken.undo();
    expect(guard.state("door")).toBe("shut");
  });

  it("undoes nothing once an event has moved the state", () => {
    const guard = guardOf();
    const taken = guard.take("open", {});
    guard.emit("creaked", { loud: true });
    if (taken.accepted) taken.undo();
    expect(guard.state("door")).toBe("wide");
  });

  it("takes `$other` only when it is told that another connection acted", () => {
    const guard = guardOf();
    expect(guard.other("door", undefined, "wide")).toBe(false);
    guard.take("open", {});
    expect(guard.other("door", undefined, "shut")).toBe(false);
    expect(guard.other("door", undefined, "wide")).toBe(true);
    expect(guard.state("door")).toBe("wide");
  });

  it("says of a `may` transition that it may be refused as well", () => {
    expect(guardOf().take("knock", {})).toMatchObject({ accepted: true, may: true });
  });

  it("says of a command towards $closed that the connection is to be closed, and takes nothing after it", () => {
    const guard = guardOf();
    expect(guard.take("leave", {})).toMatchObject({ accepted: true, closes: true });
    expect(guard.take("leave", {})).toMatchObject({ accepted: false });
  });

  it("lets a queued command wait instead of refusing it", () => {
    const guard = guardOf({
      queued: ["ask"],
      transitions: [
        { from: ["shut"], on: ["ask"], to: "ajar" },
        { from: ["ajar"], on: ["answered"], to: "shut" },
      ],
    });
    expect(guard.take("ask", {}).accepted).toBe(true);
    expect(guard.take("ask", {})).toMatchObject({ accepted: false, refused: "waits" });
    guard.emit("answered", {});
    expect(guard.take("ask", {}).accepted).toBe(true);
  });

  it("keeps an instance for each value of the key, and touches none when the key is absent", () => {
    const guard = guardOf({ scope: { key: "/id" } });
    expect(guard.take("open", { id: 1 }).accepted).toBe(true);
    expect(guard.state("door", 1)).toBe("ajar");
    expect(guard.state("door", "1")).toBe("shut");
    expect(guard.take("close", { id: 2 }).accepted).toBe(false);
    expect(guard.take("close", {}).accepted).toBe(true);
  });

  it("forgets the oldest instances that ended, so that a long stream of them costs no memory", () => {
    const transitions: Transition[] = [{ from: ["shut"], on: ["ended"], to: "gone" }];
    const guard = guardOf({ scope: { key: "/id" }, transitions });
    for (let id = 0; id < 5_000; id++) guard.emit("ended", { id });
    expect(guard.emit("ended", { id: 4_999 })).toBe("illegal");
    expect(guard.emit("ended", { id: 0 })).toBe("legal");
  });

  it("does not offer a refusal to transitions, but offers the same message when its `when` does not fit", () => {
    const reject = {
      message: "creaked",
      payload: [],
      state: [],
      spontaneous: false,
      when: { "/code": ["bad"] },
    };
    const guard = guardOf({}, reject);
    expect(isRefusal({ reject }, "creaked", { code: "bad" })).toBe(true);
    expect(guard.emit("creaked", { code: "bad" })).toBe("legal");
    expect(guard.emit("creaked", { code: "other" })).toBe("illegal");
  });

  it("would be caught if it let illegal events pass: the negative of every rule above is an assertion", () => {
    // A planted fault: an automaton with a transition from everywhere accepts what the door refuses.
    const lax = guardOf({ transitions: [...DOOR.transitions, { from: ["*"], on: ["creaked"], to: "=" }] });
    expect(lax.emit("creaked", {})).toBe("legal");
    expect(guardOf().emit("creaked", {})).toBe("illegal");
  });
});
