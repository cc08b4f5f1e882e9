import { describe, expect, it } from "vitest";
import type { Contract, JsonSchema } from "../../contract/contract.js";
import { payloadSchema } from "../../contract/payload.js";
import { createAjv } from "../../contract/validate.js";
import { channelText, compileDocument, object, ref, writeDocument } from "../test-support/documents.js";

const load = (text: string, more: Record<string, string> = {}) =>
  compileDocument(writeDocument({ "asyncapi.yaml": text, ...more }));

const HEAD = "asyncapi: 3.0.0\ninfo: { title: T, version: '1' }\n";
const only = (contract: Contract) => {
  const [endpoint] = contract.endpoints;
  if (endpoint === undefined) throw new Error("The contract has no endpoint.");
  return endpoint;
};

describe("an endpoint is", () => {
  const endpoints = async (servers: string, channels: string) => {
    const contract = await load(`${HEAD}${servers}channels:\n${channels}`);
    return contract.endpoints.map(({ name, channels: own, address }) => [name, own.join(" "), address]);
  };

  it("the channels that share a server and an address", async () => {
    const servers = "servers: { a: { host: a, protocol: ws }, b: { host: b, protocol: wss } }\n";
    const at = (name: string, address: string, server: string) =>
      `  ${name}: { address: ${address}, servers: [{ $ref: '#/servers/${server}' }], messages: {} }\n`;
    expect(
      await endpoints(
        servers,
        at("one", "/x", "a") + at("two", "/x", "b") + at("three", "x", "a") + at("four", "/y", "a"),
      ),
    ).toEqual([
      ["one", "one three", "/x"],
      ["two", "two", "/x"],
      ["four", "four", "/y"],
    ]);
  });

  it("one, where a channel at both servers joins the others", async () => {
    const servers = "servers: { a: { host: a, protocol: ws }, b: { host: b, protocol: ws } }\n";
    const at = (name: string, server: string) =>
      `  ${name}: { address: /, servers: [{ $ref: '#/servers/${server}' }] }\n`;
    expect(await endpoints(servers, `${at("one", "a")}${at("two", "b")}  all: { address: / }\n`)).toEqual([
      ["one", "one two all", "/"],
    ]);
  });

  it("at the path of a full URL, and at / where no address is given", async () => {
    expect(
      await endpoints(
        "",
        "  one: { address: 'ws://host:1/path/{id}', parameters: { id: {} } }\n  two: { address: null }\n",
      ),
    ).toEqual([
      ["one", "one", "/path/{id}"],
      ["two", "two", "/"],
    ]);
  });

  it("not what a broker carries, unless a ws binding says so", async () => {
    const servers = "servers: { k: { host: k, protocol: kafka } }\n";
    expect(
      await endpoints(
        servers,
        "  one: { address: a }\n  two: { address: b, bindings: { ws: { method: GET } } }\n",
      ),
    ).toEqual([["two", "two", "/b"]]);
  });
});

