/**
 * This file is long because it is the table of docs/diff.md read aloud: one row an edit, with its verdict and its mirror image.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../test/requirement.js";
import { readContract } from "../../document/read-contract.js";
import type { Contract, Endpoint, JsonSchema, Lifecycle, ProtocolRules } from "../contract.js";
import { inferDiscriminator } from "../infer-discriminator.js";
import type { InlineEndpoint } from "../inline-endpoint.js";
import { diffContracts } from "./diff.js";
import { diffEndpoints, inlineContract, respelled, rulesOf } from "./test-documents.js";

type Properties = Record<string, JsonSchema>;

interface Shape {
  readonly required?: readonly string[];
  readonly closed?: boolean;
}

/** A message with a tag, and fields of its own. */
function message(
  field: string,
  tag: string,
  properties: Properties,
  { required = [], closed = false }: Shape = {},
): JsonSchema {
  return {
    type: "object",
    required: [field, ...required],
    properties: { [field]: { const: tag }, ...properties },
    ...(closed ? { additionalProperties: false } : {}),
  };
}

const command = (properties: Properties, shape?: Shape): InlineEndpoint => ({
  receive: "/cmd",
  commands: { go: message("cmd", "go", properties, shape), stop: message("cmd", "stop", {}) },
});
const event = (properties: Properties, shape?: Shape): InlineEndpoint => ({
  send: "/event",
  events: { seen: message("event", "seen", properties, shape), gone: message("event", "gone", {}) },
});
const endpoint = (more: Partial<InlineEndpoint>): InlineEndpoint => ({
  ...command({}),
  ...event({}),
  ...more,
});
const protocol = (rules: Partial<ProtocolRules>): InlineEndpoint => ({
  commands: { go: { type: "object", properties: { a: { type: "string" } } } },
  protocol: rules,
});
const rules = (more: NonNullable<InlineEndpoint["endpoint"]>): InlineEndpoint => endpoint({ endpoint: more });

const CLOSED = { closed: true };
const text: JsonSchema = { type: "string" };
const whole: JsonSchema = { type: "integer" };

type Verdict = "breaking" | "may-break" | "compatible" | "same";

/** What is edited, before, after, the verdict, and that of the mirror image. */
type Row = readonly [string, InlineEndpoint, InlineEndpoint, Verdict, Verdict];

const FIELDS: readonly Row[] = [
  [
    "a required field of a command",
    command({}),
    command({ a: text }, { required: ["a"] }),
    "breaking",
    "compatible",
  ],
  ["an optional field of an open command", command({}), command({ a: text }), "compatible", "compatible"],
  [
    "an optional field of a closed command",
    command({}, CLOSED),
    command({ a: text }, CLOSED),
    "compatible",
    "breaking",
  ],
  [
    "a field of a command that becomes required",
    command({ a: text }),
    command({ a: text }, { required: ["a"] }),
    "breaking",
    "compatible",
  ],
  [
    "a field of an event that becomes optional",
    event({ a: text }, { required: ["a"] }),
    event({ a: text }),
    "breaking",
    "compatible",
  ],
  [
    "a required field of an event that goes",
    event({ a: text }, { required: ["a"] }),
    event({}),
    "breaking",
    "compatible",
  ],
  ["an optional field of an event that goes", event({ a: text }), event({}), "breaking", "compatible"],
  [
    "a field of a closed event that comes",
    event({}, CLOSED),
    event({ a: text }, CLOSED),
    "breaking",
    "breaking",
  ],
  ["a command that closes", command({ a: text }), command({ a: text }, CLOSED), "breaking", "compatible"],
  ["an event that opens", event({ a: text }, CLOSED), event({ a: text }), "breaking", "compatible"],
  [
    "a field with another name",
    command({ a: text }, { required: ["a"] }),
    command({ b: text }, { required: ["b"] }),
    "breaking",
    "breaking",
  ],
];

