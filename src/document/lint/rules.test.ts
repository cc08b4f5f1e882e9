/**
 * This file is long because each rule of lint has its document that trips it, and one that does not.
 */

import { describe, expect, it } from "vitest";
import {
  type ChannelText,
  channelText,
  object,
  ownFindings,
  ref,
  writeDocument,
} from "../test-support/documents.js";
import { LINT_RULES } from "./rules.js";

const kind = (name: string, more = {}) => object({ kind: { const: name }, ...more });

const lifecycle = (transitions: unknown[], more: Record<string, unknown> = {}): ChannelText => ({
  commands: { ask: kind("ask"), stop: kind("stop") },
  events: { tell: kind("tell", { last: { enum: [true, false] } }), done: kind("done") },
  extensions: {
    // Commands that wait cannot come too late: rules about order have nothing more to say.
    "x-ws-lifecycle": [
      {
        name: "l",
        scope: "connection",
        initial: "idle",
        queued: [ref("ask"), ref("stop")],
        transitions,
        ...more,
      },
    ],
  },
});
const ROUND = [
  { from: "idle", on: ref("ask"), to: "busy" },
  { from: "busy", on: ref("tell"), to: "=" },
  { from: "busy", on: ref("done"), to: "idle" },
];
const keyed = { name: "l", scope: { key: "/id" }, initial: "idle", transitions: ROUND };
const reconnect = { strategy: "linear", initialDelayMs: 5, maxDelayMs: 5 };

interface Row {
  readonly rule: string;
  readonly what: string;
  /** Trips exactly this rule, with this message. */
  readonly bad: ChannelText;
  readonly says: string | RegExp;
  /** Trips nothing. */
  readonly good: ChannelText;
}

/** A channel whose refusals carry one of these codes. */
const refusing = (codes: readonly string[], reject: Record<string, unknown> = {}): ChannelText => ({
  events: { no: kind("no", { code: { enum: codes } }) },
  extensions: { "x-ws-protocol": { reject: { message: ref("no"), code: "/code", ...reject } } },
});

/** As `kind`, and nothing is required. */
const loose = (name: string) => ({ type: "object", properties: { kind: { const: name } } });
/** An array that begins with its name, of at least so many items. */
const tuple = (name: string, minItems: number) => ({ type: "array", items: [{ const: name }], minItems });
const named = (name?: string) => ({ ...(name === undefined ? {} : { name }), payload: { kind: "a" } });
const correlated = (location: string) =>
  ({ payload: kind("a", { id: {} }), correlationId: { location } }) as never;

