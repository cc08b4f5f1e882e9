import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../contract/contract.js";
import {
  channelText,
  compileDocument,
  object,
  ownFindings,
  ref,
  writeDocument,
} from "../test-support/documents.js";

const kind = (name: string) => object({ kind: { const: name }, id: { type: "string" } });
const COMMANDS = { ask: kind("ask"), ping: kind("ping") };
const EVENTS = { tell: kind("tell"), pong: kind("pong"), no: kind("no") };

const endpoint = async (extensions: Record<string, unknown>): Promise<Endpoint> => {
  const text = channelText({ commands: COMMANDS, events: EVENTS, extensions });
  const [found] = (await compileDocument(writeDocument(text))).endpoints;
  if (found === undefined) throw new Error("The contract has no endpoint.");
  return found;
};

describe("what the document does not say takes its default", () => {
  it("without any extension", async () => {
    const found = await endpoint({});
    expect(found.protocol).toMatchObject({
      never: [],
      transport: "websocket",
      frames: "text",
      framesDeclared: false,
      subprotocols: [],
      subprotocolRequired: false,
      answerMs: 5000,
      audience: [],
    });
    for (const absent of ["maxBytes", "reject", "first", "rate", "unknown", "origins"]) {
      expect(found.protocol).not.toHaveProperty(absent);
    }
    for (const absent of ["heartbeat", "reconnect", "closeCodes", "exchanges"])
      expect(found).not.toHaveProperty(absent);
    expect([found.lifecycles, found.invariants]).toEqual([[], []]);
  });

  it("in the refusal of a command", async () => {
    const { protocol } = await endpoint({ "x-ws-protocol": { reject: { message: ref("no") } } });
    expect(protocol.reject).toMatchObject({ message: "no", state: [], spontaneous: false });
    expect(protocol.reject?.payload).toContain("unknown-message");
    expect(protocol.reject?.payload).toHaveLength(9);
  });

  it("in a heartbeat", async () => {
    const { heartbeat } = await endpoint({
      "x-ws-heartbeat": {
        mode: "application",
        initiator: "client",
        ping: ref("ping"),
        pong: ref("pong"),
        patience: { ms: 9, graceMs: 1 },
      },
    });
    expect(heartbeat).toEqual({
      mode: "application",
      initiator: "client",
      life: "pong",
      ping: "ping",
      pong: "pong",
      patience: { ms: 9, graceMs: 1, life: "any", level: "SHOULD" },
    });
  });

  it("in a reconnect", async () => {
    const { reconnect } = await endpoint({
      "x-ws-reconnect": { strategy: "linear", initialDelayMs: 1, maxDelayMs: 2 },
    });
    expect(reconnect).toEqual({
      strategy: "linear",
      initialDelayMs: 1,
      factor: 2,
      maxDelayMs: 2,
      jitter: 0,
      maxAttempts: null,
      onCleanClose: false,
      resetAfterMs: 5000,
      connectTimeoutMs: 10_000,
      offline: "reject",
      restore: [],
    });
  });
});