const VALUES: readonly Row[] = [
  ["the type of a field of a command", command({ a: whole }), command({ a: text }), "breaking", "breaking"],
  ["the type of a field of an event", event({ a: whole }), event({ a: text }), "breaking", "breaking"],
  [
    "a whole number for any number in a command",
    command({ a: { type: "number" } }),
    command({ a: whole }),
    "breaking",
    "compatible",
  ],
  [
    "a whole number for any number in an event",
    event({ a: { type: "number" } }),
    event({ a: whole }),
    "compatible",
    "breaking",
  ],
  [
    "null in an event",
    event({ a: text }),
    event({ a: { type: ["string", "null"] } }),
    "breaking",
    "compatible",
  ],
  [
    "a value of an enum in an event",
    event({ a: { enum: ["x"] } }),
    event({ a: { enum: ["x", "y"] } }),
    "breaking",
    "compatible",
  ],
  [
    "a value of an enum in a command",
    command({ a: { enum: ["x"] } }),
    command({ a: { enum: ["x", "y"] } }),
    "compatible",
    "breaking",
  ],
  [
    "an enum for a text in a command",
    command({ a: text }),
    command({ a: { enum: ["x"] } }),
    "breaking",
    "compatible",
  ],
  [
    "a maximum in a command",
    command({ a: { ...whole, maximum: 9 } }),
    command({ a: { ...whole, maximum: 5 } }),
    "breaking",
    "compatible",
  ],
  [
    "a maximum in an event",
    event({ a: { ...whole, maximum: 9 } }),
    event({ a: { ...whole, maximum: 5 } }),
    "compatible",
    "breaking",
  ],
  [
    "a minimum that is no longer allowed itself",
    command({ a: { type: "number", minimum: 0 } }),
    command({ a: { type: "number", exclusiveMinimum: 0 } }),
    "breaking",
    "compatible",
  ],
  [
    "a longer text in an event",
    event({ a: { ...text, maxLength: 5 } }),
    event({ a: text }),
    "breaking",
    "compatible",
  ],
  [
    "a shorter text in a command",
    command({ a: text }),
    command({ a: { ...text, maxLength: 5 } }),
    "breaking",
    "compatible",
  ],
  [
    "a pattern in a command",
    command({ a: text }),
    command({ a: { ...text, pattern: "^a" } }),
    "breaking",
    "compatible",
  ],
  [
    "another pattern in a command",
    command({ a: { ...text, pattern: "^a" } }),
    command({ a: { ...text, pattern: "^b" } }),
    "may-break",
    "may-break",
  ],
  [
    "a format in an event",
    event({ a: text }),
    event({ a: { ...text, format: "uuid" } }),
    "compatible",
    "breaking",
  ],
  [
    "a step in a command",
    command({ a: whole }),
    command({ a: { ...whole, multipleOf: 5 } }),
    "breaking",
    "compatible",
  ],
  [
    "fewer items in a command",
    command({ a: { type: "array", items: text } }),
    command({ a: { type: "array", items: text, maxItems: 3 } }),
    "breaking",
    "compatible",
  ],
  [
    "another item in an event",
    event({ a: { type: "array", items: text } }),
    event({ a: { type: "array", items: { type: ["string", "integer"] } } }),
    "breaking",
    "compatible",
  ],
  [
    "a branch of a union in an event",
    event({ a: { anyOf: [text, whole] } }),
    event({ a: { anyOf: [text, whole, { type: "null" }] } }),
    "breaking",
    "compatible",
  ],
  [
    "a branch that a tag tells, in a command",
    command({ a: { oneOf: [message("t", "x", {}), message("t", "y", {})] } }),
    command({ a: { oneOf: [message("t", "x", {})] } }),
    "breaking",
    "compatible",
  ],
  [
    "a condition in a command",
    command({ a: { type: "object" } }),
    command({ a: { type: "object", if: { required: ["x"] }, then: { required: ["y"] } } }),
    "may-break",
    "compatible",
  ],
];

const other = message("event", "new", {});