const TABLE: readonly Row[] = [
  {
    rule: "optional-discriminator",
    what: "the declared field need not be there",
    bad: {
      events: { a: loose("x"), b: kind("y") },
      extensions: { "x-ws-protocol": { discriminator: { send: "kind" } } },
    },
    says: "`kind` names the events of `c`, and `a` need not have it: a frame without it fits the schema, and is refused",
    good: {
      events: { a: kind("x"), b: kind("y") },
      extensions: { "x-ws-protocol": { discriminator: { send: "kind" } } },
    },
  },
  {
    rule: "optional-discriminator",
    what: "a nested field, required only half of the way",
    bad: {
      events: {
        a: object({ head: loose("x") }),
        b: object({ head: kind("y") }),
      },
    },
    says: "`/head/kind` names the events of `c`, and `a` need not have it: a frame without it fits the schema, and is told",
    good: { events: { a: object({ head: kind("x") }), b: object({ head: kind("y") }) } },
  },
  {
    rule: "optional-discriminator",
    what: "a position that a shorter array lacks",
    bad: { events: { a: tuple("x", 0), b: tuple("y", 1) } },
    says: "Position 0 names the events of `c`, and `a` need not have it",
    good: { events: { a: tuple("x", 1), b: tuple("y", 1) } },
  },
  {
    rule: "undescribed-discriminator",
    what: "the declared pointer leads nowhere",
    bad: {
      events: { a: object({ head: kind("x") }), b: object({ head: kind("y") }) },
      extensions: { "x-ws-protocol": { discriminator: { send: "/head/knid" } } },
    },
    says: "`c` names its events by `/head/knid`, which `a`, `b` do not have",
    good: {
      events: { a: object({ head: kind("x") }), b: object({ head: kind("y") }) },
      extensions: { "x-ws-protocol": { discriminator: { send: "/head/kind" } } },
    },
  },
  {
    rule: "invalid-pattern",
    what: "a group that does not end",
    bad: { events: { a: kind("a", { id: { type: "string", pattern: "^(a" } }) } },
    says: 'The regular expression "^(a" does not compile: unterminated group.',
    good: { events: { a: kind("a", { id: { type: "string", pattern: "^(a)" } }) } },
  },
  {
    rule: "invalid-pattern",
    what: "a key of patternProperties, with an escape that Unicode does not know",
    bad: { events: { a: kind("a", { map: { type: "object", patternProperties: { "^\\_": {} } } }) } },
    says: "does not compile: invalid escape.",
    good: { events: { a: kind("a", { map: { type: "object", patternProperties: { "^_": {} } } }) } },
  },
  {
    rule: "unsatisfiable-schema",
    what: "bounds that cross",
    bad: { events: { a: kind("a", { n: { type: "integer", minimum: 5, maximum: 4 } }) } },
    says: "No value fits this schema: nothing lies between 5 and 4.",
    good: { events: { a: kind("a", { n: { type: "integer", minimum: 5, maximum: 5 } }) } },
  },
  {
    rule: "unsatisfiable-schema",
    what: "a required field that another layer shuts out",
    bad: {
      events: {
        a: {
          allOf: [{ ...Object(kind("a")), additionalProperties: false }, object({ id: { type: "string" } })],
        },
      },
    },
    says: "it requires `id`, which `additionalProperties: false` shuts out",
    good: { events: { a: { allOf: [kind("a"), object({ id: { type: "string" } })] } } },
  },
  {
    rule: "unsatisfiable-schema",
    what: "a payload that allows nothing",
    bad: { channel: { messages: { ask: { payload: kind("ask") }, tell: { payload: false } } } },
    says: "`tell` can never be sent",
    good: {
      channel: {
        messages: {
          ask: { payload: kind("ask") },
          tell: { payload: { type: "object", properties: { x: { not: {} } } } },
        },
      },
    },
  },
  {
    rule: "unknown-keyword",
    what: "a word of OpenAPI",
    bad: { events: { a: kind("a", { id: { type: "string", nullable: true } }) } },
    says: "`nullable` is no word of draft-07: it is passed over",
    good: { events: { a: kind("a", { id: { type: ["string", "null"], "x-nullable": true } }) } },
  },
  {
    rule: "unknown-keyword",
    what: "a slip in two places",
    bad: { events: { a: kind("a", { id: { maxlength: 4 }, to: { maxlength: 4 } }) } },
    says: "`maxlength` is no word of draft-07 (here, and at 1 other place)",
    good: { events: { a: kind("a", { id: { maxLength: 4 }, maxlength: { type: "string" } }) } },
  },
  {
    rule: "unknown-keyword",
    what: "a list of positions in the words of 2020-12",
    bad: { events: { a: { type: "array", minItems: 1, prefixItems: [{ const: "a" }] } } },
    says: "it is read as a list under `items`",
    good: { events: { a: tuple("a", 1) } },
  },
  {
    rule: "duplicate-example",
    what: "two of one name",
    bad: { events: { a: { payload: kind("a"), examples: [named("one"), named("one")] } as never } },
    says: "`a` has two examples named `one`, the 1st and the 2nd.",
    good: {
      events: {
        a: { payload: kind("a"), examples: [named("one"), named("two"), named(), named()] } as never,
      },
    },
  },
  {
    rule: "missing-correlation",
    what: "an id of which the payload says nothing",
    bad: { events: { a: correlated("$message.payload#/head/id") } },
    says: "The correlation id of `a` is at `/head/id`, of which its payload says nothing",
    good: { events: { a: correlated("$message.payload#/id") } },
  },
  {
    rule: "missing-correlation",
    what: "an id in headers that no frame has",
    bad: { events: { a: correlated("$message.header#/id") } },
    says: "The correlation id of `a` is looked for in headers",
    good: { events: { a: correlated("$message.payload#/kind") } },
  },
  {
    rule: "unused-message",
    what: "in no operation",
    bad: {
      channel: {
        messages: {
          ask: { payload: kind("ask") },
          tell: { payload: kind("tell") },
          lost: { payload: kind("lost") },
        },
      },
    },
    says: "`lost` of `c` is in no operation",
    good: { channel: { messages: { ask: { payload: kind("ask") }, tell: { payload: kind("tell") } } } },
  },
  {
    rule: "query-in-address",
    what: "a query string",
    bad: { channel: { address: "/c?token={token}", parameters: { token: {} } } },
    says: "The address of `c` holds a query string, `?token={token}`",
    good: { channel: { address: "/c/{token}", parameters: { token: {} } } },
  },
  {
    rule: "query-without-properties",
    what: "a query that names no parameter",
    bad: { channel: { bindings: { ws: { query: { type: "object" } } } } },
    says: "The schema `query` of the ws binding of `c` has no `properties`",
    good: { channel: { bindings: { ws: { query: object({ token: { type: "string" } }) } } } },
  },
  {
    rule: "query-without-properties",
    what: "headers that are no object",
    bad: { channel: { bindings: { ws: { headers: { type: "string" } } } } },
    says: "The schema `headers` of the ws binding of `c` is not of type `object`",
    good: { channel: { bindings: { ws: { headers: object({ "X-Trace": { type: "string" } }) } } } },
  },
  {
    rule: "misplaced-binding",
    what: "on a server",
    bad: { document: { servers: { s: { host: "h", protocol: "ws", bindings: { ws: { method: "GET" } } } } } },
    says: "The ws binding of server `s` says `method`, and must be empty there",
    good: { document: { servers: { s: { host: "h", protocol: "ws", bindings: { ws: {} } } } } },
  },
  {
    rule: "misplaced-binding",
    what: "a word that it does not know",
    bad: { channel: { bindings: { ws: { subprotocol: "a" } } } },
    says: "The ws binding of channel `c` says `subprotocol`, which it does not know",
    good: { channel: { bindings: { ws: { "x-subprotocol": "a", bindingVersion: "0.1.0" } } } },
  },
  {
    rule: "other-side",
    what: "texts that speak of the other end",
    bad: {
      commands: {
        greet: { payload: kind("a"), summary: "Sent by the server once." } as never,
        more: { payload: kind("b"), summary: "From the server to the client." } as never,
      },
      events: { ask: { payload: kind("c"), summary: "A question from the client." } as never },
    },
    says: 'seems to be written from the client\'s side: `greet` is a command here, and its text says "Sent by the server once.", and 2 more',
    good: {
      commands: { ask: { payload: kind("c"), summary: "A question from the client." } as never },
      events: {
        greet: { payload: kind("a"), summary: "Sent by the server once." } as never,
        more: { payload: kind("b"), summary: "From the server to the client." } as never,
      },
    },
  },
  {
    rule: "other-side",
    what: "names that are the other end's, where the same messages do not go both ways",
    bad: {
      commands: { listResponse: kind("a"), editResponse: kind("b") },
      events: { saveRequest: kind("c") },
    },
    says: "`listResponse` is a command here, and is named as the other end's would be, and 2 more",
    good: { commands: { clickEvent: kind("a"), viewEvent: kind("b"), editResponse: kind("c") } },
  },
  {
    rule: "indistinguishable-messages",
    what: "nothing tells two events apart",
    bad: { events: { a: object({ x: {} }), b: object({ x: {} }) } },
    says: "the events `a`, `b` of `c` apart",
    good: { events: { a: object({ x: { type: "string" } }), b: { type: "array", minItems: 1 } } },
  },
  {
    rule: "indistinguishable-messages",
    what: "two commands share their declared name",
    bad: {
      commands: { a: kind("x"), b: kind("x") },
      extensions: { "x-ws-protocol": { discriminator: { receive: "kind" } } },
    },
    says: "the commands `a`, `b`",
    good: {
      commands: { a: kind("x"), b: kind("y") },
      extensions: { "x-ws-protocol": { discriminator: { receive: "kind" } } },
    },
  },
  {
    rule: "indistinguishable-messages",
    what: "one may have what the other lacks, and need not",
    bad: {
      events: { a: object({ x: {} }), b: { type: "object", required: ["x"], properties: { x: {}, y: {} } } },
    },
    says: "`a`, `b`",
    good: { events: { a: object({ x: {} }), b: object({ x: {}, y: {} }) } },
  },
  {
    rule: "unsendable-code",
    what: "no payload code can be sent",
    bad: refusing(["bad_request", "nope"]),
    says: /`no` can carry none of the payload codes \("not-text", .* and 3 more\): at `\/code` it allows "bad_request", "nope"/,
    good: refusing(["bad_request", "nope"], { payload: ["bad_request"] }),
  },
  {
    rule: "unsendable-code",
    what: "no state code can be sent",
    bad: refusing(["invalid-payload"], { state: ["illegal-state"] }),
    says: 'none of the state codes ("illegal-state")',
    good: refusing(["invalid-payload", "illegal-state"], { state: ["illegal-state"] }),
  },
  {
    rule: "undescribed-discriminator",
    what: "the declared field is misspelt",
    bad: {
      events: { a: kind("x"), b: kind("y") },
      extensions: { "x-ws-protocol": { discriminator: { send: "knid" } } },
    },
    says: "`c` names its events by `knid`, which `a`, `b` do not have",
    good: {
      events: { a: kind("x"), b: kind("y") },
      extensions: { "x-ws-protocol": { discriminator: { send: "kind" } } },
    },
  },
  {
    rule: "invalid-example",
    what: "an example breaks its payload",
    bad: {
      events: {
        a: {
          payload: kind("a", { n: { type: "number" } }),
          examples: [{ name: "e", payload: { kind: "a", n: "1" } }],
        } as never,
      },
    },
    says: "Example `e` of `a` breaks its payload: `/n` must be number",
    good: {
      events: {
        a: {
          payload: kind("a", { n: { type: "number" } }),
          examples: [{ payload: { kind: "a", n: 1 } }],
        } as never,
      },
    },
  },
  {
    rule: "invalid-example",
    what: "an example is named as another message",
    bad: {
      events: { a: { payload: object({ t: {} }), examples: [{ payload: { t: 1 } }] } as never },
      extensions: { "x-ws-protocol": { discriminator: { send: "t" } } },
    },
    says: "Example 1 of `a` is not named as that message",
    good: {
      events: { a: { payload: object({ t: {} }), examples: [{ payload: { t: "a" } }] } as never },
      extensions: { "x-ws-protocol": { discriminator: { send: "t" } } },
    },
  },
  {
    rule: "unreachable-state",
    what: "a state that no way leads to",
    bad: lifecycle([
      ...ROUND,
      { from: "lost", on: ref("stop"), to: "found" },
      { from: "found", on: ref("stop"), to: "lost" },
    ]),
    says: /No way leads from `idle` to the state `(lost|found)`/,
    good: lifecycle([
      ...ROUND,
      { from: "idle", on: ref("stop"), to: "lost" },
      { from: "lost", on: ref("stop"), to: "idle" },
    ]),
  },
  {
    rule: "dead-end",
    what: "a state that nothing may follow",
    bad: lifecycle([...ROUND, { from: "busy", on: ref("stop"), to: "over" }]),
    says: "Nothing may follow in the state `over`",
    good: lifecycle([...ROUND, { from: "busy", on: ref("stop"), to: "$closed" }]),
  },
  {
    rule: "dead-end",
    what: "an instance of a key may end",
    bad: lifecycle([{ from: "idle", on: ref("ask"), to: "over" }]),
    says: "`over`",
    good: lifecycle([{ from: "idle", on: ref("ask"), to: "over" }], { scope: { key: "/id" } }),
  },
  {
    rule: "unfit-transition",
    what: "from a state there is not",
    bad: lifecycle([...ROUND, { from: "bussy", on: ref("stop"), to: "idle" }]),
    says: "`l` is never in the state `bussy`",
    good: lifecycle([...ROUND, { from: "busy", on: ref("stop"), to: "idle" }]),
  },
  {
    rule: "unfit-transition",
    what: "on a value that no valid message has",
    bad: lifecycle([...ROUND, { from: "busy", on: ref("stop"), when: { "/kind": "stopp" }, to: "idle" }]),
    says: 'No valid message holds "stopp" at `/kind`',
    good: lifecycle([
      ...ROUND,
      { from: "busy", on: ref("stop"), when: { "/kind": ["stopp", "stop"] }, to: "idle" },
    ]),
  },
  {
    rule: "unfit-transition",
    what: "behind one that takes all it could",
    bad: lifecycle([...ROUND, { from: "busy", on: ref("tell"), when: { "/last": true }, to: "idle" }]),
    says: "An earlier transition of `l` takes every message",
    good: lifecycle([{ from: "busy", on: ref("tell"), when: { "/last": true }, to: "idle" }, ...ROUND]),
  },
  {
    rule: "unfit-transition",
    what: "what others do is not ordered",
    bad: lifecycle([
      ...ROUND,
      { from: "*", on: ref("tell"), to: "=" },
      { from: "idle", on: ref("tell"), to: "=" },
    ]),
    says: "An earlier transition",
    good: lifecycle([
      ...ROUND,
      { from: "busy", on: "$other", to: "idle" },
      { from: "busy", on: "$other", to: "=" },
    ]),
  },
  {
    rule: "unmeetable-obligation",
    what: "no event leaves the state",
    bad: lifecycle(ROUND, { obligations: [{ in: "idle", withinMs: 5 }] }),
    says: "No event leads out of `idle`",
    good: lifecycle(ROUND, { obligations: [{ in: "busy", withinMs: 5 }] }),
  },
  {
    rule: "unmeetable-obligation",
    what: "events only loop, and nothing rearms",
    bad: lifecycle([...ROUND.slice(0, 2), { from: "busy", on: ref("stop"), to: "idle" }], {
      obligations: [{ in: "busy", withinMs: 5 }],
    }),
    says: "No event leads out of `busy`",
    good: lifecycle([...ROUND.slice(0, 2), { from: "busy", on: ref("stop"), to: "idle" }], {
      obligations: [{ in: "busy", withinMs: 5, rearm: true }],
    }),
  },
  {
    rule: "unmeetable-obligation",
    what: "a state there is not",
    bad: lifecycle(ROUND, { obligations: [{ in: "bussy", withinMs: 5 }] }),
    says: "`l` is never in the state `bussy`",
    good: lifecycle(ROUND, { obligations: [{ in: ["busy"], withinMs: 1 }] }),
  },
  {
    rule: "unmeetable-obligation",
    what: "within no time at all",
    bad: lifecycle(ROUND, { obligations: [{ in: "busy", withinMs: 0 }] }),
    says: "0 ms",
    good: lifecycle(ROUND, { obligations: [{ in: "busy", withinMs: 1 }] }),
  },
  {
    rule: "unknown-lifecycle",
    what: "restored, and not declared",
    bad: {
      ...lifecycle(ROUND),
      extensions: {
        "x-ws-reconnect": { ...reconnect, restore: [{ lifecycle: "m", in: ["busy"], by: ref("ask") }] },
      },
    },
    says: "There is no lifecycle `m`",
    good: {
      ...lifecycle(ROUND),
      extensions: {
        "x-ws-lifecycle": [keyed],
        "x-ws-reconnect": { ...reconnect, restore: [{ lifecycle: "l", in: ["busy"], by: ref("ask") }] },
      },
    },
  },
  {
    rule: "unknown-lifecycle",
    what: "a member in a state there is not",
    bad: {
      ...lifecycle(ROUND),
      extensions: {
        "x-ws-lifecycle": [keyed],
        "x-ws-protocol": {
          audience: [{ messages: [ref("tell")], to: { key: "/id", lifecycle: "l", in: ["bussy"] } }],
        },
      },
    },
    says: "`l` has no state `bussy`",
    good: {
      ...lifecycle(ROUND),
      extensions: {
        "x-ws-lifecycle": [keyed],
        "x-ws-protocol": {
          audience: [{ messages: [ref("tell")], to: { key: "/id", lifecycle: "l", in: ["busy"] } }],
        },
      },
    },
  },
  {
    rule: "unknown-lifecycle",
    what: "bound to a value that nobody remembers",
    bad: lifecycle([...ROUND, { from: "busy", on: ref("stop"), to: "idle", bound: { "/id": "id" } }]),
    says: "`bound` names `id`",
    good: lifecycle([
      { from: "idle", on: ref("ask"), to: "busy", set: { id: "/id" } },
      ...ROUND.slice(1),
      { from: "busy", on: ref("stop"), to: "idle", bound: { "/id": "id" } },
    ]),
  },
  {
    rule: "unknown-lifecycle",
    what: "two of one name",
    bad: { ...lifecycle(ROUND), extensions: { "x-ws-lifecycle": [keyed, keyed] } },
    says: "Two lifecycles of this address are named `l`",
    good: { ...lifecycle(ROUND), extensions: { "x-ws-lifecycle": [keyed, { ...keyed, name: "m" }] } },
  },
  {
    rule: "crossing",
    what: "a command that comes too late",
    bad: lifecycle([...ROUND, { from: "busy", on: ref("stop"), to: "idle" }], { queued: [] }),
    says: "`stop` and `done` of `l` can pass each other: the command was legal when it was sent, and `idle` does not take it.",
    good: lifecycle(
      [
        ...ROUND,
        { from: "busy", on: ref("stop"), to: "stopping" },
        { from: "stopping", on: ref("done"), to: "idle" },
        { from: "idle", on: ref("stop"), to: "=" },
      ],
      { queued: [] },
    ),
  },
  {
    rule: "crossing",
    what: "two ends that go on in different states",
    bad: lifecycle(
      [
        { from: "idle", on: ref("ask"), to: "busy" },
        { from: "idle", on: ref("tell"), to: "told" },
        { from: "busy", on: ref("tell"), to: "busy" },
        { from: "told", on: ref("ask"), to: "told" },
        { from: ["busy", "told"], on: ref("stop"), to: "=" },
      ],
      { queued: [] },
    ),
    says: "`ask` and `tell` of `l` can pass each other: then the client takes the state for `busy`, and the server for `told`.",
    good: lifecycle(
      [
        { from: "idle", on: ref("ask"), to: "busy" },
        { from: "idle", on: ref("tell"), to: "told" },
        { from: "busy", on: ref("tell"), to: "busy" },
        { from: "told", on: ref("ask"), to: "busy" },
        { from: ["busy", "told"], on: ref("stop"), to: "=" },
      ],
      { queued: [] },
    ),
  },
  {
    rule: "contradictory-numbers",
    what: "a first delay above the longest",
    bad: { extensions: { "x-ws-reconnect": { ...reconnect, initialDelayMs: 6 } } },
    says: "The first delay (6 ms) is above the longest (5 ms)",
    good: { extensions: { "x-ws-reconnect": reconnect } },
  },
  {
    rule: "contradictory-numbers",
    what: "patience shorter than the pings",
    bad: {
      extensions: { "x-ws-heartbeat": { mode: "frame", intervalMs: 30, patience: { ms: 30, graceMs: 5 } } },
    },
    says: "Patience (30 ms) ends before the next ping",
    good: {
      extensions: { "x-ws-heartbeat": { mode: "frame", intervalMs: 30, patience: { ms: 31, graceMs: 5 } } },
    },
  },
  {
    rule: "loose-message",
    what: "a payload that asks for nothing",
    bad: { events: { a: { title: "A" } } },
    says: "`a` allows any JSON",
    good: { events: { a: { type: "object" } } },
  },
  {
    rule: "loose-message",
    what: "no payload at all",
    bad: { channel: { messages: { ask: { payload: kind("ask") }, tell: { summary: "?" } } } },
    says: "`tell` has no payload schema",
    good: { channel: { messages: { ask: { payload: kind("ask") }, tell: { payload: kind("tell") } } } },
  },
  {
    rule: "loose-message",
    what: "a bare string",
    bad: { events: { a: { type: "string" } } },
    says: "`a` is a bare string",
    good: { events: { a: { type: "string", pattern: "^a$" } } },
  },
  {
    rule: "loose-message",
    what: "binary",
    bad: { events: { a: { payload: { type: "string" }, contentType: "audio/pcm" } as never } },
    says: "`a` is binary",
    good: { events: { a: { payload: kind("a"), contentType: "application/json" } as never } },
  },
  {
    rule: "loose-message",
    what: "a format that is not read",
    bad: {
      events: {
        a: { payload: { schemaFormat: "application/vnd.apache.avro;version=1.9.0", schema: {} } } as never,
      },
    },
    says: "`a` has a payload in the format application/vnd.apache.avro",
    good: {
      events: {
        a: {
          payload: { schemaFormat: "application/schema+json;version=draft-07", schema: kind("a") },
        } as never,
      },
    },
  },
  {
    rule: "assumed-websocket",
    what: "no server",
    bad: { document: { servers: {} } },
    says: "names no server",
    good: { document: { servers: { s: { host: "h", protocol: "wss" } } } },
  },
  {
    rule: "assumed-websocket",
    what: "an HTTP server",
    bad: { document: { servers: { s: { host: "h", protocol: "https" } } } },
    says: "Server `s` says `https`; it is read as `wss`",
    good: { document: { servers: { s: { host: "h", protocol: "ws" } } } },
  },
  {
    rule: "binding-method",
    what: "a handshake by POST",
    bad: { channel: { bindings: { ws: { method: "POST" } } } },
    says: "says method POST",
    good: { channel: { bindings: { ws: { method: "GET" } } } },
  },
];

