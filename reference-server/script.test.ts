import { fc, test } from "@fast-check/vitest";
import { describe, expect, it, vi } from "vitest";
import { ManualClock } from "../src/wire/test-clock.js";
import { createRandom } from "./random.js";
import { cut, type RunListener, runScript, type Script } from "./script.js";
import { createWorld, type World } from "./world.js";

/** A world whose time moves when it is told to. */
function manualWorld(timeScale = 1): { world: World; advance(ms: number): void } {
  const clock = new ManualClock();
  const onFault = (fault: unknown): never => {
    throw fault;
  };
  return { world: createWorld({ clock, seed: 1, timeScale, onFault }), advance: (ms) => clock.advance(ms) };
}

function* greet(): Script<string, string> {
  yield { say: "hello" };
  yield { wait: 100 };
  const name = yield { ask: "name" };
  yield { say: `goodbye ${name}` };
  return "done";
}

function listen(): RunListener<string, string> & { heard: string[]; queue: number } {
  const heard: string[] = [];
  return {
    heard,
    queue: 0,
    said: (said) => heard.push(said),
    ended: (result) => heard.push(`[${result}]`),
    failed: (fault) => heard.push(`! ${String(fault)}`),
    congested() {
      return this.queue > 0;
    },
  };
}

describe("a script", () => {
  it("says nothing before the function that started it has returned", () => {
    const { world, advance } = manualWorld();
    const listener = listen();
    runScript(world, greet(), listener);
    expect(listener.heard).toEqual([]);
    advance(0);
    expect(listener.heard).toEqual(["hello"]);
  });

  it("waits, scaled, then for whoever is to answer", () => {
    const { world, advance } = manualWorld(0.5);
    const listener = listen();
    const run = runScript(world, greet(), listener);
    advance(49);
    expect(run.give("too early")).toBe(false);
    advance(1);
    expect(run.give("wrong", "weather")).toBe(false);
    expect(run.give("Ann", "name")).toBe(true);
    expect(run.give("Bob")).toBe(false);
    advance(0);
    expect(listener.heard).toEqual(["hello", "goodbye Ann", "[done]"]);
    expect(world.pending()).toBe(0);
  });

  it("says nothing while it is paused, however long, and goes on where it was", () => {
    const { world, advance } = manualWorld();
    const listener = listen();
    const run = runScript(world, greet(), listener);
    run.pause();
    advance(10_000);
    expect(listener.heard).toEqual([]);
    run.resume();
    advance(0);
    run.pause();
    run.pause();
    run.resume();
    advance(100);
    expect(run.give("Ann")).toBe(true);
    run.pause();
    advance(1_000);
    expect(listener.heard).toEqual(["hello"]);
    run.resume();
    advance(0);
    expect(listener.heard).toEqual(["hello", "goodbye Ann", "[done]"]);
  });

  it("ends without a word when it is stopped, and leaves no timer", () => {
    const { world, advance } = manualWorld();
    const listener = listen();
    const run = runScript(world, greet(), listener);
    advance(0);
    run.stop();
    advance(10_000);
    expect(listener.heard).toEqual(["hello"]);
    expect(world.pending()).toBe(0);
  });

  it("reports what the script, or its listener, throws", () => {
    const { world, advance } = manualWorld();
    const listener = listen();
    const throwing = (function* (): Script<string, string> {
      yield { say: "a" };
      throw new Error("b");
    })();
    runScript(world, throwing, listener);
    advance(0);
    expect(listener.heard).toEqual(["a", "! Error: b"]);
    const deaf = {
      ...listen(),
      said: () => {
        throw new Error("deaf");
      },
    };
    deaf.failed = vi.fn();
    runScript(world, greet(), deaf);
    advance(0);
    expect(deaf.failed).toHaveBeenCalledTimes(1);
  });

  it("waits while all who listen are behind, for a second at most", () => {
    const { world, advance } = manualWorld(0.01);
    const listener = listen();
    listener.queue = 1;
    runScript(world, greet(), listener);
    advance(990);
    expect(listener.heard).toEqual([]);
    advance(20);
    expect(listener.heard).toEqual(["hello"]);
  });
});

describe("cut", () => {
  test.prop([
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 20 }),
  ])(
    "gives parts that join to the text, no more than asked for, none of them torn",
    (text, pieces, smallest) => {
      const parts = cut(text, pieces, smallest);
      expect(parts.join("")).toBe(text);
      expect(parts.length).toBeLessThanOrEqual(pieces);
      for (const part of parts) expect(Buffer.from(part).toString()).toBe(part);
      expect(parts.every((part) => part !== "")).toBe(true);
    },
  );
});

describe("seeded chance", () => {
  it("repeats itself for the same seed and differs for another", () => {
    const draw = (seed: number): number[] => Array.from({ length: 20 }, createRandom(seed).next);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("forks into streams that depend on the label alone", () => {
    const random = createRandom(1);
    const before = random.fork("a").next();
    random.next();
    expect(random.fork("a").next()).toBe(before);
    expect(random.fork("b").next()).not.toBe(before);
  });

  it("draws version 4 UUIDs, ten thousand of them different, and integers in range and spread evenly", () => {
    const random = createRandom(1);
    const uuids = Array.from({ length: 10_000 }, random.uuid);
    expect(new Set(uuids).size).toBe(10_000);
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let n = 0; n < 10_000; n++) {
      const drawn = random.below(10);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