const MESSAGES: readonly Row[] = [
  [
    "a command",
    command({}),
    { ...command({}), commands: { go: message("cmd", "go", {}) } },
    "breaking",
    "compatible",
  ],
  ["an event", event({}), { ...event({}), events: { ...event({}).events, other } }, "compatible", "breaking"],
  [
    "an event where unknown ones are errors",
    { ...event({}), protocol: { unknown: { send: "error", receive: "error" } } },
    {
      ...event({}),
      events: { ...event({}).events, other },
      protocol: { unknown: { send: "error", receive: "error" } },
    },
    "breaking",
    "breaking",
  ],
  [
    "an event where events are told by shape",
    { events: { a: { type: "object", required: ["x"], properties: { x: text } } } },
    {
      events: {
        a: { type: "object", required: ["x"], properties: { x: text } },
        b: { type: "object", required: ["y"], properties: { y: text } },
      },
    },
    "may-break",
    "breaking",
  ],
  [
    "the wire name of a command",
    command({}),
    { receive: "/cmd", commands: { go: message("cmd", "run", {}), stop: message("cmd", "stop", {}) } },
    "breaking",
    "breaking",
  ],
  [
    "the wire name of an event",
    event({}),
    { send: "/event", events: { seen: message("event", "saw", {}), gone: message("event", "gone", {}) } },
    "breaking",
    "breaking",
  ],
  [
    "the field that names events",
    event({}),
    { send: "/type", events: { seen: message("type", "seen", {}), gone: message("type", "gone", {}) } },
    "breaking",
    "breaking",
  ],
  [
    "the key of a message",
    command({}),
    { receive: "/cmd", commands: { start: message("cmd", "go", {}), stop: message("cmd", "stop", {}) } },
    "compatible",
    "compatible",
  ],
  [
    "the order of messages",
    command({}),
    { receive: "/cmd", commands: { stop: message("cmd", "stop", {}), go: message("cmd", "go", {}) } },
    "same",
    "same",
  ],
];

const ping = {
  mode: "application",
  initiator: "client",
  intervalMs: 30_000,
  timeoutMs: 10_000,
  life: "pong",
} as const;
const pinged = { ...ping, initiator: "server" } as const;
const patience = { ms: 75_000, graceMs: 10_000, life: "any", level: "SHOULD" } as const;
const policy = {
  strategy: "exponential",
  initialDelayMs: 1000,
  factor: 2,
  maxDelayMs: 30_000,
  jitter: 0,
  maxAttempts: 5,
  onCleanClose: false,
  resetAfterMs: 5000,
  connectTimeoutMs: 10_000,
  offline: "reject",
  restore: [],
} as const;
const code = (retry: boolean) => ({ cause: ["not-found"], retry, by: "server" }) as const;