describe.each(TABLE)("$rule: $what", ({ rule, bad, good, says }) => {
  it("is said, and nothing else", async () => {
    const findings = await ownFindings(writeDocument(channelText(bad)));
    expect([...new Set(findings.map((finding) => finding.rule))]).toEqual([rule]);
    expect(findings[0]?.message).toEqual(
      says instanceof RegExp ? expect.stringMatching(says) : expect.stringContaining(says),
    );
    for (const finding of findings) {
      expect(finding.mend).toMatch(/\S\.$/);
      expect(finding.line).toBeGreaterThan(1);
    }
  });

  it("is not said of a document that is in order", async () => {
    expect(await ownFindings(writeDocument(channelText(good)))).toEqual([]);
  });
});

it("other-side: a document of the server's side is not read as the client's, nor the other way round", async () => {
  const row = TABLE.find(({ rule }) => rule === "other-side");
  const said = async (given: ChannelText) =>
    (await ownFindings(writeDocument(channelText(given)), "client")).map(({ rule, mend }) => [rule, mend]);
  expect(await said(row?.good ?? {})).toEqual([["other-side", "Read it without `--as client`."]]);
  expect(await said(row?.bad ?? {})).toEqual([]);
});

it("every rule has its row", () => {
  expect(new Set(TABLE.map((row) => row.rule))).toEqual(new Set(LINT_RULES.map((rule) => rule.name)));
});
