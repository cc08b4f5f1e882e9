/** What tells the messages of a stranger's document apart, which declares nothing: in each version, in both directions. */

import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { JsonSchema } from "../../contract/contract.js";
import { discriminatorOf } from "../../contract/discriminate.js";
import { createOracle } from "../../contract/validate.js";
import { compileDocument, object, writeDocument } from "../test-support/documents.js";

interface Row {
  readonly what: string;
  readonly payloads: Readonly<Record<string, JsonSchema>>;
  /** `components.schemas`. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
  /** The fields that tell, and the messages told by presence. */
  readonly told: readonly string[];
  readonly present?: readonly string[];
  /** Frames, and the messages that each of them is. */
  readonly frames: readonly (readonly [unknown, ...string[]])[];
}

const text = { type: "string" };
const TABLE: readonly Row[] = [
  {
    what: "constants of a flat field",
    payloads: { ask: object({ type: { const: "ask" } }), stop: object({ type: { const: "stop" } }) },
    told: ["/type"],
    frames: [[{ type: "ask" }, "ask"], [{ type: "stop" }, "stop"], [{ type: "else" }], [{}]],
  },
  {
    what: "enums of one member",
    payloads: {
      ask: object({ op: { enum: ["ask"] } }),
      stop: object({ op: { type: "string", enum: ["stop"] } }),
    },
    told: ["/op"],
    frames: [[{ op: "ask" }, "ask"], [{ op: "stop" }, "stop"], [{ op: "else" }]],
  },
  {
    what: "numbers, of which one message has several",
    payloads: { hello: object({ op: { const: 10 } }), beat: object({ op: { enum: [1, 11] } }) },
    told: ["/op"],
    frames: [[{ op: 10 }, "hello"], [{ op: 11 }, "beat"], [{ op: "10" }]],
  },
  {
    what: "a number, and a name where the number is shared",
    payloads: {
      hello: object({ op: { const: 10 }, t: { type: "null" } }),
      said: object({ op: { const: 0 }, t: { const: "SAID" } }),
      left: object({ op: { const: 0 }, t: { const: "LEFT" } }),
    },
    told: ["/t"],
    frames: [
      [{ op: 10, t: null }, "hello"],
      [{ op: 0, t: "SAID" }, "said"],
      [{ op: 0, t: "LEFT" }, "left"],
      [{ op: 10, t: "LEFT" }],
    ],
  },
  {
    what: "a nested field",
    payloads: {
      ask: object({ head: object({ kind: { const: "ask" } }), body: text }),
      stop: object({ head: object({ kind: { const: "stop" } }) }),
    },
    told: ["/head/kind"],
    frames: [
      [{ head: { kind: "ask" }, body: "a" }, "ask"],
      [{ head: { kind: "stop" } }, "stop"],
      [{ head: {} }],
    ],
  },
  {
    what: "a position in an array",
    payloads: {
      ask: { type: "array", items: [{ const: "ask" }, text], minItems: 2 },
      stop: { type: "array", items: [{ const: "stop" }], minItems: 1, maxItems: 1 },
    },
    told: ["/0"],
    frames: [[["ask", "a"], "ask"], [["stop"], "stop"], [["else"]], [[]]],
  },
  {
    what: "a constant behind references and inheritance",
    schemas: {
      Base: object({ id: text }),
      Ask: { allOf: [{ $ref: "#/components/schemas/Base" }, object({ type: { const: "ask" } })] },
    },
    payloads: {
      ask: { $ref: "#/components/schemas/Ask" },
      stop: { allOf: [{ $ref: "#/components/schemas/Base" }, object({ type: { const: "stop" } })] },
    },
    told: ["/type"],
    frames: [[{ type: "ask", id: "1" }, "ask"], [{ type: "stop", id: "1" }, "stop"], [{ type: "stop" }]],
  },
  {
    what: "a constant, and presence for the message without one",
    payloads: { ping: object({ type: { const: "ping" } }), audio: object({ chunk: text }) },
    told: ["/type"],
    frames: [[{ type: "ping" }, "ping"], [{ chunk: "a" }, "audio"], [{}]],
  },
  {
    what: "presence alone",
    payloads: { say: object({ say: text }), join: object({ join: text }), leave: object({ leave: text }) },
    told: [],
    present: ["say", "join", "leave"],
    frames: [[{ say: "a" }, "say"], [{ leave: "a" }, "leave"], [{}]],
  },
  {
    what: "presence, where a vocabulary looks like a name",
    payloads: {
      start: object({ mode: { enum: ["fast", "slow"] }, start: text }),
      stop: object({ stop: text }),
    },
    told: [],
    present: ["start", "stop"],
    frames: [
      [{ mode: "fast", start: "a" }, "start"],
      // The word belongs to another message, and says nothing here.
      [{ mode: "fast", stop: "a" }, "stop"],
    ],
  },
  {
    what: "shape alone",
    payloads: {
      row: { type: "array", items: { type: "number" }, minItems: 1 },
      rows: { type: "array", items: { type: "array", items: { type: "number" } }, minItems: 1 },
      note: { type: "object", additionalProperties: text, minProperties: 1 },
    },
    told: [],
    frames: [
      // Several rows in one frame are one message, and not several.
      [[[1], [2, 3]], "rows"],
      [[1, 2], "row"],
      [{ a: "b" }, "note"],
      ["a"],
    ],
  },
  {
    what: "nothing: a frame is all messages that it fits",
    payloads: {
      one: object({ a: text }),
      two: { type: "object", required: ["a"], properties: { a: text, b: text } },
    },
    told: [],
    frames: [[{ a: "1" }, "one", "two"], [{ a: "1", b: 2 }, "one"], [{}]],
  },
];