const RULES: readonly Row[] = [
  [
    "a more frequent ping of the client",
    rules({ heartbeat: ping }),
    rules({ heartbeat: { ...ping, intervalMs: 10_000 } }),
    "breaking",
    "compatible",
  ],
  [
    "a rarer ping of the server",
    rules({ heartbeat: pinged }),
    rules({ heartbeat: { ...pinged, intervalMs: 60_000 } }),
    "breaking",
    "compatible",
  ],
  [
    "a later pong of the server",
    rules({ heartbeat: ping }),
    rules({ heartbeat: { ...ping, timeoutMs: 20_000 } }),
    "breaking",
    "compatible",
  ],
  [
    "less time for the pong of the client",
    rules({ heartbeat: pinged }),
    rules({ heartbeat: { ...pinged, timeoutMs: 5000 } }),
    "breaking",
    "compatible",
  ],
  [
    "less patience of the server",
    rules({ heartbeat: { ...ping, patience } }),
    rules({ heartbeat: { ...ping, patience: { ...patience, ms: 20_000 } } }),
    "breaking",
    "compatible",
  ],
  ["a heartbeat that goes", rules({ heartbeat: ping }), rules({}), "breaking", "compatible"],
  [
    "fewer attempts to reconnect",
    rules({ reconnect: policy }),
    rules({ reconnect: { ...policy, maxAttempts: 3 } }),
    "breaking",
    "compatible",
  ],
  [
    "a longer delay before an attempt",
    rules({ reconnect: policy }),
    rules({ reconnect: { ...policy, initialDelayMs: 5000 } }),
    "breaking",
    "compatible",
  ],
  [
    "no return after a clean close",
    rules({ reconnect: { ...policy, onCleanClose: true } }),
    rules({ reconnect: policy }),
    "breaking",
    "compatible",
  ],
  ["a policy of reconnecting", rules({}), rules({ reconnect: policy }), "breaking", "compatible"],
  [
    "a close code after which nobody comes back",
    rules({ closeCodes: { "4404": code(true) } }),
    rules({ closeCodes: { "4404": code(false) } }),
    "breaking",
    "breaking",
  ],
  [
    "the greatest command, lowered",
    protocol({ maxBytes: 2000 }),
    protocol({ maxBytes: 1000 }),
    "breaking",
    "compatible",
  ],
  [
    "the greatest message, lowered",
    endpoint({ protocol: { maxBytes: 2000 } }),
    endpoint({ protocol: { maxBytes: 1000 } }),
    "breaking",
    "may-break",
  ],
  [
    "the time for an answer, lengthened",
    protocol({ answerMs: 1000 }),
    protocol({ answerMs: 5000 }),
    "breaking",
    "compatible",
  ],
  [
    "a limit of the rate",
    protocol({}),
    protocol({ rate: { messages: 10, perMs: 1000, answer: "error" } }),
    "breaking",
    "compatible",
  ],
  [
    "a subprotocol that is required",
    protocol({ subprotocols: ["v1"] }),
    protocol({ subprotocols: ["v1"], subprotocolRequired: true }),
    "breaking",
    "compatible",
  ],
  ["binary frames", protocol({ frames: "text" }), protocol({ frames: "binary" }), "breaking", "breaking"],
  [
    "the first event",
    endpoint({ protocol: { first: { message: "seen", withinMs: 1000 } } }),
    endpoint({}),
    "breaking",
    "compatible",
  ],
  [
    "an origin that is let in",
    protocol({ origins: ["https://a", "https://b"] }),
    protocol({ origins: ["https://a"] }),
    "breaking",
    "compatible",
  ],
  ["the address", rules({ address: "/a" }), rules({ address: "/b" }), "breaking", "breaking"],
  ["the name of a parameter", rules({ address: "/a/{x}" }), rules({ address: "/a/{y}" }), "same", "same"],
  [
    "a value of a parameter",
    rules({ address: "/{x}", parameters: { x: { enum: ["a", "b"] } } }),
    rules({ address: "/{x}", parameters: { x: { enum: ["a"] } } }),
    "breaking",
    "compatible",
  ],
  [
    "a required parameter of the query",
    rules({ query: { type: "object", properties: { v: text } } }),
    rules({ query: { type: "object", properties: { v: text }, required: ["v"] } }),
    "breaking",
    "compatible",
  ],
  [
    "credentials",
    rules({}),
    rules({ security: [{ name: "key", type: "httpApiKey" }] }),
    "breaking",
    "compatible",
  ],
  [
    "an operation",
    rules({ operations: [{ name: "use", action: "receive", messages: ["go", "stop"] }] }),
    rules({}),
    "breaking",
    "compatible",
  ],
  [
    "a reply",
    rules({
      operations: [
        { name: "use", action: "receive", messages: ["go"], reply: { messages: ["seen"], ack: false } },
      ],
    }),
    rules({ operations: [{ name: "use", action: "receive", messages: ["go"] }] }),
    "breaking",
    "compatible",
  ],
  [
    "a promise about events",
    rules({ invariants: [{ kind: "unique", on: ["seen"], field: "/id", level: "MUST" }] }),
    rules({}),
    "breaking",
    "compatible",
  ],
];

const session = (transitions: Lifecycle["transitions"], more: Partial<Lifecycle> = {}): InlineEndpoint =>
  endpoint({ lifecycles: [{ name: "session", initial: "idle", transitions, ...more }] });
const START = { from: ["idle"], on: ["go"], to: "busy" } as const;
const SEEN = { from: ["busy"], on: ["seen"], to: "=" } as const;
const GONE = { from: ["busy"], on: ["gone"], to: "idle" } as const;
const STOP = { from: ["busy"], on: ["stop"], to: "idle" } as const;
const STOP_IDLE = { from: ["idle"], on: ["stop"], to: "=" } as const;
const DONE = { in: ["busy"], withinMs: 5000, rearm: false } as const;