describe("what may be one or a list is a list", () => {
  it("in lifecycles, and references are names", async () => {
    const { lifecycles } = await endpoint({
      "x-ws-lifecycle": [
        {
          name: "talk",
          scope: { key: "/id" },
          initial: "idle",
          queued: [ref("ask")],
          transitions: [
            { from: "idle", on: ref("ask"), to: "busy", set: { id: "/id" } },
            {
              from: ["busy"],
              on: [ref("tell"), ref("no")],
              to: "=",
              when: { "/id": ["a", "b"] },
              bound: { "/id": "id" },
            },
            { from: "*", on: "$other", to: "idle", may: true },
          ],
          obligations: [{ in: "busy", withinMs: 5 }],
        },
      ],
    });
    expect(lifecycles).toEqual([
      {
        name: "talk",
        scope: { key: "/id" },
        initial: "idle",
        queued: ["ask"],
        transitions: [
          { from: ["idle"], on: ["ask"], to: "busy", set: { id: "/id" } },
          {
            from: ["busy"],
            on: ["tell", "no"],
            to: "=",
            when: { "/id": ["a", "b"] },
            bound: { "/id": "id" },
          },
          { from: ["*"], on: ["$other"], to: "idle", may: true },
        ],
        obligations: [{ in: ["busy"], withinMs: 5, rearm: false }],
      },
    ]);
  });

  it("in close codes, invariants, audiences and exchanges", async () => {
    const found = await endpoint({
      "x-ws-close-codes": { "4404": { cause: "not-found", retry: false, by: "server" } },
      "x-ws-invariants": [
        {
          kind: "echoes",
          on: ref("tell"),
          field: "/id",
          command: ref("ask"),
          from: "/id",
          resetOn: ref("no"),
        },
        {
          kind: "unique",
          on: [ref("tell")],
          field: "/id",
          resetOn: { message: ref("no"), when: { "/id": "x" } },
        },
      ],
      "x-ws-protocol": {
        audience: [{ messages: [ref("tell")], to: { key: "/id", lifecycle: "l" }, same: ["/id"] }],
        first: null,
      },
      "x-ws-exchanges": {
        list: [
          {
            name: "echo",
            steps: [
              { send: { message: ref("ask"), payload: { id: "$text" } } },
              { await: { message: ref("tell") } },
            ],
            expect: [{ message: ref("tell"), field: "/id", equals: "$text" }],
            until: { message: ref("tell"), when: { "/id": null } },
          },
        ],
      },
    });
    expect(found.closeCodes).toEqual({ "4404": { cause: ["not-found"], retry: false, by: "server" } });
    expect(found.invariants).toEqual([
      {
        kind: "echoes",
        on: ["tell"],
        field: "/id",
        command: ["ask"],
        from: "/id",
        resetOn: { message: "no" },
        level: "MUST",
      },
      {
        kind: "unique",
        on: ["tell"],
        field: "/id",
        resetOn: { message: "no", when: { "/id": "x" } },
        level: "MUST",
      },
    ]);
    expect(found.protocol.audience).toEqual([
      { messages: ["tell"], to: { key: "/id", lifecycle: "l" }, same: ["/id"] },
    ]);
    expect(found.protocol.first).toBeNull();
    expect(found.exchanges).toEqual({
      domain: [],
      list: [
        {
          name: "echo",
          tags: [],
          steps: [{ send: { message: "ask", payload: { id: "$text" } } }, { await: { message: "tell" } }],
          expect: [{ message: "tell", field: "/id", equals: "$text", join: false }],
          ordered: false,
          until: { message: "tell", when: { "/id": null } },
        },
      ],
    });
  });
});

describe("the naming field", () => {
  const rules = async (discriminator: unknown) =>
    (await endpoint({ "x-ws-protocol": { discriminator } })).protocol;

  it("is a name, a pointer, or several, outer first", async () => {
    expect((await rules({ send: "kind", receive: "/kind" })).send.fields).toEqual(["/kind"]);
    expect((await rules({ send: ["$event", "kind"], receive: "a/b" })).send.fields).toEqual([
      "$event",
      "/kind",
    ]);
    expect((await rules({ receive: "a/b" })).receive.fields).toEqual(["/a~1b"]);
  });

  it("declared as null names nothing, left out is inferred", async () => {
    const { send, receive } = await rules({ send: null });
    expect(send).toMatchObject({ origin: "none", fields: [] });
    expect(receive).toMatchObject({ origin: "inferred", fields: ["/kind"] });
  });

  it("gives each message the name that it has on the wire", async () => {
    const { events } = await endpoint({ "x-ws-protocol": { discriminator: { send: "kind" } } });
    expect(events.map((event) => event.wireName)).toEqual(["tell", "pong", "no"]);
  });
});

describe("a reference to a message", () => {
  const said = async (extensions: Record<string, unknown>, document: Record<string, unknown> = {}) => {
    const text = channelText({ commands: COMMANDS, events: EVENTS, extensions, document });
    const findings = await ownFindings(writeDocument(text));
    return findings.map(({ rule, severity, line, message }) => {
      const source = text.split("\n")[line - 1]?.trim();
      return `${severity} ${rule} at "${source}": ${message}`;
    });
  };

  it("to another channel, or to nobody's message, is refused at its line", async () => {
    const found = await said(
      { "x-ws-protocol": { reject: { message: { $ref: "#/components/messages/stray" } } } },
      { components: { messages: { stray: { payload: {} } } } },
    );
    expect(found).toEqual([
      expect.stringMatching(
        /^error dangling-message at "message:": #\/components\/messages\/stray is no message of this channel/,
      ),
    ]);
  });

  it("may name the component instead of the key", async () => {
    const { protocol } = await endpoint({ "x-ws-protocol": { reject: { message: ref("no") } } });
    const text = channelText({
      commands: COMMANDS,
      channel: { messages: { ask: { payload: kind("ask") }, tell: { $ref: "#/components/messages/Told" } } },
      document: {
        components: { messages: { Told: { payload: kind("tell") } } },
        operations: { o: { action: "send", channel: { $ref: "#/channels/c" } } },
      },
      extensions: { "x-ws-protocol": { reject: { message: { $ref: "#/components/messages/Told" } } } },
    });
    expect((await compileDocument(writeDocument(text))).endpoints[0]?.protocol.reject?.message).toBe("tell");
    expect(protocol.reject?.message).toBe("no");
  });

  it.each([
    [
      "a command where an event is wanted",
      { "x-ws-protocol": { reject: { message: ref("ask") } } },
      "is a command here",
    ],
    [
      "an event where a command is wanted",
      {
        "x-ws-lifecycle": [
          {
            name: "l",
            scope: "connection",
            initial: "a",
            queued: [ref("tell")],
            transitions: [{ from: "a", on: ref("ask"), to: "=" }],
          },
        ],
      },
      "is an event here",
    ],
  ])("%s is refused", async (_, extensions, expected) => {
    expect(await said(extensions)).toEqual([expect.stringContaining(`error dangling-message`)]);
    expect((await said(extensions))[0]).toContain(expected);
  });

  it("to a message that is in no operation is refused", async () => {
    const found = await said(
      { "x-ws-protocol": { reject: { message: ref("no") } } },
      { operations: { o: { action: "send", channel: { $ref: "#/channels/c" }, messages: [ref("tell")] } } },
    );
    expect(found).toContainEqual(expect.stringContaining("is in no operation, so nobody sends it"));
  });
});