/** A document whose commands and events are the same, under names of their own. */
function documentOf(version: string, { payloads, schemas }: Row): string {
  const names = Object.keys(payloads);
  const head = { asyncapi: version, info: { title: "Test", version: "1.0.0" } };
  const tail = schemas === undefined ? {} : { components: { schemas } };
  if (version.startsWith("2.")) {
    const operation = (prefix: string) => ({
      message: { oneOf: names.map((name) => ({ messageId: `${prefix}_${name}`, payload: payloads[name] })) },
    });
    const channel = { publish: operation("to"), subscribe: operation("from") };
    const servers = { local: { url: "ws://localhost", protocol: "ws" } };
    return stringify(
      { ...head, servers, channels: { "/c": channel }, ...tail },
      { aliasDuplicateObjects: false },
    );
  }
  const messages = Object.fromEntries(
    ["to", "from"].flatMap((prefix) =>
      names.map((name) => [`${prefix}_${name}`, { payload: payloads[name] }]),
    ),
  );
  const operation = (action: string, prefix: string) => ({
    action,
    channel: { $ref: "#/channels/c" },
    messages: names.map((name) => ({ $ref: `#/channels/c/messages/${prefix}_${name}` })),
  });
  return stringify(
    {
      ...head,
      servers: { local: { host: "localhost", protocol: "ws" } },
      channels: { c: { address: "/c", messages } },
      operations: { take: operation("receive", "to"), give: operation("send", "from") },
      ...tail,
    },
    { aliasDuplicateObjects: false },
  );
}

describe.each(["2.6.0", "3.0.0", "3.1.0"])("in AsyncAPI %s", (version) => {
  it.each(TABLE)("$what", async (row) => {
    const contract = await compileDocument(writeDocument(documentOf(version, row)));
    const [endpoint, ...others] = contract.endpoints;
    if (endpoint === undefined) throw new Error("The document has no endpoint.");
    expect(others).toEqual([]);
    for (const [direction, prefix] of [
      ["command", "to"],
      ["event", "from"],
    ] as const) {
      const { fields, presence } = discriminatorOf(endpoint, direction);
      expect([direction, ...fields]).toEqual([direction, ...row.told]);
      const present = (row.present ?? []).map((name) => `${prefix}_${name}`);
      if (row.told.length === 0) expect(presence.map(({ message }) => message)).toEqual(present);
      const oracle = createOracle(contract, endpoint, direction);
      for (const [frame, ...names] of row.frames) {
        const judged = oracle.judge(JSON.stringify(frame));
        const found = judged.ok ? judged.messages : [];
        expect([frame, ...found]).toEqual([frame, ...names.map((name) => `${prefix}_${name}`)]);
      }
    }
  });
});

describe("over Socket.IO, when the servers say so", () => {
  const document = (protocol: string) =>
    stringify({
      asyncapi: "3.1.0",
      info: { title: "Test", version: "1.0.0" },
      servers: { local: { host: "localhost", protocol } },
      channels: {
        c: {
          address: "/socket.io/",
          messages: {
            said: { name: "chat message", payload: object({ text }) },
            joined: { name: "room", payload: object({ kind: { const: "joined" } }) },
            left: { name: "room", payload: object({ kind: { const: "left" } }) },
          },
        },
      },
      operations: { give: { action: "send", channel: { $ref: "#/channels/c" } } },
    });

  it.each(["socketio", "socket.io", "wss+socketio"])(
    "as `%s`, the name of the event tells, then a field",
    async (protocol) => {
      const contract = await compileDocument(writeDocument(document(protocol)));
      const [endpoint] = contract.endpoints;
      if (endpoint === undefined) throw new Error("The document has no endpoint.");
      expect(endpoint.protocol).toMatchObject({
        transport: "socket.io",
        send: { fields: ["$event", "/kind"] },
      });
      const oracle = createOracle(contract, endpoint, "event");
      const judged = (frame: unknown) => {
        const result = oracle.judge(JSON.stringify(frame));
        return result.ok ? result.messages : result.error.code;
      };
      expect(judged(["chat message", { text: "a" }])).toEqual(["said"]);
      expect(judged(["room", { kind: "left" }])).toEqual(["left"]);
      expect(judged(["said", { text: "a" }])).toBe("unknown-message");
      expect(judged({ text: "a" })).toBe("not-object");
    },
  );

  it("and not otherwise", async () => {
    const { endpoints } = await compileDocument(writeDocument(document("wss")));
    expect(endpoints[0]?.protocol).toMatchObject({ transport: "websocket", send: { fields: ["/kind"] } });
  });
});