const LIFECYCLES: readonly Row[] = [
  [
    "a transition under one of two conditions",
    session([
      START,
      { ...GONE, when: { "/a": 1 } },
      { ...SEEN, when: { "/a": 1 } },
      { ...SEEN, when: { "/a": 2 } },
    ]),
    session([START, { ...GONE, when: { "/a": 1 } }, { ...SEEN, when: { "/a": 1 } }]),
    "breaking",
    "may-break",
  ],
  [
    "what another connection may do",
    session([START, GONE]),
    session([START, GONE, { from: ["busy"], on: ["$other"], to: "idle" }]),
    "may-break",
    "compatible",
  ],
  [
    "a command that ends the connection",
    session([START, GONE, STOP]),
    session([START, GONE, { ...STOP, to: "$closed" }]),
    "breaking",
    "breaking",
  ],

  [
    "a transition on a command",
    session([START, SEEN, GONE, STOP, STOP_IDLE]),
    session([START, SEEN, GONE, STOP_IDLE]),
    "breaking",
    "compatible",
  ],
  [
    "a transition on an event",
    session([START, SEEN, GONE, { ...SEEN, from: ["idle"] }]),
    session([START, SEEN, GONE]),
    "breaking",
    "may-break",
  ],
  [
    "the names of states",
    session([START, SEEN, GONE]),
    session([
      { ...START, to: "running" },
      { ...SEEN, from: ["running"] },
      { ...GONE, from: ["running"] },
    ]),
    "same",
    "same",
  ],
  [
    "a command that may be refused",
    session([START, GONE]),
    session([{ ...START, may: true }, GONE]),
    "breaking",
    "compatible",
  ],
  [
    "a condition of a command",
    session([START, GONE]),
    session([{ ...START, when: { "/a": "x" } }, GONE]),
    "may-break",
    "compatible",
  ],
  [
    "an obligation",
    session([START, GONE], { obligations: [DONE] }),
    session([START, GONE], { obligations: [{ ...DONE, withinMs: 9000 }] }),
    "breaking",
    "compatible",
  ],
  [
    "an initial state that takes nothing",
    session([START, GONE, STOP]),
    session([START, GONE, STOP], { initial: "busy" }),
    "breaking",
    "breaking",
  ],
  [
    "one instance for each key",
    session([START, GONE]),
    session([START, GONE], { scope: { key: "/id" } }),
    "breaking",
    "breaking",
  ],
];

function verdict(old: InlineEndpoint, next: InlineEndpoint): { verdict: Verdict; rules: string[] } {
  const { changes } = diffEndpoints(old, next);
  return { verdict: changes[0]?.effect ?? "same", rules: rulesOf(changes) };
}

describe.each([
  ["fields", FIELDS],
  ["values", VALUES],
  ["messages", MESSAGES],
  ["rules", RULES],
  ["lifecycles", LIFECYCLES],
])("edits of %s", (_, rows) => {
  it.each(rows.map(([what, ...row]) => [what, row] as const))("%s", (_what, [old, next, there, back]) => {
    const [forth, mirror] = [verdict(old, next), verdict(next, old)];
    expect([forth.verdict, mirror.verdict], `${forth.rules.join(", ")} / ${mirror.rules.join(", ")}`).toEqual(
      [there, back],
    );
  });
});

describe("channels", () => {
  const a = { ...command({}), endpoint: { name: "a" } };
  const b = { ...command({}), endpoint: { name: "b", address: "/b" } };

  it("a channel that goes breaks, one that comes does not", () => {
    const [both, one] = [inlineContract([a, b]), inlineContract([a])];
    expect(rulesOf(diffContracts(both, one).changes)).toEqual(["breaking channel-removed"]);
    expect(diffContracts(one, both)).toMatchObject({ bump: "minor", changes: [{ rule: "channel-added" }] });
  });
});

describe("names that are not on the wire", () => {
  it("a channel with another key at the same address, credentials with another name", () => {
    const security = (name: string) => [{ name, type: "httpApiKey", in: "header", parameter: "X-Key" }];
    const old = { ...command({}), endpoint: { name: "a", security: security("key") } };
    const next = { ...command({}), endpoint: { name: "b", security: security("token") } };
    expect(rulesOf(diffEndpoints(old, next).changes)).toEqual(["compatible channel-key"]);
  });

  it("a tag that nothing declares is a wire name all the same", () => {
    const tagged = (tag: string): InlineEndpoint => {
      const commands = { go: message("cmd", tag, {}), stop: message("cmd", "stop", {}) };
      const list = Object.entries(commands).map(([name, payload]) => ({ name, payload }));
      return { commands, protocol: { receive: inferDiscriminator(list, {}) } };
    };
    expect(rulesOf(diffEndpoints(tagged("go"), tagged("run")).changes)).toEqual(["breaking wire-name"]);
  });
});