describe("messages travel", () => {
  const ways = async (operations: string) => {
    const contract = await load(`${HEAD}channels:
  c:
    address: /
    messages: { a: { payload: { const: a } }, b: { payload: { const: b } }, c: { payload: { const: c } } }
  d:
    address: /
    messages: { e: { payload: { const: e } } }
operations:
${operations}`);
    const { commands, events, operations: found } = only(contract);
    return {
      commands: commands.map((message) => message.name).join(" "),
      events: events.map((message) => message.name).join(" "),
      replies: found.map((operation) => operation.reply?.messages.join(" ")),
    };
  };
  const at = (key: string) => `{ $ref: '#/channels/c/messages/${key}' }`;
  const CHANNEL = "channel: { $ref: '#/channels/c' }";

  it.each([
    [
      "as the operation says",
      `  o: { action: receive, ${CHANNEL}, messages: [${at("a")}] }\n`,
      ["a", "", [undefined]],
    ],
    ["all, where it lists none", `  o: { action: send, ${CHANNEL} }\n`, ["", "a b c", [undefined]]],
    [
      "none, where its list is empty",
      `  o: { action: send, ${CHANNEL}, messages: [] }\n`,
      ["", "", [undefined]],
    ],
    [
      "both ways, where two operations say so",
      `  o: { action: send, ${CHANNEL}, messages: [${at("a")}] }\n  p: { action: receive, ${CHANNEL}, messages: [${at("a")}] }\n`,
      ["a", "a", [undefined, undefined]],
    ],
    [
      "the other way as a reply",
      `  o: { action: receive, ${CHANNEL}, messages: [${at("a")}], reply: { ${CHANNEL}, messages: [${at("b")}] } }\n`,
      ["a", "b", ["b"]],
    ],
    [
      "to the server as the reply to its request",
      `  o: { action: send, ${CHANNEL}, messages: [${at("a")}], reply: { ${CHANNEL}, messages: [${at("b")}] } }\n`,
      ["b", "a", ["b"]],
    ],
    [
      "all of another channel, where a reply lists none",
      `  o: { action: receive, ${CHANNEL}, messages: [${at("a")}], reply: { channel: { $ref: '#/channels/d' } } }\n`,
      ["a", "e", ["e"]],
    ],
    [
      "all but the request, where a reply in the same channel lists none",
      `  o: { action: receive, ${CHANNEL}, messages: [${at("a")}], reply: { ${CHANNEL} } }\n`,
      ["a", "b c", ["b c"]],
    ],
  ])("%s", async (_, operations, [commands, events, replies]) => {
    expect(await ways(operations)).toEqual({ commands, events, replies });
  });

  it("under the same name once, under a taken name with their channel's", async () => {
    const contract = await load(`${HEAD}channels:
  c:
    address: /
    messages: { a: { $ref: '#/components/messages/one' }, b: { payload: { const: 1 } } }
  d:
    address: /
    messages: { a: { $ref: '#/components/messages/one' }, b: { payload: { const: 2 } } }
operations:
  o: { action: send, channel: { $ref: '#/channels/c' } }
  p: { action: send, channel: { $ref: '#/channels/d' } }
components: { messages: { one: { payload: { const: 0 } } } }
`);
    expect(only(contract).events.map((message) => message.name)).toEqual(["a", "b", "d.b"]);
    expect(only(contract).operations.map((operation) => operation.messages)).toEqual([
      ["a", "b"],
      ["a", "d.b"],
    ]);
  });
});

describe("a payload", () => {
  const payloads = async (events: Record<string, JsonSchema>, more: Record<string, string> = {}) => {
    const contract = await load(channelText({ events }), more);
    return {
      contract,
      list: only(contract).events.map((message) => message.payload),
      definitions: contract.definitions,
    };
  };

  it("stands in full, whatever file it comes from", async () => {
    const { list, definitions } = await payloads(
      { a: { $ref: "a.json" } },
      { "a.json": '{"$id": "x", "title": "A", "type": "object"}' },
    );
    expect(list).toEqual([{ title: "A", type: "object" }]);
    expect(definitions).toEqual({});
  });

  it("shares what several refer to, once, by title, key or file", async () => {
    const { list, definitions } = await payloads(
      {
        a: object({ x: { $ref: "parts.json#/definitions/one" }, y: { $ref: "named.json" } }),
        b: { items: { $ref: "parts.json#/definitions/one" } },
      },
      {
        "parts.json": '{"definitions": {"one": {"type": "string"}}}',
        "named.json": '{"title": "Big Thing", "type": "number"}',
      },
    );
    expect(list[1]).toEqual({ items: { $ref: "#/definitions/one" } });
    expect(list[0]).toMatchObject({ properties: { y: { $ref: "#/definitions/BigThing" } } });
    expect(definitions).toEqual({
      BigThing: { title: "Big Thing", type: "number" },
      one: { type: "string" },
    });
  });

  it("keeps two things of one name apart", async () => {
    const { definitions } = await payloads(
      { a: object({ x: { $ref: "one.json#/definitions/Part" }, y: { $ref: "two.json#/definitions/Part" } }) },
      {
        "one.json": '{"definitions": {"Part": {"const": 1}}}',
        "two.json": '{"definitions": {"Part": {"const": 2}}}',
      },
    );
    expect(definitions).toEqual({ Part: { const: 1 }, Part2: { const: 2 } });
  });

  it("may contain itself, also across files", async () => {
    const { contract, list } = await payloads(
      { a: { $ref: "tree.json" } },
      {
        "tree.json": '{"title": "Tree", "type": "object", "properties": {"kids": {"$ref": "list.json"}}}',
        "list.json": '{"type": "array", "items": {"$ref": "tree.json"}}',
      },
    );
    expect(list).toEqual([{ $ref: "#/definitions/Tree" }]);
    const validate = createAjv().compile(payloadSchema(contract, { payload: list[0] ?? true }));
    expect(validate({ kids: [{ kids: [] }] })).toBe(true);
    expect(validate({ kids: [{ kids: [1] }] })).toBe(false);
  });

  it("keeps draft-07 and drops the rest, which Ajv may take for something else", async () => {
    const { list } = await payloads({
      a: {
        type: "object",
        nullable: true,
        "x-own": 1,
        discriminator: "kind",
        properties: { discriminator: { type: "string" } },
      } as JsonSchema,
    });
    expect(list).toEqual([{ type: "object", properties: { discriminator: { type: "string" } } }]);
  });

  it("means by prefixItems what 2020-12 means", async () => {
    const { list } = await payloads({ a: { type: "array", prefixItems: [{ const: "a" }], items: false } });
    expect(list).toEqual([{ type: "array", items: [{ const: "a" }], additionalItems: false }]);
    const { list: empty } = await payloads({ a: { type: "array", prefixItems: [], items: { const: 1 } } });
    expect(empty).toEqual([{ type: "array", items: { const: 1 } }]);
  });

  it("in another schema format is any JSON", async () => {
    const contract = await load(
      channelText({
        document: {
          components: {},
          channels: undefined,
        },
      }).replace(/channels: null\n/, "") +
        `channels:
  c:
    address: /c
    messages:
      ask: { payload: { schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: { type: record, name: x, fields: [] } } }
      tell: { payload: { schemaFormat: application/schema+json;version=draft-07, schema: { type: object } } }
`,
    );
    expect([only(contract).commands[0]?.payload, only(contract).events[0]?.payload]).toEqual([
      true,
      { type: "object" },
    ]);
  });
});

