import { describe, expect, it } from "vitest";
import type { Direction } from "./contract.js";
import { discriminate } from "./discriminate.js";
import { declareDiscriminator, inferDiscriminator } from "./infer-discriminator.js";
import { inlineEndpoint } from "./inline-endpoint.js";

const told = (kind: string) => ({
  type: "object",
  required: ["event"],
  properties: { event: { const: kind } },
});
const asked = (kind: string) => ({ type: "object", required: ["cmd"], properties: { cmd: { const: kind } } });

const endpoint = inlineEndpoint({
  events: { one: told("one"), two: told("two") },
  commands: { go: asked("go") },
  send: "/event",
  receive: "/cmd",
  protocol: { never: ["type"] },
});

describe("a declared field", () => {
  const code = (direction: Direction, value: unknown) => {
    const result = discriminate(endpoint, direction, value);
    return result.ok ? result.candidates : result.error.code;
  };

  it.each([
    ["event", { event: "one" }, ["one"]],
    ["event", { event: "one", type: "ordinary here" }, ["one"]],
    ["command", { cmd: "go" }, ["go"]],
    ["event", { event: "three" }, "unknown-message"],
    ["event", { event: "" }, "unknown-message"],
    ["event", { type: "one" }, "wrong-discriminator"],
    ["event", { cmd: "go" }, "wrong-discriminator"],
    ["command", { event: "one" }, "wrong-discriminator"],
    ["event", { type: 1 }, "missing-discriminator"],
    ["event", {}, "missing-discriminator"],
    ["event", { event: 1 }, "missing-discriminator"],
    ["event", { event: null, type: "one" }, "missing-discriminator"],
    ["event", "one", "missing-discriminator"],
    ["event", null, "missing-discriminator"],
    ["event", ["one"], "missing-discriminator"],
  ] as const)("%s %j: %j", (direction, value, expected) => {
    expect(code(direction, value)).toEqual(expected);
  });

  it("names both fields and the mend when the frame uses the wrong one", () => {
    const result = discriminate(endpoint, "event", { type: "one" });
    expect(result).toMatchObject({
      error: {
        path: "/type",
        hint: expect.stringMatching(/events with `event`.*`type`: "one".*Rename the field/),
      },
    });
  });

  it("says that a name belongs to the other direction", () => {
    const result = discriminate(endpoint, "event", { event: "go" });
    expect(result).toMatchObject({ error: { hint: expect.stringContaining("names a command") } });
  });

  it("shortens what it received", () => {
    const result = discriminate(endpoint, "event", { event: "x".repeat(500) });
    expect(result.ok || result.error.received.length).toBeLessThanOrEqual(80);
  });

  it("may hold a number, a nested place or a position", () => {
    const list = (op: number) => ({ type: "array", items: [{ const: op }], minItems: 1 });
    const messages = [
      { name: "hello", payload: list(10) },
      { name: "beat", payload: list(1) },
    ];
    const send = declareDiscriminator(["/0"], messages, {}, (message) => message.name);
    const numbered = { ...endpoint, protocol: { ...endpoint.protocol, send } };
    expect(discriminate(numbered, "event", [10, {}])).toEqual({ ok: true, candidates: ["hello"] });
    expect(discriminate(numbered, "event", [11])).toMatchObject({
      error: { code: "unknown-message", path: "/0" },
    });
    expect(discriminate(numbered, "event", [true])).toMatchObject({
      error: { code: "missing-discriminator" },
    });
  });

  it("names a message without a constant by what the document calls it", () => {
    const messages = [{ name: "free", payload: { type: "object" } }];
    expect(declareDiscriminator(["/event"], messages, {}, () => "called").rows).toEqual([
      { message: "free", values: [["called"]] },
    ]);
  });
});

describe("an inner field", () => {
  const part = (type: string) => ({
    type: "object",
    required: ["type"],
    properties: { type: { const: type } },
  });
  const messages = [
    { name: "text", payload: part("text") },
    { name: "stop", payload: part("stop") },
    { name: "alone", payload: part("alone") },
  ];
  const events = { text: part("text"), stop: part("stop"), alone: part("alone") };
  const send = declareDiscriminator(["$event", "/type"], messages, {}, ({ name }) =>
    name === "alone" ? "alone" : "reply",
  );
  const socket = inlineEndpoint({ events, protocol: { transport: "socket.io", send } });

  it.each([
    [["reply", { type: "stop" }], ["stop"]],
    [["alone", { type: "text" }], ["alone"]],
    [["reply", { type: "other" }], "unknown-message /1/type"],
    [["reply", { kind: "stop" }], "missing-discriminator /1"],
    [["other", {}], "unknown-message /0"],
    [["reply"], "invalid-payload "],
    [["reply", { type: "stop" }, 1], "invalid-payload /2"],
    [[7, {}], "missing-discriminator /0"],
    [{ type: "stop" }, "missing-discriminator /0"],
  ] as const)("of a Socket.IO event %j: %j", (value, expected) => {
    const result = discriminate(socket, "event", value);
    expect(result.ok ? result.candidates : `${result.error.code} ${result.error.path}`).toEqual(expected);
  });
});

describe("an inferred field", () => {
  const strict = (type: string) => ({
    type: "object",
    required: ["type"],
    properties: { type: { const: type } },
  });
  const events = {
    a: strict("a"),
    b: strict("b"),
    lax: { type: "object", properties: { type: { const: "lax" } } },
    bare: { type: "object", required: ["blob"], properties: { blob: { type: "string" } } },
  };
  const messages = Object.entries(events).map(([name, payload]) => ({ name, payload }));
  const open = inlineEndpoint({ events, protocol: { send: inferDiscriminator(messages, {}) } });

  it.each([
    [{ type: "a" }, ["a"]],
    [{ type: "lax" }, ["lax"]],
    [{ blob: "x" }, ["lax", "bare"]],
    [{ type: "new" }, ["bare"]],
    [{}, ["lax", "bare"]],
  ])("narrows %j to %j and leaves the rest to the payload", (value, candidates) => {
    expect(discriminate(open, "event", value)).toEqual({ ok: true, candidates });
  });

  it("leaves nobody when every message wants a name", () => {
    const closed = inlineEndpoint({
      events: { a: strict("a"), b: strict("b") },
      protocol: { send: inferDiscriminator(messages.slice(0, 2), {}) },
    });
    expect(discriminate(closed, "event", { type: "c" })).toMatchObject({
      error: { code: "unknown-message" },
    });
    expect(discriminate(closed, "event", {})).toMatchObject({ error: { code: "missing-discriminator" } });
  });
});

it("without a field every message that has a frame is a candidate", () => {
  const shaped = inlineEndpoint({ events: { a: {}, b: {} } });
  expect(discriminate(shaped, "event", 7)).toEqual({ ok: true, candidates: ["a", "b"] });
});