describe("an extension that is malformed", () => {
  it.each([
    [
      "a negative duration",
      { "x-ws-protocol": { answerMs: -1 } },
      "answerMs: -1",
      "`/answerMs`: must be >= 1",
    ],
    [
      "a field that is not there",
      { "x-ws-heartbeat": { mode: "none", intervall: 3 } },
      "intervall: 3",
      "`/intervall`: there is no such field",
    ],
    [
      "a missing field",
      { "x-ws-heartbeat": { mode: "application" } },
      "x-ws-heartbeat:",
      "must have required property 'initiator'",
    ],
    [
      "a word that is none",
      { "x-ws-close-codes": { "4404": { cause: "lost", retry: false, by: "server" } } },
      "cause: lost",
      "must be equal to one of the allowed values",
    ],
    [
      "a code that is none",
      { "x-ws-close-codes": { "99": { cause: "done", retry: false, by: "server" } } },
      '"99":',
      "there is no such field",
    ],
    [
      "text for a reference",
      { "x-ws-protocol": { reject: { message: "no" } } },
      "message: no",
      "must be object",
    ],
  ])("%s is refused at its line", async (_, extensions, line, message) => {
    const text = channelText({ commands: COMMANDS, events: EVENTS, extensions });
    const findings = await ownFindings(writeDocument(text));
    expect(findings).toMatchObject([
      { rule: "extension", severity: "error", message: expect.stringContaining(message) },
    ]);
    expect(text.split("\n")[(findings[0]?.line ?? 0) - 1]?.trim()).toBe(line);
  });

  it("by its name is said", async () => {
    const text = channelText({ extensions: { "x-ws-lifecyle": [] } });
    expect(await ownFindings(writeDocument(text))).toMatchObject([
      {
        rule: "extension",
        severity: "warning",
        message: expect.stringContaining("`x-ws-lifecyle` means nothing on a channel"),
      },
    ]);
  });

  it("on a message or an operation is said as well", async () => {
    const text = channelText({
      commands: { ask: { payload: kind("ask"), "x-ws-hot": "yes" } as never },
      document: {
        operations: {
          o: { action: "receive", channel: { $ref: "#/channels/c" }, "x-ws-reply": { exactly: 0 } },
        },
      },
    });
    const found = await ownFindings(writeDocument(text));
    expect(found.filter((one) => one.rule === "extension").map((one) => one.pointer)).toEqual([
      "/channels/c/messages/ask/x-ws-hot",
      "/operations/o/x-ws-reply/exactly",
    ]);
  });
});

it("two channels at one address may say the same, not different things", async () => {
  const text = (second: number) => `asyncapi: 3.0.0
info: { title: T, version: '1' }
channels:
  one: { address: /, messages: { a: { payload: {} } }, x-ws-protocol: { answerMs: 1 }, x-ws-exchanges: { list: [] } }
  two: { address: /, x-ws-protocol: { answerMs: ${second} } }
operations: { o: { action: send, channel: { $ref: '#/channels/one' } } }
`;
  const differ = (await ownFindings(writeDocument(text(2)))).filter((one) => one.message.includes("differs"));
  expect(differ).toMatchObject([{ rule: "extension", severity: "error", line: 5 }]);
  expect(
    (await ownFindings(writeDocument(text(1)))).filter((one) => one.message.includes("differs")),
  ).toEqual([]);
});