describe("what a message carries", () => {
  const message = async (fields: Record<string, unknown>) =>
    only(await load(channelText({ events: { m: { payload: { type: "object" }, ...fields } as never } })))
      .events[0];

  it("the place of its correlation id, when that is in the payload", async () => {
    expect(await message({ correlationId: { location: "$message.payload#/meta/id" } })).toMatchObject({
      correlation: "/meta/id",
    });
    expect(await message({ correlationId: { location: "$message.header#/id" } })).not.toHaveProperty(
      "correlation",
    );
  });

  it("that it is binary, when its content type says so", async () => {
    expect(await message({ contentType: "application/octet-stream" })).toMatchObject({ binary: true });
    expect(await message({ contentType: "audio/pcm" })).toMatchObject({ binary: true });
    for (const contentType of ["application/json", "application/cloudevents+json", "text/plain"]) {
      expect(await message({ contentType })).not.toHaveProperty("binary");
    }
  });

  it("its examples, by name and line", async () => {
    const found = await message({
      examples: [{ name: "n", summary: "s", payload: { a: 1 } }, { headers: {} }],
    });
    expect(found?.examples).toMatchObject([
      { name: "n", summary: "s", payload: { a: 1 }, source: { file: "asyncapi.yaml" } },
    ]);
  });
});

describe("an acknowledgement", () => {
  it("is an event without a frame of its own", async () => {
    const contract = await load(
      channelText({
        events: { tell: object({ kind: { const: "tell" } }), taken: object({ ok: { type: "boolean" } }) },
        extensions: {
          "x-ws-protocol": { transport: "socket.io", discriminator: { send: "$event", receive: "$event" } },
        },
        document: {
          operations: {
            take: {
              action: "receive",
              channel: { $ref: "#/channels/c" },
              messages: [ref("ask")],
              reply: { messages: [ref("taken")] },
              "x-ws-reply": { ack: true },
            },
            give: { action: "send", channel: { $ref: "#/channels/c" }, messages: [ref("tell")] },
          },
        },
      }),
    );
    const { events, operations, protocol } = only(contract);
    expect(events.map(({ name, acknowledgement }) => [name, acknowledgement])).toEqual([
      ["tell", undefined],
      ["taken", true],
    ]);
    expect(protocol.send.rows).toEqual([{ message: "tell", values: [["tell"]] }]);
    expect(operations[0]?.reply).toEqual({ messages: ["taken"], ack: true });
  });
});