describe("what is no difference", () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    ["order of keywords", { type: "string", maxLength: 3 }, { maxLength: 3, type: "string" }],
    [
      "description, title, examples, default",
      text,
      { ...whole, type: "string", title: "T", description: "D", examples: ["x"], default: "y" },
    ],
    ["order of values", { enum: ["a", "b"] }, { enum: ["b", "a"] }],
    ["one value, or a list of one", { const: "a" }, { enum: ["a"] }],
    ["allOf of one", text, { allOf: [text] }],
    ["a union told by its types", { anyOf: [text, whole] }, { type: ["integer", "string"] }],
    [
      "whole numbers between two others",
      { type: "integer", exclusiveMinimum: 0 },
      { type: "integer", minimum: 1 },
    ],
    [
      "an open rest, said",
      { type: "object", properties: { x: text } },
      { type: "object", properties: { x: text }, additionalProperties: true },
    ],
    ["keywords of another type", text, { type: "string", minimum: 4, items: whole }],
  ])("%s", (_, one, same) => {
    expect(diffEndpoints(command({ a: one }), command({ a: same })).changes).toEqual([]);
    expect(diffEndpoints(event({ a: same }), event({ a: one })).changes).toEqual([]);
  });

  it("words are a patch, a version or another order is nothing at all", () => {
    const old = inlineContract([endpoint({})]);
    expect(diffContracts(old, { ...old, version: "2.0.0", sha256: "1".repeat(64) }).bump).toBe("none");
    expect(diffContracts(old, { ...old, description: "Said otherwise." })).toEqual({
      bump: "patch",
      changes: [],
    });
  });
});

describe("the bundled contract", () => {
  const bundled = readContract(readFileSync(join(ROOT, "generated/contract.json"), "utf8"));

  it.each(bundled.endpoints)("$name has no difference from itself, however it is spelled", (endpoint) => {
    const one = { ...bundled, endpoints: [endpoint] };
    expect(diffContracts(one, respelled(one)).changes).toEqual([]);
  });
});

describe("a transition that is taken from a lifecycle of the bundled contract", () => {
  const bundled = readContract(readFileSync(join(ROOT, "generated/contract.json"), "utf8"));
  const without = (endpoint: Endpoint, lifecycle: Lifecycle, index: number): Contract => {
    const transitions = lifecycle.transitions.filter((_, at) => at !== index);
    const lifecycles = endpoint.lifecycles.map((one) => (one === lifecycle ? { ...one, transitions } : one));
    const endpoints = bundled.endpoints.map((one) => (one === endpoint ? { ...one, lifecycles } : one));
    return { ...bundled, endpoints };
  };

  it("is never unseen, and breaks unless the message is free without it", () => {
    const harmless = bundled.endpoints.flatMap((endpoint) =>
      endpoint.lifecycles.flatMap((lifecycle) =>
        lifecycle.transitions.flatMap(({ on }, index) => {
          const { changes } = diffContracts(bundled, without(endpoint, lifecycle, index));
          expect(changes, `${lifecycle.name} ${on.join()}`).not.toEqual([]);
          const others = lifecycle.transitions.filter((_, at) => at !== index).flatMap((one) => one.on);
          return changes[0]?.effect === "compatible" && on.some((message) => others.includes(message))
            ? on
            : [];
        }),
      ),
    );
    expect(new Set(harmless)).toEqual(new Set(["$other"]));
  });
});

describe("a change", () => {
  it("says where, what it was and is, who breaks, and what to do", () => {
    const [change] = diffEndpoints(
      command({ a: { ...whole, maximum: 9 } }),
      command({ a: { ...whole, maximum: 5 } }),
    ).changes;
    expect(change).toEqual({
      effect: "breaking",
      rule: "maximum",
      endpoint: "inline",
      direction: "command",
      message: "go",
      pointer: "/a",
      was: "at most 9",
      is: "at most 5",
      why: "Old clients may send at most 9, and the new server takes at most 5.",
      mend: "Go on taking what was allowed before, or take the new form as another command.",
      oldSource: { file: "inline", line: 1 },
      newSource: { file: "inline", line: 1 },
    });
  });

  it("is sorted by what it does, the worst first", () => {
    const old = { ...command({ a: text, b: whole }), ...event({ a: text }) };
    const next = {
      ...command({ a: { ...text, pattern: "^a" }, b: { type: "number" } }),
      ...event({ a: { ...text, pattern: "b" } }),
    };
    const { changes, bump } = diffEndpoints(old, next);
    expect(rulesOf(changes)).toEqual(["breaking pattern", "compatible type", "compatible pattern"]);
    expect(bump).toBe("major");
  });
});
